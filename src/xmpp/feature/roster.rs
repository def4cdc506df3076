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
        // An empty version asks for everything, and for versions from now on.
        let known = self.version.as_deref().filter(|_| self.known);
        let versions = cx.stream_features().roster_versions;
        let version = versions.then_some(known.unwrap_or_default());
        let query = element("query", ns::ROSTER).with_some("ver", version);
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
            // What a server says is not for the log.
            _ => tracing::debug!("no roster"),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::boundary::command::AccountCommand;
    use crate::event::{PresenceEvent, SessionEvent};
    use crate::xmpp::testing::{Session, address, snapshot};

    const PUSH: &str = "<query xmlns='jabber:iq:roster' ver='v2'>\
        <item jid='Mercutio@montague.example' name='Mercutio' subscription='both'>\
        <group>Friends</group><group>Friends</group><group> </group></item></query>";

    fn push(from: &str, query: &str) -> String {
        format!("<iq xmlns='jabber:client' type='set' id='p1'{from}>{query}</iq>")
    }

    fn mercutio() -> Contact {
        Contact {
            address: address("mercutio@montague.example"),
            name: Some("Mercutio".into()),
            groups: vec!["Friends".into()],
            subscription: Subscription::Both,
            asked: false,
        }
    }

    fn updated() -> Event {
        Event::Roster(RosterEvent::Updated {
            contact: mercutio(),
            version: Some("v2".into()),
        })
    }

    #[test]
    fn the_stored_roster_is_kept_when_the_server_says_so() {
        let mut session = Session::unanswered(snapshot());
        let ask = session.request("query", ns::ROSTER);
        assert_eq!(
            ask.get_child("query", ns::ROSTER).unwrap().attr("ver"),
            Some("v1")
        );
        session.forget();
        let id = ask.attr("id").unwrap();
        session.receive(&format!(
            "<iq xmlns='jabber:client' type='result' id='{id}'/>"
        ));
        let online = Event::Session(SessionEvent::Online);
        assert_eq!(
            session.events,
            [Event::Roster(RosterEvent::Unchanged), online]
        );
    }

    #[test]
    fn a_server_without_versions_is_not_asked_for_one() {
        let mut session = Session::unanswered(snapshot());
        session.cut();
        session.forget();
        session.bind_with(Default::default());
        let ask = session.request("query", ns::ROSTER);
        assert_eq!(
            ask.get_child("query", ns::ROSTER).unwrap().attr("ver"),
            None
        );
    }

    #[test]
    fn a_new_roster_replaces_the_stored_one() {
        let mut session = Session::unanswered(snapshot());
        session.events.clear();
        session.answer("query", ns::ROSTER, PUSH);
        let (contacts, version) = (vec![mercutio()], Some("v2".to_owned()));
        assert_eq!(
            session.events[0],
            Event::Roster(RosterEvent::Loaded { contacts, version })
        );
        session.forget();
        session.receive("<presence xmlns='jabber:client' from='juliet@capulet.example/balcony'/>");
        session.nothing();
    }

    #[test]
    fn a_push_of_our_own_account_is_applied_and_answered() {
        for from in [
            "",
            " from='romeo@montague.example'",
            " from='ROMEO@Montague.example'",
        ] {
            let mut session = Session::new();
            session.receive(&push(from, PUSH));
            assert_eq!(session.only_event(), updated(), "{from}");
            let reply = session.only_sent();
            assert_eq!(
                (reply.attr("type"), reply.attr("id")),
                (Some("result"), Some("p1"))
            );
        }
    }

    #[test]
    fn a_push_of_anybody_else_has_no_effect() {
        for from in [
            "mallory@montague.example/m",
            "montague.example",
            "juliet@capulet.example/balcony",
            "romeo@montague.example.evil",
            "romeo@montague.example/elsewhere",
        ] {
            let mut session = Session::new();
            session.receive(&push(&format!(" from='{from}'"), PUSH));
            assert_eq!(session.events, [], "{from}");
            let reply = session.only_sent();
            assert_eq!(
                (reply.attr("type"), reply.attr("to")),
                (Some("error"), Some(from))
            );
            let error = reply.get_child("error", ns::CLIENT).unwrap();
            assert!(
                error.has_child("service-unavailable", ns::STANZA_ERRORS),
                "{from}"
            );
        }
    }

    #[test]
    fn a_push_with_none_or_two_items_is_a_bad_request() {
        for items in [
            "",
            "<item jid='a@x'/><item jid='b@x'/>",
            "<item/>",
            "<item jid='@'/>",
        ] {
            let mut session = Session::new();
            session.receive(&push(
                "",
                &format!("<query xmlns='jabber:iq:roster'>{items}</query>"),
            ));
            assert_eq!(session.events, [], "{items}");
            let error = session
                .only_sent()
                .get_child("error", ns::CLIENT)
                .unwrap()
                .clone();
            assert!(error.has_child("bad-request", ns::STANZA_ERRORS), "{items}");
        }
    }

    #[test]
    fn a_removed_contact_is_seen_no_longer() {
        let mut session = Session::new();
        session.receive("<presence xmlns='jabber:client' from='juliet@capulet.example/balcony'/>");
        session.forget();
        let item = "<query xmlns='jabber:iq:roster'><item jid='juliet@capulet.example' subscription='remove'/></query>";
        session.receive(&push("", item));
        let juliet = address("juliet@capulet.example");
        let removed = Event::Roster(RosterEvent::Removed {
            address: juliet.clone(),
            version: None,
        });
        let gone = Event::Presence(PresenceEvent::Changed(juliet, Default::default()));
        assert_eq!(session.events, [removed, gone]);
    }

    #[test]
    fn adding_a_contact_asks_for_their_presence_once_the_server_has_them() {
        let mut session = Session::new();
        let add = |address: &str| AccountCommand::AddContact {
            address: address.into(),
            name: Some(" Mercutio ".into()),
            groups: vec!["b".into(), " a ".into(), "b".into(), "".into()],
            text: Some("It is I\u{0}".into()),
        };
        session.command(1, add("@"));
        assert_eq!(
            session.only_event(),
            Event::Answered(RequestId(1), Err(Problem::InvalidAddress))
        );
        session.command(2, add("Mercutio@Montague.example"));
        let sent = String::from(&session.sent[0]);
        assert!(
            sent.contains("jid='mercutio@montague.example'") && sent.contains("name='Mercutio'"),
            "{sent}"
        );
        assert!(
            sent.contains("<group>a</group><group>b</group></item>"),
            "{sent}"
        );
        session.answer("query", ns::ROSTER, "");
        let ask = session.only_sent();
        assert_eq!(
            (ask.name(), ask.attr("type")),
            ("presence", Some("subscribe"))
        );
        assert_eq!(
            ask.get_child("status", ns::CLIENT).unwrap().text(),
            "It is I"
        );
        let answer = Answer::Address(address("mercutio@montague.example"));
        assert_eq!(
            session.only_event(),
            Event::Answered(RequestId(2), Ok(answer))
        );
    }

    #[test]
    fn a_change_that_cannot_be_made_is_answered_all_the_same() {
        let mut session = Session::new();
        session.command(
            1,
            AccountCommand::RemoveContact(address("juliet@capulet.example")),
        );
        session.wait(crate::xmpp::iq::DEADLINE);
        assert_eq!(
            session.only_event(),
            Event::Answered(RequestId(1), Err(Problem::Timeout))
        );
        session.command(
            2,
            AccountCommand::RemoveContact(address("juliet@capulet.example")),
        );
        session.cut();
        assert!(
            session
                .events
                .contains(&Event::Answered(RequestId(2), Err(Problem::ConnectionLost)))
        );
        session.forget();
        session.command(
            3,
            AccountCommand::RemoveContact(address("juliet@capulet.example")),
        );
        assert_eq!(
            session.only_event(),
            Event::Answered(RequestId(3), Err(Problem::Offline))
        );
    }
}
