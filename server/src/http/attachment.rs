//! Files that a browser must save, whatever they hold.

use std::fs::File;
use std::io;

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use tokio::io::AsyncReadExt;
use tokio_util::io::ReaderStream;

/// The answer that sends a file, as long as it is now, under a name or the address's own. It is
/// never rendered on our origin.
///
/// # Errors
/// Where the file's length cannot be read.
pub async fn send_file(file: File, file_name: Option<&str>) -> io::Result<Response> {
    let file = tokio::fs::File::from_std(file);
    let length = file.metadata().await?.len();
    let mut response = Body::from_stream(ReaderStream::new(file.take(length))).into_response();
    let headers = response.headers_mut();
    let kind = HeaderValue::from_static("application/octet-stream");
    headers.insert(header::CONTENT_TYPE, kind);
    headers.insert(header::CONTENT_LENGTH, length.into());
    headers.insert(header::CONTENT_DISPOSITION, disposition(file_name));
    Ok(response)
}

/// `attachment`, with a file name where it fits into a header.
pub fn disposition(file_name: Option<&str>) -> HeaderValue {
    let named = file_name.map(|name| format!("attachment; filename=\"{name}\""));
    named
        .and_then(|named| HeaderValue::from_str(&named).ok())
        .unwrap_or(HeaderValue::from_static("attachment"))
}
