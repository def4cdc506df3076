//! The end of an engine whose place another one takes, of another build.

use std::rc::Rc;
use std::time::Duration;

use crate::entity::time::Instant;

use super::account::ToAccount;
use super::client::Client;
use super::hub::Hub;

/// How long the accounts may take to come to their end.
const PATIENCE: Duration = Duration::from_secs(4);

/// How a client is told that another engine takes over.
#[derive(Clone)]
pub struct Retirement {
    retire: Rc<dyn Fn()>,
    hub: Rc<Hub>,
}

impl Retirement {
    pub(super) fn new(retire: impl Fn() + 'static, hub: Rc<Hub>) -> Self {
        Self {
            retire: Rc::new(retire),
            hub,
        }
    }

    /// The accounts store what they have, and end their sessions; then the pages are told that there is another build,
    /// and the client comes to its end.
    pub fn in_order(&self) {
        (self.retire)();
    }

    /// The other engine did not wait: the pages are told at once. The client is not to be driven any more.
    pub fn at_once(&self) {
        self.hub.refuse_all();
    }
}

impl Client {
    /// Another engine takes over: all accounts come to their end.
    pub(super) fn retire(&mut self, now: Instant) {
        if self.retiring.is_none() {
            tracing::info!("another engine takes over");
            self.retiring = Some(now + PATIENCE);
            self.registration = None;
            self.tell_all(|| ToAccount::Retire);
        }
    }

    /// Nothing is left to be done, or it takes too long.
    pub(super) fn is_retired(&self, now: Instant) -> bool {
        self.retiring
            .is_some_and(|until| self.accounts.is_empty() || until.monotonic <= now.monotonic)
    }
}
