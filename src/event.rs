//! Every fact that the protocol core reports, in our vocabulary: never a stanza.

use crate::boundary::change::Reply;
use crate::entity::account::Step;
use crate::entity::address::Address;
use crate::entity::archive::{Cursor, Reach};
use crate::entity::contact::{Contact, SubscriptionRequest};
use crate::entity::form::Form;
use crate::entity::id::{ItemId, RequestId};
use crate::entity::message::{Delivery, Message, MessageIds, Position};
use crate::entity::presence::{OwnPresence, Presence};
use crate::entity::problem::Problem;
use crate::entity::time::Timestamp;

/// A fact.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Event {
    /// Of the session.
    Session(SessionEvent),
    /// Of the roster.
    Roster(RosterEvent),
    /// Of presences.
    Presence(PresenceEvent),
    /// Of messages.
    Message(MessageEvent),
    /// Of the archive.
    Archive(ArchiveEvent),
    /// Of how far our account has read.
    Displayed(DisplayedEvent),
    /// A command was carried out, or not.
    Answered(RequestId, Result<Reply, Problem>),
}

/// A fact of the session.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SessionEvent {
    /// The attempt came to a new step.
    Progress(Step),
    /// The server proved itself, and we did.
    Authenticated {
        /// The mechanism.
        mechanism: String,
    },
    /// A resource is bound (RFC 6120 §7): the full JID.
    Bound(String),
    /// Roster loaded, presence sent: everything works.
    Online,
    /// What the server can do (XEP-0030 features), sorted.
    Features(Vec<String>),
    /// Own presence as it was chosen; it was sent, if there is a session.
    OwnPresence(OwnPresence),
    /// The session is over; the socket closes or is closed.
    Ended(Problem, Next),
    /// The socket is gone, and the session waits for another one (XEP-0198).
    Suspended(Problem, Next),
    /// The session goes on as that full JID, as if nothing had happened.
    Resumed(String),
    /// Where the session is to be taken up again, if it is cut (XEP-0198 §5, already found safe).
    Located(String),
    /// The registration form (XEP-0077), on an engine made for registering.
    RegistrationForm(Form),
    /// The answers were not accepted; they can be changed and sent again. Where the form held a riddle that is
    /// used up, a new `RegistrationForm` follows.
    RegistrationRefused(Problem),
    /// The account exists; the stream closes.
    Registered(Address),
}

/// What to do after the end of a session.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Next {
    /// Try again after a while.
    Retry,
    /// Try again at once: the server is there, only the session is not.
    Anew,
    /// Try again there, at once (`see-other-host`, already found safe).
    Move(String),
    /// Only the user can help.
    Stop,
}

/// A fact of the roster (RFC 6121 §2).
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RosterEvent {
    /// The whole roster as the server has it; replaces what was known.
    Loaded {
        /// All contacts.
        contacts: Vec<Contact>,
        /// Its version, where the server has versions.
        version: Option<String>,
    },
    /// The stored roster is still right.
    Unchanged,
    /// The roster could not be had: what was known still counts.
    Failed(Problem),
    /// A contact was added, or is different.
    Updated {
        /// The contact now.
        contact: Contact,
        /// The version after it.
        version: Option<String>,
    },
    /// A contact was removed.
    Removed {
        /// Who.
        address: Address,
        /// The version after it.
        version: Option<String>,
    },
    /// Somebody asks to see our presence.
    Requested(SubscriptionRequest),
    /// That request is settled, here or on another device.
    RequestSettled(Address),
}

/// A fact of presences (RFC 6121 §4).
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PresenceEvent {
    /// A contact's presence, reduced to one.
    Changed(Address, Presence),
    /// The session is over: nobody's presence is known any more.
    Forgotten,
}

/// A fact of messages.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum MessageEvent {
    /// A message, received live. Its position is that of its arrival.
    Received(Message),
    /// We wrote one; it waits to be sent.
    Composed(Message),
    /// How far an own message came.
    Delivery {
        /// In which conversation.
        conversation: Address,
        /// Which.
        id: ItemId,
        /// How far.
        delivery: Delivery,
    },
    /// A message of ours got its name in the archive, or others.
    Named {
        /// In which conversation.
        conversation: Address,
        /// Which.
        id: ItemId,
        /// All names known now.
        ids: MessageIds,
    },
    /// The archive has a message elsewhere than where it stood: that counts.
    Moved {
        /// As it is now.
        message: Message,
        /// Where it stood.
        from: Position,
    },
    /// Whom it was for refused a message that an engine which is gone has written, by its name.
    Refused {
        /// In which conversation.
        conversation: Address,
        /// Its name on the wire.
        name: String,
        /// Why.
        problem: Problem,
    },
    /// A failed message was taken away by the user.
    Deleted {
        /// In which conversation.
        conversation: Address,
        /// Which.
        id: ItemId,
    },
}

/// A fact of the archive (XEP-0313).
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ArchiveEvent {
    /// A page of a conversation's history, oldest first.
    Page {
        /// Whose.
        conversation: Address,
        /// The messages. Those that are stored already are merged, not doubled.
        messages: Vec<Message>,
        /// What lies before it.
        history: crate::entity::conversation::History,
    },
    /// The page could not be had.
    Failed {
        /// Whose.
        conversation: Address,
        /// Why.
        problem: Problem,
    },
    /// A page of the whole archive, oldest first. The next one is asked for when this one is committed.
    Missed {
        /// Messages of all conversations. Those that are stored already are merged, not doubled.
        messages: Vec<Message>,
        /// How far the archive is known without a gap, once they are stored; absent if no further than before.
        cursor: Option<Cursor>,
        /// How far it is known beyond that, and where it is not, once they are stored; absent if that is as before.
        reach: Option<Reach>,
        /// What they are to us.
        since: Since,
    },
    /// A stretch of a conversation, for whoever has that ticket; or why not.
    Stretch {
        /// Whose.
        conversation: Address,
        /// As it was asked for.
        ticket: u64,
        /// What came of it.
        outcome: Result<Stretch, Unavailable>,
    },
}

/// A stretch of the archive without a gap.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Stretch {
    /// The messages, oldest first. Those that are stored already are merged, not doubled.
    pub messages: Vec<Message>,
    /// All items, shown or not, in the same order.
    pub places: Vec<Spot>,
    /// Where it begins, says the server.
    pub first: Option<Spot>,
    /// Where it ends.
    pub last: Option<Spot>,
    /// Nothing lies beyond it, on the side to which one reads, says the server.
    pub is_complete: bool,
}

/// An item of the archive.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Spot {
    /// Its id.
    pub id: String,
    /// When it was archived, if that is known.
    pub time: Option<Timestamp>,
}

impl Stretch {
    /// Whether that place is in it.
    #[must_use]
    pub fn holds(&self, place: &Cursor) -> bool {
        let id = place.id.as_deref();
        self.places.iter().any(|spot| Some(spot.id.as_str()) == id)
    }

    /// Whether the archive, which is asked for what is not older than a place, does not have that place any more, and all
    /// that it has is later (XEP-0313 §4.3.1): what it has forgotten may be more than that.
    #[must_use]
    pub fn has_forgotten(&self, place: &Cursor) -> bool {
        let mut places = self.places.iter();
        place.id.is_some() && !self.holds(place) && places.all(|spot| spot.time > Some(place.time))
    }

    /// Whether some of it was archived in an earlier second than that.
    #[must_use]
    pub fn begins_before(&self, time: Timestamp) -> bool {
        let second = |time: Timestamp| time.0.div_euclid(1_000);
        let mut times = self.places.iter().filter_map(|spot| spot.time);
        times.any(|spot| second(spot) < second(time))
    }

    /// Whether some of it was archived in a later second than that.
    #[must_use]
    pub fn ends_after(&self, time: Timestamp) -> bool {
        let second = |time: Timestamp| time.0.div_euclid(1_000);
        let mut times = self.places.iter().filter_map(|spot| spot.time);
        times.any(|spot| second(spot) > second(time))
    }
}

/// Why a stretch of the archive is not to be had.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Unavailable {
    /// The server does not know the place any more.
    Forgotten,
    /// There is no archive for us.
    Never,
    /// Not now.
    Now(Problem),
}

/// A fact of how far our account has read (XEP-0490): a conversation, and the archive id of the last message displayed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum DisplayedEvent {
    /// All that is flagged at the beginning of a session, when what was missed is there. From now on we can flag, too.
    Known(Vec<(Address, String)>),
    /// Flagged just now: by us, or by another device of ours.
    Flagged(Address, String),
    /// The server does not let us, as long as this session lasts.
    Refused,
}

/// What a page of the whole archive is to us.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Since {
    /// What came while we were away.
    Cursor,
    /// The same, below what was told before.
    Gap,
    /// What is known, the newest page first; and among it what was archived late.
    Late,
    /// A first look, on a device that knows nothing yet: history, which nobody missed.
    Never,
    /// Before the page that was told last, on a device that knew nothing: it lies before all that, and nobody missed it.
    Earlier,
}

/// State of the core itself that must survive it. Committed before anything is transmitted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Save {
    /// What XEP-0115 verification string stands for which features; shared knowledge, never secret.
    Caps {
        /// `hash` + `ver`.
        ver: String,
        /// The features, sorted.
        features: Vec<String>,
    },
    /// What proves us at the next log-in without the password, and which mechanism it belongs to: encoded
    /// by `xmpp::stream::auth`, sealed by the platform before it is stored, kept only if the user stays logged in.
    Credentials(Vec<u8>),
}
