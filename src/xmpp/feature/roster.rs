//! RFC 6121 §2: the roster.
//!
//! **Invariant:** only the server's answer and its pushes change it, never our own wish.

use std::collections::HashMap;

use minidom::Element;

use crate::boundary::change::Reply as Answer;
use crate::entity::address::Address;
use crate::entity::contact::{Contact, Subscription};
use crate::entity::id::RequestId;
use crate::entity::order;
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
    contacts: HashMap<Address, Contact>,
    version: Option<String>,
    /// Whether `contacts` is a whole roster, from the server or from the store.
    known: bool,
}

/// A change of the roster that we asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Edit {
    /// Somebody was added, and is asked for their presence next, with these words.
    Add(Address, Option<String>),
    /// Somebody whom we see already was added once more.
    AddAgain(Address),
    /// Name or groups were changed.
    Update,
    /// Somebody was removed.
    Remove,
}

/// What a push did.
#[derive(Debug, PartialEq, Eq)]
pub enum Pushed {
    /// Added or changed.
    Updated(Address),
    /// Removed.
    Removed(Address),
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
    pub fn subscription(&self, whom: &Address) -> Subscription {
        self.contacts
            .get(whom)
            .map_or(Subscription::None, |contact| contact.subscription)
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
            // The next session asks again.
            Outcome::CutOff => {}
            outcome => {
                if let Err(problem) = error::result(outcome) {
                    // What a server says is not for the log.
                    tracing::debug!("no roster");
                    cx.emit(Event::Roster(RosterEvent::Failed(problem)));
                }
            }
        }
    }

    /// A push; the sender was found to be our own account.
    pub fn on_push(&mut self, cx: &mut Cx, query: &Element) -> Result<Pushed, BadPush> {
        let mut items = items(query);
        let (Some(item), None) = (items.next(), items.next()) else {
            return Err(BadPush);
        };
        let address = item
            .attr("jid")
            .and_then(|jid| Address::parse(jid).ok())
            .ok_or(BadPush)?;
        let version = query.attr("ver").map(str::to_owned);
        self.version.clone_from(&version);
        if item.attr("subscription") == Some("remove") {
            self.contacts.remove(&address);
            cx.emit(Event::Roster(RosterEvent::Removed {
                address: address.clone(),
                version,
            }));
            return Ok(Pushed::Removed(address));
        }
        let contact = read(item).ok_or(BadPush)?;
        self.contacts.insert(address.clone(), contact.clone());
        cx.emit(Event::Roster(RosterEvent::Updated { contact, version }));
        Ok(Pushed::Updated(address))
    }

    /// Asks the server to add a contact, and then asks for their presence. Who is a contact already keeps the name and
    /// the groups that they have, unless others are given: a name takes the place of the old one, groups come to those
    /// that are there.
    pub fn add(
        &self,
        cx: &mut Cx,
        request: RequestId,
        contact: (Address, Option<&str>, &[String]),
        text: Option<String>,
    ) {
        let (address, name, groups) = contact;
        let known = self.known(&address);
        let mut wanted = known.map(|known| known.groups.clone()).unwrap_or_default();
        wanted.extend(typed(groups).map(str::to_owned));
        let name = name.map(str::trim).filter(|name| !name.is_empty());
        let name = name.or(known.and_then(|known| known.name.as_deref()));
        let item = item(&address, name, wanted);
        let edit = match known {
            Some(known) if known.subscription.seen_by_us() => Edit::AddAgain(address),
            _ => Edit::Add(address, text),
        };
        Self::ask(cx, request, item, edit);
    }

    /// Asks the server to change a contact. RFC 6121 §2.3.1: what is left out is taken away, so what is not to be
    /// changed (`None`) is sent as it came.
    pub fn update(
        &self,
        cx: &mut Cx,
        request: RequestId,
        contact: (&Address, Option<&str>, Option<&[String]>),
    ) {
        let (address, name, groups) = contact;
        let known = self.known(address);
        let name = match name {
            Some(name) => Some(name.trim()).filter(|name| !name.is_empty()),
            None => known.and_then(|known| known.name.as_deref()),
        };
        let groups = match groups {
            Some(groups) => typed(groups).map(str::to_owned).collect(),
            None => known.map(|known| known.groups.clone()).unwrap_or_default(),
        };
        Self::ask(cx, request, item(address, name, groups), Edit::Update);
    }

    fn known(&self, address: &Address) -> Option<&Contact> {
        self.contacts.get(address)
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
            (Ok(_), Edit::AddAgain(address)) => Ok(Answer::Address(address)),
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
            .map(|contact| (contact.address.clone(), contact));
        self.contacts = keyed.collect();
        self.version = version;
        self.known = true;
    }
}

/// Groups as somebody typed them.
fn typed(groups: &[String]) -> impl Iterator<Item = &str> {
    let groups = groups.iter().map(|group| group.trim());
    groups.filter(|group| !group.is_empty())
}

fn item(address: &Address, name: Option<&str>, mut groups: Vec<String>) -> Element {
    order::sort(&mut groups);
    groups.dedup();
    element("item", ns::ROSTER)
        .with("jid", address.as_str())
        .with_some("name", name)
        .with_children(
            groups
                .iter()
                .map(|group| text_element("group", ns::ROSTER, group)),
        )
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
        // As it came: so it is sent back.
        let group = direct_text(group);
        if !group.trim().is_empty() && !groups.contains(&group) {
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
    use crate::xmpp::engine::Snapshot;
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
        assert!(matches!(
            session.events.as_slice(),
            [
                Event::Roster(RosterEvent::Unchanged),
                Event::Session(SessionEvent::OwnPresence(_)),
                Event::Session(SessionEvent::Online),
            ]
        ));
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
    fn who_is_a_contact_already_keeps_name_and_groups() {
        let mut session = Session::new();
        let item = "<query xmlns='jabber:iq:roster'><item jid='mercutio@montague.example' name='Queen Mab' \
            subscription='to'><group>a, b</group><group> spaced </group></item></query>";
        session.receive(&push("", item));
        session.forget();
        let add = |name: Option<&str>, groups: &[&str]| AccountCommand::AddContact {
            address: "mercutio@montague.example".into(),
            name: name.map(str::to_owned),
            groups: groups.iter().map(ToString::to_string).collect(),
            text: None,
        };
        let update = |name: Option<&str>, groups: Option<&[&str]>| AccountCommand::UpdateContact {
            address: address("mercutio@montague.example"),
            name: name.map(str::to_owned),
            groups: groups.map(|groups| groups.iter().map(ToString::to_string).collect()),
        };
        let kept = "<group> spaced </group><group>a, b</group></item>";
        for (command, name, groups) in [
            (add(None, &[]), "name='Queen Mab'", kept),
            (add(Some(" "), &[" "]), "name='Queen Mab'", kept),
            (
                add(Some("Mercutio"), &["c"]),
                "name='Mercutio'",
                "<group>a, b</group><group>c</group></item>",
            ),
            (update(None, None), "name='Queen Mab'", kept),
            (update(Some("Mercutio"), None), "name='Mercutio'", kept),
            (
                update(None, Some(&["a, b"])),
                "name='Queen Mab'><group>a, b</group></item>",
                "",
            ),
            (
                update(Some(""), Some(&[])),
                "<item jid='mercutio@montague.example'/>",
                "",
            ),
        ] {
            session.command(1, command);
            let sent = String::from(&session.sent[0]);
            assert!(sent.contains(name) && sent.contains(groups), "{sent}");
            session.answer("query", ns::ROSTER, "");
            // Whom we see already is not asked once more.
            assert_eq!(session.sent, []);
            session.forget();
        }
    }

    #[test]
    fn a_roster_that_cannot_be_had_is_told() {
        let mut session = Session::unanswered(Snapshot::default());
        session.forget();
        session.wait(crate::xmpp::iq::DEADLINE);
        let failed = Event::Roster(RosterEvent::Failed(Problem::Timeout));
        assert!(session.events.contains(&failed), "{:?}", session.events);
        session.command(1, AccountCommand::LoadRoster);
        session.answer("query", ns::ROSTER, PUSH);
        let loaded = |event: &Event| matches!(event, Event::Roster(RosterEvent::Loaded { .. }));
        assert!(session.events.iter().any(loaded), "{:?}", session.events);
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
