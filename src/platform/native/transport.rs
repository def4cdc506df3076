//! RFC 7395 over native WebSockets.
//!
//! **Invariant:** [`SocketEvent::Closed`] is reported once and last, also where the socket could never be opened, and
//! nothing is reported from inside a call into the port.

use futures::channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use futures::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::client::ports::{Sink, Socket, SocketClosed, SocketEvent, Transport};

const HEADER: &str = "Sec-WebSocket-Protocol";

/// RFC 7395 §3.1.
const SUBPROTOCOL: &str = "xmpp";

/// Opens WebSockets.
#[derive(Clone, Copy, Debug, Default)]
pub struct NativeTransport;

impl Transport for NativeTransport {
    fn open(&self, url: &str, events: Sink<SocketEvent>) -> Box<dyn Socket> {
        let (orders, received) = unbounded();
        let url = url.to_owned();
        tokio::task::spawn_local(async move {
            // Whoever drops the socket wants to hear nothing more.
            if let Some(closed) = live(&url, received, &events).await {
                events(SocketEvent::Closed(closed));
            }
        });
        Box::new(NativeSocket(orders))
    }
}

enum Order {
    Send(String),
    Close,
}

struct NativeSocket(UnboundedSender<Order>);

impl Socket for NativeSocket {
    fn send(&self, text: &str) {
        // What is sent to a closed socket is lost.
        let _ = self.0.unbounded_send(Order::Send(text.to_owned()));
    }

    fn close(&self) {
        let _ = self.0.unbounded_send(Order::Close);
    }
}

type Stream = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// The whole life of a socket. Absent if it was dropped.
async fn live(
    url: &str,
    mut orders: UnboundedReceiver<Order>,
    events: &Sink<SocketEvent>,
) -> Option<SocketClosed> {
    let mut stream = tokio::select! {
        stream = connect(url) => match stream {
            Ok(stream) => stream,
            Err(_) => return orders_end(orders).await,
        },
        gone = dropped(&mut orders) => return if gone { None } else { Some(ABNORMAL) },
    };
    events(SocketEvent::Opened);
    // Nothing can be sent any more. What came before the end is still read: it may say why.
    let mut is_deaf = false;
    loop {
        tokio::select! {
            order = orders.next() => match order {
                Some(Order::Send(_)) if is_deaf => {}
                Some(Order::Send(text)) => is_deaf = stream.send(Message::text(text)).await.is_err(),
                Some(Order::Close) => {
                    let _ = stream.close(Some(normal())).await;
                }
                None => {
                    let _ = stream.close(Some(normal())).await;
                    return None;
                }
            },
            message = stream.next() => match message {
                Some(Ok(Message::Text(text))) => events(SocketEvent::Frame(text.as_str().to_owned())),
                Some(Ok(Message::Binary(_))) => {
                    // RFC 7395 §3.2: only text.
                    let _ = stream.close(Some(CloseFrame {
                        code: CloseCode::Unsupported,
                        reason: "".into(),
                    })).await;
                    return Some(SocketClosed { code: 1003, was_clean: false });
                }
                Some(Ok(Message::Close(frame))) => {
                    // The answer to it goes out with the next write.
                    let _ = stream.flush().await;
                    // RFC 6455 §7.1.5: 1005 where the frame has no code.
                    let code = frame.map_or(1005, |frame| frame.code.into());
                    return Some(SocketClosed { code, was_clean: true });
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Some(ABNORMAL),
            },
        }
    }
}

/// RFC 6455 §7.4.1: no closing handshake.
const ABNORMAL: SocketClosed = SocketClosed {
    code: 1006,
    was_clean: false,
};

fn normal() -> CloseFrame {
    CloseFrame {
        code: CloseCode::Normal,
        reason: "".into(),
    }
}

/// How it ends for a socket that did not open: nobody is told if it was dropped meanwhile.
async fn orders_end(mut orders: UnboundedReceiver<Order>) -> Option<SocketClosed> {
    loop {
        match orders.try_recv() {
            Ok(_) => {}
            Err(error) if error.is_closed() => return None,
            Err(_) => return Some(ABNORMAL),
        }
    }
}

/// Waits until a socket that is being opened is closed (false) or dropped (true). What is sent to it is lost.
async fn dropped(orders: &mut UnboundedReceiver<Order>) -> bool {
    loop {
        match orders.next().await {
            Some(Order::Send(_)) => {}
            Some(Order::Close) => return false,
            None => return true,
        }
    }
}

async fn connect(url: &str) -> Result<Stream, Error> {
    let mut request: Request = url.into_client_request()?;
    let protocol = HeaderValue::from_static(SUBPROTOCOL);
    request.headers_mut().insert(HEADER, protocol);
    // The library refuses an answer that agrees on no or on another subprotocol.
    let (stream, _) = connect_async(request).await?;
    Ok(stream)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::SocketAddr;
    use std::time::Duration;
    use tokio::net::TcpListener;
    use tokio::task::LocalSet;
    use tokio_tungstenite::accept_hdr_async;
    use tokio_tungstenite::tungstenite::handshake::server;

    type Server = WebSocketStream<TcpStream>;

    fn run(test: impl Future<Output = ()>) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let limited = async { tokio::time::timeout(Duration::from_secs(20), test).await };
        LocalSet::new().block_on(&runtime, limited).unwrap();
    }

    async fn listen() -> (TcpListener, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        (listener, address)
    }

    // The library's own type of error is large.
    #[allow(clippy::result_large_err)]
    async fn accept(listener: &TcpListener, protocol: Option<&'static str>) -> Option<Server> {
        let (stream, _) = listener.accept().await.unwrap();
        let answer = move |request: &server::Request, mut response: server::Response| {
            assert_eq!(request.headers()[HEADER], SUBPROTOCOL);
            if let Some(protocol) = protocol {
                let protocol = HeaderValue::from_static(protocol);
                response.headers_mut().insert(HEADER, protocol);
            }
            Ok(response)
        };
        accept_hdr_async(stream, answer).await.ok()
    }

    fn open(address: SocketAddr) -> (Box<dyn Socket>, UnboundedReceiver<SocketEvent>) {
        let (sender, heard) = unbounded();
        let sink = Box::new(move |event| sender.unbounded_send(event).unwrap());
        let socket = NativeTransport.open(&format!("ws://{address}/"), sink);
        (socket, heard)
    }

    async fn pair() -> (Box<dyn Socket>, UnboundedReceiver<SocketEvent>, Server) {
        let (listener, address) = listen().await;
        let (socket, mut heard) = open(address);
        let server = accept(&listener, Some(SUBPROTOCOL)).await.unwrap();
        assert_eq!(heard.next().await, Some(SocketEvent::Opened));
        (socket, heard, server)
    }

    fn closed(code: u16, was_clean: bool) -> Option<SocketEvent> {
        Some(SocketEvent::Closed(SocketClosed { code, was_clean }))
    }

    #[test]
    fn frames_go_both_ways_in_order() {
        run(async {
            let (socket, mut heard, mut server) = pair().await;
            socket.send("<a/>");
            socket.send("<b/>");
            assert_eq!(server.next().await.unwrap().unwrap(), Message::text("<a/>"));
            assert_eq!(server.next().await.unwrap().unwrap(), Message::text("<b/>"));
            server.send(Message::text("<c/>")).await.unwrap();
            assert_eq!(heard.next().await, Some(SocketEvent::Frame("<c/>".into())));
        });
    }

    #[test]
    fn closing_is_a_handshake() {
        run(async {
            let (socket, mut heard, mut server) = pair().await;
            socket.close();
            let Some(Ok(Message::Close(Some(frame)))) = server.next().await else {
                panic!("no close frame");
            };
            assert_eq!(frame.code, CloseCode::Normal);
            assert!(server.next().await.is_none());
            assert_eq!(heard.next().await, closed(1000, true));
            assert_eq!(heard.next().await, None);
        });
    }

    #[test]
    fn the_server_s_close_code_is_told() {
        run(async {
            let (_socket, mut heard, mut server) = pair().await;
            let frame = CloseFrame {
                code: CloseCode::Away,
                reason: "".into(),
            };
            server.close(Some(frame)).await.unwrap();
            assert_eq!(heard.next().await, closed(1001, true));
        });
    }

    #[test]
    fn a_connection_that_breaks_is_closed_uncleanly() {
        run(async {
            let (_socket, mut heard, server) = pair().await;
            drop(server);
            assert_eq!(heard.next().await, closed(1006, false));
            assert_eq!(heard.next().await, None);
        });
    }

    #[test]
    fn the_last_words_before_a_reset_are_heard_by_who_is_speaking() {
        run(async {
            for _ in 0..20 {
                let (socket, mut heard, mut server) = pair().await;
                server.send(Message::text("<c/>")).await.unwrap();
                server.get_ref().set_zero_linger().unwrap();
                drop(server);
                socket.send("<a/>");
                assert_eq!(heard.next().await, Some(SocketEvent::Frame("<c/>".into())));
                assert_eq!(heard.next().await, closed(1006, false));
            }
        });
    }

    #[test]
    fn a_binary_message_ends_the_socket() {
        run(async {
            let (_socket, mut heard, mut server) = pair().await;
            server.send(Message::binary(vec![1])).await.unwrap();
            assert_eq!(heard.next().await, closed(1003, false));
            assert_eq!(heard.next().await, None);
        });
    }

    #[test]
    fn a_dropped_socket_closes_in_silence() {
        run(async {
            let (socket, mut heard, mut server) = pair().await;
            drop(socket);
            assert!(matches!(server.next().await, Some(Ok(Message::Close(_)))));
            assert_eq!(heard.next().await, None);
        });
    }

    #[test]
    fn a_server_without_our_subprotocol_is_none() {
        run(async {
            for protocol in [None, Some("chat")] {
                let (listener, address) = listen().await;
                let (_socket, mut heard) = open(address);
                let _server = accept(&listener, protocol).await;
                assert_eq!(heard.next().await, closed(1006, false), "{protocol:?}");
            }
        });
    }

    #[test]
    fn a_socket_that_cannot_be_opened_is_closed_once() {
        run(async {
            let (listener, address) = listen().await;
            drop(listener);
            let (socket, mut heard) = open(address);
            assert!(heard.try_recv().is_err(), "not from inside the call");
            socket.send("<open/>");
            assert_eq!(heard.next().await, closed(1006, false));
            assert_eq!(heard.next().await, None);
        });
    }
}
