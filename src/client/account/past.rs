//! A disk that could not be opened when the account began, and is open now: what it holds is learnt.
//!
//! **Invariant:** it is learnt as at any start. The pages see it at once; the core, whose messages in doubt, roster and
//! presence come from there, begins anew between two sessions. So nothing of it has to be able to learn late, and what is
//! right after a restart is right here.

use std::collections::HashMap;

use crate::client::reunion::Guess;
use crate::client::room;
use crate::entity::account::{Connection, Step};
use crate::entity::address::Address;
use crate::entity::message::Position;
use crate::entity::time::Instant;
use crate::event::{ArchiveEvent, Event};
use crate::store::{Snapshot, StoreError};
use crate::xmpp::engine::{Input, Wish};

use super::beginning::{by_id, of_core, of_model};
use super::turn::Work;
use super::{Account, Phase};

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

/// What memory alone does not tell from what was never said.
#[derive(Debug, Default)]
pub(super) struct Blind {
    /// What was written and not sent; also nothing.
    drafts: HashMap<Address, String>,
    /// What was sent last, where nothing was written and not sent since.
    sent: HashMap<Address, String>,
    /// Where conversations count as read.
    pub(super) guesses: HashMap<Address, Guess>,
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
        // The core goes back to where the disk ends.
        self.caught_up.clear();
        {
            let mut model = self.model.borrow_mut();
            model.restore(of_model(held));
            let Blind { drafts, sent, .. } = std::mem::take(&mut self.blind);
            for (peer, text) in drafts {
                let Some(known) = model.conversations.of(&peer) else {
                    continue;
                };
                // What was sent or deleted does not come back as a draft; one that nobody saw meanwhile does.
                let is_unseen = |sent: &String| !sent.contains(&known.draft);
                if !sent.get(&peer).is_some_and(is_unseen) {
                    model.conversations.set_draft(&peer, text);
                }
            }
        }
        self.save_conversations().await;
        self.reread_windows().await;
    }

    /// The draft is another one now, or none.
    pub(super) fn set_draft(&mut self, peer: &Address, text: String) {
        if self.past == Past::Unread {
            if !text.is_empty() {
                self.blind.sent.remove(peer);
            }
            self.blind.drafts.insert(peer.clone(), text.clone());
        }
        let mut model = self.model.borrow_mut();
        model.conversations.set_draft(peer, text);
    }

    /// The draft, if there was one, is sent with this text.
    pub(super) fn draft_is_sent(&mut self, peer: &Address, body: &str) {
        // Who has deleted what they wrote before knew of it.
        let was_deleted = self.blind.drafts.get(peer).is_some_and(String::is_empty)
            && !self.blind.sent.contains_key(peer);
        self.set_draft(peer, String::new());
        if self.past == Past::Unread && !was_deleted {
            self.blind.sent.insert(peer.clone(), body.to_owned());
        }
    }

    /// A page of the archive is shown. Where nothing of a conversation was known, it counts as read: whether it was, the disk
    /// knows.
    pub(super) fn show_page(&mut self, peer: &Address, page: ArchiveEvent) {
        let before = self.read_of(peer);
        self.model.borrow_mut().apply(&Event::Archive(page));
        if before != self.read_of(peer) {
            // What is not in the page may lie on the other side of that.
            self.recount.insert(peer.clone());
        }
        if let (Past::Unread, None, Some(read)) = (self.past, before, self.read_of(peer)) {
            let guess = Guess { read, really: None };
            self.blind.guesses.insert(peer.clone(), guess);
        }
    }

    /// It was read up to there: no guess.
    pub(super) fn note_read(&mut self, peer: &Address, position: Position) {
        match self.blind.guesses.get_mut(peer) {
            Some(guess) if position < guess.read => {
                guess.really = guess.really.max(Some(position));
            }
            Some(_) => {
                self.blind.guesses.remove(peer);
            }
            None => {}
        }
    }

    /// Up to where was read is another place now. That makes it no less of a guess.
    pub(super) fn move_guess(&mut self, peer: &Address, from: Option<Position>, to: Position) {
        if let Some(guess) = self.blind.guesses.get_mut(peer)
            && Some(guess.read) == from
        {
            guess.read = to;
        }
    }

    pub(super) fn read_of(&self, peer: &Address) -> Option<Position> {
        let model = self.model.borrow();
        model.conversations.of(peer).and_then(|known| known.read)
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
        match room::load(&*self.store.clone()).await {
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
        let in_session = matches!(self.phase, Phase::Connecting { .. } | Phase::Online);
        if in_session && self.link.is_down() {
            self.asking.clear();
            self.attempt(now);
        }
    }
}
