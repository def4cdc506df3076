//! RFC 6121 §2: the roster.
//!
//! **Invariant:** only the server's answer and its pushes change it, never our own wish.

use std::collections::HashMap;

use jid::{BareJid, Jid};
use minidom::Element;

use crate::boundary::change::Reply as Answer;
use crate::entity::address::Address;
use crate::entity::contact::{Contact, Subscription};
use crate::entity::id::RequestId;
use crate::entity::problem::Problem;
use crate::event::{Event, RosterEvent};
use crate::xmpp::cx::{Cx, Kind};
use crate::xmpp::iq::{Outcome, Reply};
use crate::xmpp::ns;
use crate::xmpp::stanza::build::{Build, element, text_element};
use crate::xmpp::stanza::error;
use crate::xmpp::stanza::text::direct_text;

/// The roster as the server last told it.
#[derive(Default)]
pub struct Roster {
    contacts: HashMap<BareJid, Contact>,
    version: Option<String>,
    /// Whether `contacts` is a whole roster, from the server or from the store.
    known: bool,
}

/// A change of the roster that we asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Edit {
    /// Somebody was added, and is asked for their presence next, with these words.
    Add(Address, Option<String>),
    /// Name or groups were changed.
    Update,
    /// Somebody was removed.
    Remove,
}

/// What a push did.
#[derive(Debug, PartialEq, Eq)]
pub enum Pushed {
    /// Added or changed.
    Updated(BareJid),
    /// Removed.
    Removed(BareJid),
}

/// The push has not exactly one item with an address (RFC 6121 §2.1.6).
#[derive(Debug, PartialEq, Eq)]
pub struct BadPush;

impl Roster {
    /// Begins with what was stored.
    #[must_use]
    pub fn new(stored: Option<(Vec<Contact>, Option<String>)>) -> Self {
        let mut roster = Self::default();
        if let Some((contacts, version)) = stored {
            roster.replace(contacts, version);
        }
        roster
    }

    /// Who sees whose presence; nobody's of those who are not in the roster.
    #[must_use]
    pub fn subscription(&self, whom: &BareJid) -> Subscription {
        self.contacts
            .get(whom)
            .map_or(Subscription::None, |contact| contact.subscription)
    }

    /// Whether that person is in the roster.
    #[must_use]
    pub fn contains(&self, whom: &BareJid) -> bool {
        self.contacts.contains_key(whom)
    }

    /// Asks for the roster, or for what is new since the stored version (RFC 6121 §2.6).
    pub fn load(&self, cx: &mut Cx) {
        let version = match (&self.version, self.known) {
            (Some(version), true) => version.as_str(),
            // An empty version asks for everything, and for versions from now on.
            _ => "",
        };
        let query = element("query", ns::ROSTER).with("ver", version);
        cx.request(None, Kind::Get, query, Reply::Roster);
    }

    /// The answer to [`Self::load`].
    pub fn on_loaded(&mut self, cx: &mut Cx, outcome: Outcome) {
        match outcome {
            Outcome::Result(Some(query)) if query.is("query", ns::ROSTER) => {
                let contacts: Vec<_> = items(&query).filter_map(read).collect();
                let version = query.attr("ver").map(str::to_owned);
                self.replace(contacts.clone(), version.clone());
                cx.emit(Event::Roster(RosterEvent::Loaded { contacts, version }));
            }
            // RFC 6121 §2.6.3: an empty result means that the stored roster is right.
            Outcome::Result(_) if self.known => cx.emit(Event::Roster(RosterEvent::Unchanged)),
            Outcome::Result(_) => {
                self.replace(Vec::new(), None);
                let (contacts, version) = (Vec::new(), None);
                cx.emit(Event::Roster(RosterEvent::Loaded { contacts, version }));
            }
            outcome => tracing::debug!(?outcome, "no roster"),
        }
    }

    /// A push; the sender was found to be our own account.
    pub fn on_push(&mut self, cx: &mut Cx, query: &Element) -> Result<Pushed, BadPush> {
        let mut items = items(query);
        let (Some(item), None) = (items.next(), items.next()) else {
            return Err(BadPush);
        };
        let jid = item
            .attr("jid")
            .and_then(|jid| Jid::new(jid).ok())
            .ok_or(BadPush)?;
        let (bare, version) = (jid.to_bare(), query.attr("ver").map(str::to_owned));
        self.version.clone_from(&version);
        if item.attr("subscription") == Some("remove") {
            self.contacts.remove(&bare);
            let address = Address::from(&bare);
            cx.emit(Event::Roster(RosterEvent::Removed { address, version }));
            return Ok(Pushed::Removed(bare));
        }
        let contact = read(item).ok_or(BadPush)?;
        self.contacts.insert(bare.clone(), contact.clone());
        cx.emit(Event::Roster(RosterEvent::Updated { contact, version }));
        Ok(Pushed::Updated(bare))
    }

    /// Asks the server to add or change a contact. RFC 6121 §2.3.1: what is left out is taken away.
    pub fn set(
        cx: &mut Cx,
        request: RequestId,
        contact: (&Address, Option<&str>, &[String]),
        edit: Edit,
    ) {
        let (address, name, groups) = contact;
        let name = name.map(str::trim).filter(|name| !name.is_empty());
        let mut wanted: Vec<&str> = groups.iter().map(|group| group.trim()).collect();
        wanted.sort_unstable();
        wanted.dedup();
        let groups = wanted.into_iter().filter(|group| !group.is_empty());
        let item = element("item", ns::ROSTER)
            .with("jid", address.as_str())
            .with_some("name", name)
            .with_children(groups.map(|group| text_element("group", ns::ROSTER, group)));
        Self::ask(cx, request, item, edit);
    }

    /// Asks the server to remove a contact and end both subscriptions (RFC 6121 §2.5.1).
    pub fn remove(cx: &mut Cx, request: RequestId, address: &Address) {
        let item = element("item", ns::ROSTER)
            .with("jid", address.as_str())
            .with("subscription", "remove");
        Self::ask(cx, request, item, Edit::Remove);
    }

    fn ask(cx: &mut Cx, request: RequestId, item: Element, edit: Edit) {
        let query = element("query", ns::ROSTER).with_child(item);
        cx.request(None, Kind::Set, query, Reply::RosterSet(request, edit));
    }

    /// The answer to a change that we asked for; the change itself comes as a push.
    pub fn on_set(cx: &mut Cx, request: RequestId, edit: Edit, outcome: Outcome) {
        let result = match (error::result(outcome), edit) {
            (Ok(_), Edit::Add(address, text)) => {
                super::subscription::ask(cx, &address, text.as_deref());
                Ok(Answer::Address(address))
            }
            (Ok(_), Edit::Update) => Ok(Answer::Done),
            // Gone already is what was wanted.
            (Ok(_) | Err(Problem::NoSuchContact), Edit::Remove) => Ok(Answer::Done),
            (Err(problem), _) => Err(problem),
        };
        cx.answer(request, result);
    }

    fn replace(&mut self, contacts: Vec<Contact>, version: Option<String>) {
        let keyed = contacts
            .into_iter()
            .filter_map(|contact| Some((contact.address.to_jid().ok()?, contact)));
        self.contacts = keyed.collect();
        self.version = version;
        self.known = true;
    }
}

fn items(query: &Element) -> impl Iterator<Item = &Element> {
    query
        .children()
        .filter(|child| child.is("item", ns::ROSTER))
}

/// Reads an item leniently: only an address that is none, or a removal, makes it absent.
fn read(item: &Element) -> Option<Contact> {
    let subscription = match item.attr("subscription") {
        Some("to") => Subscription::To,
        Some("from") => Subscription::From,
        Some("both") => Subscription::Both,
        Some("remove") => return None,
        _ => Subscription::None,
    };
    let mut groups: Vec<String> = Vec::new();
    for group in item
        .children()
        .filter(|child| child.is("group", ns::ROSTER))
    {
        let group = direct_text(group).trim().to_owned();
        if !group.is_empty() && !groups.contains(&group) {
            groups.push(group);
        }
    }
    Some(Contact {
        address: Address::parse(item.attr("jid")?).ok()?,
        name: item
            .attr("name")
            .filter(|name| !name.trim().is_empty())
            .map(str::to_owned),
        groups,
        subscription,
        asked: item.attr("ask") == Some("subscribe"),
    })
}
