//! A page at a time: what is asked, what is believed, and where it ends.

use super::page::MOST;
use super::*;
use crate::entity::conversation::History;
use crate::entity::message::Direction;
use crate::entity::problem::Problem;
use crate::xmpp::engine::Wish;
use crate::xmpp::testing::{Session, address, snapshot};

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
        until: None,
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

/// A session of an account that says that it has no archive.
fn without_archive() -> Session {
    let mut session = Session::unanswered(snapshot());
    session.answer("query", ns::ROSTER, "");
    let info = format!("<query xmlns='{}'/>", ns::DISCO_INFO);
    session.answer("query", ns::DISCO_INFO, &info);
    session.answer("query", ns::DISCO_INFO, &info);
    session.forget();
    session
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
        until: None,
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
        // That there is none is believed of an account that does not say that there is.
        for is_promised in [false, true] {
            let mut session = if is_promised {
                Session::new()
            } else {
                without_archive()
            };
            session.wish(Wish::History {
                conversation: address(JULIET),
                before: None,
                until: None,
                count: 30,
            });
            let id = session.sent[0].attr("id").unwrap().to_owned();
            session.receive(&format!(
                "<iq xmlns='jabber:client' type='error' id='{id}'><error type='cancel'>\
                 <{condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
            ));
            let is_believed = match session.only_event() {
                Event::Archive(ArchiveEvent::Page {
                    history: History::Unsupported,
                    ..
                }) => true,
                Event::Archive(ArchiveEvent::Failed { .. }) => false,
                other => panic!("{other:?}"),
            };
            assert_eq!(is_believed, unsupported && !is_promised, "{condition}");
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

/// Items that come so far apart that the deadline would be over, were it that of the question; and then the time for one more.
fn slowly(items: u32) -> Session {
    let most = crate::xmpp::iq::DEADLINE - std::time::Duration::from_secs(1);
    let (mut session, query) = open(None);
    for second in 0..items {
        session.wait(most);
        let id = format!("a{second}");
        session.receive(&item(&query, &id, JULIET, "romeo@montague.example", second));
    }
    session.wait(most);
    session
}

#[test]
fn a_page_that_comes_slowly_is_waited_for_but_not_for_what_nobody_asked_for() {
    let mut session = slowly(30);
    assert!(session.events.is_empty(), "{:?}", session.events);
    session.answer("query", ns::MAM, &fin("<first>a0</first>", ""));
    assert_eq!(page(&mut session).0.len(), 30);

    let mut session = slowly(31);
    assert!(
        matches!(
            session.only_event(),
            Event::Archive(ArchiveEvent::Failed { .. })
        ),
        "the last one was one too many"
    );
}
