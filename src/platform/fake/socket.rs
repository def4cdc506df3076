//! Sockets whose other end the test holds.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use crate::client::ports::{Sink, Socket, SocketClosed, SocketEvent, Transport};

/// Opens sockets and gives their other ends to the test.
#[derive(Default)]
pub(super) struct FakeTransport {
    new: RefCell<Vec<FakeSocket>>,
}

impl FakeTransport {
    pub(super) fn take_new(&self) -> Vec<FakeSocket> {
        self.new.take()
    }
}

/// The server's end of a socket.
#[derive(Clone)]
pub struct FakeSocket(Rc<Ends>);

struct Ends {
    url: String,
    events: Sink<SocketEvent>,
    sent: RefCell<Vec<String>>,
    closed: Cell<bool>,
}

impl FakeSocket {
    /// Where it leads.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.0.url
    }

    /// Lets it open.
    pub fn accept(&self) {
        self.tell(SocketEvent::Opened);
    }

    /// Sends a frame to the client.
    pub fn deliver(&self, frame: impl Into<String>) {
        self.tell(SocketEvent::Frame(frame.into()));
    }

    /// Cuts it, as when a cable is pulled; or refuses to open it.
    pub fn cut(&self) {
        self.tell(SocketEvent::Closed(SocketClosed {
            code: 1006,
            was_clean: false,
        }));
        self.0.closed.set(true);
    }

    /// What the client sent since the last call.
    #[must_use]
    pub fn take_sent(&self) -> Vec<String> {
        self.0.sent.take()
    }

    /// Whether the client closed it, or it was cut.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.0.closed.get()
    }

    fn tell(&self, event: SocketEvent) {
        if !self.0.closed.get() {
            (self.0.events)(event);
        }
    }
}

/// The client's end.
struct ClientEnd(Rc<Ends>);

impl Socket for ClientEnd {
    fn send(&self, text: &str) {
        if !self.0.closed.get() {
            self.0.sent.borrow_mut().push(text.to_owned());
        }
    }

    fn close(&self) {
        self.0.closed.set(true);
    }
}

impl Drop for ClientEnd {
    fn drop(&mut self) {
        self.0.closed.set(true);
    }
}

impl Transport for FakeTransport {
    fn open(&self, url: &str, events: Sink<SocketEvent>) -> Box<dyn Socket> {
        let ends = Rc::new(Ends {
            url: url.to_owned(),
            events,
            sent: RefCell::default(),
            closed: Cell::new(false),
        });
        self.new.borrow_mut().push(FakeSocket(ends.clone()));
        Box::new(ClientEnd(ends))
    }
}
