//! The XMPP server's WebSocket and uploads on the site's own origin, as a reverse proxy gives them.

use std::sync::Arc;

use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::header::{HOST, HeaderValue};
use hyper::upgrade::Upgraded;
use hyper::{Request, Response, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::ledger::Ledger;
use super::{Body, Link, Shared, loopback, plain};

/// Passes the request on, and a connection that changes its protocol for as long as the link is whole.
pub async fn forward(request: Request<Incoming>, shared: &Arc<Shared>) -> Response<Body> {
    match attempt(request, shared).await {
        Ok(response) => response,
        Err(why) => plain(
            StatusCode::BAD_GATEWAY,
            "text/plain; charset=utf-8",
            format!("{why}\n"),
        ),
    }
}

#[derive(Debug, thiserror::Error)]
enum Broken {
    #[error("There is no XMPP server behind this site.")]
    NoUpstream,
    #[error("The link is cut.")]
    Cut,
    #[error("The XMPP server does not answer: {0}")]
    Connect(#[from] std::io::Error),
    #[error("The XMPP server does not answer: {0}")]
    Http(#[from] hyper::Error),
    #[error("The path is not one.")]
    Path(#[from] hyper::http::uri::InvalidUri),
}

async fn attempt(
    mut request: Request<Incoming>,
    shared: &Arc<Shared>,
) -> Result<Response<Body>, Broken> {
    let port = shared.options.upstream.ok_or(Broken::NoUpstream)?;
    if *shared.link.borrow() == Link::Cut {
        return Err(Broken::Cut);
    }
    let stream = TcpStream::connect(loopback(port)).await?;
    stream.set_nodelay(true).ok();
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection.with_upgrades());

    if request.uri().path() == "/xmpp-websocket" {
        *request.uri_mut() = shared.options.upstream_websocket.parse::<Uri>()?;
    }
    request
        .headers_mut()
        .insert("x-forwarded-proto", HeaderValue::from_static("http"));
    if !request.headers().contains_key(HOST) {
        request
            .headers_mut()
            .insert(HOST, HeaderValue::from_static("localhost"));
    }
    let near = hyper::upgrade::on(&mut request);
    let mut response = sender.send_request(request).await?;
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        let far = hyper::upgrade::on(&mut response);
        let mut link = shared.link.clone();
        let ledger = Arc::clone(&shared.ledger);
        tokio::spawn(async move {
            let both = async {
                if let (Ok(near), Ok(far)) = (near.await, far.await) {
                    splice(near, far, &ledger).await;
                }
            };
            tokio::select! {
                () = both => {}
                cut = link.wait_for(|link| *link != Link::Whole) => drop(cut),
            }
        });
    }
    Ok(response.map(BodyExt::boxed))
}

/// Both ways until one side ends. How it ended does not matter: both sides see the other's end.
async fn splice(near: Upgraded, far: Upgraded, ledger: &Ledger) {
    let (mut near_in, mut near_out) = tokio::io::split(TokioIo::new(near));
    let (mut far_in, mut far_out) = tokio::io::split(TokioIo::new(far));
    let up = async {
        tokio::io::copy(&mut near_in, &mut far_out).await.ok();
        far_out.shutdown().await.ok();
    };
    let down = async {
        let mut piece = vec![0; 16 * 1024];
        while let Ok(count) = far_in.read(&mut piece).await {
            let Some(bytes) = piece.get(..count).filter(|bytes| !bytes.is_empty()) else {
                break;
            };
            ledger.passed(bytes);
            if near_out.write_all(bytes).await.is_err() {
                break;
            }
        }
        near_out.shutdown().await.ok();
    };
    tokio::join!(up, down);
}
