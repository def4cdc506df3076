//! What is archived late, below what is known by then.

use super::*;
use crate::xmpp::feature::catch_up::late::{LATE, REFUSALS};

/// Since when something may have been archived late, as the page that was told says.
fn doubted(session: &Session) -> Option<i64> {
    let [Event::Archive(ArchiveEvent::Missed { reach, .. })] = session.events.as_slice() else {
        panic!("{:?}", session.events)
    };
    reach.as_ref().unwrap().doubt.map(|doubt| doubt.0)
}

/// The session is lost, and another one begins.
fn another(session: &mut Session) {
    session.cut();
    session.forget();
    session.bind();
    ready(session);
}

/// A session that has missed something up to there, when it is time to look.
fn looking(top: &str) -> Session {
    let mut session = session(Some(cursor("a1", START - 7_200_000)));
    page(&mut session, top, false);
    taught(&mut session);
    session.wait(LATE);
    session.tick();
    session
}

#[test]
fn what_was_archived_late_is_found_some_time_after_a_log_in() {
    let known = START - 7_200_000;
    let mut session = session(Some(cursor("a1", known)));
    page(&mut session, "a3", false);
    // What is ten minutes older than the newest has been archived.
    assert_eq!(doubted(&session), Some(START - 4_200_000));
    assert_eq!(taught(&mut session), (named("a3"), None, vec![]));
    session.wait(LATE - Duration::from_secs(1));
    session.tick();
    session.nothing();
    assert_eq!(session.engine.poll_timeout(), None, "no timer for that");
    session.wait(Duration::from_secs(1));
    session.tick();
    assert_eq!(asked(&session), "<before>a3</before>");
    assert!(session.engine.is_caught_up(), "nobody waits for it");
    let frame = String::from(&session.sent[0]);
    let since = "'start'><value>2025-12-31T22:48:00Z<";
    assert!(frame.contains(since), "{frame}");
    let (first, second) = ([("a2", "22:55:00")], [("a0", "22:47:00")]);
    pages(&mut session, &first, true);
    let Event::Archive(ArchiveEvent::Missed {
        messages, since, ..
    }) = &session.events[0]
    else {
        panic!("{:?}", session.events)
    };
    assert_eq!((messages.len(), *since), (1, Since::Late));
    assert_eq!(taught(&mut session), (None, None, vec![]));
    // Until that place is met; then what came since the top.
    assert_eq!(asked(&session), "<before>a2</before>");
    pages(&mut session, &second, true);
    assert_eq!(doubted(&session), None);
    taught(&mut session);
    assert_eq!(asked(&session), "<after>a3</after>");
    pages(&mut session, &[], false);
    session.nothing();
    session.wait(Duration::from_secs(3_600));
    session.tick();
    session.nothing();
}

#[test]
fn where_nothing_was_missed_nothing_is_in_doubt() {
    let mut session = session(Some(cursor("a1", START)));
    pages(&mut session, &[], false);
    session.nothing();
    session.wait(LATE);
    session.tick();
    assert_eq!(asked(&session), "<after>a1</after>");
    pages(&mut session, &[], false);
    session.nothing();
}

#[test]
fn what_comes_after_that_look_is_the_next_sessions_and_what_it_has_missed_is_not_looked_at_twice() {
    let mut session = session(Some(cursor("a1", START - 7_200_000)));
    pages(&mut session, &[], false);
    session.wait(LATE);
    session.tick();
    // One that nobody told us of: others may still be on their way.
    assert_eq!(asked(&session), "<after>a1</after>");
    pages(&mut session, &[("a2", "22:09:00")], false);
    assert_eq!(doubted(&session), Some(START - 7_200_000));
    taught(&mut session);
    another(&mut session);
    assert_eq!(asked(&session), "<after>a2</after>");
    page(&mut session, "a9", false);
    assert_eq!(taught(&mut session), (named("a9"), None, vec![]));
    session.tick();
    // The last ten minutes; then from where this session has begun.
    assert_eq!(asked(&session), "<before>a9</before>");
    pages(&mut session, &[("a8", "23:00:00")], true);
    taught(&mut session);
    assert_eq!(asked(&session), "<before>a8</before>");
    pages(&mut session, &[("a7", "22:40:00")], true);
    taught(&mut session);
    assert_eq!(asked(&session), "<before>a2</before>");
    pages(&mut session, &[("a1", "21:57:00")], true);
    // What is new may come later still.
    assert_eq!(doubted(&session), Some(START - 4_200_000));
}

#[test]
fn a_look_that_was_not_done_is_the_next_sessions() {
    let mut session = session(Some(cursor("a1", START - 7_200_000)));
    pages(&mut session, &[("a2", "22:09:00")], false);
    taught(&mut session);
    for condition in ["", "item-not-found"] {
        another(&mut session);
        assert_eq!(asked(&session), "<after>a2</after>");
        pages(&mut session, &[], false);
        session.wait(LATE);
        session.tick();
        let frame = String::from(&session.sent[0]);
        assert!(frame.contains("2025-12-31T21:58:00Z"), "{frame}");
        assert_eq!(asked(&session), "<before>a2</before>");
        if !condition.is_empty() {
            refuse(&mut session, condition);
            assert_eq!(doubted(&session), None);
        }
    }
}

#[test]
fn on_a_new_device_the_first_page_is_looked_at_again() {
    let mut session = session(None);
    pages(
        &mut session,
        &[("a1", "22:00:00"), ("a3", "22:30:00")],
        false,
    );
    assert_eq!(doubted(&session), Some(START - 6_000_000));
}

#[test]
fn a_look_that_leads_nowhere_ends() {
    let mut session = looking("a99");
    assert_eq!(asked(&session), "<before>a99</before>");
    for _ in 0..2 {
        assert!(asked(&session).starts_with("<before>"));
        pages(&mut session, &[("a98", "22:55:00")], true);
        taught(&mut session);
    }
    assert_eq!(asked(&session), "<after>a99</after>");
}

#[test]
fn however_much_is_in_doubt_all_of_it_is_looked_through() {
    let mut session = looking("a99");
    for number in (10..50).rev() {
        let name = format!("a{number}");
        pages(&mut session, &[(&name, "23:00:00")], true);
        taught(&mut session);
        assert_eq!(asked(&session), format!("<before>{name}</before>"));
    }
    pages(&mut session, &[("a0", "21:57:00")], true);
    assert_eq!(doubted(&session), None);
}

#[test]
fn where_no_session_lasts_what_is_long_in_doubt_is_looked_for_at_once() {
    let mut session = session(Some(cursor("a1", START - 7_200_000)));
    let begin = |session: &mut Session, new: &[(&str, &str)]| {
        another(session);
        pages(session, new, false);
        if !new.is_empty() {
            taught(session);
        }
        session.tick();
    };
    pages(&mut session, &[("a2", "22:09:00")], false);
    taught(&mut session);
    session.tick();
    session.nothing();
    begin(&mut session, &[("a3", "22:20:00")]);
    session.nothing();
    begin(&mut session, &[("a4", "22:20:01")]);
    assert_eq!(asked(&session), "<before>a4</before>");
    pages(&mut session, &[("a0", "21:57:00")], true);
    // What this session has missed may still come.
    assert_eq!(doubted(&session), Some(START - 6_599_000));
    taught(&mut session);
    assert_eq!(asked(&session), "<after>a4</after>");
    pages(&mut session, &[], false);
    session.tick();
    session.nothing();
    begin(&mut session, &[]);
    session.nothing();
    session.wait(LATE);
    session.tick();
    let frame = String::from(&session.sent[0]);
    assert!(
        frame.contains("'start'><value>2025-12-31T22:08:01Z<"),
        "{frame}"
    );
}

#[test]
fn a_look_that_is_not_answered_waits_for_the_next_session() {
    let mut session = looking("a2");
    for refused in 0..=REFUSALS {
        assert_eq!(asked(&session), "<before>a2</before>");
        refuse(&mut session, "service-unavailable");
        session.wait(PAUSE * 2_u32.pow(refused));
        session.forget_all_but("query", ns::MAM);
    }
    assert!(session.sent.is_empty());
    // What comes live moves the cursor all the same.
    for _ in 0..OFTEN {
        session.receive(
            "<message xmlns='jabber:client' from='juliet@capulet.example' type='chat'><body>O</body></message>",
        );
    }
    session.forget_all_but("query", ns::MAM);
    assert_eq!(asked(&session), "<after>a2</after>");
    another(&mut session);
    pages(&mut session, &[], false);
    session.wait(LATE);
    session.tick();
    assert_eq!(asked(&session), "<before>a2</before>");
}

#[test]
fn where_a_clock_was_set_back_what_is_new_is_in_doubt() {
    let mut session = session(Some(cursor("a1", START)));
    page(&mut session, "a2", false);
    assert_eq!(doubted(&session), Some(START - 4_200_000));
}

#[test]
fn what_an_archive_has_forgotten_is_not_gone_on_from() {
    let mut session = session(Some(cursor("a1", START - 7_200_000)));
    page(&mut session, "a2", false);
    taught(&mut session);
    another(&mut session);
    refuse(&mut session, "item-not-found");
    let late = [("a2", "23:00:00"), ("a9", "23:30:00")];
    pages(&mut session, &late, false);
    taught(&mut session);
    session.tick();
    assert_eq!(asked(&session), "<before>a9</before>");
    pages(&mut session, &[("a8", "23:15:00")], true);
    taught(&mut session);
    assert_eq!(asked(&session), "<before>a8</before>");
}
