//! A plain HTTP/1.1 client that keeps its connection.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use base64::Engine as _;
use serde_json::Value;

use crate::Outcome;
use crate::home::{KEY, USER};

/// How long an answer may take.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(120);

/// One connection.
pub(crate) struct Client {
    address: SocketAddr,
    connection: BufReader<TcpStream>,
}

/// An answer, and how long it took until the last byte was here.
pub(crate) struct Answer {
    pub(crate) body: Vec<u8>,
    pub(crate) took: Duration,
}

impl Answer {
    pub(crate) fn json(&self) -> Outcome<Value> {
        Ok(serde_json::from_slice(&self.body)?)
    }
}

/// The header that says who asks.
pub(crate) fn authorization() -> String {
    let pair = base64::engine::general_purpose::STANDARD.encode(format!("{USER}:{KEY}"));
    format!("Authorization: Basic {pair}\r\n")
}

impl Client {
    pub(crate) fn connect(address: SocketAddr) -> Outcome<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(ANSWER_TIMEOUT))?;
        Ok(Self {
            address,
            connection: BufReader::new(stream),
        })
    }

    pub(crate) fn get(&mut self, path: &str) -> Outcome<Answer> {
        self.call("GET", path, None)
    }

    /// Any status but 200 is an error.
    pub(crate) fn call(
        &mut self,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Outcome<Answer> {
        let body = body.map(Value::to_string).unwrap_or_default();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\n{}Content-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            self.address,
            authorization(),
            body.len()
        );
        let begun = Instant::now();
        self.connection.get_mut().write_all(request.as_bytes())?;
        let (status, length) = self.read_head()?;
        let body = match length {
            Some(length) => {
                let mut body = vec![0; length];
                self.connection.read_exact(&mut body)?;
                body
            }
            None => self.read_chunks()?,
        };
        let took = begun.elapsed();
        if status != 200 {
            let text = String::from_utf8_lossy(&body);
            return Err(format!("{method} {path}: {status} {text}").into());
        }
        Ok(Answer { body, took })
    }

    fn read_line(&mut self) -> Outcome<String> {
        let mut line = String::new();
        if self.connection.read_line(&mut line)? == 0 {
            return Err("the server has closed the connection".into());
        }
        Ok(line)
    }

    /// The status, and the length of the body unless it comes in chunks.
    fn read_head(&mut self) -> Outcome<(u16, Option<usize>)> {
        let status = self.read_line()?;
        let status = status.split(' ').nth(1).ok_or("no status")?.parse()?;
        let mut length = Some(0);
        loop {
            let line = self.read_line()?.to_ascii_lowercase();
            let Some((name, value)) = line.trim_end().split_once(':') else {
                return Ok((status, length));
            };
            match name {
                "content-length" => length = Some(value.trim().parse()?),
                "transfer-encoding" => length = None,
                _ => {}
            }
        }
    }

    fn read_chunks(&mut self) -> Outcome<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let length = usize::from_str_radix(self.read_line()?.trim(), 16)?;
            let at = body.len();
            body.resize(at + length, 0);
            self.connection.read_exact(&mut body[at..])?;
            self.read_line()?;
            if length == 0 {
                return Ok(body);
            }
        }
    }
}
