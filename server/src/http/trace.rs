//! One log line per request: method, path, status and time. Never a query (the start address
//! holds a token there), a header or a body.

use std::time::Instant;

use axum::extract::Request;
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;

/// Logs a request once it is answered: at level warn what the server could not do, at info what it
/// refused, at debug the rest.
pub(crate) async fn log_request(request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let response = next.run(request).await;
    log_answer(&method, &path, response.status(), begun);
    response
}

fn log_answer(method: &Method, path: &str, status: StatusCode, begun: Instant) {
    let (code, millis) = (status.as_u16(), begun.elapsed().as_millis());
    if is_our_failure(status) {
        tracing::warn!(%method, %path, status = code, millis, "failed");
    } else if code >= 400 {
        tracing::info!(%method, %path, status = code, millis, "refused");
    } else {
        tracing::debug!(%method, %path, status = code, millis, "answered");
    }
}

/// Whether a request failed that was right. 501 answers a request for what this server does not
/// have, so the request is at fault.
fn is_our_failure(status: StatusCode) -> bool {
    status.is_server_error() && status != StatusCode::NOT_IMPLEMENTED
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl Write for Log {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// The level and the message of the line for a request that is answered with `status`.
    fn logged(status: u16) -> (String, String) {
        let log = Log::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::DEBUG)
            .with_target(false)
            .without_time()
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .finish();
        let status = StatusCode::from_u16(status).unwrap();
        tracing::subscriber::with_default(subscriber, || {
            log_answer(&Method::GET, "/a", status, Instant::now());
        });
        let line = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        let mut words = line.split_whitespace().map(str::to_owned);
        let logged = (words.next().unwrap(), words.next().unwrap());
        assert!(line.contains(&format!("method=GET path=/a status={}", status.as_u16())));
        logged
    }

    #[test]
    fn the_level_follows_from_whose_fault_it_is() {
        for (statuses, level, message) in [
            (&[200, 204, 304][..], "DEBUG", "answered"),
            (&[400, 401, 404, 409, 429, 501], "INFO", "refused"),
            (&[500, 503, 507], "WARN", "failed"),
        ] {
            for status in statuses {
                let expected = (level.to_owned(), message.to_owned());
                assert_eq!(logged(*status), expected, "{status}");
            }
        }
    }
}
