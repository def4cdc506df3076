//! What the user can see of one account: a fold of events, which produces changes.
//!
//! **Invariant:** no store and no clock. What was stored is handed in; what is different since the last
//! [`Model::drain`] is handed out once, however many events made it so.

mod conversations;
pub mod gaps;
mod presence;
mod roster;
mod session;
pub mod text;
pub mod timeline;

#[cfg(test)]
mod tests;

use crate::boundary::change::{Change, Edge, TimelineChange};
use crate::boundary::command::Toward;
use crate::entity::address::Address;
use crate::entity::archive;
use crate::entity::contact::Contact;
use crate::entity::conversation::Conversation;
use crate::entity::id::AccountId;
use crate::entity::message::Message;
use crate::entity::presence::OwnPresence;
use crate::event::{ArchiveEvent, Event, MessageEvent, RosterEvent, SessionEvent};

pub use conversations::{Conversations, after, before};
use gaps::Gaps;
pub use presence::Presences;
pub use roster::Roster;
pub use session::Session;
use timeline::{Timelines, Watch};

/// How many rows one change carries at most: a page decodes so many within a frame.
const ROWS: usize = 400;

/// What was stored of an account.
#[derive(Clone, Debug, Default)]
pub struct Stored {
    /// The roster, if it was ever loaded.
    pub roster: Option<Vec<Contact>>,
    /// All conversations.
    pub conversations: Vec<Conversation>,
    /// What the user chose for themselves.
    pub presence: OwnPresence,
    /// Where messages may be missing.
    pub gaps: archive::Gaps,
}

/// What the user can see of one account.
#[derive(Debug)]
pub struct Model {
    account: AccountId,
    /// The account's own row.
    pub session: Session,
    /// Contacts.
    pub roster: Roster,
    /// Who can be reached.
    pub presences: Presences,
    /// The list of conversations.
    pub conversations: Conversations,
    /// Where messages may be missing.
    pub gaps: Gaps,
    /// The watched parts of timelines.
    pub timelines: Timelines,
}

/// What is different since the last time.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Drained {
    /// For every page.
    pub shared: Vec<Change>,
    /// For the page that watches.
    pub windows: Vec<(Watch, TimelineChange)>,
}

impl Model {
    /// The model of an account, beginning with what was stored.
    #[must_use]
    pub fn new(account: AccountId, address: Address, stored: Stored) -> Self {
        let mut session = Session::new(account, address, stored.presence);
        if stored.roster.is_some() {
            session.set_roster_known();
        }
        Self {
            account,
            session,
            roster: Roster::new(stored.roster.unwrap_or_default()),
            presences: Presences::default(),
            conversations: Conversations::new(stored.conversations),
            gaps: Gaps::new(stored.gaps),
            timelines: Timelines::default(),
        }
    }

    /// What was stored is known only now; what came meanwhile is in it. Whoever watches a timeline still does.
    pub fn restore(&mut self, stored: Stored) {
        self.conversations.restore(stored.conversations);
        self.gaps.restore(stored.gaps);
        if let Some(contacts) = stored.roster {
            let version = None;
            self.apply(&Event::Roster(RosterEvent::Loaded { contacts, version }));
        }
        let presence = SessionEvent::OwnPresence(stored.presence);
        self.session.apply(&presence);
    }

    /// The conversations that nobody watches.
    #[must_use]
    pub fn unwatched(&self) -> Vec<Conversation> {
        let is_watched =
            |peer: &Address| self.timelines.watched().any(|(_, watched)| watched == peer);
        let all = self.conversations.all();
        all.filter(|known| !is_watched(&known.peer))
            .cloned()
            .collect()
    }

    /// Nothing is stored any more. Gives back the messages that are watched: they alone are still known.
    pub fn forget(&mut self) -> Vec<Message> {
        self.conversations.forget_histories();
        self.timelines.forget()
    }

    /// There is an archive, whatever was said before: conversations go on where they were said to begin.
    /// Says whether that is news.
    pub fn note_archive(&mut self) -> bool {
        let peers = self.conversations.forget_unsupported();
        for peer in &peers {
            for (_, window) in self.timelines.of(peer) {
                if window.ends().older == Edge::End {
                    window.set_edge(Toward::Older, Edge::More);
                }
            }
        }
        !peers.is_empty()
    }

    /// Folds a fact in. Messages must have their final identity and place; a page of the archive holds only
    /// those that are new here.
    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::Session(event) => {
                if matches!(event, SessionEvent::Bound(_)) {
                    self.roster.forget_requests();
                }
                self.session.apply(event);
            }
            Event::Roster(event) => {
                self.roster.apply(event);
                match event {
                    RosterEvent::Loaded { .. } => {
                        self.session.set_roster_known();
                        self.session.set_roster_problem(None);
                    }
                    RosterEvent::Unchanged => self.session.set_roster_problem(None),
                    RosterEvent::Failed(problem) => {
                        self.session.set_roster_problem(Some(problem.clone()));
                    }
                    _ => {}
                }
            }
            Event::Presence(event) => self.presences.apply(event),
            Event::Message(event) => self.on_message(event),
            Event::Archive(ArchiveEvent::Page {
                conversation,
                messages,
                history,
            }) => {
                self.conversations
                    .on_archived(messages, self.gaps.doubted_since());
                self.conversations.set_history(conversation, history);
                for message in messages {
                    self.timelines.put(message);
                }
            }
            Event::Archive(ArchiveEvent::Missed {
                messages, since, ..
            }) => {
                self.conversations.on_missed(messages, *since);
                for message in messages {
                    self.timelines.put(message);
                }
            }
            // What our account says is told by `Conversations::flag`, when the message is found.
            Event::Archive(ArchiveEvent::Failed { .. } | ArchiveEvent::Stretch { .. })
            | Event::Displayed(_)
            | Event::Answered(..) => {}
        }
    }

    fn on_message(&mut self, event: &MessageEvent) {
        match event {
            MessageEvent::Received(message) => {
                self.conversations.on_received(message);
                self.timelines.put(message);
            }
            MessageEvent::Composed(message) => {
                self.conversations.on_composed(message);
                self.timelines.put(message);
            }
            MessageEvent::Delivery {
                conversation,
                id,
                delivery,
            } => self.timelines.deliver(conversation, *id, delivery),
            MessageEvent::Named {
                conversation,
                id,
                ids,
            } => self.timelines.name(conversation, *id, ids),
            MessageEvent::Deleted { conversation, id } => self.timelines.remove(conversation, *id),
            MessageEvent::Moved { message, from } => {
                self.conversations.on_moved(message, *from);
                self.timelines.put(message);
            }
            // The account finds out which one it is.
            MessageEvent::Refused { .. } => {}
        }
    }

    /// Takes what the pages do not know yet, in as few changes as possible.
    pub fn drain(&mut self) -> Drained {
        let mut shared = Vec::new();
        shared.extend(self.session.take_dirty().map(Change::Account));
        if self.roster.take_requests_dirty() {
            shared.push(self.requests());
        }
        let contacts = self.roster.take_dirty();
        let mut conversations = self.conversations.take_dirty();
        for address in &contacts {
            self.conversations.on_renamed(address);
        }
        conversations.append(&mut self.conversations.take_dirty());
        self.push_conversations(conversations.iter(), &mut shared);
        self.push_contacts(contacts.iter(), &mut shared);
        let mut presences = self.presences.take_dirty();
        // Whose whole row is sent needs no more.
        presences.retain(|address| {
            !(contacts.contains(address) && self.roster.contact(address).is_some())
        });
        for chunk in presences.chunks(ROWS) {
            shared.push(Change::Presences {
                account: self.account,
                put: chunk
                    .iter()
                    .map(|address| (address.clone(), self.presences.of(address)))
                    .collect(),
            });
        }
        Drained {
            shared,
            windows: self.timelines.drain(&self.gaps),
        }
    }

    /// Everything that every page shows, for a page that attaches: the account and the conversations first.
    #[must_use]
    pub fn snapshot(&self) -> Vec<Change> {
        let mut changes = vec![Change::Account(self.session.row().clone())];
        if !self.roster.requests().is_empty() {
            changes.push(self.requests());
        }
        self.push_conversations(self.conversations.open_peers().into_iter(), &mut changes);
        self.push_contacts(self.roster.addresses(), &mut changes);
        let strangers: Vec<_> = self
            .presences
            .all()
            .filter(|(address, _)| self.roster.contact(address).is_none())
            .map(|(address, presence)| (address.clone(), presence.clone()))
            .collect();
        if !strangers.is_empty() {
            changes.push(Change::Presences {
                account: self.account,
                put: strangers,
            });
        }
        changes
    }

    fn requests(&self) -> Change {
        Change::Requests {
            account: self.account,
            all: self.roster.requests().to_vec(),
        }
    }

    fn push_conversations<'a>(
        &self,
        peers: impl Iterator<Item = &'a Address>,
        changes: &mut Vec<Change>,
    ) {
        let mut rows = Vec::new();
        let mut gone = Vec::new();
        for peer in peers {
            match self.conversations.row(peer, &self.roster) {
                Some(row) => rows.push(row),
                None => gone.push(peer.clone()),
            }
        }
        for (put, gone) in chunks(rows, gone) {
            changes.push(Change::Conversations {
                account: self.account,
                put,
                gone,
            });
        }
    }

    fn push_contacts<'a>(
        &self,
        addresses: impl Iterator<Item = &'a Address>,
        changes: &mut Vec<Change>,
    ) {
        let mut rows = Vec::new();
        let mut gone = Vec::new();
        for address in addresses {
            match self.roster.row(address, self.presences.of(address)) {
                Some(row) => rows.push(row),
                None => gone.push(address.clone()),
            }
        }
        for (put, gone) in chunks(rows, gone) {
            changes.push(Change::Contacts {
                account: self.account,
                put,
                gone,
            });
        }
    }
}

/// Splits rows into changes of at most [`ROWS`]; those that are gone go with the first.
fn chunks<T>(rows: Vec<T>, gone: Vec<Address>) -> Vec<(Vec<T>, Vec<Address>)> {
    let mut gone = Some(gone).filter(|gone| !gone.is_empty());
    let mut rows = rows.into_iter().peekable();
    let mut chunks = Vec::new();
    while rows.peek().is_some() || gone.is_some() {
        chunks.push((
            rows.by_ref().take(ROWS).collect(),
            gone.take().unwrap_or_default(),
        ));
    }
    chunks
}
