//! The way out: held until there is a session, written, confirmed.
//!
//! **Invariant:** a message that may have been written before is sent again only after a look into the archive; within a
//! conversation nothing overtakes.

use std::collections::{HashSet, VecDeque};
use std::time::Duration;

use jid::Jid;
use minidom::Element;

use crate::entity::address::Address;
use crate::entity::id::ItemId;
use crate::entity::message::{Delivery, Message, MessageIds};
use crate::event::{Event, MessageEvent};
use crate::xmpp::cx::{Cx, Kind};
use crate::xmpp::feature::archive::{Archive, Purpose, Wanted};
use crate::xmpp::iq::Reply;
use crate::xmpp::ns;
use crate::xmpp::stanza::build::{Build, element, text_element};
use crate::xmpp::stanza::error;
use crate::xmpp::trust::is_own_server;

/// How many written messages are remembered, so that a late refusal finds its message.
const REMEMBERED: usize = 1000;
/// How many archived messages are looked through for one that may have arrived.
const LOOKED_THROUGH: u32 = 250;
/// How far the clocks of server and client may differ.
const SKEW: Duration = Duration::from_secs(3600);

/// Messages that the server has not confirmed, oldest first.
#[derive(Default)]
pub struct Outbox {
    waiting: VecDeque<Waiting>,
    written: VecDeque<Written>,
    /// Conversations whose archive is being looked into.
    looking: HashSet<Address>,
    confirmed: u64,
    /// The question whose answer confirms is under way.
    asking: bool,
}

struct Waiting {
    message: Message,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Never written.
    Held,
    /// Perhaps written by an earlier session.
    Doubtful,
    /// Written as the stanza of that number of this session.
    Written(u64),
}

/// A written message's name, to know it again.
struct Written {
    name: String,
    conversation: Address,
    id: ItemId,
}

impl Outbox {
    /// Begins with what was stored unconfirmed.
    #[must_use]
    pub fn new(stored: Vec<Message>) -> Self {
        let doubtful = |message| Waiting {
            message,
            state: State::Doubtful,
        };
        Self {
            waiting: stored.into_iter().map(doubtful).collect(),
            ..Self::default()
        }
    }

    /// The user sends a message, which is stored already; or sends one again that was refused.
    pub fn send(&mut self, cx: &mut Cx, message: Message) {
        if self
            .waiting
            .iter()
            .any(|waiting| waiting.message.id == message.id)
        {
            return;
        }
        let conversation = message.conversation.clone();
        self.waiting.push_back(Waiting {
            message,
            state: State::Held,
        });
        self.flush(cx, &conversation);
    }

    /// A resource is bound: look after what may have arrived, write what has not.
    pub fn on_bound(&mut self, cx: &mut Cx, archive: &mut Archive) {
        self.confirmed = 0;
        let mut since: Vec<(Address, crate::entity::time::Timestamp)> = Vec::new();
        for waiting in &self.waiting {
            let conversation = &waiting.message.conversation;
            if waiting.state == State::Doubtful
                && since.iter().all(|(known, _)| known != conversation)
            {
                since.push((conversation.clone(), waiting.message.time));
            }
        }
        for (conversation, first) in since {
            self.looking.insert(conversation.clone());
            let wanted = Wanted {
                before: None,
                since: Some(first - SKEW),
                count: LOOKED_THROUGH,
            };
            archive.ask(cx, Purpose::Lookup, conversation, wanted);
        }
        let held: Vec<Address> = self
            .waiting
            .iter()
            .map(|waiting| waiting.message.conversation.clone())
            .collect();
        for conversation in held {
            self.flush(cx, &conversation);
        }
    }

    /// The archive was looked into; `found` is empty if that could not be done.
    pub fn on_looked(&mut self, cx: &mut Cx, conversation: &Address, found: &[Message]) {
        self.looking.remove(conversation);
        self.waiting.retain(|waiting| {
            if waiting.state != State::Doubtful || waiting.message.conversation != *conversation {
                return true;
            }
            let name = name(&waiting.message);
            let known = |ids: &MessageIds| {
                [&ids.origin, &ids.stanza]
                    .into_iter()
                    .any(|id| id.as_ref() == Some(&name))
            };
            let Some(copy) = found.iter().find(|copy| known(&copy.ids)) else {
                return true;
            };
            let ids = MessageIds {
                stanza: Some(name.clone()),
                origin: Some(name),
                archive: copy.ids.archive.clone(),
            };
            let (conversation, id) = (conversation.clone(), waiting.message.id);
            cx.emit(Event::Message(MessageEvent::Named {
                conversation: conversation.clone(),
                id,
                ids,
            }));
            cx.emit(delivery(&conversation, id, Delivery::Sent));
            false
        });
        self.flush(cx, conversation);
    }

    /// The session is over: what was written and not confirmed may have arrived, or not.
    pub fn on_ended(&mut self) {
        for waiting in &mut self.waiting {
            if matches!(waiting.state, State::Written(_)) {
                waiting.state = State::Doubtful;
            }
        }
        self.looking.clear();
        self.asking = false;
    }

    /// The server confirmed that many more stanzas (XEP-0198).
    pub fn on_acknowledged(&mut self, cx: &mut Cx, count: u32) {
        self.on_handled(cx, self.confirmed.saturating_add(u64::from(count)));
    }

    /// Something that was asked after that stanza was answered: the server handles stanzas in order (RFC 6120 §10.1).
    pub fn on_answered(&mut self, cx: &mut Cx, upto: u64) {
        self.asking = false;
        self.on_handled(cx, upto);
        self.ask(cx);
    }

    fn on_handled(&mut self, cx: &mut Cx, upto: u64) {
        self.confirmed = self.confirmed.max(upto);
        let confirmed = self.confirmed;
        self.waiting.retain(|waiting| match waiting.state {
            State::Written(number) if number <= confirmed => {
                let message = &waiting.message;
                cx.emit(delivery(&message.conversation, message.id, Delivery::Sent));
                false
            }
            _ => true,
        });
    }

    /// A message was refused. Only the addressee or our server can refuse it.
    pub fn on_error(&mut self, cx: &mut Cx, from: Option<&Jid>, stanza: &Element) {
        let Some(name) = stanza.attr("id") else {
            return;
        };
        let by_server = from.is_none_or(|from| is_own_server(from, cx.account()))
            || (cx.is_own_account(from) && from.is_some_and(|from| from.resource().is_none()));
        let peer = from.map(|from| Address::from(&from.to_bare()));
        let refused = self.written.iter().position(|written| {
            written.name == name && (by_server || peer.as_ref() == Some(&written.conversation))
        });
        let Some(written) = refused.and_then(|index| self.written.remove(index)) else {
            return tracing::debug!("error for no message of ours");
        };
        self.waiting
            .retain(|waiting| waiting.message.id != written.id);
        let (condition, text) = error::read(stanza);
        let failed = Delivery::Failed(error::problem(condition, text));
        cx.emit(delivery(&written.conversation, written.id, failed));
    }

    /// Writes what a conversation holds, in order, unless its archive is being looked into.
    fn flush(&mut self, cx: &mut Cx, conversation: &Address) {
        if cx.bound().is_none() || self.looking.contains(conversation) {
            return;
        }
        for waiting in &mut self.waiting {
            if matches!(waiting.state, State::Written(_))
                || waiting.message.conversation != *conversation
            {
                continue;
            }
            let name = name(&waiting.message);
            cx.send(&build(&waiting.message, &name));
            waiting.state = State::Written(cx.sent());
            if self.written.len() >= REMEMBERED {
                self.written.pop_front();
            }
            let (conversation, id) = (conversation.clone(), waiting.message.id);
            self.written.push_back(Written {
                name,
                conversation,
                id,
            });
        }
        self.ask(cx);
    }

    /// The answer to a ping tells what the server has handled.
    fn ask(&mut self, cx: &mut Cx) {
        let open = self
            .waiting
            .iter()
            .any(|waiting| matches!(waiting.state, State::Written(_)));
        if open && !self.asking {
            self.asking = true;
            let upto = cx.sent();
            cx.request(
                None,
                Kind::Get,
                element("ping", ns::PING),
                Reply::Handled(upto),
            );
        }
    }
}

/// The name of a message on the wire, always the same one: `id` and origin-id alike (XEP-0359 §4).
fn name(message: &Message) -> String {
    let given = message.ids.origin.as_ref().or(message.ids.stanza.as_ref());
    given
        .cloned()
        .unwrap_or_else(|| format!("{:016x}", message.id.0))
}

fn build(message: &Message, name: &str) -> Element {
    element("message", ns::CLIENT)
        .with("type", "chat")
        .with("to", message.conversation.as_str())
        .with("id", name)
        .with_child(text_element("body", ns::CLIENT, &message.body))
        .with_child(element("origin-id", ns::STANZA_ID).with("id", name))
}

fn delivery(conversation: &Address, id: ItemId, delivery: Delivery) -> Event {
    Event::Message(MessageEvent::Delivery {
        conversation: conversation.clone(),
        id,
        delivery,
    })
}
