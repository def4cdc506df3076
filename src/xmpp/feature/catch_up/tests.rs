//! From the cursor to the present: which pages are asked for, in what order, and what they teach.

mod late;

use super::*;
use crate::entity::archive::Gap;
use crate::entity::id::ItemId;
use crate::xmpp::engine::{Snapshot, Wish};
use crate::xmpp::ns;
use crate::xmpp::testing::{START, Session, snapshot};

fn cursor(id: &str, time: i64) -> Cursor {
    Cursor {
        id: Some(id.to_owned()),
        time: Timestamp(time),
    }
}

/// A session that knows the archive up to there, and has just asked for the rest.
fn session(cursor: Option<Cursor>) -> Session {
    let mut session = Session::unanswered(Snapshot {
        cursor,
        ..snapshot()
    });
    ready(&mut session);
    session
}

fn ready(session: &mut Session) {
    session.answer("query", ns::ROSTER, "");
    let info = format!(
        "<query xmlns='{}'><feature var='{}'/></query>",
        ns::DISCO_INFO,
        ns::MAM
    );
    session.answer("query", ns::DISCO_INFO, &info);
    session.answer("query", ns::DISCO_INFO, &info);
    session.forget_all_but("query", ns::MAM);
}

/// What is asked for: the place in the set.
fn asked(session: &Session) -> String {
    let [iq] = session.sent.as_slice() else {
        panic!("{:?}", session.sent)
    };
    let frame = String::from(iq);
    let place = frame.split("</max>").nth(1).unwrap();
    place.split("</set>").next().unwrap().to_owned()
}

/// Answers with one message, which is archived under that id.
fn page(session: &mut Session, id: &str, more: bool) {
    pages(session, &[(id, "23:00:00")], more);
}

/// Answers with messages: archive ids, and when.
fn pages(session: &mut Session, items: &[(&str, &str)], more: bool) {
    let query = session.sent[0].get_child("query", ns::MAM).unwrap();
    let query = query.attr("queryid").unwrap().to_owned();
    for (id, time) in items {
        session.receive(&format!(
            "<message xmlns='jabber:client'><result xmlns='urn:xmpp:mam:2' queryid='{query}' id='{id}'>\
             <forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' stamp='2025-12-31T{time}Z'/>\
             <message xmlns='jabber:client' from='juliet@capulet.example' to='romeo@montague.example' type='chat'>\
             <body>{id}</body></message></forwarded></result></message>"
        ));
    }
    let complete = if more { "" } else { " complete='true'" };
    let last = items.last().map(|(id, _)| format!("<last>{id}</last>"));
    let fin = format!(
        "<fin xmlns='urn:xmpp:mam:2'{complete}><set xmlns='{}'>{}</set></fin>",
        ns::RSM,
        last.unwrap_or_default()
    );
    session.answer("query", ns::MAM, &fin);
}

/// Answers with an error.
fn refuse(session: &mut Session, condition: &str) {
    let iq = session.request("query", ns::MAM);
    session.receive(&format!(
        "<iq xmlns='jabber:client' type='error' id='{}'><error type='cancel'>\
         <{condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>",
        iq.attr("id").unwrap()
    ));
}

/// What a page taught: cursor, top, and the gaps (after, before, whether it is lost), by their ids.
type Taught = (Option<String>, Option<String>, Vec<(String, String, bool)>);

/// Takes the page that was told, and says that it is committed.
fn taught(session: &mut Session) -> Taught {
    let Event::Archive(ArchiveEvent::Missed { cursor, reach, .. }) = session.only_event() else {
        panic!("no page");
    };
    session.wish(Wish::CatchUp);
    let reach = reach.unwrap_or_default();
    let name = |cursor: Cursor| cursor.id.unwrap_or_else(|| "?".into());
    let gaps = reach.gaps.into_iter();
    let gaps = gaps.map(|gap| (name(gap.after), name(gap.before), gap.is_lost));
    (cursor.map(name), reach.top.map(name), gaps.collect())
}

fn gap(after: &str, before: &str, is_lost: bool) -> Vec<(String, String, bool)> {
    vec![(after.to_owned(), before.to_owned(), is_lost)]
}

fn named(id: &str) -> Option<String> {
    Some(id.to_owned())
}

/// Takes the page that was told.
fn told(session: &mut Session) -> (Vec<Message>, Option<Cursor>) {
    match session.only_event() {
        Event::Archive(ArchiveEvent::Missed {
            messages, cursor, ..
        }) => (messages, cursor),
        other => panic!("{other:?}"),
    }
}

#[test]
fn nothing_is_asked_before_the_first_screen_can_be_drawn() {
    let mut session = Session::unanswered(Snapshot {
        cursor: Some(cursor("a1", 1)),
        ..snapshot()
    });
    let info = format!(
        "<query xmlns='{}'><feature var='{}'/></query>",
        ns::DISCO_INFO,
        ns::MAM
    );
    session.answer("query", ns::DISCO_INFO, &info);
    session.answer("query", ns::DISCO_INFO, &info);
    assert!(!session.sent.iter().any(|iq| iq.has_child("query", ns::MAM)));
    session.answer("query", ns::ROSTER, "");
    let order: Vec<_> = session.sent.iter().map(|sent| sent.name()).collect();
    assert_eq!(order.last(), Some(&"iq"), "{order:?}");
    assert!(order.contains(&"presence"));
}

#[test]
fn without_a_word_of_our_account_there_is_no_archive_to_ask() {
    let mut session = Session::unanswered(snapshot());
    session.answer("query", ns::ROSTER, "");
    let of_server = format!(
        "<query xmlns='{}'><feature var='{}'/></query>",
        ns::DISCO_INFO,
        ns::MAM
    );
    session.answer("query", ns::DISCO_INFO, &of_server);
    let of_account = format!("<query xmlns='{}'/>", ns::DISCO_INFO);
    session.answer("query", ns::DISCO_INFO, &of_account);
    assert!(!session.sent.iter().any(|iq| iq.has_child("query", ns::MAM)));
}

#[test]
fn the_next_page_waits_for_the_commit_of_this_one() {
    let mut session = session(Some(cursor("a1", 1)));
    assert_eq!(asked(&session), "<after>a1</after>");
    page(&mut session, "a2", true);
    let (messages, reached) = told(&mut session);
    assert_eq!(messages.len(), 1);
    let reached = reached.unwrap();
    assert_eq!(reached, cursor("a2", START - 3_600_000));
    session.nothing();
    session.wait(Duration::from_secs(3_600));
    session.nothing();
    session.wish(Wish::CatchUp);
    assert_eq!(asked(&session), "<before/>");
}

#[test]
fn the_newest_page_comes_next_and_the_gap_is_filled_backward_until_it_is_met() {
    let mut session = session(Some(cursor("a1", 1)));
    pages(
        &mut session,
        &[("a2", "10:00:00"), ("a3", "10:00:01")],
        true,
    );
    assert_eq!(taught(&mut session), (named("a3"), None, vec![]));
    assert_eq!(asked(&session), "<before/>");
    let frame = String::from(&session.sent[0]);
    assert!(
        frame.contains("<value>2025-12-31T10:00:01Z</value>"),
        "{frame}"
    );
    pages(
        &mut session,
        &[("a8", "11:00:00"), ("a9", "11:00:01")],
        true,
    );
    assert_eq!(
        taught(&mut session),
        (None, named("a9"), gap("a3", "a8", false))
    );
    assert_eq!(asked(&session), "<before>a8</before>");
    pages(
        &mut session,
        &[("a6", "10:30:00"), ("a7", "10:30:01")],
        true,
    );
    assert_eq!(
        taught(&mut session),
        (None, named("a9"), gap("a3", "a6", false))
    );
    // The place below is met, whether or not the server says that this is all.
    pages(
        &mut session,
        &[("a3", "10:00:01"), ("a4", "10:00:02"), ("a5", "10:20:00")],
        true,
    );
    assert_eq!(taught(&mut session), (named("a9"), None, vec![]));
    session.nothing();
}

#[test]
fn a_session_goes_on_at_the_top_and_then_with_the_gaps_of_those_before() {
    let reach = Reach {
        top: Some(cursor("a9", START - 3_600_000)),
        gaps: vec![Gap {
            id: ItemId(1),
            after: cursor("a3", START - 7_200_000),
            before: cursor("a8", START - 3_600_000),
            ties: (0, 9),
            is_lost: false,
        }],
        doubt: None,
    };
    let mut session = Session::unanswered(Snapshot {
        cursor: Some(cursor("a3", START - 7_200_000)),
        reach,
        ..snapshot()
    });
    ready(&mut session);
    assert_eq!(asked(&session), "<after>a9</after>");
    pages(&mut session, &[("b1", "23:30:00")], false);
    assert_eq!(
        taught(&mut session),
        (None, named("b1"), gap("a3", "a8", false))
    );
    assert_eq!(asked(&session), "<before>a8</before>");
    session.cut();
    session.forget();
    session.bind();
    ready(&mut session);
    assert_eq!(asked(&session), "<after>b1</after>");
    pages(&mut session, &[("b2", "23:30:01")], true);
    assert_eq!(
        taught(&mut session),
        (None, named("b2"), gap("a3", "a8", false))
    );
    assert_eq!(asked(&session), "<before/>");
    // Another long time: two gaps, and the newer one first.
    pages(&mut session, &[("b8", "23:40:00")], true);
    let two = [gap("a3", "a8", false), gap("b2", "b8", false)].concat();
    assert_eq!(taught(&mut session), (None, named("b8"), two));
    assert_eq!(asked(&session), "<before>b8</before>");
    pages(&mut session, &[("b2", "23:30:01")], false);
    assert_eq!(
        taught(&mut session),
        (None, named("b8"), gap("a3", "a8", false))
    );
    assert_eq!(asked(&session), "<before>a8</before>");
    pages(&mut session, &[("a3", "10:00:00")], false);
    assert_eq!(taught(&mut session), (named("b8"), None, vec![]));
    session.nothing();
}

#[test]
fn what_the_server_has_forgotten_with_the_cursor_is_lost_and_said_to_be() {
    let mut session = session(Some(cursor("a1", START - 86_400_000)));
    refuse(&mut session, "item-not-found");
    assert_eq!(asked(&session), "");
    pages(&mut session, &[("a5", "10:00:00")], false);
    assert_eq!(
        taught(&mut session),
        (named("a5"), None, gap("a1", "a5", true))
    );
    session.nothing();
    // It was not forgotten, but has another name.
    let mut session = self::session(Some(cursor("a1", START - 3_600_000)));
    refuse(&mut session, "item-not-found");
    pages(&mut session, &[("new", "23:00:00")], false);
    assert_eq!(taught(&mut session), (named("new"), None, vec![]));
}

#[test]
fn without_ids_and_times_the_newest_page_and_a_gap_are_left() {
    let mut session = session(Some(cursor("a1", START - 86_400_000)));
    refuse(&mut session, "item-not-found");
    refuse(&mut session, "bad-request");
    assert_eq!(asked(&session), "<before/>");
    pages(&mut session, &[("a8", "11:00:00")], true);
    assert_eq!(
        taught(&mut session),
        (None, named("a8"), gap("a1", "a8", false))
    );
    assert_eq!(asked(&session), "<before>a8</before>");
    refuse(&mut session, "item-not-found");
    assert_eq!(
        taught(&mut session),
        (named("a8"), None, gap("a1", "a8", true))
    );
    session.nothing();
}

#[test]
fn the_upper_end_of_a_gap_that_is_forgotten_is_found_again_by_its_time() {
    let mut session = session(Some(cursor("a1", 1)));
    pages(&mut session, &[("a2", "10:00:00")], true);
    taught(&mut session);
    pages(&mut session, &[("a8", "11:00:00")], true);
    taught(&mut session);
    refuse(&mut session, "item-not-found");
    assert_eq!(taught(&mut session).2, gap("a2", "?", false));
    let frame = String::from(&session.sent[0]);
    for part in [
        "'end'><value>2025-12-31T11:00:01Z<",
        "'start'><value>2025-12-31T10:00:00Z<",
    ] {
        assert!(frame.contains(part), "{frame}");
    }
    assert_eq!(asked(&session), "<before/>");
    refuse(&mut session, "item-not-found");
    assert_eq!(
        taught(&mut session),
        (named("a8"), None, gap("a2", "?", true))
    );
    session.nothing();
}

#[test]
fn a_gap_whose_lower_end_is_forgotten_is_lost_as_far_as_nothing_came_of_it() {
    for (left, upper) in [(vec![], "a8"), (vec![("a6", "10:30:00")], "a6")] {
        let mut session = session(Some(cursor("a1", 1)));
        pages(&mut session, &[("a2", "10:00:00")], true);
        taught(&mut session);
        pages(&mut session, &[("a8", "11:00:00")], true);
        taught(&mut session);
        pages(&mut session, &left, false);
        let (cursor, top, gaps) = taught(&mut session);
        assert_eq!((cursor, top), (named("a8"), None));
        assert_eq!(gaps, gap("a2", upper, true));
        session.nothing();
    }
}

#[test]
fn an_archive_that_was_read_and_is_none_now_is_asked_again() {
    for condition in ["service-unavailable", "forbidden", "not-allowed"] {
        let mut session = session(Some(cursor("a1", 1)));
        page(&mut session, "a2", true);
        taught(&mut session);
        assert_eq!(asked(&session), "<before/>");
        refuse(&mut session, condition);
        session.nothing();
        assert!(!session.engine.is_caught_up());
        session.wait(PAUSE);
        assert_eq!(asked(&session), "<before/>", "{condition}");
    }
}

#[test]
fn a_newest_page_that_is_empty_and_not_said_to_be_all_is_not_believed() {
    let mut session = session(Some(cursor("a1", 1)));
    page(&mut session, "a2", true);
    taught(&mut session);
    for _ in 0..2 {
        assert_eq!(asked(&session), "<before/>");
        pages(&mut session, &[], true);
    }
    assert_eq!(asked(&session), "<after>a2</after>");
    page(&mut session, "a3", false);
    assert_eq!(taught(&mut session), (named("a3"), None, vec![]));
    session.nothing();
}

#[test]
fn a_gap_whose_pages_lead_nowhere_is_lost() {
    let mut session = session(Some(cursor("a1", 1)));
    pages(&mut session, &[("a2", "10:00:00")], true);
    taught(&mut session);
    pages(&mut session, &[("a8", "11:00:00")], true);
    taught(&mut session);
    pages(&mut session, &[("a8", "11:00:00")], true);
    assert_eq!(
        taught(&mut session),
        (named("a8"), None, gap("a2", "a8", true))
    );
    session.nothing();
}

#[test]
fn a_server_that_knows_no_newest_page_is_read_forward() {
    let mut session = session(Some(cursor("a1", 1)));
    page(&mut session, "a2", true);
    taught(&mut session);
    refuse(&mut session, "bad-request");
    assert_eq!(asked(&session), "<before/>");
    refuse(&mut session, "bad-request");
    for number in 3..9 {
        assert_eq!(asked(&session), format!("<after>a{}</after>", number - 1));
        let id = format!("a{number}");
        page(&mut session, &id, true);
        assert_eq!(taught(&mut session), (Some(id), None, vec![]));
    }
    page(&mut session, "a9", false);
    assert_eq!(taught(&mut session), (named("a9"), None, vec![]));
    session.nothing();
}

#[test]
fn what_was_told_and_committed_after_the_end_of_the_session_counts_in_the_next() {
    for committed in [true, false] {
        let mut session = session(Some(cursor("a1", 1)));
        page(&mut session, "a2", true);
        told(&mut session);
        session.cut();
        session.forget();
        if committed {
            session.wish(Wish::CatchUp);
            session.nothing();
        }
        session.bind();
        ready(&mut session);
        let place = if committed {
            "<after>a2</after>"
        } else {
            "<after>a1</after>"
        };
        assert_eq!(asked(&session), place);
    }
}

#[test]
fn an_archive_without_an_end_is_left_in_the_end() {
    let mut session = session(Some(cursor("a0", 1)));
    for number in 1..=PAGES {
        page(&mut session, &format!("a{number}"), true);
        told(&mut session);
        session.wish(Wish::CatchUp);
    }
    session.nothing();
}

#[test]
fn pauses_grow_and_are_bounded() {
    let mut session = session(Some(cursor("a1", 1)));
    let mut pauses = Vec::new();
    for _ in 0..9 {
        let id = session.request("query", ns::MAM);
        session.receive(&format!(
            "<iq xmlns='jabber:client' type='error' id='{}'><error type='wait'>\
             <resource-constraint xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>",
            id.attr("id").unwrap()
        ));
        session.nothing();
        let before = session.now;
        let (at, _) = session.engine.poll_timeout().unwrap();
        pauses.push(at.since(before).as_secs());
        session.wait(at.since(before));
        assert_eq!(asked(&session), "<after>a1</after>");
    }
    assert_eq!(pauses, [10, 20, 40, 80, 160, 320, 640, 640, 640]);
}

#[test]
fn an_archive_that_was_empty_is_read_from_its_beginning() {
    let mut session = session(None);
    assert!(asked(&session).starts_with("<before"));
    let fin = "<fin xmlns='urn:xmpp:mam:2' complete='true'/>";
    session.answer("query", ns::MAM, fin);
    let (_, reached) = told(&mut session);
    assert_eq!(reached, Some(Cursor::BEGINNING));
    session.wish(Wish::CatchUp);
    session.cut();
    session.bind();
    ready(&mut session);
    assert_eq!(asked(&session), "");
    page(&mut session, "a1", false);
    let event = session.only_event();
    let Event::Archive(ArchiveEvent::Missed {
        cursor: reached,
        since,
        ..
    }) = event
    else {
        panic!("{event:?}")
    };
    assert_eq!(reached, Some(cursor("a1", START - 3_600_000)));
    assert_eq!(since, Since::Cursor);
}

#[test]
fn what_a_page_held_too_much_is_asked_for_again() {
    let mut session = session(Some(cursor("a0", 1)));
    let query = session.sent[0].get_child("query", ns::MAM).unwrap();
    let query = query.attr("queryid").unwrap().to_owned();
    for number in 1..=600 {
        session.receive(&format!(
            "<message xmlns='jabber:client'><result xmlns='urn:xmpp:mam:2' queryid='{query}' id='a{number}'>\
             <forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' stamp='2025-12-31T23:00:00Z'/>\
             <message xmlns='jabber:client' from='juliet@capulet.example' to='romeo@montague.example' type='chat'>\
             <body>x</body></message></forwarded></result></message>"
        ));
    }
    let fin = format!(
        "<fin xmlns='urn:xmpp:mam:2' complete='true'><set xmlns='{}'><last>a600</last></set></fin>",
        ns::RSM
    );
    session.answer("query", ns::MAM, &fin);
    let (messages, reached) = told(&mut session);
    assert_eq!(messages.len(), 500);
    session.wish(Wish::CatchUp);
    assert_eq!(reached.unwrap().id.as_deref(), Some("a500"));
    assert_eq!(asked(&session), "<before/>");
}
