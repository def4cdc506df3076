//! XEP-0313: Message Archive Management, a page at a time.
//!
//! **Invariant:** an item counts only if our own account sends it, for a query that is open, about the conversation that
//! was asked for. A page ends only by the answer to its own request.

use std::collections::HashMap;

use minidom::Element;

use crate::entity::address::Address;
use crate::entity::conversation::History;
use crate::entity::message::{Delivery, Direction, Message, Position};
use crate::entity::problem::Problem;
use crate::entity::time::Timestamp;
use crate::event::{ArchiveEvent, Event};
use crate::xmpp::cx::{Cx, Kind};
use crate::xmpp::iq::{Outcome, Reply};
use crate::xmpp::message::order::Order;
use crate::xmpp::message::{content, ids};
use crate::xmpp::ns;
use crate::xmpp::stanza::build::{Build, element, text_element};
use crate::xmpp::stanza::{error, form, stamp};

/// How many items of one page are kept, whatever the server sends.
const MOST: usize = 500;

/// Queries under way.
#[derive(Default)]
pub struct Archive {
    open: HashMap<String, Query>,
}

struct Query {
    purpose: Purpose,
    conversation: Address,
    before: Option<String>,
    items: Vec<Message>,
    /// The archive id of the first item that came, shown or not.
    first: Option<String>,
}

/// What a query is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Purpose {
    /// To show it.
    History,
    /// To see which of our messages arrived.
    Lookup,
}

/// Which page is wanted.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// The archive id before which it ends; the newest page if absent.
    pub before: Option<String>,
    /// Nothing older than that.
    pub since: Option<Timestamp>,
    /// How many items.
    pub count: u32,
}

impl Archive {
    /// Asks for a page of a conversation.
    pub fn ask(&mut self, cx: &mut Cx, purpose: Purpose, conversation: Address, wanted: Wanted) {
        let id = cx.fresh_id();
        let field = |name: &str, value: &str| form::field(name, &[value.to_owned()]);
        let mut x = element("x", ns::DATA_FORMS)
            .with("type", "submit")
            .with_child(field("FORM_TYPE", ns::MAM).with("type", "hidden"))
            .with_child(field("with", conversation.as_str()));
        if let Some(since) = wanted.since {
            x.append_child(field("start", &stamp::format(since)));
        }
        let before = wanted.before.as_deref().unwrap_or_default();
        let set = element("set", ns::RSM)
            .with_child(text_element("max", ns::RSM, &wanted.count.to_string()))
            .with_child(text_element("before", ns::RSM, before));
        let query = element("query", ns::MAM)
            .with("queryid", &id)
            .with_child(x)
            .with_child(set);
        let (items, first) = (Vec::new(), None);
        let open = Query {
            purpose,
            conversation,
            before: wanted.before,
            items,
            first,
        };
        self.open.insert(id.clone(), open);
        cx.request(None, Kind::Set, query, Reply::Archive(id));
    }

    /// An item; the sender was found to be our own account.
    pub fn on_item(&mut self, cx: &mut Cx, result: &Element) {
        let query = result.attr("queryid").and_then(|id| self.open.get_mut(id));
        let (Some(query), Some(id)) = (query, result.attr("id")) else {
            return tracing::debug!("archive item for no open query");
        };
        query.first.get_or_insert_with(|| id.to_owned());
        if query.items.len() < MOST
            && let Some(message) = read(cx, id, result)
            // XEP-0313 §11: what was not asked for is not believed.
            && message.conversation == query.conversation
        {
            query.items.push(message);
        }
    }

    /// The end of a page. Gives back what a lookup found: the conversation and its items, empty on failure.
    pub fn on_end(
        &mut self,
        cx: &mut Cx,
        order: &mut Order,
        id: &str,
        outcome: Outcome,
    ) -> Option<(Address, Vec<Message>)> {
        let mut query = self.open.remove(id)?;
        if query.purpose == Purpose::Lookup {
            return Some((query.conversation, query.items));
        }
        let conversation = query.conversation.clone();
        let event = match outcome {
            Outcome::Result(fin) => {
                order.place_page(cx.now.wall, &mut query.items);
                let history = history(&query, fin.as_ref());
                ArchiveEvent::Page {
                    conversation,
                    messages: query.items,
                    history,
                }
            }
            Outcome::Error { condition, .. }
                if matches!(
                    condition.as_str(),
                    "service-unavailable" | "feature-not-implemented"
                ) =>
            {
                ArchiveEvent::Page {
                    conversation,
                    messages: Vec::new(),
                    history: History::Unsupported,
                }
            }
            // XEP-0313 §4.3.1: the server has forgotten where we were.
            Outcome::Error {
                condition, text, ..
            } if condition == "item-not-found" => ArchiveEvent::Failed {
                conversation,
                problem: Problem::Refused { condition, text },
            },
            outcome => match error::result(outcome) {
                Err(problem) => ArchiveEvent::Failed {
                    conversation,
                    problem,
                },
                Ok(_) => return None,
            },
        };
        cx.emit(Event::Archive(event));
        None
    }
}

fn history(query: &Query, fin: Option<&Element>) -> History {
    let fin = fin.filter(|fin| fin.is("fin", ns::MAM));
    let complete = fin.and_then(|fin| fin.attr("complete"));
    if matches!(complete, Some("true" | "1")) {
        return History::Complete;
    }
    let first = fin
        .and_then(|fin| fin.get_child("set", ns::RSM)?.get_child("first", ns::RSM))
        .map(crate::xmpp::stanza::text::direct_text)
        .filter(|first| !first.is_empty());
    match first.or_else(|| query.first.clone()) {
        // The same place again would never end.
        Some(first) if query.before.as_ref() != Some(&first) => History::Before(first),
        _ => History::Complete,
    }
}

/// Reads an item: a message of ours or to us, with text.
fn read(cx: &mut Cx, id: &str, result: &Element) -> Option<Message> {
    let account = cx.account()?.clone();
    let forwarded = result.get_child("forwarded", ns::FORWARD)?;
    let inner = forwarded.get_child("message", ns::CLIENT)?;
    let delay = forwarded.get_child("delay", ns::DELAY)?;
    let time = stamp::parse(delay.attr("stamp")?)?;
    let jid = |name: &str| inner.attr(name).map(jid::Jid::new);
    let from = jid("from")?.ok()?.into_bare();
    let to = match jid("to") {
        Some(to) => to.ok()?.into_bare(),
        None => account.clone(),
    };
    let (direction, peer) = if from == account {
        (Direction::Outgoing, to)
    } else if to == account {
        (Direction::Incoming, from)
    } else {
        return None;
    };
    let body = content::text(inner)?;
    let mut ids = ids::read(inner, None);
    ids.archive = Some(id.to_owned());
    Some(Message {
        id: crate::entity::id::ItemId(cx.random_u64()),
        position: Position { time, tie: 0 },
        conversation: Address::from(&peer),
        direction,
        time,
        body,
        ids,
        delivery: Delivery::Sent,
    })
}
