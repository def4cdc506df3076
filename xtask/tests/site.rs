//! The site as a host serves it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use xtask::net::request;
use xtask::prosody::{self, Prosody};
use xtask::serve::{Options, Site};
use xtask::{error, paths};

/// A folder with a few files, removed at the end.
struct Dist(std::path::PathBuf);

impl Dist {
    fn new() -> Self {
        let dist = Self(paths::fresh("site-test"));
        let hashed = "app-0123456789abcdef.wasm";
        for (name, text) in [
            ("index.html", "page"),
            (hashed, "wasm"),
            ("config.json", "{}"),
            ("engine-loader.js", "js"),
        ] {
            error::write(&dist.0.join(name), text).unwrap();
        }
        error::write(&dist.0.join("index.html.br"), "brotli").unwrap();
        error::write(&dist.0.join("index.html.gz"), "gzip").unwrap();
        error::write(&dist.0.join("config.json.br"), "stale").unwrap();
        dist
    }
}

impl Drop for Dist {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

#[test]
fn files_have_their_type_encoding_and_caching() {
    let dist = Dist::new();
    let site = Site::start(&dist.0, Options::default()).unwrap();
    let get = |path: &str, headers: &[&str]| request(site.port, "GET", path, headers, b"").unwrap();

    let page = get("/", &["Accept-Encoding: gzip, br"]);
    assert_eq!((page.status, page.text().as_str()), (200, "brotli"));
    assert_eq!(page.header("content-encoding"), Some("br"));
    assert_eq!(
        page.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    assert_eq!(page.header("cache-control"), Some("no-cache"));
    assert_eq!(get("/", &["Accept-Encoding: gzip"]).text(), "gzip");
    assert_eq!(get("/", &[]).text(), "page");

    let tag = format!("If-None-Match: {}", page.header("etag").unwrap());
    assert_eq!(get("/", &[&tag, "Accept-Encoding: br"]).status, 304);

    let wasm = get("/app-0123456789abcdef.wasm", &[]);
    assert_eq!(wasm.header("content-type"), Some("application/wasm"));
    assert!(wasm.header("cache-control").unwrap().contains("immutable"));
    let config = get("/config.json", &["Accept-Encoding: gzip, br"]);
    assert_eq!(config.header("cache-control"), Some("no-cache"));
    assert_eq!(config.header("content-encoding"), None);
    assert_eq!(config.text(), "{}");
    assert_eq!(
        get("/engine-loader.js", &[]).header("cache-control"),
        Some("no-cache")
    );
    let versioned = get("/engine-loader.js?v=1", &[]);
    assert!(
        versioned
            .header("cache-control")
            .unwrap()
            .contains("immutable")
    );

    let missing = get("/no", &[]);
    assert_eq!(missing.status, 404);
    for answer in [page, missing] {
        let policy = answer.header("content-security-policy").unwrap();
        assert!(
            policy.starts_with("default-src 'none'; script-src 'self' 'wasm-unsafe-eval';"),
            "{policy}"
        );
        assert!(!policy.contains("unsafe-inline"));
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    }
    assert_eq!(
        request(site.port, "POST", "/", &[], b"").unwrap().status,
        405
    );
}

#[test]
fn a_site_below_a_path_is_nowhere_else() {
    let dist = Dist::new();
    let options = Options {
        prefix: "/chat/".into(),
        config: Some(r#"{"domain":"localhost"}"#.into()),
        ..Options::default()
    };
    let site = Site::start(&dist.0, options).unwrap();
    let get = |path: &str| request(site.port, "GET", path, &[], b"").unwrap();
    assert_eq!(get("/chat/").text(), "page");
    assert_eq!(get("/chat/config.json").text(), r#"{"domain":"localhost"}"#);
    assert_eq!(get("/").status, 404);
    assert_eq!(get("/.well-known/host-meta.json").status, 404);
}

#[test]
fn the_server_s_websocket_is_on_the_site_s_origin_and_can_be_cut() {
    let dist = Dist::new();
    let mut prosody = Prosody::start(prosody::Options::default()).unwrap();
    let options = Options {
        upstream: Some(prosody.http_port),
        ..Options::default()
    };
    let site = Site::start(&dist.0, options).unwrap();

    let meta = request(site.port, "GET", "/.well-known/host-meta.json", &[], b"").unwrap();
    assert!(
        meta.text().contains(&format!("\"{}\"", site.ws_url)),
        "{}",
        meta.text()
    );
    assert_eq!(meta.header("access-control-allow-origin"), Some("*"));

    let (mut stream, head) = open(site.port);
    assert!(head.starts_with("HTTP/1.1 101"), "{head}");
    assert!(
        head.to_lowercase().contains("sec-websocket-protocol: xmpp"),
        "{head}"
    );

    site.cut();
    assert_eq!(
        stream.read(&mut [0; 16]).unwrap_or(0),
        0,
        "the connection is closed"
    );
    assert!(open(site.port).1.starts_with("HTTP/1.1 502"));
    site.mend();
    let (mut stream, head) = open(site.port);
    assert!(head.starts_with("HTTP/1.1 101"), "{head}");

    prosody.kill();
    assert_eq!(
        stream.read(&mut [0; 16]).unwrap_or(0),
        0,
        "the server's death is felt"
    );
    assert!(open(site.port).1.starts_with("HTTP/1.1 502"));
}

/// Opens a WebSocket by hand, and returns the head of the answer.
fn open(port: u16) -> (TcpStream, String) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    write!(
        stream,
        "GET /xmpp-websocket HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: xmpp\r\n\r\n"
    )
    .unwrap();
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap() == 1 {
        head.push(byte[0]);
    }
    (stream, String::from_utf8(head).unwrap())
}
