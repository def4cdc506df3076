//! The ports: all that the client needs of the outside world.
//!
//! **Invariant:** the engine is single-threaded. No future here is `Send`, and a sink is called from the thread
//! that the client runs on, never from inside a call into the port that it was given to. A `platform` makes the
//! ports: of a browser's worker (`web`), of native sockets (`native`), or of nothing at all (`fake`).

use std::rc::Rc;
use std::time::Duration;

use futures::future::LocalBoxFuture;

use crate::entity::time::Instant;
use crate::store::Depot;

/// All ports together, as a platform hands them over.
#[derive(Clone)]
pub struct Ports {
    /// Opens sockets.
    pub transport: Rc<dyn Transport>,
    /// Fetches small documents.
    pub http: Rc<dyn Http>,
    /// The clock.
    pub clock: Rc<dyn Clock>,
    /// Wakes up later.
    pub timer: Rc<dyn Timer>,
    /// Randomness.
    pub entropy: Rc<dyn Entropy>,
    /// The pages that are attached.
    pub pages: Rc<dyn Pages>,
    /// Knows the frame in hand, if it kills us.
    pub witness: Rc<dyn Witness>,
    /// Runs futures beside one another.
    pub spawn: Rc<dyn Spawn>,
    /// What survives.
    pub depot: Rc<dyn Depot>,
}

/// Receives what a port reports.
pub type Sink<T> = Box<dyn Fn(T)>;

/// Opens WebSockets (RFC 6455) with the subprotocol `xmpp` (RFC 7395).
pub trait Transport {
    /// Opens a socket at a `wss:` or `ws:` address that was found safe. At once returns a handle; everything else,
    /// failure to open too, is reported to `events`, with [`SocketEvent::Closed`] exactly once and last.
    fn open(&self, url: &str, events: Sink<SocketEvent>) -> Box<dyn Socket>;
}

/// An open socket, or one that is being opened. Dropping it closes it and silences its events.
pub trait Socket {
    /// Sends one text message; does nothing when the socket is not open.
    fn send(&self, text: &str);
    /// Begins the closing handshake (code 1000); [`SocketEvent::Closed`] follows.
    fn close(&self);
}

/// What a socket reports.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SocketEvent {
    /// It is open, with the subprotocol `xmpp` agreed on.
    Opened,
    /// One text message.
    Frame(String),
    /// It is closed, or could never be opened.
    Closed(SocketClosed),
}

/// How a socket came to its end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SocketClosed {
    /// The code of RFC 6455 §7.4; 1006 if there was none; 1003 after a binary message.
    pub code: u16,
    /// Both sides shook hands.
    pub was_clean: bool,
}

impl SocketClosed {
    /// Whether the other end would not take a frame of ours: not of that form, not of that kind, or too big.
    #[must_use]
    pub fn blames(&self) -> bool {
        self.was_clean && matches!(self.code, 1007..=1009)
    }
}

/// Fetches small documents.
pub trait Http {
    /// Sends a GET without cookies or other credentials.
    fn fetch(
        &self,
        request: HttpRequest,
    ) -> LocalBoxFuture<'static, Result<HttpResponse, HttpError>>;
    /// Whether anything answers at that address, within a few seconds. What it says need not be readable: in a
    /// browser, a fetch in `no-cors` mode. Tells a missing server from one that speaks no XMPP.
    fn answers(&self, url: &str) -> LocalBoxFuture<'static, bool>;
}

/// What to fetch, and how much at most.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HttpRequest {
    /// An `https:` address (or `http:` to loopback).
    pub url: String,
    /// The longest body that is read.
    pub max_bytes: usize,
    /// The longest time that everything may take.
    pub timeout: Duration,
}

/// A document.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HttpResponse {
    /// The status code.
    pub status: u16,
    /// Where redirects led.
    pub final_url: String,
    /// The body, whole.
    pub body: Vec<u8>,
}

/// Why there is no document.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum HttpError {
    /// No answer: no network, unknown name, refused certificate, or no permission (CORS). A browser does not tell which.
    #[error("no answer")]
    Network,
    /// The body is longer than was allowed.
    #[error("the answer is too long")]
    TooLong,
    /// It took too long.
    #[error("no answer in time")]
    Timeout,
}

/// The clock.
pub trait Clock {
    /// This moment.
    fn now(&self) -> Instant;
}

/// Wakes up later.
pub trait Timer {
    /// Ends at that moment (by its monotonic part), or a little later; at once if it is past.
    fn sleep_until(&self, at: Instant) -> LocalBoxFuture<'static, ()>;
}

/// Randomness, from the system's source.
pub trait Entropy {
    /// 32 unpredictable bytes.
    fn seed(&self) -> [u8; 32];
}

/// Outlives us: what it knows of last is handed on when we die.
pub trait Witness {
    /// This frame is in hand. It stays where it is in memory until another one is, or [`Witness::let_go`].
    fn hold(&self, frame: &str);
    /// No frame is in hand.
    fn let_go(&self);
}

/// Runs futures beside one another, on this thread.
pub trait Spawn {
    /// Runs it to its end.
    fn spawn(&self, future: LocalBoxFuture<'static, ()>);
}

/// One attached page. The platform numbers them, and never uses a number twice.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PageId(pub u32);

/// The pages that are attached.
pub trait Pages {
    /// Tells where to report; called once. What was reported before waits until then.
    fn listen(&self, events: Sink<PageEvent>);
    /// Sends an encoded list of `ToPage` to a page; does nothing when it is gone.
    fn post(&self, page: PageId, bytes: Vec<u8>);
}

/// What pages do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PageEvent {
    /// An encoded list of `ToEngine` came from a page. A page is known from its first message on.
    Message(PageId, Vec<u8>),
    /// The page is gone.
    Gone(PageId),
}
