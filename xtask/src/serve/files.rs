//! Files of the site, in the encoding that the browser likes best.

use std::path::{Component, Path, PathBuf};
use std::time::UNIX_EPOCH;

use hyper::body::Incoming;
use hyper::header::{
    ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderValue, IF_NONE_MATCH, VARY,
};
use hyper::{Method, Request, Response, StatusCode};

use super::{Body, full, headers, plain};

/// Encodings that lie beside a file, the best first: its name in HTTP and the file's extension.
const ENCODINGS: [(&str, &str); 2] = [("br", "br"), ("gzip", "gz")];

/// There is no such file.
pub fn missing() -> Response<Body> {
    plain(
        StatusCode::NOT_FOUND,
        "text/plain; charset=utf-8",
        "Nothing is here.\n",
    )
}

/// Answers with the file at `path` (relative, percent-encoded) below `dist`.
pub async fn respond(request: &Request<Incoming>, dist: &Path, path: &str) -> Response<Body> {
    let Some(file) = locate(dist, path) else {
        return missing();
    };
    let accepted = request
        .headers()
        .get(ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok());
    let accepted = accepted.unwrap_or_default();
    let mut encoding = None;
    let mut chosen = file.clone();
    for (name, extension) in ENCODINGS {
        let beside = append(&file, extension);
        if !is_edited(&file) && accepts(accepted, name) && beside.is_file() {
            (encoding, chosen) = (Some(name), beside);
            break;
        }
    }
    let (Ok(meta), Ok(bytes)) = (
        tokio::fs::metadata(&chosen).await,
        tokio::fs::read(&chosen).await,
    ) else {
        return missing();
    };
    let modified = meta
        .modified()
        .ok()
        .and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    let tag = format!(
        "\"{:x}-{:x}\"",
        modified.unwrap_or_default().as_nanos(),
        bytes.len()
    );
    let known = request
        .headers()
        .get(IF_NONE_MATCH)
        .is_some_and(|value| value.as_bytes() == tag.as_bytes());

    let length = bytes.len();
    let mut response = match (known, request.method() == Method::HEAD) {
        (false, false) => Response::new(full(bytes)),
        _ => Response::new(full("")),
    };
    if known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    } else if request.method() == Method::HEAD {
        response
            .headers_mut()
            .insert(hyper::header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    let fields = response.headers_mut();
    fields.insert(CONTENT_TYPE, HeaderValue::from_static(content_type(&file)));
    fields.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        fields.insert(ETAG, tag);
    }
    if let Some(encoding) = encoding {
        fields.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    let versioned = request
        .uri()
        .query()
        .is_some_and(|query| query.starts_with("v="));
    if versioned || is_hashed(&file) {
        headers::immutable(&mut response);
    } else {
        headers::uncached(&mut response);
    }
    response
}

/// The file that a path names, if it lies below `dist`.
fn locate(dist: &Path, path: &str) -> Option<PathBuf> {
    let decoded = decode(path)?;
    let relative = Path::new(&decoded);
    let inside = relative
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    if !inside || decoded.contains(['\0', '\\']) {
        return None;
    }
    let mut file = dist.join(relative);
    if file.is_dir() && (decoded.is_empty() || decoded.ends_with('/')) {
        file = file.join("index.html");
    }
    file.is_file().then_some(file)
}

fn decode(path: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        rest = tail;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let (digits, tail) = rest.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
        rest = tail;
    }
    String::from_utf8(bytes).ok()
}

/// Whether an `Accept-Encoding` field allows `name` (RFC 9110 §12.5.3).
fn accepts(field: &str, name: &str) -> bool {
    field.split(',').any(|item| {
        let mut parts = item.split(';').map(str::trim);
        let is_it = parts
            .next()
            .is_some_and(|first| first.eq_ignore_ascii_case(name));
        is_it && !parts.any(|part| matches!(part, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
    })
}

/// Whether hosts write it themselves: what was compressed beside it would be an older text.
fn is_edited(file: &Path) -> bool {
    file.file_name().is_some_and(|name| name == "config.json")
}

fn append(file: &Path, extension: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".");
    name.push(extension);
    PathBuf::from(name)
}

/// Whether the name holds a hash of the content, as Trunk writes it: `app-` and sixteen hexadecimal digits.
fn is_hashed(file: &Path) -> bool {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    name.split(['-', '.', '_'])
        .any(|part| part.len() == 16 && part.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

fn content_type(file: &Path) -> &'static str {
    match file
        .extension()
        .and_then(|extension| extension.to_str())
        .unwrap_or_default()
    {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "wasm" => "application/wasm",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "avif" => "image/avif",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "ogg" | "oga" | "opus" => "audio/ogg",
        "mp3" => "audio/mpeg",
        "txt" | "md" => "text/plain; charset=utf-8",
        "xml" | "doap" => "application/xml",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_cannot_leave_the_site() {
        let dist = std::env::temp_dir();
        for path in [
            "../etc/passwd",
            "%2e%2e/etc/passwd",
            "/etc/passwd",
            "a/../../b",
            "a%00b",
            "%zz",
            "%2",
        ] {
            assert_eq!(locate(&dist, path), None, "{path}");
        }
    }

    #[test]
    fn an_encoding_is_used_when_it_is_accepted() {
        assert!(accepts("gzip, deflate, br", "br"));
        assert!(accepts("BR;q=0.5", "br"));
        assert!(!accepts("gzip, br;q=0", "br"));
        assert!(!accepts("", "gzip"));
    }

    #[test]
    fn only_names_with_a_hash_are_kept_for_ever() {
        assert!(is_hashed(Path::new("app-0123456789abcdef.js")));
        assert!(is_hashed(Path::new("app-0123456789abcdef_bg.wasm")));
        assert!(!is_hashed(Path::new("index.html")));
        assert!(!is_hashed(Path::new("engine-loader.js")));
    }
}
