//! The end of an engine whose place another one takes, and engines that no page of their build has asked for.

use std::rc::Rc;
use std::time::Duration;

use crate::boundary::change::ToPage;
use crate::boundary::codec;
use crate::entity::time::Instant;

use super::account::ToAccount;
use super::client::Client;
use super::hub::Hub;
use super::ports::{PageEvent, Pages};

/// How long the accounts may take to come to their end.
const PATIENCE: Duration = Duration::from_secs(4);

/// Tells every page that this engine is of another build than it asked for: the site was upgraded under it, and the
/// engine's files have the same names in every build. There is no client then.
pub fn refuse_everybody(pages: &Rc<dyn Pages>) {
    let other = codec::encode(&vec![ToPage::OtherBuild(codec::BUILD.to_owned())]);
    let ways = pages.clone();
    pages.listen(Box::new(move |event| {
        if let PageEvent::Message(page, _) = event {
            ways.post(page, other.clone());
        }
    }));
}

/// Which engine takes over.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Successor {
    /// One of another build: pages of ours are to be loaded anew.
    OtherBuild,
    /// One of the same build below another path of the origin, or one of which nothing is known. A page that begins anew
    /// takes over from it in turn, and learns then if it is too old; so none does that by itself.
    #[default]
    Elsewhere,
}

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

    /// The accounts store what they have, and end their sessions; then the pages are told, and the client comes to its end.
    pub fn in_order(&self, successor: Successor) {
        self.hub.yield_to(successor);
        (self.retire)();
    }

    /// The other engine did not wait: the pages are told at once. The client is not to be driven any more.
    pub fn at_once(&self) {
        self.hub.send_all_away();
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
