//! The list of conversations: previews, unread counts, drafts. How far was read is in `marks.rs`.

mod marks;

use std::collections::{BTreeSet, HashMap};

use crate::boundary::change::ConversationRow;
use crate::entity::address::Address;
use crate::entity::conversation::{Conversation, History, Preview};
use crate::entity::message::{Direction, Message, Position};
use crate::entity::order;
use crate::entity::time::Timestamp;
use crate::event::Since;

use super::roster::Roster;
use super::text;

/// A message that lies so far in the future shows that the clock was wrong, in milliseconds.
const AHEAD: i64 = 60_000;

/// All conversations, open and closed.
#[derive(Debug, Default)]
pub struct Conversations {
    known: HashMap<Address, Conversation>,
    /// Rows that the pages do not know yet.
    dirty: BTreeSet<Address>,
    /// Records that the store does not know yet.
    unsaved: BTreeSet<Address>,
    now: Timestamp,
    /// Where the latest message lies in what is now the future, as the clock was wrong: when it counts as said.
    ahead: HashMap<Address, Timestamp>,
}

impl Conversations {
    pub(super) fn new(conversations: Vec<Conversation>) -> Self {
        let mut new = Self::default();
        for conversation in conversations {
            new.dirty.insert(conversation.peer.clone());
            new.known.insert(conversation.peer.clone(), conversation);
        }
        new
    }

    /// These are stored, whatever was known before.
    pub(super) fn restore(&mut self, conversations: Vec<Conversation>) {
        for conversation in conversations {
            let peer = conversation.peer.clone();
            if self.known.get(&peer) != Some(&conversation) {
                self.dirty.insert(peer.clone());
                self.known.insert(peer, conversation);
            }
        }
    }

    /// A conversation.
    #[must_use]
    pub fn of(&self, peer: &Address) -> Option<&Conversation> {
        self.known.get(peer)
    }

    /// Shows a conversation in the list, and makes it if it is new.
    pub fn open(&mut self, peer: &Address) {
        if self.known.get(peer).is_none_or(|known| !known.open) {
            self.change(peer, |conversation| conversation.open = true);
        }
    }

    /// Takes a conversation out of the list.
    pub fn close(&mut self, peer: &Address) {
        if self.known.get(peer).is_some_and(|known| known.open) {
            self.change(peer, |conversation| conversation.open = false);
        }
    }

    /// Keeps the text not sent yet. A conversation in which somebody has begun to write is in the list: also one with a
    /// contact to whom nobody has written before.
    pub fn set_draft(&mut self, peer: &Address, text: String) {
        if self
            .known
            .get(peer)
            .is_some_and(|known| known.draft == text)
        {
            return;
        }
        self.change(peer, |conversation| {
            conversation.open |= !text.is_empty();
            conversation.draft = text;
        });
    }

    /// What is known of the archive now.
    pub fn set_history(&mut self, peer: &Address, history: &History) {
        self.change(peer, |conversation| {
            conversation.history.clone_from(history)
        });
    }

    /// There is an archive, whatever was said before; gives back of which conversations that is news.
    pub(super) fn forget_unsupported(&mut self) -> Vec<Address> {
        let known = self.known.values();
        let known = known.filter(|known| known.history == History::Unsupported);
        let peers: Vec<_> = known.map(|known| known.peer.clone()).collect();
        for peer in &peers {
            self.set_history(peer, &History::Unknown);
        }
        peers
    }

    /// What is stored of the archive is gone.
    pub(super) fn forget_histories(&mut self) {
        let goes_on = |known: &&Conversation| known.history != History::Unsupported;
        let known = self.known.values().filter(goes_on);
        let peers: Vec<_> = known.map(|known| known.peer.clone()).collect();
        for peer in peers {
            self.set_history(&peer, &History::Unknown);
        }
    }

    /// All of them.
    pub(super) fn all(&self) -> impl Iterator<Item = &Conversation> {
        self.known.values()
    }

    /// What was known of a conversation began with that item of the archive, and begins with this one now.
    pub fn reach_back(&mut self, peer: &Address, from: &str, to: &str) {
        let begins = |known: &Conversation| known.history == History::Before(from.to_owned());
        if from != to && self.known.get(peer).is_some_and(begins) {
            self.set_history(peer, &History::Before(to.to_owned()));
        }
    }

    /// The newest message is another one (the newest was deleted), or there is none.
    pub fn set_latest(&mut self, peer: &Address, message: Option<&Message>) {
        self.change(peer, |conversation| {
            conversation.latest = message.map(preview)
        });
    }

    /// A message came, live; or another device of ours sent it.
    pub(super) fn on_received(&mut self, message: &Message) {
        if message.direction == Direction::Outgoing {
            // XEP-0490 §4.1: that is no word on what was displayed; what the other device has to say of it, it says itself.
            return self.on_answered(message, false);
        }
        self.change(&message.conversation, |conversation| {
            conversation.open = true;
            note(conversation, message);
            // Where nothing was read yet, what came before may have been missed, too: only a page of history says that
            // it was not.
            if conversation.read.is_none_or(|read| message.position > read) {
                conversation.unread = conversation.unread.saturating_add(1);
            }
        });
    }

    /// A message has another place.
    pub(super) fn on_moved(&mut self, message: &Message, from: Position) {
        let to = message.position;
        self.change(&message.conversation, |conversation| {
            // Where it moved down, another may be the latest now: the store knows.
            match &mut conversation.latest {
                Some(latest) if latest.position == from => latest.position = to,
                _ => {
                    note(conversation, message);
                }
            }
            let flagged = conversation.displayed.flagged.as_mut();
            if let Some(flagged) = flagged.filter(|flagged| flagged.position == from) {
                flagged.position = to;
            }
        });
    }

    /// We wrote a message.
    pub(super) fn on_composed(&mut self, message: &Message) {
        self.on_answered(message, true);
    }

    /// Who answers has read.
    fn on_answered(&mut self, message: &Message, here: bool) {
        self.change(&message.conversation, |conversation| {
            conversation.open = true;
            conversation.displayed.owed |= here && conversation.unread > 0;
            // What was there is read. What the archive has before this message, and is not here yet, is not.
            let seen = conversation.latest.as_ref().map(|latest| latest.position);
            let is_newest = note(conversation, message);
            let read = match conversation.read {
                _ if !here => Some(message.position),
                None => seen.or(Some(message.position)),
                Some(_) => seen.filter(|_| conversation.unread > 0),
            };
            conversation.read = conversation.read.max(read);
            // What another device sent before the newest message leaves the count to the store.
            if is_newest {
                conversation.unread = 0;
            }
        });
    }

    /// A page of the archive: history, which opens no conversation that was closed, but one of which nothing was known. What
    /// of it came after `missed` is no history: nobody has seen it.
    pub(super) fn on_archived(&mut self, messages: &[Message], missed: Option<Timestamp>) {
        let Some(newest) = messages.iter().max_by_key(|message| message.position) else {
            return;
        };
        self.change(&newest.conversation, |conversation| {
            conversation.open |= conversation.latest.is_none();
            note(conversation, newest);
            // Where nothing was read yet, nothing was missed either, but for what came while we were away: from the last second on
            // that is known; and for what catch-up has not come by yet.
            if conversation.read.is_none() {
                let is_known = |time| missed.is_none_or(|missed| time < missed);
                let is_history =
                    |message: &&Message| is_known(message.time) && !message.position.is_for_now();
                let is_read = |message: &&Message| {
                    message.direction == Direction::Outgoing || is_history(message)
                };
                let history = messages.iter().filter(is_read);
                conversation.read = history.map(|message| message.position).max();
            }
            let read = conversation.read;
            let unseen = messages.iter().filter(|message| {
                message.direction == Direction::Incoming && Some(message.position) > read
            });
            let unseen = u32::try_from(unseen.count()).unwrap_or(u32::MAX);
            conversation.unread = conversation.unread.saturating_add(unseen);
        });
    }

    /// A page of the whole archive, oldest first.
    pub(super) fn on_missed(&mut self, messages: &[Message], since: Since) {
        for message in messages {
            // Everything from its first message on is in the pages that follow; what came before was never asked for.
            if let (None, Some(id)) = (self.of(&message.conversation), &message.ids.archive) {
                let before = History::Before(id.clone());
                self.set_history(&message.conversation, &before);
            }
        }
        match since {
            Since::Cursor | Since::Gap | Since::Late => messages
                .iter()
                .for_each(|message| self.on_received(message)),
            // The newest first: it tells up to where they count as read.
            Since::Never | Since::Earlier => {
                for message in messages.iter().rev() {
                    self.on_archived(std::slice::from_ref(message), None);
                }
            }
        }
    }

    /// The roster has another name for somebody, or knows them no longer.
    pub(super) fn on_renamed(&mut self, peer: &Address) {
        if self.known.contains_key(peer) {
            self.dirty.insert(peer.clone());
        }
    }

    pub(super) fn row(&self, peer: &Address, roster: &Roster) -> Option<ConversationRow> {
        let known = self.known.get(peer).filter(|known| known.open)?;
        Some(ConversationRow {
            peer: known.peer.clone(),
            name: roster.name(peer),
            is_contact: roster.contact(peer).is_some(),
            latest: self.latest(known),
            unread: known.unread,
            draft: known.draft.clone(),
        })
    }

    /// The latest message, at its place in the list of conversations.
    fn latest(&self, known: &Conversation) -> Option<Preview> {
        let mut latest = known.latest.clone()?;
        if let Some(said) = self.ahead.get(&known.peer) {
            latest.position.time = *said;
        }
        Some(latest)
    }

    /// All open conversations, the newest first.
    pub(super) fn open_peers(&self) -> Vec<&Address> {
        let mut open: Vec<_> = self.known.values().filter(|known| known.open).collect();
        let latest = |known: &Conversation| self.latest(known).map(|latest| latest.position);
        order::sort_by(&mut open, |a, b| latest(b).cmp(&latest(a)));
        open.into_iter().map(|known| &known.peer).collect()
    }

    pub(super) fn take_dirty(&mut self) -> BTreeSet<Address> {
        std::mem::take(&mut self.dirty)
    }

    /// The wall clock. What was said while it was ahead does not stand above what is said now.
    pub fn set_now(&mut self, now: Timestamp) {
        let is_first = self.now == Timestamp::default();
        let went_back = now.0 < self.now.0.saturating_sub(AHEAD);
        self.now = now;
        if is_first || went_back {
            let peers: Vec<Address> = self.known.keys().cloned().collect();
            for peer in peers {
                if self.look_ahead(&peer) {
                    self.dirty.insert(peer);
                }
            }
        }
    }

    /// Notes whether the latest message lies in the future. True if it does.
    fn look_ahead(&mut self, peer: &Address) -> bool {
        let known = self.known.get(peer);
        let latest = known.and_then(|known| known.latest.as_ref());
        let is_ahead = |time: Timestamp| time.0.saturating_sub(self.now.0) > AHEAD;
        match latest.filter(|latest| is_ahead(latest.position.time)) {
            Some(latest) => {
                let said = latest.time.min(self.now);
                self.ahead.insert(peer.clone(), said);
                true
            }
            None => {
                self.ahead.remove(peer);
                false
            }
        }
    }

    /// Takes the records that are to be stored.
    pub fn take_unsaved(&mut self) -> Vec<Conversation> {
        std::mem::take(&mut self.unsaved)
            .iter()
            .filter_map(|peer| self.known.get(peer).cloned())
            .collect()
    }

    fn change(&mut self, peer: &Address, change: impl FnOnce(&mut Conversation)) {
        let conversation = match self.known.get_mut(peer) {
            Some(conversation) => conversation,
            None => self
                .known
                .entry(peer.clone())
                .or_insert_with(|| Conversation {
                    open: false,
                    ..Conversation::new(peer.clone())
                }),
        };
        change(conversation);
        let latest = conversation.latest.as_ref();
        if latest.is_some_and(|latest| latest.position.time > self.now) || !self.ahead.is_empty() {
            self.look_ahead(peer);
        }
        if !self.dirty.contains(peer) {
            self.dirty.insert(peer.clone());
        }
        if !self.unsaved.contains(peer) {
            self.unsaved.insert(peer.clone());
        }
    }
}

/// The newest message is this one, unless it is older than the one that we know. Tells which.
fn note(conversation: &mut Conversation, message: &Message) -> bool {
    let newer = conversation
        .latest
        .as_ref()
        .is_none_or(|latest| latest.position <= message.position);
    if newer {
        conversation.latest = Some(preview(message));
    }
    newer
}

fn preview(message: &Message) -> Preview {
    Preview {
        position: message.position,
        time: message.time,
        direction: message.direction,
        text: text::preview(&message.body),
    }
}

/// The place just after a place.
#[must_use]
pub fn after(position: Position) -> Position {
    match position.tie.checked_add(1) {
        Some(tie) => Position { tie, ..position },
        None => Position {
            time: crate::entity::time::Timestamp(position.time.0.saturating_add(1)),
            tie: 0,
        },
    }
}

/// The place just before a place.
#[must_use]
pub fn before(position: Position) -> Position {
    match position.tie.checked_sub(1) {
        Some(tie) => Position { tie, ..position },
        None => Position {
            time: crate::entity::time::Timestamp(position.time.0.saturating_sub(1)),
            tie: u64::MAX,
        },
    }
}
