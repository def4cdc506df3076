//! The built site, served as a real host would: types, compression, caching, a strict policy, and the server's WebSocket
//! on the same origin.

mod files;
mod headers;
mod ledger;
mod proxy;

pub use ledger::Sent;

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Instant;

use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::sync::watch;

use crate::error::{Context, Error, Result};
use crate::net::free_port;
use ledger::Ledger;

/// What an answer carries: a file's bytes, or what the XMPP server sends.
type Body = BoxBody<Bytes, hyper::Error>;

/// How a site is served.
#[derive(Clone, Debug)]
pub struct Options {
    /// The port on loopback, or any free one.
    pub port: Option<u16>,
    /// The path below which the site lies, with a slash at both ends.
    pub prefix: String,
    /// The HTTP port of the XMPP server whose WebSocket and uploads appear on the site's own origin.
    pub upstream: Option<u16>,
    /// The upstream's path of the WebSocket. The site's own is always `/xmpp-websocket`.
    pub upstream_websocket: String,
    /// What `config.json` says, instead of the file in the site.
    pub config: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            port: None,
            prefix: "/".into(),
            upstream: None,
            upstream_websocket: "/xmpp-websocket".into(),
            config: None,
        }
    }
}

/// A site that is being served. Dropping it closes its connections.
#[derive(Debug)]
pub struct Site {
    /// Where a browser finds it, with a slash at the end.
    pub url: String,
    /// The WebSocket address on the site's origin.
    pub ws_url: String,
    /// The port.
    pub port: u16,
    /// What the connections obey.
    state: watch::Sender<Link>,
    /// How the names of files end that are not sent now.
    held: watch::Sender<Option<&'static str>>,
    /// How the names of files end that are not there now.
    lost: watch::Sender<Option<&'static str>>,
    /// The folder.
    dist: watch::Sender<PathBuf>,
    ledger: Arc<Ledger>,
    thread: Option<JoinHandle<()>>,
}

/// What happens to connections through the site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Link {
    Whole,
    Cut,
    Closed,
}

/// What each connection needs to know.
struct Shared {
    dist: watch::Receiver<PathBuf>,
    port: u16,
    options: Options,
    link: watch::Receiver<Link>,
    held: watch::Receiver<Option<&'static str>>,
    lost: watch::Receiver<Option<&'static str>>,
    ledger: Arc<Ledger>,
}

impl Site {
    /// Serves the folder `dist`.
    ///
    /// # Errors
    /// When the port is taken.
    pub fn start(dist: &Path, options: Options) -> Result<Self> {
        let port = options.port.map_or_else(free_port, Ok)?;
        let what = || format!("listen on port {port}");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).context(what)?;
        listener.set_nonblocking(true).context(what)?;
        let prefix = options.prefix.clone();
        if !prefix.starts_with('/') || !prefix.ends_with('/') {
            return Err(Error::Usage(format!(
                "the prefix {prefix:?} needs a slash at both ends"
            )));
        }
        let (state, link) = watch::channel(Link::Whole);
        let (hold, held) = watch::channel(None);
        let (lose, lost) = watch::channel(None);
        let (serve, served) = watch::channel(dist.to_owned());
        let ledger = Arc::new(Ledger::default());
        let shared = Arc::new(Shared {
            dist: served,
            port,
            options,
            link,
            held,
            lost,
            ledger: Arc::clone(&ledger),
        });
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .context(|| "start the site's thread".into())?;
        let thread = std::thread::Builder::new()
            .name("site".into())
            .spawn(move || runtime.block_on(accept(listener, shared)))
            .context(|| "start the site's thread".into())?;
        Ok(Self {
            url: format!("http://localhost:{port}{prefix}"),
            ws_url: format!("ws://localhost:{port}/xmpp-websocket"),
            port,
            state,
            held: hold,
            lost: lose,
            dist: serve,
            ledger,
            thread: Some(thread),
        })
    }

    /// Breaks every connection to the XMPP server and refuses new ones, until [`Self::mend`]. Files are still served.
    pub fn cut(&self) {
        self.state.send_replace(Link::Cut);
    }

    /// Ends a [`Self::cut`].
    pub fn mend(&self) {
        self.state.send_replace(Link::Whole);
    }

    /// Lets files whose names end like this wait, as a slow network would, until [`Self::release`].
    pub fn hold(&self, end: &'static str) {
        self.held.send_replace(Some(end));
    }

    /// Sends what [`Self::hold`] held.
    pub fn release(&self) {
        self.held.send_replace(None);
    }

    /// Answers "404 Not Found" for files whose names end like this, until [`Self::find`].
    pub fn lose(&self, end: &'static str) {
        self.lost.send_replace(Some(end));
    }

    /// Ends a [`Self::lose`].
    pub fn find(&self) {
        self.lost.send_replace(None);
    }

    /// Serves another folder from now on, as after an upgrade.
    pub fn upgrade(&self, dist: &Path) {
        self.dist.send_replace(dist.to_owned());
    }

    /// Notes from now on what goes to browsers, and forgets what was noted before.
    pub fn record(&self) {
        self.ledger.record();
    }

    /// What went to browsers since [`Self::record`].
    #[must_use]
    pub fn sent(&self) -> Vec<Sent> {
        self.ledger.sent()
    }

    /// When the end of the first `text` from the XMPP server was passed on, since [`Self::record`].
    #[must_use]
    pub fn passed(&self, text: &str) -> Option<Instant> {
        self.ledger.when(text)
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.state.send_replace(Link::Closed);
        self.release();
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else {
        return;
    };
    let mut link = shared.link.clone();
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => accepted,
            closed = link.wait_for(|link| *link == Link::Closed) => {
                drop(closed);
                return;
            }
        };
        // An error here concerns one connection that never was.
        let Ok((stream, _)) = stream else { continue };
        stream.set_nodelay(true).ok();
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            let service = service_fn(|request| {
                let shared = Arc::clone(&shared);
                async move { Ok::<_, Infallible>(answer(request, &shared).await) }
            });
            let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            connection.with_upgrades().await.ok();
        });
    }
}

/// Which of the few things a path stands for.
async fn answer(request: Request<Incoming>, shared: &Arc<Shared>) -> Response<Body> {
    let path = request.uri().path().to_owned();
    let mut response = match path.as_str() {
        "/xmpp-websocket" | "/.well-known/host-meta" | "/.well-known/host-meta.json"
            if shared.options.upstream.is_none() =>
        {
            plain(
                StatusCode::NOT_FOUND,
                "text/plain; charset=utf-8",
                "There is no XMPP server behind this site.\n",
            )
        }
        "/xmpp-websocket" => proxy::forward(request, shared).await,
        path if path.starts_with("/file_share/") || path.starts_with("/upload/") => {
            proxy::forward(request, shared).await
        }
        "/.well-known/host-meta" => host_meta_xml(shared),
        "/.well-known/host-meta.json" => host_meta_json(shared),
        _ if request.method() != Method::GET && request.method() != Method::HEAD => plain(
            StatusCode::METHOD_NOT_ALLOWED,
            "text/plain; charset=utf-8",
            "Only GET and HEAD.\n",
        ),
        path => match (
            path.strip_prefix(shared.options.prefix.as_str()),
            &shared.options.config,
        ) {
            (Some("config.json"), Some(config)) => {
                let mut response = plain(StatusCode::OK, "application/json", config.clone());
                headers::uncached(&mut response);
                response
            }
            (Some(file), _) => {
                let mut held = shared.held.clone();
                let sent = |held: &Option<&str>| !held.is_some_and(|end| file.ends_with(end));
                // The site itself may end while it waits.
                held.wait_for(sent).await.ok();
                let dist = shared.dist.borrow().clone();
                let is_lost = shared.lost.borrow().is_some_and(|end| file.ends_with(end));
                if is_lost {
                    files::missing()
                } else {
                    files::respond(&request, &dist, file).await
                }
            }
            (None, _) => plain(
                StatusCode::NOT_FOUND,
                "text/plain; charset=utf-8",
                "Nothing is here.\n",
            ),
        },
    };
    if response.status() != StatusCode::SWITCHING_PROTOCOLS {
        headers::protect(&mut response);
    }
    shared.ledger.answered(&path, &response);
    response
}

/// XEP-0156 §3.2, in the form of RFC 6415.
fn host_meta_xml(shared: &Shared) -> Response<Body> {
    let mut response = plain(
        StatusCode::OK,
        "application/xrd+xml",
        format!(
            "<?xml version='1.0' encoding='utf-8'?>\n\
             <XRD xmlns='http://docs.oasis-open.org/ns/xri/xrd-1.0'>\n  \
             <Link rel='urn:xmpp:alt-connections:websocket' href='ws://localhost:{}/xmpp-websocket'/>\n</XRD>\n",
            shared.port
        ),
    );
    headers::open_to_all(&mut response);
    response
}

/// XEP-0156 §3.3.
fn host_meta_json(shared: &Shared) -> Response<Body> {
    let mut response = plain(
        StatusCode::OK,
        "application/json",
        format!(
            "{{\"links\":[{{\"rel\":\"urn:xmpp:alt-connections:websocket\",\
             \"href\":\"ws://localhost:{}/xmpp-websocket\"}}]}}\n",
            shared.port
        ),
    );
    headers::open_to_all(&mut response);
    response
}

fn plain(status: StatusCode, kind: &'static str, text: impl Into<Bytes>) -> Response<Body> {
    let mut response = Response::new(full(text));
    *response.status_mut() = status;
    response.headers_mut().insert(
        hyper::header::CONTENT_TYPE,
        hyper::header::HeaderValue::from_static(kind),
    );
    response
}

fn full(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into())
        .map_err(|never| match never {})
        .boxed()
}

/// A loopback address.
fn loopback(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}
