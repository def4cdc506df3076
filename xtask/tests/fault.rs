//! The fault proxy between a WebSocket client and one that says back what it hears: each fault does what it says.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};
use xtask::fault::{Door, Ends, FaultProxy, Shape, Trap, Way, What};

const PATIENCE: Duration = Duration::from_secs(20);

type Client = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// A server that says back what it hears, and tells here what it heard, and how each connection ended.
async fn echo() -> (u16, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (tell, heard) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let tell = tell.clone();
            tokio::spawn(async move {
                let Ok(mut socket) = tokio_tungstenite::accept_async(stream).await else {
                    return;
                };
                loop {
                    match socket.next().await {
                        Some(Ok(Message::Text(text))) => {
                            tell.send(text.to_string()).ok();
                            socket.send(Message::Text(text)).await.ok();
                        }
                        Some(Ok(_)) => {}
                        Some(Err(_)) | None => break,
                    }
                }
                tell.send("(end)".into()).ok();
            });
        }
    });
    (port, heard)
}

/// The echo, a proxy before it, and a client that has said and heard "hello".
async fn greeted() -> (FaultProxy, Client, mpsc::UnboundedReceiver<String>) {
    let (port, mut heard) = echo().await;
    let proxy = FaultProxy::start(port, 1).unwrap();
    let mut client = connect(&proxy).await.unwrap();
    say(&mut client, "hello").await;
    assert_eq!(hear(&mut client).await.unwrap(), "hello");
    assert_eq!(heard.recv().await.unwrap(), "hello");
    (proxy, client, heard)
}

async fn connect(proxy: &FaultProxy) -> Result<Client, Error> {
    let (client, _) = connect_async(proxy.url("/ws")).await?;
    Ok(client)
}

async fn say(client: &mut Client, text: &str) {
    client.send(Message::text(text)).await.unwrap();
}

async fn hear(client: &mut Client) -> Result<String, Error> {
    let next = tokio::time::timeout(PATIENCE, client.next()).await;
    match next.expect("something comes") {
        Some(message) => Ok(message?.to_text()?.to_owned()),
        None => Err(Error::ConnectionClosed),
    }
}

/// Waits, beside the runtime, for what the proxy says of itself.
async fn until(proxy: &FaultProxy, what: &What) {
    let deadline = Instant::now() + PATIENCE;
    let start = Instant::now() - Duration::from_secs(60);
    while proxy.first(start, |entry| entry.what == *what).is_none() {
        assert!(Instant::now() < deadline, "{}", proxy.told(100));
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn what_passes_is_noted_and_a_cut_is_a_reset_for_both() {
    let (proxy, mut client, mut heard) = greeted().await;
    until(&proxy, &What::Passed(Way::Up, "hello".into())).await;
    until(&proxy, &What::Passed(Way::Down, "hello".into())).await;
    proxy.cut(Ends::Both);
    let Err(Error::Io(why)) = hear(&mut client).await else {
        panic!("{}", proxy.told(100));
    };
    assert_eq!(why.kind(), std::io::ErrorKind::ConnectionReset);
    assert_eq!(heard.recv().await.unwrap(), "(end)");
    // The next one gets through.
    let mut client = connect(&proxy).await.unwrap();
    say(&mut client, "again").await;
    assert_eq!(hear(&mut client).await.unwrap(), "again");
    assert_eq!(proxy.opened(), 2);
}

#[tokio::test]
async fn a_frame_is_torn_at_its_byte_and_the_server_never_has_it() {
    let (proxy, mut client, mut heard) = greeted().await;
    proxy.set(Trap::Tear {
        way: Way::Up,
        text: "art thou".into(),
        byte: 9,
        ends: Ends::Both,
    });
    say(&mut client, "Wherefore").await;
    assert_eq!(hear(&mut client).await.unwrap(), "Wherefore");
    say(&mut client, "art thou Romeo?").await;
    assert!(hear(&mut client).await.is_err());
    assert_eq!(heard.recv().await.unwrap(), "Wherefore");
    assert_eq!(heard.recv().await.unwrap(), "(end)");
    assert_eq!(proxy.strikes(), 1);
    until(&proxy, &What::Torn(Way::Up, "art thou Romeo?".into(), 9)).await;
}

#[tokio::test]
async fn an_answer_is_lost_after_the_server_has_heard_the_question() {
    let (proxy, mut client, mut heard) = greeted().await;
    proxy.set(Trap::Lose {
        way: Way::Down,
        text: "name".into(),
        ends: Ends::Both,
    });
    say(&mut client, "deny thy name").await;
    assert!(hear(&mut client).await.is_err());
    assert_eq!(heard.recv().await.unwrap(), "deny thy name");
}

#[tokio::test]
async fn the_server_is_not_told_of_a_cut_that_is_the_browser_s_alone() {
    let (proxy, mut client, mut heard) = greeted().await;
    proxy.cut(Ends::Browser);
    assert!(hear(&mut client).await.is_err());
    let mut other = connect(&proxy).await.unwrap();
    say(&mut other, "a new one").await;
    assert_eq!(hear(&mut other).await.unwrap(), "a new one");
    assert_eq!(heard.recv().await.unwrap(), "a new one");
    assert!(heard.try_recv().is_err(), "the first has not ended there");
}

#[tokio::test]
async fn a_black_hole_swallows_one_way_and_stays_one_after_the_mend() {
    let (proxy, mut client, mut heard) = greeted().await;
    proxy.swallow(Way::Down);
    say(&mut client, "up").await;
    assert_eq!(heard.recv().await.unwrap(), "up");
    until(&proxy, &What::Lost(Way::Down, "up".into())).await;
    proxy.go_dark();
    say(&mut client, "nowhere").await;
    until(&proxy, &What::Lost(Way::Up, "nowhere".into())).await;
    // Who comes in the dark waits, and gets through when there is a network again.
    let (_, mended) = tokio::join!(
        async {
            tokio::task::yield_now().await;
            proxy.mend();
        },
        connect(&proxy)
    );
    let mut other = mended.unwrap();
    say(&mut other, "light").await;
    assert_eq!(hear(&mut other).await.unwrap(), "light");
    assert_eq!(heard.recv().await.unwrap(), "light");
    say(&mut client, "still nowhere").await;
    until(&proxy, &What::Lost(Way::Up, "still nowhere".into())).await;
}

#[tokio::test]
async fn what_is_stalled_comes_after_the_mend() {
    let (proxy, mut client, mut heard) = greeted().await;
    proxy.stall(Way::Down);
    say(&mut client, "one").await;
    assert_eq!(heard.recv().await.unwrap(), "one");
    let early = tokio::time::timeout(Duration::from_millis(50), client.next()).await;
    assert!(early.is_err());
    proxy.mend();
    assert_eq!(hear(&mut client).await.unwrap(), "one");
}

#[tokio::test]
async fn the_upgrade_is_answered_with_an_error_or_not_at_all() {
    let (port, _heard) = echo().await;
    let proxy = FaultProxy::start(port, 1).unwrap();
    proxy.door(Door::Answer(503));
    let Err(Error::Http(answer)) = connect(&proxy).await else {
        panic!("{}", proxy.told(100));
    };
    assert_eq!(answer.status(), 503);
    proxy.door(Door::Shut);
    assert!(connect(&proxy).await.is_err());
    proxy.mend();
    assert!(connect(&proxy).await.is_ok());
}

#[tokio::test]
async fn slow_paths_are_slow_and_slices_change_nothing() {
    let (proxy, mut client, _heard) = greeted().await;
    let shape = Shape {
        latency: Duration::from_millis(40),
        jitter: Duration::from_millis(10),
        bandwidth: Some(10_000),
        slice: Some(1),
    };
    proxy.shape(Way::Up, shape);
    // A fifth of a second by its length, and the latency.
    let long = "x".repeat(2_000);
    let start = Instant::now();
    say(&mut client, &long).await;
    assert_eq!(hear(&mut client).await.unwrap(), long);
    assert!(start.elapsed() >= Duration::from_millis(240));
}

#[tokio::test]
async fn idle_connections_are_ended() {
    let (proxy, mut client, mut heard) = greeted().await;
    proxy.idle_limit(Some(Duration::from_millis(30)));
    assert!(hear(&mut client).await.is_err());
    assert_eq!(heard.recv().await.unwrap(), "(end)");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_a_reset() {
    let free = xtask::net::free_port().unwrap();
    let proxy = FaultProxy::start(free, 1).unwrap();
    assert!(connect(&proxy).await.is_err());
}
