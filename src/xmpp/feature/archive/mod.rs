//! XEP-0313: Message Archive Management, a page at a time.
//!
//! **Invariant:** an item counts only if our own account sends it, for a query that is open, about the conversation that
//! was asked for (or any of ours, if all were). A page ends only by the answer to its own request.
//!
//! | file | what it does |
//! |---|---|
//! | `mod.rs` | the queries under way: asked, collected, ended |
//! | `page.rs` | what a page holds: items, their order, where it begins and ends |
//! | `end.rs` | what the end of a page means to whoever asked |

mod end;
mod page;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::time::Duration;

use minidom::Element;

use crate::entity::address::Address;
use crate::entity::message::Message;
use crate::entity::time::Timestamp;
use crate::event::{ArchiveEvent, Event, Stretch};
use crate::xmpp::cx::{Cx, Kind};
use crate::xmpp::iq::{Outcome, Reply};
use crate::xmpp::message::order::Order;
use crate::xmpp::ns;
use crate::xmpp::stanza::build::{Build, element, text_element};
use crate::xmpp::stanza::{form, stamp};

use page::Items;

/// Archives know seconds, and round them as they like.
const ABOUT: Duration = Duration::from_secs(1);

/// Queries under way.
#[derive(Default)]
pub struct Archive {
    open: HashMap<String, Query>,
    /// Up to where it was known at the beginning of this session, by its own clock: what was written since is not older.
    pub floor: Option<Timestamp>,
    /// Our account says that it has an archive: who says that there is none is in trouble.
    pub is_promised: bool,
}

struct Query {
    purpose: Purpose,
    wanted: Wanted,
    items: Items,
}

/// What a query is for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Purpose {
    /// To show a conversation.
    History(Address),
    /// To see which of our messages of a conversation arrived.
    Lookup(Address),
    /// To learn what we missed, of all conversations.
    CatchUp,
    /// Some stretch of a conversation, for whoever has that ticket.
    Stretch(Address, u64),
}

/// Which page is wanted.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Wanted {
    /// Where it lies.
    pub place: Place,
    /// Nothing older than that.
    pub since: Option<Timestamp>,
    /// Nothing newer than that.
    pub until: Option<Timestamp>,
    /// How many items.
    pub count: u32,
}

impl Wanted {
    /// Whether what was archived then can be meant.
    fn covers(&self, time: Timestamp) -> bool {
        self.since.is_none_or(|since| since - ABOUT <= time)
            && self.until.is_none_or(|until| time <= until + ABOUT)
    }
}

/// Where a page lies (XEP-0059), by archive ids.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Place {
    /// At the end.
    #[default]
    Newest,
    /// Just before that one.
    Before(String),
    /// At the beginning.
    Oldest,
    /// Just after that one.
    After(String),
}

impl Place {
    /// Whether what lies before the page is asked for next.
    fn is_read_backward(&self) -> bool {
        matches!(self, Self::Newest | Self::Before(_))
    }
}

/// The end of a query that somebody waits for.
#[derive(Debug)]
pub enum End {
    /// Of a look.
    Looked(Looked),
    /// Of a page of catch-up.
    Caught(Caught),
}

/// What a page of catch-up brought.
#[derive(Debug)]
pub enum Caught {
    /// A page.
    Page(Stretch),
    /// The server does not know the place any more.
    Forgotten,
    /// There is no archive for us.
    Nothing,
    /// It cannot be had now.
    NotNow,
}

/// What a look into the archive brought.
#[derive(Debug)]
pub struct Looked {
    /// Whose archive was looked into.
    pub conversation: Address,
    /// The page.
    pub found: Vec<Message>,
    /// What was not looked through.
    pub rest: Rest,
}

/// What is left of the archive after a page.
#[derive(Debug)]
pub enum Rest {
    /// Nothing, or nobody can look into it.
    Nothing,
    /// What lies before that page.
    Page(Wanted),
    /// All of it, for now: no answer came, or none that tells anything.
    Unanswered(Wanted),
}

impl Archive {
    /// Asks for a page.
    pub fn ask(&mut self, cx: &mut Cx, purpose: Purpose, wanted: Wanted) {
        let id = cx.fresh_id();
        let query = element("query", ns::MAM)
            .with("queryid", &id)
            .with_child(form_of(&purpose, &wanted))
            .with_child(set_of(&wanted));
        let items = Items::new(wanted.place.is_read_backward());
        let open = Query {
            purpose,
            wanted,
            items,
        };
        self.open.insert(id.clone(), open);
        cx.request(None, Kind::Set, query, Reply::Archive(id));
    }

    /// An item; the sender was found to be our own account. A page has as long as its items take on a slow link, but for those
    /// that nobody asked for.
    pub fn on_item(&mut self, cx: &mut Cx, result: &Element) {
        let name = result.attr("queryid").unwrap_or_default();
        let (Some(query), Some(id)) = (self.open.get_mut(name), result.attr("id")) else {
            return tracing::debug!("archive item for no open query");
        };
        if query.items.len() < query.wanted.count as usize {
            cx.renew_request(&Reply::Archive(name.to_owned()));
        }
        let purpose = &query.purpose;
        let wanted = &query.wanted;
        // XEP-0313 §11: what was not asked for is not believed.
        let message = page::read(cx, id, result).filter(|message| {
            purpose.concerns(&message.conversation) && wanted.covers(message.time)
        });
        query.items.push(id, page::archived(result), message);
    }

    /// The end of a page. Gives back what somebody waits for.
    pub fn on_end(
        &mut self,
        cx: &mut Cx,
        order: &mut Order,
        id: &str,
        outcome: Outcome,
    ) -> Option<End> {
        let query = self.open.remove(id)?;
        match query.purpose.clone() {
            Purpose::History(conversation) => {
                let is_newest = query.wanted.place == Place::Newest;
                let mut event = end::history_of(query, conversation, outcome, self.is_promised)?;
                match &mut event {
                    // What came live, or was caught up, may lie before its first message.
                    ArchiveEvent::Page { messages, .. } if is_newest => {
                        order.place_missed(cx.now.wall, messages);
                    }
                    ArchiveEvent::Page { messages, .. } => order.place_page(cx.now.wall, messages),
                    _ => {}
                }
                cx.emit(Event::Archive(event));
                None
            }
            Purpose::Stretch(conversation, ticket) => {
                let is_backward = query.wanted.place.is_read_backward();
                let mut outcome = end::stretch_of(query, outcome, self.is_promised);
                match &mut outcome {
                    Ok(page) if is_backward => order.place_page(cx.now.wall, &mut page.messages),
                    Ok(page) => order.place_missed(cx.now.wall, &mut page.messages),
                    Err(_) => {}
                }
                cx.emit(Event::Archive(ArchiveEvent::Stretch {
                    conversation,
                    ticket,
                    outcome,
                }));
                None
            }
            // The next session begins anew.
            _ if matches!(outcome, Outcome::CutOff) => None,
            Purpose::Lookup(conversation) => {
                Some(End::Looked(end::looked(query, conversation, outcome)))
            }
            Purpose::CatchUp => Some(End::Caught(end::caught(query, outcome))),
        }
    }
}

impl Purpose {
    /// Whether a message of that conversation is wanted.
    fn concerns(&self, conversation: &Address) -> bool {
        self.with().is_none_or(|wanted| wanted == conversation)
    }

    /// Of which conversation, if not of all.
    fn with(&self) -> Option<&Address> {
        match self {
            Self::History(with) | Self::Lookup(with) | Self::Stretch(with, _) => Some(with),
            Self::CatchUp => None,
        }
    }
}

/// What is asked for (XEP-0313 §4.1).
fn form_of(purpose: &Purpose, wanted: &Wanted) -> Element {
    let field = |name: &str, value: &str| form::field(name, &[value.to_owned()]);
    let mut x = element("x", ns::DATA_FORMS)
        .with("type", "submit")
        .with_child(field("FORM_TYPE", ns::MAM).with("type", "hidden"));
    if let Some(conversation) = purpose.with() {
        x.append_child(field("with", conversation.as_str()));
    }
    if let Some(since) = wanted.since {
        x.append_child(field("start", &stamp::format(since)));
    }
    if let Some(until) = wanted.until {
        x.append_child(field("end", &stamp::format(until)));
    }
    x
}

/// Which part of it (XEP-0059).
fn set_of(wanted: &Wanted) -> Element {
    let part = |name, text: &str| text_element(name, ns::RSM, text);
    let place = match &wanted.place {
        Place::Newest => Some(part("before", "")),
        Place::Before(id) => Some(part("before", id)),
        Place::Oldest => None,
        Place::After(id) => Some(part("after", id)),
    };
    element("set", ns::RSM)
        .with_child(part("max", &wanted.count.to_string()))
        .with_children(place)
}
