//! A disk that could not be opened when the account began, and is open now: what it holds is learnt.
//!
//! **Invariant:** it is learnt as at any start. The pages see it at once; the core, whose messages in doubt, roster and
//! presence come from there, begins anew between two sessions. So nothing of it has to be able to learn late, and what is
//! right after a restart is right here.

use crate::entity::account::{Connection, Step};
use crate::entity::time::Instant;
use crate::store::{Snapshot, StoreError};
use crate::xmpp::engine::{Input, Wish};

use super::turn::Work;
use super::{Account, Phase, by_id, of_core, of_model};

/// What of the time before we began is known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Past {
    /// Everything that was stored.
    Known,
    /// Nothing: the disk could not be opened.
    Unread,
    /// Everything, but not to the core.
    Learnt,
    /// The same, and its session ends for it.
    Leaving,
}

impl Account {
    /// The disk cannot be opened: people can still talk, and it is tried again.
    pub(super) fn begin_blind(&mut self, error: &StoreError) {
        self.past = Past::Unread;
        self.disk_fails(error, None);
    }

    /// The disk was opened after all; it holds everything now.
    pub(super) async fn remember(&mut self, held: Snapshot) {
        self.past = Past::Learnt;
        self.outbox = by_id(&held.outbox);
        self.model.borrow_mut().restore(of_model(held));
        self.reread_windows().await;
    }

    /// The core goes on from where the disk ends: how far it comes meanwhile, memory alone knows.
    pub(super) fn keeps_cursor(&self) -> bool {
        matches!(self.past, Past::Known | Past::Unread)
    }

    /// The core learns what was stored: at once if it has no session, else after that has ended in order. What the server
    /// says until then is still heard.
    pub(super) async fn tell_core(&mut self, now: Instant, work: &mut Work) {
        if self.failed.is_some() || self.retiring || self.over {
            return;
        }
        match self.past {
            Past::Learnt | Past::Leaving if !self.engine.has_session() => {
                self.begin_anew(now).await;
            }
            Past::Learnt if matches!(self.phase, Phase::Online) => {
                self.tell_displayed(now, work).await;
                self.past = Past::Leaving;
                self.phase = Phase::Connecting { asker: None };
                self.set_connection(Connection::Connecting(Step::Opening));
                self.handle(now, Input::Wish(Wish::Close), work);
            }
            _ => {}
        }
    }

    async fn begin_anew(&mut self, now: Instant) {
        match self.store.load().await {
            Ok(held) => {
                self.past = Past::Known;
                self.engine.restore(of_core(&self.record, &held));
            }
            // People can talk meanwhile; it is told as soon as the disk works.
            Err(error) => {
                self.past = Past::Learnt;
                let disk = self.store.clone();
                self.disk_fails(&error, Some(disk));
            }
        }
        if matches!(self.phase, Phase::Connecting { .. }) && self.link.is_down() {
            self.asking.clear();
            self.attempt(now);
        }
    }
}
