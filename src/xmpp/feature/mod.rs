//! The features: one file for each XEP or section of an RFC. What each may do is in [`super::cx`].

use crate::entity::time::Instant;

use super::cx::Cx;
use super::engine::{Settings, Snapshot, Why, Wish};

/// All features of a session.
pub struct Features {}

impl Features {
    pub(super) fn new(_settings: &Settings, _snapshot: Snapshot) -> Self {
        Self {}
    }

    /// A resource is bound: load the roster, send presence, send what waits.
    pub(super) fn on_bound(&mut self, _cx: &mut Cx) {}

    /// The server confirmed that many more of the stanzas that we sent (XEP-0198).
    pub(super) fn on_acknowledged(&mut self, _cx: &mut Cx, _count: u32) {}

    /// The user ends the session: say so to those who see us.
    pub(super) fn on_closing(&mut self, _cx: &mut Cx) {}

    /// The session is over.
    pub(super) fn on_ended(&mut self, _cx: &mut Cx) {}

    /// A wish that is a feature's.
    pub(super) fn on_wish(&mut self, _cx: &mut Cx, _wish: Wish) {}

    pub(super) fn on_tick(&mut self, _cx: &mut Cx) {}

    pub(super) fn poll_timeout(&self) -> Option<(Instant, Why)> {
        None
    }
}
