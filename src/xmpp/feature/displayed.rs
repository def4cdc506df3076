//! XEP-0490: Message Displayed Synchronization: how far our account has read, whichever of its devices it was.
//!
//! **Invariant:** nothing is flagged before it is known what is flagged already, and only where the server promises that
//! nobody else sees it (XEP-0490, security considerations). A node that is not private is made so first; where that cannot be, nothing is
//! flagged as long as the session lasts.

use minidom::Element;

use crate::entity::address::Address;
use crate::entity::jid::Jid;
use crate::event::{DisplayedEvent, Event};
use crate::xmpp::cx::{Cx, Kind};
use crate::xmpp::iq::{Outcome, Reply};
use crate::xmpp::ns;
use crate::xmpp::stanza::build::{Build, element};
use crate::xmpp::stanza::pubsub;
use crate::xmpp::trust::{Payload, Sender, allows};

/// XEP-0490 §3.2: how the node must be.
const OPTIONS: &pubsub::Options = &[
    ("pubsub#persist_items", "true"),
    ("pubsub#max_items", "max"),
    ("pubsub#send_last_published_item", "never"),
    ("pubsub#access_model", "whitelist"),
];
/// What a publication insists on where the server takes no more than that: on a node that was made as it must be.
const PRIVATE: &pubsub::Options = &[
    ("pubsub#persist_items", "true"),
    ("pubsub#access_model", "whitelist"),
];
/// More conversations than anybody has are left out.
const MOST: usize = 10_000;
/// The longest archive id that is believed, in bytes.
const LONGEST: usize = 1024;

/// What we asked of our account.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Asked {
    /// All that is flagged.
    All,
    /// To flag a conversation as displayed up to this archive id.
    Flag(Address, String),
    /// To make the node, as it must be.
    Make,
    /// To make it so, where there is one.
    Mend,
}

/// How far our account has read.
#[derive(Debug, Default)]
pub struct Displayed {
    step: Step,
    /// The node was made as it must be.
    is_mended: bool,
    /// The server does not take all that a publication may say of its node.
    is_simple: bool,
}

#[derive(Debug, Default)]
enum Step {
    /// What is flagged was not asked for yet.
    #[default]
    Unknown,
    /// It was, and nothing can be flagged until then.
    Asked,
    /// Everything works.
    Ready,
    /// The node is being made as it must be; these wait for it.
    Mending(Vec<(Address, String)>),
    /// The server does not let us.
    Refused,
}

impl Displayed {
    /// Asks what is flagged, once in a session.
    pub fn begin(&mut self, cx: &mut Cx) {
        if matches!(self.step, Step::Unknown) && cx.is_connected() {
            self.step = Step::Asked;
            ask(cx, Asked::All);
        }
    }

    /// Flags a conversation as displayed up to this archive id.
    pub fn flag(&mut self, cx: &mut Cx, conversation: Address, id: String) {
        match &mut self.step {
            Step::Ready => publish(cx, self.is_simple, conversation, id),
            Step::Mending(waiting) => waiting.push((conversation, id)),
            Step::Unknown | Step::Asked | Step::Refused => {}
        }
    }

    /// The answer to one of our questions.
    pub fn on_answer(&mut self, cx: &mut Cx, asked: Asked, outcome: Outcome) {
        match (asked, outcome) {
            // The next session asks again.
            (_, Outcome::CutOff) => {}
            (Asked::All, Outcome::Result(found)) => {
                let flags = found.map(|found| flags(cx, &found)).unwrap_or_default();
                self.on_known(cx, flags);
            }
            // Nobody has flagged anything yet.
            (Asked::All, Outcome::Error { condition, .. }) if condition == "item-not-found" => {
                self.on_known(cx, Vec::new());
            }
            (Asked::Flag(conversation, id), Outcome::Result(_)) => {
                cx.emit(Event::Displayed(DisplayedEvent::Flagged(conversation, id)));
            }
            (Asked::Flag(conversation, id), Outcome::Error { element, .. })
                if pubsub::is_precondition(&element) =>
            {
                self.mend(cx, Asked::Mend, conversation, id);
            }
            // Ejabberd 23.01 knows not all of the options in a publication, but in the configuration of a node.
            (Asked::Flag(conversation, id), Outcome::Error { .. }) if !self.is_mended => {
                self.is_simple = true;
                self.mend(cx, Asked::Make, conversation, id);
            }
            // Nobody knows whether it was: the next session will.
            (Asked::Flag(..), Outcome::Timeout) => {}
            (Asked::Flag(..), Outcome::Error { element, .. })
                if element.attr("type") == Some("wait") => {}
            (Asked::Make, Outcome::Error { condition, .. }) if condition == "conflict" => {
                ask(cx, Asked::Mend);
            }
            (Asked::Make | Asked::Mend, Outcome::Result(_)) => {
                self.is_mended = true;
                if let Step::Mending(waiting) = std::mem::replace(&mut self.step, Step::Ready) {
                    for (conversation, id) in waiting {
                        publish(cx, self.is_simple, conversation, id);
                    }
                }
            }
            (_, Outcome::Error { .. } | Outcome::Timeout) => self.refuse(cx),
        }
    }

    /// What was flagged just now, if the message says so.
    pub fn on_message(&self, cx: &mut Cx, sender: Sender, stanza: &Element) {
        let Some(event) = stanza.get_child("event", ns::PUBSUB_EVENT) else {
            return;
        };
        if !allows(Payload::Displayed, sender) {
            return tracing::debug!("an event that is not our account's");
        }
        for (conversation, id) in flags(cx, event) {
            cx.emit(Event::Displayed(DisplayedEvent::Flagged(conversation, id)));
        }
    }

    /// The session is over. What the server takes, it takes in the next one.
    pub fn on_ended(&mut self) {
        *self = Self {
            is_simple: self.is_simple,
            ..Self::default()
        };
    }

    fn on_known(&mut self, cx: &mut Cx, flags: Vec<(Address, String)>) {
        self.step = Step::Ready;
        cx.emit(Event::Displayed(DisplayedEvent::Known(flags)));
    }

    /// XEP-0060 §7.1.5: the node is not as it must be, perhaps since another client made it. Once is enough to tell whether
    /// that can be helped.
    fn mend(&mut self, cx: &mut Cx, how: Asked, conversation: Address, id: String) {
        match &mut self.step {
            Step::Mending(waiting) => waiting.push((conversation, id)),
            Step::Ready if !self.is_mended => {
                self.step = Step::Mending(vec![(conversation, id)]);
                ask(cx, how);
            }
            _ => self.refuse(cx),
        }
    }

    fn refuse(&mut self, cx: &mut Cx) {
        if !matches!(self.step, Step::Refused) {
            self.step = Step::Refused;
            cx.emit(Event::Displayed(DisplayedEvent::Refused));
        }
    }
}

/// Asks our account.
fn ask(cx: &mut Cx, asked: Asked) {
    let (kind, payload) = match &asked {
        Asked::All => (Kind::Get, pubsub::all_items(ns::DISPLAYED)),
        Asked::Make => (Kind::Set, pubsub::create(ns::DISPLAYED, OPTIONS)),
        Asked::Mend => (Kind::Set, pubsub::configure(ns::DISPLAYED, OPTIONS)),
        // See `publish`.
        Asked::Flag(..) => return,
    };
    cx.request(None, kind, payload, Reply::Displayed(asked));
}

fn publish(cx: &mut Cx, is_simple: bool, conversation: Address, id: String) {
    let Some(account) = cx.account() else { return };
    let stanza_id = element("stanza-id", ns::STANZA_ID)
        .with("by", account.as_str())
        .with("id", &id);
    let displayed = element("displayed", ns::DISPLAYED).with_child(stanza_id);
    let options = if is_simple { PRIVATE } else { OPTIONS };
    let publish = pubsub::publish(ns::DISPLAYED, conversation.as_str(), displayed, options);
    let reply = Reply::Displayed(Asked::Flag(conversation, id));
    cx.request(None, Kind::Set, publish, reply);
}

/// What is flagged, of conversations with one person: what a room calls its messages (`by` the room) says nothing of them.
fn flags(cx: &Cx, around: &Element) -> Vec<(Address, String)> {
    let Some(account) = cx.account() else {
        return Vec::new();
    };
    pubsub::items(around, ns::DISPLAYED)
        .filter_map(|(item, payload)| {
            let jid = Jid::parse(item).ok()?;
            let id = flagged(payload, account)?;
            jid.resource()
                .is_none()
                .then(|| (jid.address().clone(), id))
        })
        .take(MOST)
        .collect()
}

/// XEP-0490 §3.1: exactly one stanza-id; two prove nothing.
fn flagged(payload: &Element, account: &Address) -> Option<String> {
    if !payload.is("displayed", ns::DISPLAYED) {
        return None;
    }
    let mut ids = payload
        .children()
        .filter(|child| child.is("stanza-id", ns::STANZA_ID));
    let (Some(one), None) = (ids.next(), ids.next()) else {
        return None;
    };
    let by = Jid::parse(one.attr("by")?).ok()?;
    let id = one.attr("id")?;
    (by.is_bare(account) && !id.is_empty() && id.len() <= LONGEST).then(|| id.to_owned())
}
