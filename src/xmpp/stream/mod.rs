//! The stream: RFC 7395 framing, features, authentication, binding, keep-alive, acknowledgements, errors.

pub mod auth;

use minidom::Element;

use crate::entity::secret::Secret;
use crate::entity::time::Instant;

use super::cx::Cx;
use super::engine::{Credentials, Settings, Why};

/// What the stream made of an input.
#[derive(Debug)]
pub enum Taken {
    /// It was the stream's own.
    Nothing,
    /// A stanza for the features; already counted.
    Stanza(Element),
    /// A resource is bound; stanzas may flow.
    Bound,
    /// The server confirmed that many more of our stanzas (XEP-0198).
    Acknowledged(u32),
    /// The stream is over; `SessionEvent::Ended` was emitted.
    Ended,
}

/// The state of the stream.
pub struct Stream {
    settings: Settings,
}

impl Stream {
    pub(super) fn new(settings: Settings) -> Self {
        Self { settings }
    }

    /// The socket is open: begin.
    pub(super) fn on_opened(&mut self, _cx: &mut Cx, _secure: bool) {}

    /// The socket is closed, or could not be opened. Emits `Ended` unless that was said already.
    pub(super) fn on_closed(&mut self, _cx: &mut Cx) {}

    /// A frame that passed the gate.
    pub(super) fn on_frame(&mut self, _cx: &mut Cx, element: Element) -> Taken {
        Taken::Stanza(element)
    }

    /// A frame that did not: a stanza counts all the same.
    pub(super) fn on_refused(&mut self, _cx: &mut Cx, _is_stanza: bool) -> Taken {
        Taken::Nothing
    }

    pub(super) fn on_tick(&mut self, _cx: &mut Cx) -> Taken {
        Taken::Nothing
    }

    pub(super) fn set_credentials(&mut self, _credentials: Credentials) {
        let _ = &self.settings;
    }

    /// Sends the registration form filled in.
    pub(super) fn register(&mut self, _cx: &mut Cx, _answers: Vec<(String, Vec<Secret>)>) {}

    /// Ends the stream properly.
    pub(super) fn close(&mut self, _cx: &mut Cx) {}

    pub(super) fn poll_timeout(&self) -> Option<(Instant, Why)> {
        None
    }
}
