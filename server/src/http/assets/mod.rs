//! The built page: read from its folder, compressed once, kept while the file stays the same.

mod policy;

use std::collections::HashMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use crate::system::random::hex;
use policy::policy;

/// Files smaller than this are sent as they are.
const COMPRESS_MIN: usize = 256;
/// Brotli's quality for what was not compressed at build time: a second or so for a megabyte.
const BROTLI_QUALITY: u32 = 5;
const BROTLI_WINDOW: u32 = 22;

/// Shown where there is no built page.
const MISSING: &str = include_str!("missing.html");

/// The page's folder.
pub struct Page {
    folder: Option<PathBuf>,
    /// What the page may call besides its own origin.
    apis: Vec<String>,
    assets: Mutex<HashMap<PathBuf, Arc<Asset>>>,
}

/// A file as it is sent.
struct Asset {
    modified: SystemTime,
    size: u64,
    kind: &'static str,
    tag: String,
    immutable: bool,
    policy: Option<HeaderValue>,
    plain: Bytes,
    gzip: Option<Bytes>,
    brotli: Option<Bytes>,
}

impl Page {
    /// The page in `folder`, which may call `apis` (origins) besides its own.
    pub fn new(folder: Option<PathBuf>, apis: Vec<String>) -> Self {
        Self {
            folder,
            apis,
            assets: Mutex::default(),
        }
    }

    /// Whether there is a built page.
    pub fn built(&self) -> bool {
        self.folder
            .as_ref()
            .is_some_and(|folder| folder.join("index.html").is_file())
    }

    /// Answers a GET of `path`. Reads and compresses; call it off the async threads.
    pub fn answer(&self, path: &str, request: &HeaderMap) -> Response {
        let name = if path == "/" {
            "index.html"
        } else {
            path.trim_start_matches('/')
        };
        match self.asset(name) {
            Ok(asset) => asset.answer(request),
            Err(error) if error.kind() == io::ErrorKind::NotFound && name == "index.html" => {
                let kind = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
                (StatusCode::SERVICE_UNAVAILABLE, kind, MISSING).into_response()
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                (StatusCode::NOT_FOUND, "There is nothing at this address.\n").into_response()
            }
            Err(error) => {
                tracing::error!(%error, file = name, "a file of the page cannot be read");
                (
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "This file cannot be read.\n",
                )
                    .into_response()
            }
        }
    }

    fn asset(&self, name: &str) -> io::Result<Arc<Asset>> {
        let missing = || io::Error::from(io::ErrorKind::NotFound);
        let folder = self.folder.as_ref().ok_or_else(missing)?;
        let relative = Path::new(name);
        let plain = relative
            .components()
            .all(|part| matches!(part, Component::Normal(_)));
        if !plain || name.contains('%') {
            return Err(missing());
        }
        let path = folder.join(relative);
        // A link must not lead out of the folder.
        let path = path.canonicalize()?;
        let meta = fs::metadata(&path)?;
        if !path.starts_with(folder) || !meta.is_file() {
            return Err(missing());
        }
        let state = (meta.modified()?, meta.len());
        let kept = {
            let assets = self.assets.lock().unwrap_or_else(PoisonError::into_inner);
            assets.get(&path).cloned()
        };
        if let Some(asset) = kept
            && (asset.modified, asset.size) == state
        {
            return Ok(asset);
        }
        let asset = Arc::new(Asset::read(&path, state, &self.apis)?);
        let mut assets = self.assets.lock().unwrap_or_else(PoisonError::into_inner);
        assets.insert(path, Arc::clone(&asset));
        Ok(asset)
    }
}

impl Asset {
    fn read(path: &Path, state: (SystemTime, u64), apis: &[String]) -> io::Result<Self> {
        let plain = fs::read(path)?;
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned());
        let name = name.unwrap_or_default();
        let kind = kind(&name);
        let policy = kind
            .starts_with("text/html")
            .then(|| policy(&plain, apis))
            .flatten();
        let worth = plain.len() >= COMPRESS_MIN && compressible(kind);
        let built = |ending: &str| {
            let beside = path.with_file_name(format!("{name}.{ending}"));
            // Only if it is no older than the file: else it is from another build.
            let fresh = fs::metadata(&beside)
                .and_then(|meta| meta.modified())
                .ok()?
                >= state.0;
            fresh.then(|| fs::read(beside).ok()).flatten()
        };
        let gzip = if worth {
            built("gz").or(Some(gzip(&plain)?))
        } else {
            None
        };
        let brotli = if worth {
            built("br").or(Some(brotli(&plain)?))
        } else {
            None
        };
        let shorter = |bytes: &Vec<u8>| bytes.len() < plain.len();
        Ok(Self {
            modified: state.0,
            size: state.1,
            kind,
            tag: hex(&Sha256::digest(&plain)[..16]),
            immutable: hashed(&name),
            policy,
            gzip: gzip.filter(shorter).map(Bytes::from),
            brotli: brotli.filter(shorter).map(Bytes::from),
            plain: plain.into(),
        })
    }

    fn answer(&self, request: &HeaderMap) -> Response {
        let accepts = |coding| accepts(request, coding);
        let (body, coding) = match (&self.brotli, &self.gzip) {
            (Some(brotli), _) if accepts("br") => (brotli.clone(), Some("br")),
            (_, Some(gzip)) if accepts("gzip") => (gzip.clone(), Some("gzip")),
            _ => (self.plain.clone(), None),
        };
        let tag = format!(
            "\"{}{}\"",
            self.tag,
            coding.map_or("", |coding| &coding[..1])
        );
        let fresh = request
            .get(header::IF_NONE_MATCH)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|tags| {
                tags.split(',')
                    .any(|one| one.trim().trim_start_matches("W/") == tag)
            });
        let mut response = if fresh {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            body.into_response()
        };
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.kind));
        let cache = if self.immutable {
            "public, max-age=31536000, immutable"
        } else {
            "no-cache"
        };
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
        headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
        if let Ok(tag) = HeaderValue::from_str(&tag) {
            headers.insert(header::ETAG, tag);
        }
        if let Some(coding) = coding.filter(|_| !fresh) {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
        }
        if let Some(policy) = &self.policy {
            headers.insert(header::CONTENT_SECURITY_POLICY, policy.clone());
            // By this header the page also recognises that this server, not a static host, sent it.
            let isolated = HeaderValue::from_static("same-origin");
            headers.insert("cross-origin-opener-policy", isolated);
        }
        response
    }
}

/// Whether a request takes a coding (RFC 9110: listed, and not with `q=0`).
fn accepts(request: &HeaderMap, coding: &str) -> bool {
    request
        .get_all(header::ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|one| {
            let (name, quality) = one.split_once(';').unwrap_or((one, ""));
            let quality = quality.trim().trim_start_matches("q=");
            name.trim().eq_ignore_ascii_case(coding)
                && (quality.is_empty() || quality.parse::<f32>().is_ok_and(|q| q > 0.0))
        })
}

fn kind(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "html" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "wasm" => "application/wasm",
        "json" | "webmanifest" => "application/json",
        "csv" => "text/csv; charset=utf-8",
        "txt" => "text/plain; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        _ => "application/octet-stream",
    }
}

fn compressible(kind: &str) -> bool {
    kind.starts_with("text/")
        || kind == "application/wasm"
        || kind == "application/json"
        || kind == "image/svg+xml"
}

/// Whether a name holds the hash of its content, as Trunk's do: `page-0123456789abcdef_bg.wasm`.
fn hashed(name: &str) -> bool {
    name.split(['-', '.', '_'])
        .any(|part| part.len() >= 12 && part.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

fn gzip(plain: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(plain)?;
    encoder.finish()
}

fn brotli(plain: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder =
        brotli::CompressorWriter::new(Vec::new(), 4096, BROTLI_QUALITY, BROTLI_WINDOW);
    encoder.write_all(plain)?;
    encoder.flush()?;
    Ok(encoder.into_inner())
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;

    use super::*;

    fn page(files: &[(&str, &[u8])]) -> (tempfile::TempDir, Page) {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in files {
            fs::write(folder.path().join(name), content).unwrap();
        }
        let page = Page::new(Some(folder.path().canonicalize().unwrap()), Vec::new());
        (folder, page)
    }

    fn get(page: &Page, path: &str, headers: &[(&'static str, &str)]) -> Response {
        let mut request = HeaderMap::new();
        for (name, value) in headers {
            request.insert(*name, value.parse().unwrap());
        }
        page.answer(path, &request)
    }

    fn header<'a>(response: &'a Response, name: &str) -> &'a str {
        response
            .headers()
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    #[test]
    fn hashed_files_are_kept_for_ever_and_the_shell_is_asked_for_again() {
        let (_folder, page) = page(&[
            ("index.html", b"<html></html>"),
            ("page-0123456789abcdef_bg.wasm", b"\0asm"),
        ]);
        let shell = get(&page, "/", &[]);
        assert_eq!(header(&shell, "cache-control"), "no-cache");
        let wasm = get(&page, "/page-0123456789abcdef_bg.wasm", &[]);
        assert!(header(&wasm, "cache-control").contains("immutable"));
        assert_eq!(header(&wasm, "content-type"), "application/wasm");
        let tag = header(&shell, "etag").to_owned();
        let again = get(&page, "/", &[("if-none-match", &tag)]);
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    }

    #[test]
    fn files_are_sent_compressed_to_those_who_take_it() {
        let (folder, page) = page(&[("a.js", &b"let x = 1;\n".repeat(100))]);
        let coding = |value| {
            let response = get(&page, "/a.js", &[("accept-encoding", value)]);
            header(&response, "content-encoding").to_owned()
        };
        assert_eq!(coding("gzip, deflate, br"), "br");
        assert_eq!(coding("gzip;q=0.5, br;q=0"), "gzip");
        assert_eq!(coding("identity"), "");
        fs::write(folder.path().join("b.js"), b"y".repeat(1000)).unwrap();
        fs::write(folder.path().join("b.js.br"), b"built").unwrap();
        let response = get(&page, "/b.js", &[("accept-encoding", "br")]);
        assert_eq!(header(&response, "content-encoding"), "br");
    }

    #[test]
    fn inline_scripts_are_allowed_by_their_hash() {
        let html = br#"<script type="module">import init</script><script src="/a.js"></script>"#;
        let (_folder, page) = page(&[("index.html", html)]);
        let response = get(&page, "/", &[]);
        let hash = base64::engine::general_purpose::STANDARD.encode(Sha256::digest("import init"));
        let policy = header(&response, "content-security-policy");
        assert!(policy.contains(&format!("'sha256-{hash}'")), "{policy}");
        assert_eq!(policy.matches("sha256").count(), 1);
        assert!(!policy.contains("'unsafe-eval'") && policy.contains("frame-ancestors 'none'"));
    }

    #[test]
    fn nothing_outside_the_folder_is_sent() {
        let (folder, page) = page(&[("index.html", b"x")]);
        std::os::unix::fs::symlink("/etc/passwd", folder.path().join("link.txt")).unwrap();
        for path in [
            "/../etc/passwd",
            "/%2e%2e/x",
            "//etc/passwd",
            "/link.txt",
            "/.",
            "/nothing",
        ] {
            assert_eq!(
                get(&page, path, &[]).status(),
                StatusCode::NOT_FOUND,
                "{path}"
            );
        }
    }

    #[test]
    fn a_missing_page_is_explained() {
        let page = Page::new(None, Vec::new());
        assert!(!page.built());
        assert_eq!(
            get(&page, "/", &[]).status(),
            StatusCode::SERVICE_UNAVAILABLE
        );
    }
}
