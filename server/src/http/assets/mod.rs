//! The built page: read from its folder with the compressed forms that the build wrote beside each
//! file, kept in memory while these stay the same.
//!
//! By hand although `tower-http` has `ServeDir`: that follows links out of the folder and sends a
//! compressed file that is left of an older build. Here a page, its tag and its policy, which
//! names the hashes of its scripts, come from one reading. Measured on one connection, all 14 files
//! of a page one after the other: 200 to 340 times a second here, 95 to 155 with `ServeDir`, which
//! opens each file for each request.

mod policy;

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use crate::system::random::to_hex;
use policy::content_security_policy;

/// Shown where there is no built page.
const NOT_BUILT_PAGE: &str = include_str!("missing.html");

/// The page's folder.
pub struct Assets {
    folder: Option<PathBuf>,
    /// What the page may call besides its own origin.
    apis: Vec<String>,
    cache: Mutex<HashMap<PathBuf, Arc<Asset>>>,
}

/// When a file was written, and its length.
type FileState = (SystemTime, u64);

/// The states of a file and of its forms compressed by gzip and Brotli, which the build writes after
/// it: only if they are no older, else they are of another build.
#[derive(Clone, Copy, PartialEq, Eq)]
struct AssetState {
    plain: FileState,
    gzip: Option<FileState>,
    brotli: Option<FileState>,
}

/// A file as it is sent.
struct Asset {
    state: AssetState,
    content_type: &'static str,
    etag: String,
    immutable: bool,
    policy: Option<HeaderValue>,
    body: Bytes,
    gzip: Option<Bytes>,
    brotli: Option<Bytes>,
}

impl Assets {
    /// The page in `folder`, which may call `apis` (origins) besides its own.
    pub fn new(folder: Option<PathBuf>, apis: Vec<String>) -> Self {
        Self {
            folder,
            apis,
            cache: Mutex::default(),
        }
    }

    /// Whether there is a built page.
    pub fn is_built(&self) -> bool {
        self.folder
            .as_ref()
            .is_some_and(|folder| folder.join("index.html").is_file())
    }

    /// Answers a GET of `path`. Reads and compresses; call it off the async threads.
    pub fn respond(&self, path: &str, request: &HeaderMap) -> Response {
        let name = if path == "/" {
            "index.html"
        } else {
            path.strip_prefix('/').unwrap_or(path)
        };
        match self.load_asset(name) {
            Ok(asset) => asset.respond(request),
            Err(error) if error.kind() == io::ErrorKind::NotFound && name == "index.html" => {
                let kind = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
                (StatusCode::SERVICE_UNAVAILABLE, kind, NOT_BUILT_PAGE).into_response()
            }
            Err(error) if names_nothing(error.kind()) => {
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

    fn load_asset(&self, name: &str) -> io::Result<Arc<Asset>> {
        let missing = || io::Error::from(io::ErrorKind::NotFound);
        let folder = self.folder.as_ref().ok_or_else(missing)?;
        if !is_plain_path(name) {
            return Err(missing());
        }
        let path = folder.join(name);
        // A link must not lead out of the folder.
        let path = path.canonicalize()?;
        let meta = fs::metadata(&path)?;
        if !path.starts_with(folder) || !meta.is_file() {
            return Err(missing());
        }
        let state = AssetState::of(&path, (meta.modified()?, meta.len()));
        let kept = {
            let assets = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
            assets.get(&path).cloned()
        };
        if let Some(asset) = kept
            && asset.state == state
        {
            return Ok(asset);
        }
        let asset = Arc::new(Asset::read(&path, state, &self.apis)?);
        let mut assets = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        assets.insert(path, Arc::clone(&asset));
        Ok(asset)
    }
}

/// Whether a path has the form of those of the page's files: one address for each file, none that
/// is written otherwise.
fn is_plain_path(name: &str) -> bool {
    name.split('/').all(|part| !matches!(part, "" | "." | "..")) && !name.contains(['%', '\0'])
}

/// Whether no file can have this path: it goes on below a file, or has a part that is too long for
/// a name.
fn names_nothing(error: io::ErrorKind) -> bool {
    matches!(
        error,
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory | io::ErrorKind::InvalidFilename
    )
}

impl AssetState {
    fn of(path: &Path, plain: FileState) -> Self {
        let built = |ending| {
            let meta = fs::metadata(beside(path, ending)).ok()?;
            let state = (meta.modified().ok()?, meta.len());
            (meta.is_file() && state.0 >= plain.0).then_some(state)
        };
        Self {
            plain,
            gzip: built("gz"),
            brotli: built("br"),
        }
    }
}

/// The path of a compressed form of a file.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut path = path.as_os_str().to_owned();
    path.push(".");
    path.push(ending);
    path.into()
}

impl Asset {
    fn read(path: &Path, state: AssetState, apis: &[String]) -> io::Result<Self> {
        let plain = fs::read(path)?;
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned());
        let name = name.unwrap_or_default();
        let kind = content_type_of(&name);
        let policy = kind
            .starts_with("text/html")
            .then(|| content_security_policy(&plain, apis))
            .flatten();
        let compressed = |form: Option<FileState>, ending| {
            form.and_then(|_| fs::read(beside(path, ending)).ok())
        };
        let gzip = compressed(state.gzip, "gz");
        let brotli = compressed(state.brotli, "br");
        let shorter = |bytes: &Vec<u8>| bytes.len() < plain.len();
        Ok(Self {
            state,
            content_type: kind,
            etag: to_hex(&Sha256::digest(&plain)[..16]),
            immutable: has_content_hash(&name),
            policy,
            gzip: gzip.filter(shorter).map(Bytes::from),
            brotli: brotli.filter(shorter).map(Bytes::from),
            body: plain.into(),
        })
    }

    fn respond(&self, request: &HeaderMap) -> Response {
        let accepts = |coding| accepts_encoding(request, coding);
        let (body, coding) = match (&self.brotli, &self.gzip) {
            (Some(brotli), _) if accepts("br") => (brotli.clone(), Some("br")),
            (_, Some(gzip)) if accepts("gzip") => (gzip.clone(), Some("gzip")),
            _ => (self.body.clone(), None),
        };
        let tag = format!(
            "\"{}{}\"",
            self.etag,
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
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static(self.content_type),
        );
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
fn accepts_encoding(request: &HeaderMap, coding: &str) -> bool {
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

fn content_type_of(name: &str) -> &'static str {
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

/// Whether a name holds the hash of its content, as Trunk's do: `page-0123456789abcdef_bg.wasm`.
fn has_content_hash(name: &str) -> bool {
    name.split(['-', '.', '_'])
        .any(|part| part.len() >= 12 && part.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;

    use super::*;

    fn page(files: &[(&str, &[u8])]) -> (tempfile::TempDir, Assets) {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in files {
            fs::write(folder.path().join(name), content).unwrap();
        }
        let page = Assets::new(Some(folder.path().canonicalize().unwrap()), Vec::new());
        (folder, page)
    }

    fn get(page: &Assets, path: &str, headers: &[(&'static str, &str)]) -> Response {
        let mut request = HeaderMap::new();
        for (name, value) in headers {
            request.insert(*name, value.parse().unwrap());
        }
        page.respond(path, &request)
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
        assert_eq!(coding("gzip, br"), "", "the build has not written them yet");
        fs::write(folder.path().join("a.js.gz"), b"built").unwrap();
        fs::write(folder.path().join("a.js.br"), b"built").unwrap();
        assert_eq!(coding("gzip, deflate, br"), "br");
        assert_eq!(coding("gzip;q=0.5, br;q=0"), "gzip");
        assert_eq!(coding("identity"), "");
    }

    #[test]
    fn a_compressed_form_of_an_older_build_is_not_sent() {
        let (folder, page) = page(&[("a.js.br", b"old"), ("a.js", b"a new file")]);
        let hour = std::time::Duration::from_secs(3600);
        let old = fs::File::options()
            .write(true)
            .open(folder.path().join("a.js.br"));
        old.unwrap().set_modified(SystemTime::now() - hour).unwrap();
        let response = get(&page, "/a.js", &[("accept-encoding", "br")]);
        assert_eq!(header(&response, "content-encoding"), "");
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
        fs::create_dir(folder.path().join("folder")).unwrap();
        std::os::unix::fs::symlink("/etc/passwd", folder.path().join("link.txt")).unwrap();
        for path in [
            "/../etc/passwd",
            "/%2e%2e/x",
            "//etc/passwd",
            "/link.txt",
            "/.",
            "/nothing",
            "/index.html/",
            "/index.html/more",
            "//index.html",
            "//",
            "/./index.html",
            "/folder",
            "/folder/",
            "/index.html%00",
            "/index.html\0",
            &format!("/{}", "a".repeat(256)),
            &format!("/{}", "a/".repeat(3_000)),
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
        let page = Assets::new(None, Vec::new());
        assert!(!page.is_built());
        assert_eq!(
            get(&page, "/", &[]).status(),
            StatusCode::SERVICE_UNAVAILABLE
        );
    }
}
