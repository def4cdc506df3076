//! RFC 7395 over the browser's WebSocket.
//!
//! **Invariant:** [`SocketEvent::Closed`] is reported once and last, also where the socket could never be opened, and
//! nothing is reported from inside a call into the port.

use std::cell::RefCell;
use std::rc::Rc;

use wasm_bindgen::prelude::*;
use web_sys::{BinaryType, CloseEvent, Event, MessageEvent, WebSocket};

use crate::client::ports::{Sink, Socket, SocketClosed, SocketEvent, Transport};

/// RFC 7395 §3.1.
const SUBPROTOCOL: &str = "xmpp";

/// RFC 6455 §7.4.1: a message of a type that cannot be accepted.
const UNSUPPORTED: SocketClosed = SocketClosed {
    code: 1003,
    was_clean: false,
};

/// RFC 6455 §7.4.1: no closing handshake.
const ABNORMAL: SocketClosed = SocketClosed {
    code: 1006,
    was_clean: false,
};

/// The longest frame that is taken over whole, in UTF-16 units: longer than any that passes the frame gate. Memory
/// that a program of wasm has once used is never given back, so the rest of a longer one stays outside; what is left
/// of it is no whole stanza, and is dropped and counted as such.
const LONGEST: u32 = 4 * 1024 * 1024;

/// Opens WebSockets.
#[derive(Clone, Copy, Debug, Default)]
pub struct WebTransport;

impl Transport for WebTransport {
    fn open(&self, url: &str, events: Sink<SocketEvent>) -> Box<dyn Socket> {
        let events = Rc::new(Events(RefCell::new(Some(Hear::from(events)))));
        match WebSocket::new_with_str(url, SUBPROTOCOL) {
            Ok(socket) => Box::new(WebSocketHandle::new(socket, events)),
            Err(_) => {
                // The address is none, or the page's policy forbids it.
                let later = Rc::clone(&events);
                wasm_bindgen_futures::spawn_local(async move { later.close(ABNORMAL) });
                Box::new(Unopened(events))
            }
        }
    }
}

/// Where events go, until the last one.
struct Events(RefCell<Option<Hear>>);

/// Who is told.
type Hear = Rc<dyn Fn(SocketEvent)>;

impl Events {
    fn report(&self, event: SocketEvent) {
        let sink = self.0.borrow().clone();
        if let Some(sink) = sink {
            sink(event);
        }
    }

    fn close(&self, closed: SocketClosed) {
        let sink = self.0.borrow_mut().take();
        if let Some(sink) = sink {
            sink(SocketEvent::Closed(closed));
        }
    }

    fn silence(&self) {
        self.0.borrow_mut().take();
    }
}

struct WebSocketHandle {
    socket: WebSocket,
    events: Rc<Events>,
    _on_open: Closure<dyn FnMut(Event)>,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_close: Closure<dyn FnMut(CloseEvent)>,
}

impl WebSocketHandle {
    fn new(socket: WebSocket, events: Rc<Events>) -> Self {
        // A binary message is refused unread.
        socket.set_binary_type(BinaryType::Arraybuffer);
        let on_open = {
            let (socket, events) = (socket.clone(), Rc::clone(&events));
            Closure::new(move |_: Event| {
                if socket.protocol() == SUBPROTOCOL {
                    events.report(SocketEvent::Opened);
                } else {
                    // RFC 6455 §4.1: a browser should fail by itself when the server agrees on nothing.
                    events.close(ABNORMAL);
                    let _ = socket.close();
                }
            })
        };
        let on_message = {
            let (socket, events) = (socket.clone(), Rc::clone(&events));
            Closure::new(move |event: MessageEvent| {
                match event.data().dyn_into::<js_sys::JsString>() {
                    Ok(text) if text.length() <= LONGEST => {
                        events.report(SocketEvent::Frame(String::from(text)));
                    }
                    Ok(text) => {
                        let start = text.substring(0, LONGEST);
                        events.report(SocketEvent::Frame(String::from(start)));
                    }
                    Err(_) => {
                        // RFC 7395 §3.2: only text. A script cannot close with that code, but can say it.
                        events.close(UNSUPPORTED);
                        let _ = socket.close();
                    }
                }
            })
        };
        let on_close = {
            let events = Rc::clone(&events);
            Closure::new(move |event: CloseEvent| {
                events.close(SocketClosed {
                    code: event.code(),
                    was_clean: event.was_clean(),
                });
            })
        };
        // An `error` event tells nothing, and a `close` event follows it.
        socket.set_onopen(Some(on_open.as_ref().unchecked_ref()));
        socket.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        socket.set_onclose(Some(on_close.as_ref().unchecked_ref()));
        Self {
            socket,
            events,
            _on_open: on_open,
            _on_message: on_message,
            _on_close: on_close,
        }
    }
}

impl Socket for WebSocketHandle {
    fn send(&self, text: &str) {
        if self.socket.ready_state() == WebSocket::OPEN {
            // What fails here is a socket that is being closed: its event says so.
            let _ = self.socket.send_with_str(text);
        }
    }

    fn close(&self) {
        // 1000 can be forbidden only while it is a code out of range.
        let _ = self.socket.close_with_code(1000);
    }
}

impl Drop for WebSocketHandle {
    fn drop(&mut self) {
        self.events.silence();
        self.socket.set_onopen(None);
        self.socket.set_onmessage(None);
        self.socket.set_onclose(None);
        let _ = self.socket.close();
    }
}

/// A socket that could not even be made.
struct Unopened(Rc<Events>);

impl Socket for Unopened {
    fn send(&self, _text: &str) {}
    fn close(&self) {}
}

impl Drop for Unopened {
    fn drop(&mut self) {
        self.0.silence();
    }
}
