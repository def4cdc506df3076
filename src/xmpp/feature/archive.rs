//! XEP-0313: Message Archive Management, a page at a time.
//!
//! **Invariant:** an item counts only if our own account sends it, for a query that is open, about the conversation that
//! was asked for (or any of ours, if all were). A page ends only by the answer to its own request.

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
use crate::xmpp::message::{content, envelope, ids};
use crate::xmpp::ns;
use crate::xmpp::stanza::build::{Build, element, text_element};
use crate::xmpp::stanza::text::direct_text;
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
    wanted: Wanted,
    items: Vec<Message>,
    /// The archive id of the first item that came, shown or not.
    first: Option<String>,
    /// The archive id and the time of the last one.
    last: Option<(String, Option<Timestamp>)>,
    /// More came than is kept.
    is_full: bool,
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
}

/// Which page is wanted.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Where it lies.
    pub place: Place,
    /// Nothing older than that.
    pub since: Option<Timestamp>,
    /// How many items.
    pub count: u32,
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
    Page {
        /// Its messages, oldest first.
        messages: Vec<Message>,
        /// The archive id of its first item, shown or not.
        first: Option<String>,
        /// The archive id of its last item, shown or not, and when that was archived, if that is known.
        last: Option<(String, Option<Timestamp>)>,
        /// Nothing lies behind it, says the server.
        is_complete: bool,
    },
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
        let open = Query {
            purpose,
            wanted,
            items: Vec::new(),
            first: None,
            last: None,
            is_full: false,
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
        let overflows = query.items.len() >= MOST;
        query.is_full |= overflows;
        if query.is_full && !query.wanted.place.is_read_backward() {
            return;
        }
        if overflows {
            // What is not kept is asked for again: it lies at the far end.
            query.items.remove(0);
            let first = query.items.first();
            query.first = first.and_then(|message| message.ids.archive.clone());
        }
        query.first.get_or_insert_with(|| id.to_owned());
        query.last = Some((id.to_owned(), archived(result)));
        if let Some(message) = read(cx, id, result)
            // XEP-0313 §11: what was not asked for is not believed.
            && query.purpose.concerns(&message.conversation)
        {
            query.items.push(message);
        }
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
                let event = history_of(cx, order, query, conversation, outcome)?;
                cx.emit(Event::Archive(event));
                None
            }
            // The next session begins anew.
            _ if matches!(outcome, Outcome::CutOff) => None,
            Purpose::Lookup(conversation) => {
                Some(End::Looked(looked(query, conversation, outcome)))
            }
            Purpose::CatchUp => {
                let is_older = matches!(query.wanted.place, Place::Before(_));
                let mut caught = caught(query, outcome);
                match &mut caught {
                    Caught::Page { messages, .. } if is_older => {
                        order.place_page(cx.now.wall, messages);
                    }
                    Caught::Page { messages, .. } => order.place_missed(cx.now.wall, messages),
                    _ => {}
                }
                Some(End::Caught(caught))
            }
        }
    }
}

impl Purpose {
    /// Whether a message of that conversation is wanted.
    fn concerns(&self, conversation: &Address) -> bool {
        match self {
            Self::History(wanted) | Self::Lookup(wanted) => wanted == conversation,
            Self::CatchUp => true,
        }
    }
}

/// What is asked for (XEP-0313 §4.1).
fn form_of(purpose: &Purpose, wanted: &Wanted) -> Element {
    let field = |name: &str, value: &str| form::field(name, &[value.to_owned()]);
    let mut x = element("x", ns::DATA_FORMS)
        .with("type", "submit")
        .with_child(field("FORM_TYPE", ns::MAM).with("type", "hidden"));
    if let Purpose::History(conversation) | Purpose::Lookup(conversation) = purpose {
        x.append_child(field("with", conversation.as_str()));
    }
    if let Some(since) = wanted.since {
        x.append_child(field("start", &stamp::format(since)));
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

fn history_of(
    cx: &mut Cx,
    order: &mut Order,
    mut query: Query,
    conversation: Address,
    outcome: Outcome,
) -> Option<ArchiveEvent> {
    Some(match outcome {
        Outcome::Result(Some(fin)) if fin.is("fin", ns::MAM) => {
            order.place_page(cx.now.wall, &mut query.items);
            let history = history(&query, &fin);
            ArchiveEvent::Page {
                conversation,
                messages: query.items,
                history,
            }
        }
        // Not the end of a page: nobody knows what came.
        Outcome::Result(_) => ArchiveEvent::Failed {
            conversation,
            problem: Problem::Unsupported,
        },
        Outcome::Error { condition, .. } if is_unsupported(&condition) => ArchiveEvent::Page {
            conversation,
            messages: Vec::new(),
            history: History::Unsupported,
        },
        // XEP-0313 §4.3.1: the server has forgotten where we were, so we begin at the newest page again; what is
        // known already is known again by its ids.
        Outcome::Error { condition, .. }
            if condition == "item-not-found" && query.wanted.place != Place::Newest =>
        {
            ArchiveEvent::Page {
                conversation,
                messages: Vec::new(),
                history: History::Unknown,
            }
        }
        outcome => ArchiveEvent::Failed {
            conversation,
            problem: error::result(outcome).err()?,
        },
    })
}

fn caught(query: Query, outcome: Outcome) -> Caught {
    match outcome {
        Outcome::Result(Some(fin)) if fin.is("fin", ns::MAM) => {
            let first = first_of(&query, &fin);
            // What was not kept is asked for again.
            let named = named(&fin, "last").filter(|_| !query.is_full);
            let last = match (named, query.last) {
                (Some(named), Some((id, time))) if named == id => Some((named, time)),
                (Some(named), _) => Some((named, None)),
                (None, last) => last,
            };
            Caught::Page {
                messages: query.items,
                first,
                last,
                is_complete: is_complete(&fin) && !query.is_full,
            }
        }
        Outcome::Result(_) => Caught::Nothing,
        Outcome::Error {
            condition, element, ..
        } => match condition.as_str() {
            "item-not-found" => Caught::Forgotten,
            "forbidden" | "not-allowed" => Caught::Nothing,
            condition if is_unsupported(condition) => Caught::Nothing,
            "internal-server-error" => Caught::NotNow,
            // RFC 6120 §8.3.2.
            _ if element.attr("type") == Some("wait") => Caught::NotNow,
            // Whatever else it has against the place.
            _ => Caught::Forgotten,
        },
        Outcome::Timeout | Outcome::CutOff => Caught::NotNow,
    }
}

fn is_unsupported(condition: &str) -> bool {
    matches!(condition, "service-unavailable" | "feature-not-implemented")
}

fn looked(query: Query, conversation: Address, outcome: Outcome) -> Looked {
    let rest = match outcome {
        Outcome::Result(Some(fin)) if fin.is("fin", ns::MAM) => match history(&query, &fin) {
            History::Before(first) => Rest::Page(Wanted {
                place: Place::Before(first),
                ..query.wanted
            }),
            _ => Rest::Nothing,
        },
        // There is no archive to look into.
        Outcome::Error { condition, .. } if is_unsupported(&condition) => Rest::Nothing,
        Outcome::Error { condition, .. } if condition == "item-not-found" => {
            Rest::Unanswered(Wanted {
                place: Place::Newest,
                ..query.wanted
            })
        }
        _ => Rest::Unanswered(query.wanted),
    };
    Looked {
        conversation,
        found: query.items,
        rest,
    }
}

fn history(query: &Query, fin: &Element) -> History {
    if is_complete(fin) && !query.is_full {
        return History::Complete;
    }
    match first_of(query, fin) {
        // The same place again would never end.
        Some(first) if query.wanted.place != Place::Before(first.clone()) => History::Before(first),
        _ => History::Complete,
    }
}

/// Where a page began, shown or not.
fn first_of(query: &Query, fin: &Element) -> Option<String> {
    let named = named(fin, "first").filter(|_| !query.is_full);
    named.or_else(|| query.first.clone())
}

fn is_complete(fin: &Element) -> bool {
    matches!(fin.attr("complete"), Some("true" | "1"))
}

/// The archive id that the end of a page names as its first or last.
fn named(fin: &Element, which: &'static str) -> Option<String> {
    let set = fin.get_child("set", ns::RSM)?;
    let id = direct_text(set.get_child(which, ns::RSM)?);
    (!id.is_empty()).then_some(id)
}

/// When an item was archived.
fn archived(result: &Element) -> Option<Timestamp> {
    let forwarded = result.get_child("forwarded", ns::FORWARD)?;
    let delay = forwarded.get_child("delay", ns::DELAY)?;
    stamp::parse(delay.attr("stamp")?)
}

/// Reads an item: a message of ours or to us, with text.
fn read(cx: &mut Cx, id: &str, result: &Element) -> Option<Message> {
    let account = cx.account()?.clone();
    let forwarded = result.get_child("forwarded", ns::FORWARD)?;
    let inner = forwarded.get_child("message", ns::CLIENT)?;
    if !envelope::is_plain(inner) {
        return None;
    }
    let time = archived(result)?;
    let jid = |name: &str| inner.attr(name).map(Address::parse);
    let from = jid("from")?.ok()?;
    let to = match jid("to") {
        Some(to) => to.ok()?,
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
        conversation: peer,
        direction,
        time,
        body,
        ids,
        delivery: Delivery::Sent,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xmpp::engine::Wish;
    use crate::xmpp::testing::{Session, address};

    const JULIET: &str = "juliet@capulet.example";

    fn item(query: &str, id: &str, from: &str, to: &str, second: u32) -> String {
        format!(
            "<message xmlns='jabber:client' to='romeo@montague.example/orchard'>\
             <result xmlns='urn:xmpp:mam:2' queryid='{query}' id='{id}'><forwarded xmlns='urn:xmpp:forward:0'>\
             <delay xmlns='urn:xmpp:delay' stamp='2025-12-31T23:00:{second:02}Z'/>\
             <message xmlns='jabber:client' from='{from}' to='{to}' type='chat' id='s-{id}'>\
             <body>{id}</body></message></forwarded></result></message>"
        )
    }

    fn fin(inner: &str, complete: &str) -> String {
        format!(
            "<fin xmlns='urn:xmpp:mam:2'{complete}><set xmlns='http://jabber.org/protocol/rsm'>{inner}</set></fin>"
        )
    }

    fn open(before: Option<&str>) -> (Session, String) {
        let mut session = Session::new();
        session.wish(Wish::History {
            conversation: address(JULIET),
            before: before.map(str::to_owned),
            count: 30,
        });
        let query = session.sent[0]
            .get_child("query", ns::MAM)
            .unwrap()
            .attr("queryid")
            .unwrap()
            .to_owned();
        (session, query)
    }

    fn page(session: &mut Session) -> (Vec<String>, History) {
        match session.only_event() {
            Event::Archive(ArchiveEvent::Page {
                messages, history, ..
            }) => (
                messages.into_iter().map(|message| message.body).collect(),
                history,
            ),
            other => panic!("{other:?}"),
        }
    }

    fn bodies(list: &[&str]) -> Vec<String> {
        list.iter().map(|body| (*body).to_owned()).collect()
    }

    #[test]
    fn the_newest_page_of_a_conversation_is_asked_for_and_told() {
        let (mut session, query) = open(None);
        let asked = String::from(&session.sent[0]);
        for part in [
            "<value>juliet@capulet.example</value>",
            "<max>30</max>",
            "<before",
            "type='set'",
        ] {
            assert!(asked.contains(part), "{part}: {asked}");
        }
        assert!(query.len() >= 16);
        session.receive(&item(
            &query,
            "a1",
            "juliet@capulet.example/b",
            "romeo@montague.example",
            1,
        ));
        session.receive(&item(&query, "a2", "romeo@montague.example/x", JULIET, 1));
        session.nothing_but_requests();
        session.answer(
            "query",
            ns::MAM,
            &fin("<first index='9'>a1</first><last>a2</last>", ""),
        );
        let Event::Archive(ArchiveEvent::Page {
            conversation,
            messages,
            history,
        }) = session.only_event()
        else {
            panic!("no page");
        };
        assert_eq!(
            (conversation, history),
            (address(JULIET), History::Before("a1".into()))
        );
        let [first, second] = messages.as_slice() else {
            panic!("{messages:?}")
        };
        assert_eq!(
            (first.direction, second.direction),
            (Direction::Incoming, Direction::Outgoing)
        );
        assert_eq!(first.ids.archive.as_deref(), Some("a1"));
        assert_eq!(first.time, first.position.time);
        assert!(
            first.position < second.position,
            "the order of the archive breaks ties"
        );
    }

    #[test]
    fn an_older_page_comes_before_a_newer_one_of_the_same_second() {
        let (mut session, query) = open(None);
        session.receive(&item(&query, "a5", JULIET, "romeo@montague.example", 1));
        session.answer("query", ns::MAM, &fin("<first>a5</first>", ""));
        let Event::Archive(ArchiveEvent::Page {
            messages: newer, ..
        }) = session.only_event()
        else {
            panic!()
        };
        session.wish(Wish::History {
            conversation: address(JULIET),
            before: Some("a5".into()),
            count: 30,
        });
        let query = session.sent[0]
            .get_child("query", ns::MAM)
            .unwrap()
            .attr("queryid")
            .unwrap()
            .to_owned();
        session.receive(&item(&query, "a4", JULIET, "romeo@montague.example", 1));
        session.answer(
            "query",
            ns::MAM,
            &fin("<first>a4</first>", " complete='true'"),
        );
        let Event::Archive(ArchiveEvent::Page {
            messages: older,
            history,
            ..
        }) = session.only_event()
        else {
            panic!()
        };
        assert!(older[0].position < newer[0].position);
        assert_eq!(history, History::Complete);
    }

    #[test]
    fn items_of_others_or_of_no_open_query_or_about_others_have_no_effect() {
        let (mut session, query) = open(None);
        let good = item(&query, "a1", JULIET, "romeo@montague.example", 1);
        for forged in [
            good.replacen(
                "<message ",
                "<message from='mallory@montague.example/m' ",
                1,
            ),
            good.replacen("<message ", "<message from='montague.example' ", 1),
            good.replacen(
                "<message ",
                "<message from='romeo@montague.example/other' ",
                1,
            ),
            good.replacen(
                "<message ",
                "<message from='room@muc.example/nick' type='groupchat' ",
                1,
            ),
            item("guessed", "a1", JULIET, "romeo@montague.example", 1),
            item(&query, "a1", JULIET, "paris@verona.example", 1),
            item(
                &query,
                "a1",
                "mallory@montague.example",
                "romeo@montague.example",
                1,
            ),
            good.replace("2025-12-31T23", "yesterday"),
            good.replace("<body>", "<body xmlns='urn:x'>"),
            good.replace("type='chat'", "type='error'"),
            good.replace("type='chat'", "type='groupchat'"),
            good.replace("<body>", "<forwarded xmlns='urn:xmpp:forward:0'/><body>"),
        ] {
            session.receive(&forged);
        }
        session.receive(&good.replacen("<message ", "<message from='Romeo@montague.example' ", 1));
        session.answer("query", ns::MAM, &fin("<first>a1</first>", ""));
        assert_eq!(page(&mut session).0, bodies(&["a1"]));
        session.receive(&good);
        session.nothing();
    }

    #[test]
    fn a_forged_end_ends_nothing() {
        let (mut session, query) = open(None);
        let id = session.sent[0].attr("id").unwrap().to_owned();
        for from in [
            "mallory@montague.example/m",
            "montague.example",
            "juliet@capulet.example",
        ] {
            let end = fin("<last>zzz</last>", " complete='true'");
            session.receive(&format!(
                "<iq xmlns='jabber:client' from='{from}' type='result' id='{id}'>{end}</iq>"
            ));
        }
        assert_eq!(session.events, []);
        session.receive(&item(&query, "a1", JULIET, "romeo@montague.example", 1));
        session.answer("query", ns::MAM, &fin("<first>a1</first>", ""));
        assert_eq!(
            page(&mut session),
            (bodies(&["a1"]), History::Before("a1".into()))
        );
    }

    #[test]
    fn an_archive_always_comes_to_an_end() {
        let (mut session, _) = open(Some("a1"));
        session.answer("query", ns::MAM, &fin("<first>a1</first>", ""));
        assert_eq!(
            page(&mut session),
            (Vec::new(), History::Complete),
            "the same place again"
        );
        let (mut session, _) = open(Some("a1"));
        session.answer("query", ns::MAM, &fin("", ""));
        assert_eq!(
            page(&mut session),
            (Vec::new(), History::Complete),
            "an empty page"
        );
    }

    #[test]
    fn a_place_that_the_server_has_forgotten_is_looked_for_from_the_newest_page_on() {
        let (mut session, _) = open(Some("a1"));
        let id = session.sent[0].attr("id").unwrap().to_owned();
        session.receive(&format!(
            "<iq xmlns='jabber:client' type='error' id='{id}'><error type='cancel'>\
             <item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
        ));
        assert_eq!(page(&mut session), (Vec::new(), History::Unknown));
    }

    #[test]
    fn an_answer_that_ends_no_page_is_no_end_of_the_archive() {
        for answer in [
            "",
            "<query xmlns='urn:xmpp:mam:2'/>",
            "<fin xmlns='urn:xmpp:mam:1'/>",
        ] {
            let (mut session, _) = open(None);
            session.answer("query", ns::MAM, answer);
            let event = session.only_event();
            assert!(
                matches!(event, Event::Archive(ArchiveEvent::Failed { .. })),
                "{answer}: {event:?}"
            );
        }
    }

    #[test]
    fn a_page_that_cannot_be_had_is_said_to_be_so() {
        for (condition, unsupported) in [
            ("service-unavailable", true),
            ("feature-not-implemented", true),
            ("item-not-found", false),
            ("internal-server-error", false),
        ] {
            let (mut session, _) = open(None);
            let id = session.sent[0].attr("id").unwrap().to_owned();
            session.receive(&format!(
                "<iq xmlns='jabber:client' type='error' id='{id}'><error type='cancel'>\
                 <{condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
            ));
            match session.only_event() {
                Event::Archive(ArchiveEvent::Page {
                    history: History::Unsupported,
                    ..
                }) => assert!(unsupported),
                Event::Archive(ArchiveEvent::Failed { .. }) => assert!(!unsupported),
                other => panic!("{other:?}"),
            }
        }
        let (mut session, _) = open(None);
        session.cut();
        let failed = ArchiveEvent::Failed {
            conversation: address(JULIET),
            problem: Problem::ConnectionLost,
        };
        assert!(session.events.contains(&Event::Archive(failed)));
    }

    #[test]
    fn a_flood_of_items_is_bounded() {
        let (mut session, query) = open(None);
        for n in 0..MOST * 2 {
            session.receive(&item(
                &query,
                &format!("a{n}"),
                JULIET,
                "romeo@montague.example",
                1,
            ));
        }
        session.answer(
            "query",
            ns::MAM,
            &fin("<first>a0</first>", " complete='true'"),
        );
        // The newest: what is not kept is asked for next.
        let (messages, history) = page(&mut session);
        assert_eq!(messages.len(), MOST);
        assert_eq!(messages.last(), Some(&format!("a{}", MOST * 2 - 1)));
        assert_eq!(history, History::Before(format!("a{MOST}")));
    }
}
