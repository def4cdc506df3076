//! How far was read: what was read here is told to our account, and what it says of other devices is heeded (XEP-0490).
//!
//! **Invariant:** read only moves forward, here and at the account: nothing is told before it is known what the account
//! says, and nothing that it knows. What was read while that could not be told is stored as owed, and told in the next session.
//!
//! **Invariant:** what the account says counts when the message that it names is here, and not before. What names none that
//! we have is no news of what we have. What could not be looked for because the disk fails is looked for when it works again.

use std::collections::HashMap;
use std::time::Duration;

use futures::future::join_all;

use crate::entity::address::Address;
use crate::entity::conversation::Flagged;
use crate::entity::message::Position;
use crate::entity::time::Instant;
use crate::event::DisplayedEvent;
use crate::model::after;
use crate::store::{Batch, From, Name, Op};
use crate::xmpp::engine::{Input, Wish};
use crate::xmpp::message::order::heard_at;

use super::fold::is_incoming;
use super::history::LOOKED;
use super::turn::{Later, Work};
use super::{Account, Phase};

/// So long nothing more is read before our account is told how far.
const REST: Duration = Duration::from_secs(1);
/// Of how many conversations it is remembered that the message is missing.
const MOST: usize = 1_000;

/// What this session knows of it.
#[derive(Debug, Default)]
pub(super) struct Displayed {
    /// It is known what the account says.
    is_known: bool,
    /// When it is told what was read here.
    due: Option<Instant>,
    /// It is being told.
    under_way: HashMap<Address, UnderWay>,
    /// What it named, and is not here.
    missing: HashMap<Address, String>,
    /// What was heard in a conversation before the account's word on it was known has a lower tie than this.
    heeded: HashMap<Address, u64>,
    /// Something is told when all is caught up.
    is_behind: bool,
}

#[derive(Debug)]
struct UnderWay {
    flagged: Flagged,
    /// There is no more to tell of what was read up to here.
    read: Option<Position>,
}

impl Displayed {
    /// A session begins.
    pub(super) fn begin(&mut self) {
        *self = Self {
            heeded: std::mem::take(&mut self.heeded),
            ..Self::default()
        };
    }

    /// What could not be told is told now, if there is anything.
    pub(super) fn hurry(&mut self, now: Instant) {
        self.due = self.is_known.then_some(now);
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.due
    }

    /// A message has another place, which may be the one up to which our account is being told.
    pub(super) fn on_moved(&mut self, conversation: &Address, from: Position, to: Position) {
        if let Some(under_way) = self.under_way.get_mut(conversation) {
            let UnderWay { flagged, read } = under_way;
            let places = std::iter::once(&mut flagged.position).chain(read);
            places.filter(|at| **at == from).for_each(|at| *at = to);
        }
    }

    /// The tie that parts what was heard before the account's word on a conversation was known from what was heard since.
    pub(super) fn heeded(&self, conversation: &Address) -> Option<u64> {
        self.heeded.get(conversation).copied()
    }

    /// Whether a message of that conversation was named, and is not here.
    pub(super) fn is_missing(&self, conversation: &Address) -> bool {
        self.missing.contains_key(conversation)
    }
}

impl Account {
    /// The user has read up to here.
    pub(super) fn on_read(&mut self, now: Instant, conversation: Address, position: Position) {
        self.note_read(&conversation, position);
        let again = {
            let mut model = self.model.borrow_mut();
            model.conversations.mark_read(&conversation, position)
        };
        self.tell_soon(now, &conversation);
        if again {
            self.recount.insert(conversation);
        }
    }

    /// Our account is told of this conversation when the user rests, if there is anything to tell.
    pub(super) fn tell_soon(&mut self, now: Instant, conversation: &Address) {
        let model = self.model.borrow();
        let known = model.conversations.of(conversation);
        if known.is_some_and(|known| known.displayed.owed) {
            self.displayed.due = Some(now + REST);
        }
    }

    /// The conversation is left: there is nothing to wait for.
    pub(super) fn tell_now(&mut self, work: &mut Work) {
        let mut later = work.later.iter();
        let is_read = later.any(|later| matches!(later, Later::Read(..)));
        if self.displayed.due.take().is_some() || is_read {
            work.later.push_back(Later::Tell);
        }
    }

    pub(super) fn tell_if_due(&mut self, now: Instant, work: &mut Work) {
        let is_due = |at: Instant| at.monotonic <= now.monotonic;
        if self.displayed.due.is_some_and(is_due) {
            self.tell_now(work);
        }
    }

    /// Tells our account how far was read here, once for each conversation.
    pub(super) async fn tell_displayed(&mut self, now: Instant, work: &mut Work) {
        self.displayed.due = None;
        if !self.displayed.is_known || !matches!(self.phase, Phase::Online) {
            return;
        }
        let owed = self.model.borrow().conversations.owed();
        for known in owed {
            let Some(read) = known.read else { continue };
            if self.displayed.is_missing(&known.peer) && self.may_come() {
                // What our account names lies ahead, perhaps.
                self.displayed.is_behind = true;
                continue;
            }
            let messages = self
                .page(&known.peer, From::Before(after(read)), LOOKED)
                .await;
            // XEP-0490 §3.2: what others sent is what is flagged.
            let mut displayed = messages.iter().rev().filter(|message| is_incoming(message));
            let newest = displayed.clone().next().map(|message| message.position);
            let named = displayed.find_map(|message| {
                let id = message.ids.archive.clone()?;
                let position = message.position;
                Some(Flagged { id, position })
            });
            let Some(named) = named else { continue };
            let is_all = newest == Some(named.position);
            let flagged = known.displayed.flagged.as_ref();
            if flagged.is_some_and(|flagged| flagged.position >= named.position) {
                if is_all {
                    let mut model = self.model.borrow_mut();
                    model.conversations.settle(&known.peer, read);
                }
                continue;
            }
            let under_way = self.displayed.under_way.get(&known.peer);
            if under_way.is_some_and(|under_way| under_way.flagged.position >= named.position) {
                continue;
            }
            let wish = Wish::Displayed(known.peer.clone(), named.id.clone());
            let under_way = UnderWay {
                flagged: named,
                read: is_all.then_some(read),
            };
            self.displayed.under_way.insert(known.peer, under_way);
            self.handle(now, Input::Wish(wish), work);
        }
        self.save_conversations().await;
    }

    /// Whether something that the archive has may not be here yet, and comes in this session.
    fn may_come(&self) -> bool {
        let gaps = &self.model.borrow().gaps;
        let is_in_doubt = gaps.doubted_since().is_some() && self.engine.looks_again();
        !self.engine.is_caught_up() || gaps.missed_since().is_some() || is_in_doubt
    }

    /// What has waited for catch-up is told.
    pub(super) fn tell_when_caught_up(&mut self, now: Instant) {
        if self.displayed.is_behind && !self.may_come() {
            self.displayed.is_behind = false;
            self.displayed.hurry(now);
        }
    }

    /// Our account says something.
    pub(super) async fn on_displayed(&mut self, now: Instant, event: DisplayedEvent) {
        match event {
            DisplayedEvent::Known(flags) => {
                self.heed(flags, true).await;
                self.displayed.is_known = true;
                self.displayed.hurry(now);
            }
            DisplayedEvent::Flagged(conversation, id) => {
                self.heed(vec![(conversation, id)], false).await
            }
            DisplayedEvent::Refused => self.displayed.is_known = false,
        }
    }

    /// A message came in a conversation of which one was missing.
    pub(super) async fn seek(&mut self, conversation: Address) {
        if let Some(id) = self.displayed.missing.remove(&conversation) {
            self.heed(vec![(conversation, id)], false).await;
        }
    }

    /// The disk works again: what was not found may be there.
    pub(super) async fn seek_all(&mut self) {
        let missing = std::mem::take(&mut self.displayed.missing);
        self.heed(missing.into_iter().collect(), false).await;
    }

    /// Everything up to these messages was displayed, on whichever device; `is_all`: that is what our account says as a session
    /// begins, also of what came there too late in the session before.
    async fn heed(&mut self, flags: Vec<(Address, String)>, is_all: bool) {
        let mut sought = Vec::new();
        for (conversation, id) in flags {
            if self.is_flagged(&conversation, &id) {
                continue;
            }
            match self.displayed.under_way.remove(&conversation) {
                Some(told) if told.flagged.id == id => self.on_told(&conversation, told).await,
                other => {
                    if let Some(other) = other {
                        self.displayed.under_way.insert(conversation.clone(), other);
                    }
                    sought.push((conversation, id));
                }
            }
        }
        let looks = sought.into_iter().map(|(conversation, id)| {
            let names = vec![Name::Archive(id.clone())];
            let found = self.find(conversation.clone(), names);
            async move { (conversation, id, found.await) }
        });
        // All looks at once.
        for (conversation, id, found) in join_all(looks).await {
            let mut found = self.readable(found).unwrap_or_default().into_iter();
            let message = found.find(|message| message.ids.archive.as_ref() == Some(&id));
            match message.map(|message| message.position) {
                Some(position) => {
                    self.displayed.missing.remove(&conversation);
                    let flagged = Flagged { id, position };
                    if is_all && self.set_back(&conversation, &flagged) {
                        continue;
                    }
                    // What is said of an older one leaves the word on the newer one what it was.
                    if self
                        .flagged(&conversation)
                        .is_none_or(|known| known <= position)
                    {
                        let heeded = heard_at(self.now().wall);
                        self.displayed.heeded.insert(conversation.clone(), heeded);
                    }
                    self.flag(&conversation, flagged).await;
                }
                None if self.displayed.missing.len() < MOST => {
                    self.displayed.missing.insert(conversation, id);
                }
                None => {}
            }
        }
    }

    /// Our account says what we have told it.
    async fn on_told(&mut self, conversation: &Address, told: UnderWay) {
        let UnderWay { flagged, read } = told;
        if self.set_back(conversation, &flagged) {
            return;
        }
        self.displayed.heeded.remove(conversation);
        self.flag(conversation, flagged).await;
        if let Some(read) = read {
            let mut model = self.model.borrow_mut();
            model.conversations.settle(conversation, read);
        }
    }

    /// Our account says less than it did: it is told again. Tells whether it is so.
    fn set_back(&mut self, conversation: &Address, flagged: &Flagged) -> bool {
        let is_back = {
            let mut model = self.model.borrow_mut();
            model.conversations.set_back(conversation, flagged)
        };
        if is_back {
            self.tell_soon(self.now(), conversation);
        }
        is_back
    }

    fn is_flagged(&self, conversation: &Address, id: &str) -> bool {
        let model = self.model.borrow();
        let known = model.conversations.of(conversation);
        let flagged = known.and_then(|known| known.displayed.flagged.as_ref());
        flagged.is_some_and(|flagged| flagged.id == id)
    }

    /// Up to where our account says that it was displayed.
    fn flagged(&self, conversation: &Address) -> Option<Position> {
        let model = self.model.borrow();
        let known = model.conversations.of(conversation)?;
        let flagged = known.displayed.flagged.as_ref()?;
        Some(flagged.position)
    }

    async fn flag(&mut self, conversation: &Address, flagged: Flagged) {
        if self.moved.contains(conversation) {
            // Up to there, or further: which is the latest says whether all of it is read.
            self.refresh_latest(conversation).await;
        }
        self.note_read(conversation, flagged.position);
        let mut model = self.model.borrow_mut();
        if model.conversations.flag(conversation, flagged) {
            self.recount.insert(conversation.clone());
        }
    }

    /// Stores the conversations that are different.
    pub(super) async fn save_conversations(&mut self) {
        let unsaved = self.model.borrow_mut().conversations.take_unsaved();
        let ops = unsaved.into_iter().map(Op::PutConversation);
        let ops = ops.collect();
        self.commit(Batch { ops }).await;
    }
}
