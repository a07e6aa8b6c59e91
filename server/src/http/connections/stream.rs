//! The socket and the two bodies of a request, which note on their connection what moves and what
//! waits.

use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use axum::body::{Body as AxumBody, Bytes, HttpBody};
use hyper::body::{Frame, Incoming, SizeHint};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::registry::Connection;

/// How much of a request is read after its answer, in bytes: twice what a body may have by default.
const LINGER_BYTES: usize = 32 << 20;

/// The socket of a connection.
///
/// That the peer has closed its side is passed on only once no request is being answered: `hyper`
/// would take it for a caller that has hung up, and a caller may close its side to say that this was
/// all. Whoever waits too long for nothing is closed as overdue.
///
/// Where a part of a request is left unread, it is read after the answer and forgotten: the system
/// answers bytes that arrive at a closed socket with a reset, at which the peer would lose the answer.
pub(super) struct WatchedStream {
    stream: TcpStream,
    connection: Arc<Connection>,
    read_closed: bool,
    lingering: Option<Lingering>,
}

/// A connection whose answer has been sent, with an end behind it.
#[derive(Default)]
struct Lingering {
    read: usize,
}

impl WatchedStream {
    pub(super) fn new(stream: TcpStream, connection: Arc<Connection>) -> Self {
        Self {
            stream,
            connection,
            read_closed: false,
            lingering: None,
        }
    }

    /// The end of what the peer sends.
    fn poll_end(&self) -> Poll<io::Result<()>> {
        // Not woken: `hyper` looks again when the answer ends.
        if self.connection.read().is_answering() {
            Poll::Pending
        } else {
            Poll::Ready(Ok(()))
        }
    }

    /// Reads and forgets, until the peer has closed its side or has sent too much.
    fn poll_linger(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let Some(lingering) = &mut self.lingering else {
            return Poll::Ready(());
        };
        let mut piece = [const { MaybeUninit::uninit() }; 8 << 10];
        while lingering.read < LINGER_BYTES {
            let mut buffer = ReadBuf::uninit(&mut piece);
            match ready!(Pin::new(&mut self.stream).poll_read(context, &mut buffer)) {
                Ok(()) if !buffer.filled().is_empty() => lingering.read += buffer.filled().len(),
                _ => break,
            }
        }
        Poll::Ready(())
    }

    fn note_write(&self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        let now = Instant::now();
        match &written {
            Poll::Pending => self
                .connection
                .update(|activity| activity.wait_to_write(now)),
            Poll::Ready(Ok(bytes)) => {
                self.connection
                    .update(|activity| activity.advance_answer(*bytes, now));
            }
            Poll::Ready(Err(_)) => {}
        }
        written
    }
}

impl AsyncRead for WatchedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.read_closed {
            return self.poll_end();
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        if buffer.filled().len() > before {
            let now = Instant::now();
            self.connection.update(|activity| activity.received(now));
            return Poll::Ready(Ok(()));
        }
        self.read_closed = true;
        self.connection.half_close();
        self.poll_end()
    }
}

impl AsyncWrite for WatchedStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.note_write(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.note_write(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.lingering.is_none() {
            ready!(Pin::new(&mut self.stream).poll_shutdown(context))?;
            let now = Instant::now();
            if !self.connection.update(|activity| activity.linger(now)) {
                return Poll::Ready(Ok(()));
            }
            self.lingering = Some(Lingering::default());
        }
        self.poll_linger(context).map(Ok)
    }
}

/// The body of a request. While a handler waits for more of it, the connection says so.
pub(super) struct RequestBody {
    body: Incoming,
    connection: Arc<Connection>,
    ended: bool,
}

impl RequestBody {
    pub(super) fn new(body: Incoming, connection: Arc<Connection>) -> Self {
        let ended = body.is_end_stream();
        Self {
            body,
            connection,
            ended,
        }
    }
}

impl HttpBody for RequestBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(context);
        let now = Instant::now();
        let Poll::Ready(frame) = frame else {
            self.connection
                .update(|activity| activity.wait_for_body(now));
            return Poll::Pending;
        };
        let data = match &frame {
            Some(Ok(frame)) => frame.data_ref().map_or(0, Bytes::len),
            _ => 0,
        };
        self.connection
            .update(|activity| activity.advance_body(data, now));
        self.ended = frame.is_none() || self.body.is_end_stream();
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for RequestBody {
    fn drop(&mut self) {
        let now = Instant::now();
        self.connection.update(|activity| {
            activity.advance_body(0, now);
            if !self.ended {
                activity.leave_body();
            }
        });
    }
}

/// The body of an answer. The request is over once it is dropped.
pub(super) struct AnswerBody {
    pub(super) body: AxumBody,
    pub(super) _request: RequestGuard,
}

impl HttpBody for AnswerBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A request that is being answered.
pub(super) struct RequestGuard(Arc<Connection>);

impl RequestGuard {
    pub(super) fn begin(connection: Arc<Connection>) -> Self {
        let now = Instant::now();
        connection.update(|activity| activity.begin_request(now));
        Self(connection)
    }
}

impl Drop for RequestGuard {
    fn drop(&mut self) {
        let now = Instant::now();
        self.0.update(|activity| activity.end_answer(now));
    }
}
