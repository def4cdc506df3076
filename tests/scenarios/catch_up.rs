//! Catch-up: what was missed is there, once and in order, whatever happened meanwhile.

use std::time::Duration;

use waxwing::boundary::change::Edge;
use waxwing::boundary::command::{AccountCommand, Anchor, Attention, Command, Toward};
use waxwing::entity::account::Connection;
use waxwing::entity::address::Address;
use waxwing::entity::archive::Cursor;
use waxwing::entity::settings::Setting;
use waxwing::entity::time::Timestamp;

use crate::support::managed::Memory;
use crate::support::server::Archived;
use crate::support::{Stage, address, juliet};

pub const JULIET: &str = "juliet@example.org/balcony";
pub const BENVOLIO: &str = "benvolio@example.org/x";
pub const PHONE: &str = "romeo@example.org/phone";

pub fn benvolio() -> Address {
    address("benvolio@example.org")
}

/// From juliet, benvolio, and to juliet from another device, by turns.
pub fn archived(number: u32) -> Archived {
    let from = [JULIET, BENVOLIO, JULIET, PHONE][number as usize % 4];
    Archived::new(number, from, &format!("message {number}"))
}

pub fn bodies(archive: &[Archived], peer: &Address) -> Vec<String> {
    let theirs = archive.iter().filter(|item| item.peer() == peer.as_str());
    theirs.map(|item| item.body.clone()).collect()
}

/// Romeo is away, and this is archived meanwhile.
pub fn away(archive: impl IntoIterator<Item = Archived>) -> Stage {
    let mut stage = Stage::online();
    stage.leave();
    stage.server.archive.extend(archive);
    stage
}

pub fn come_back(stage: &mut Stage) {
    stage.server.catch_ups = 0;
    stage.server.frames.clear();
    stage.come_back();
}

pub fn stored(stage: &Stage, peer: &Address) -> Vec<String> {
    let messages = stage.disk.messages_of(stage.account, peer.clone());
    messages.into_iter().map(|message| message.body).collect()
}

/// What is stored is what is archived, once and in order.
#[track_caller]
pub fn all_there(stage: &Stage) {
    for peer in [juliet(), benvolio()] {
        let archive = bodies(&stage.server.archive, &peer);
        assert_eq!(stored(stage, &peer), archive, "{peer}");
    }
    let last = stage.server.archive.last().map(|item| item.id.clone());
    let cursor = stage.disk.cursor(stage.account).expect("no cursor");
    assert_eq!(cursor.id, last);
}

/// The places from which on the whole archive was asked for.
pub fn asked(stage: &Stage) -> Vec<String> {
    let queries = stage.server.frames.iter();
    let queries =
        queries.filter(|frame| frame.contains("urn:xmpp:mam:2'") && !frame.contains("with"));
    let set = |frame: &String| {
        frame
            .split("</max>")
            .nth(1)
            .unwrap()
            .replace("</set></query></iq>", "")
    };
    queries.map(set).collect()
}

#[test]
fn a_month_of_several_conversations_on_several_pages() {
    let mut stage = away((1..=250).map(archived));
    stage.set(Setting::Notifications(true));
    stage.ask(Command::Attention(Attention::Hidden));
    come_back(&mut stage);
    all_there(&stage);
    assert_eq!(asked(&stage), ["", "<before/>", "<before>a0151</before>"]);
    // The list is right: what juliet wrote after our last answer, and all of benvolio's.
    let (to_juliet, to_benvolio) = (stage.row(), stage.pages[0].row(&benvolio()).unwrap());
    assert_eq!((to_juliet.unread, to_benvolio.unread), (2, 63));
    assert_eq!(to_juliet.latest.unwrap().text, "message 250");
    assert_eq!(to_benvolio.latest.unwrap().text, "message 249");
    assert!(stage.pages[0].notifications().is_empty(), "that is no news");
    // What is opened needs no archive until its beginning is reached.
    stage.watch(0, Anchor::Newest, 50);
    assert_eq!(stage.server.archive_queries, 0);
    // Nothing comes twice.
    stage.server.catch_ups = 0;
    let mut stage = stage.restart();
    all_there(&stage);
    assert_eq!((stage.server.catch_ups, stage.row().unread), (1, 2));
    stage.leave();
    stage.server.archive.push(archived(251));
    come_back(&mut stage);
    all_there(&stage);
    assert_eq!(asked(&stage), ["<after>a0250</after>"]);
}

#[test]
fn a_page_that_is_cut_off_in_the_middle_is_begun_again_there() {
    let mut stage = away((1..=250).map(archived));
    stage.server.cut_after = Some(150);
    stage.server.refuses = false;
    stage.tell(AccountCommand::Reconnect).unwrap();
    let whole = stored(&stage, &juliet()).len() + stored(&stage, &benvolio()).len();
    assert_eq!(whole, 100, "half a page is none");
    come_back(&mut stage);
    assert_eq!(asked(&stage), ["<after>a0100</after>", "<before/>"]);
    all_there(&stage);
}

#[test]
fn a_page_that_is_not_stored_yet_is_followed_by_none_and_fetched_again_by_the_next_engine() {
    let mut stage = away((1..=250).map(archived));
    stage.server.refuses = false;
    stage.server.holds_pages = true;
    stage.tell(AccountCommand::Reconnect).unwrap();
    stage.disk.gate.shut();
    let (id, queryid, _) = stage.server.pages.remove(0);
    for item in &stage.server.archive[..100] {
        stage.server.deliver(&item.result(&queryid));
    }
    stage.server.deliver(&format!(
        "<iq xmlns='jabber:client' type='result' id='{id}'><fin xmlns='urn:xmpp:mam:2'>\
         <set xmlns='http://jabber.org/protocol/rsm'><last>a0100</last></set></fin></iq>"
    ));
    stage.go();
    assert!(
        stage.server.pages.is_empty(),
        "asked on before it was stored"
    );
    assert_eq!(stage.disk.cursor(stage.account), Some(Cursor::BEGINNING));
    stage.server.holds_pages = false;
    let disk = stage.disk.clone();
    let stage = stage.restart();
    disk.gate.open();
    let mut stage = stage;
    stage.go();
    all_there(&stage);
}

#[test]
fn a_live_message_that_comes_before_the_first_page_hides_nothing() {
    let missed = |number: u32| Archived::new(number, JULIET, &number.to_string());
    let mut stage = away((1..=200).map(missed));
    stage.server.holds_pages = true;
    come_back(&mut stage);
    let last = Archived {
        stamp: "2025-12-31T23:59:59Z".into(),
        ..Archived::new(201, JULIET, "live")
    };
    stage.server.deliver(&live(&last));
    stage.go();
    stage.server.archive.push(last);
    assert_eq!(stored(&stage, &juliet()), ["live"]);
    stage.leave();
    stage.server.holds_pages = false;
    come_back(&mut stage);
    assert_eq!(asked(&stage).len(), 3);
    all_there(&stage);
    assert_eq!(stage.row().unread, 201);
    // On the engine's next life as well.
    let stage = stage.restart();
    all_there(&stage);
}

pub fn live(item: &Archived) -> String {
    format!(
        "<message xmlns='jabber:client' from='{}' to='romeo@example.org' type='chat'><body>{}</body>\
         <stanza-id xmlns='urn:xmpp:sid:0' by='romeo@example.org' id='{}'/></message>",
        item.from, item.body, item.id
    )
}

/// ejabberd names a message when it is sent, and archives it when a session whose socket is dead has let go of it.
#[test]
fn what_is_archived_late_below_the_cursor_is_found() {
    let missed = |number: u32| Archived::new(number, JULIET, &number.to_string());
    let late = Duration::from_secs(220);
    for dies in [false, true] {
        let mut stage = away([1, 3].map(missed));
        come_back(&mut stage);
        assert_eq!(stored(&stage, &juliet()), ["1", "3"]);
        if dies {
            stage = stage.restart();
        }
        stage.watch(0, Anchor::Newest, 50);
        stage.server.archive.insert(1, missed(2));
        stage.server.archive.push(missed(4));
        stage.pass(late);
        all_there(&stage);
        assert_eq!(stage.bodies(), ["1", "2", "3", "4"]);
        assert_eq!(stage.row().unread, 4);
        let since = |frame: &String| frame.contains("<before>a0003</before>");
        assert!(stage.server.frames.iter().any(since));
        // Once.
        stage.server.frames.clear();
        stage.pass(late);
        assert_eq!(asked(&stage), Vec::<String>::new());
    }
}

/// Nobody has seen it: it was on its way to a session that was lost, and stands now above what was read.
#[test]
fn what_is_archived_late_before_what_was_read_is_announced() {
    let recent = |number| dated(number, &format!("2025-12-31T23:59:{number:02}Z"));
    let mut stage = away([recent(1), recent(30)]);
    stage.set(Setting::Notifications(true));
    come_back(&mut stage);
    let read = stage.stored().last().unwrap().clone();
    stage.tell(AccountCommand::mark_read(&read)).unwrap();
    stage.pages.remove(0).page.vanish();
    stage.attach(Attention::Hidden);
    stage.server.archive.insert(1, recent(10));
    stage.pass(Duration::from_secs(220));
    all_there(&stage);
    let notes = stage.pages[0].notifications();
    assert_eq!(notes, ["juliet@example.org: message 10"]);
    assert_eq!(stage.row().unread, 0);
}

/// A client that counts its messages anew in each session gives one id to several of them.
#[test]
fn what_shares_its_id_and_is_archived_late_stands_where_the_archive_has_it() {
    let message = |number: u32| {
        format!(
            "<message xmlns='jabber:client' from='{JULIET}' to='romeo@example.org' type='chat' id='1'>\
             <body>message {number}</body></message>"
        )
    };
    // All in one second, and each in a page of its own.
    let archived = |number| Archived {
        raw: Some(message(number)),
        ..dated(number, "2026-01-01T00:00:01Z")
    };
    let mut stage = away([dated(1, "2026-01-01T00:00:00Z")]);
    come_back(&mut stage);
    for number in 2..=5 {
        stage.server.deliver(&message(number));
        stage.go();
    }
    stage.leave();
    stage.server.page_size = Some(1);
    stage.server.archive.extend([3, 5].map(archived));
    come_back(&mut stage);
    stage.server.archive.insert(1, archived(2));
    stage.server.archive.insert(3, archived(4));
    stage.pass(Duration::from_secs(220));
    let all = [1, 2, 3, 4, 5].map(|number| format!("message {number}"));
    assert_eq!(stored(&stage, &juliet()), all);
}

#[test]
fn where_nothing_is_archived_late_nobody_sees_that_it_is_looked_for() {
    let missed = |number: u32| Archived::new(number, JULIET, &number.to_string());
    let mut stage = away((1..=250).map(missed));
    come_back(&mut stage);
    stage.watch(0, Anchor::Newest, 300);
    stage.server.frames.clear();
    stage.pages[0].changes.clear();
    stage.pass(Duration::from_secs(220));
    let asked = asked(&stage);
    let places = ["<before>a0250</before>", "<before>a0150</before>"];
    assert_eq!(asked[..2], places);
    assert_eq!(asked.last().unwrap(), "<after>a0250</after>");
    assert_eq!(stage.pages[0].changes, []);
    all_there(&stage);
}

#[test]
fn a_cursor_that_the_server_has_forgotten_is_found_again_by_its_time() {
    let mut stage = away((1..=50).map(archived));
    come_back(&mut stage);
    stage.leave();
    stage.server.archive.extend((51..=120).map(archived));
    let before = stage.server.archive.clone();
    // The oldest are gone, and the one that the cursor names.
    stage.server.archive.drain(..50);
    come_back(&mut stage);
    let asked = asked(&stage);
    assert_eq!(asked[..2], ["<after>a0050</after>", ""]);
    let by_time = |frame: &&String| frame.contains("'start'") && !frame.contains("with");
    assert_eq!(stage.server.frames.iter().filter(by_time).count(), 1);
    stage.server.archive = before;
    all_there(&stage);
}

#[test]
fn pages_that_overlap_or_are_short_are_merged() {
    for (overlap, page_size) in [(0, 1), (3, 7), (40, 60)] {
        let mut stage = away((1..=100).map(archived));
        stage.server.overlap = overlap;
        stage.server.page_size = Some(page_size);
        come_back(&mut stage);
        all_there(&stage);
    }
}

#[test]
fn an_archive_that_goes_round_in_circles_is_read_from_its_end() {
    let mut stage = away((1..=100).map(archived));
    stage.server.overlap = 10;
    stage.server.page_size = Some(10);
    come_back(&mut stage);
    assert_eq!(stage.server.catch_ups, 11);
    all_there(&stage);
}

#[test]
fn without_an_archive_nobody_asks_again() {
    for condition in [
        "service-unavailable",
        "feature-not-implemented",
        "forbidden",
    ] {
        let mut stage = Stage::empty();
        stage.server.archive_fails = Some(("cancel", condition));
        stage.log_in(true).unwrap();
        stage.pass(Duration::from_secs(20));
        assert_eq!(stage.server.catch_ups, 1, "{condition}");
        assert_eq!(stage.connection(), Connection::Online);
    }
}

#[test]
fn an_archive_in_trouble_is_asked_later() {
    let mut stage = away((1..=10).map(archived));
    stage.server.archive_fails = Some(("wait", "internal-server-error"));
    come_back(&mut stage);
    assert_eq!(stage.server.catch_ups, 1);
    stage.server.archive_fails = None;
    stage.pass(Duration::from_secs(11));
    all_there(&stage);
}

/// Whoever wrote much last does not hide all the others.
#[test]
fn a_new_device_shows_who_wrote_before_the_newest_page_too() {
    let mut stage = Stage::empty();
    let from = |number, from| Archived::new(number, from, &format!("message {number}"));
    stage.server.page_size = Some(50);
    stage
        .server
        .archive
        .extend((1..=30).map(|n| from(n, BENVOLIO)));
    stage
        .server
        .archive
        .extend((31..=200).map(|n| from(n, JULIET)));
    stage.set(Setting::Notifications(true));
    stage.ask(Command::Attention(Attention::Hidden));
    stage.log_in(true).unwrap();
    stage.pass(Duration::from_secs(5));
    all_there(&stage);
    assert_eq!(stage.row().unread, 0);
    let row = stage.pages[0].row(&benvolio()).unwrap();
    assert_eq!(
        (row.latest.unwrap().text.as_str(), row.unread),
        ("message 30", 0)
    );
    assert!(stage.pages[0].notifications().is_empty());
    assert_eq!(
        asked(&stage),
        [
            "<before/>",
            "<before>a0151</before>",
            "<before>a0101</before>",
            "<before>a0051</before>"
        ]
    );
    stage.watch(0, Anchor::Newest, 200);
    assert_eq!(stage.bodies(), bodies(&stage.server.archive, &juliet()));
}

#[test]
fn a_new_device_does_not_fetch_everything() {
    let mut stage = Stage::empty();
    let from = |number| Archived::new(number, JULIET, &format!("message {number}"));
    stage.server.archive.extend((1..=2_000).map(from));
    stage.log_in(true).unwrap();
    stage.pass(Duration::from_secs(5));
    assert_eq!(stage.stored().len(), 550);
    assert_eq!(
        stage.disk.cursor(stage.account).unwrap().id.unwrap(),
        "a2000"
    );
}

#[test]
fn a_new_device_shows_the_conversations_and_nobody_missed_anything() {
    let mut stage = Stage::empty();
    stage.server.archive = (1..=620)
        .map(|number| Archived {
            // Just now: not its age, but that nobody has missed it, makes it no news.
            stamp: format!(
                "2025-12-31T23:{}:{:02}Z",
                55 + number / 180,
                number / 3 % 60
            ),
            ..archived(number)
        })
        .collect();
    stage.set(Setting::Notifications(true));
    stage.ask(Command::Attention(Attention::Hidden));
    stage.log_in(true).unwrap();
    assert_eq!(stage.row().latest.unwrap().text, "message 620");
    let row = stage.pages[0].row(&benvolio()).unwrap();
    assert_eq!(
        (row.latest.unwrap().text.as_str(), row.unread),
        ("message 617", 0)
    );
    assert_eq!(stage.row().unread, 0);
    assert!(stage.pages[0].notifications().is_empty());
    assert_eq!(
        stored(&stage, &juliet()).len() + stored(&stage, &benvolio()).len(),
        550
    );
    // And back to the beginning.
    for peer in [juliet(), benvolio()] {
        stage.watch_other(0, peer.clone(), Anchor::Newest, 20);
        for _ in 0..40 {
            stage.extend(Toward::Older);
        }
        assert_eq!(stage.pages[0].window.older, Edge::End);
        // A window lets go of the newest when it is long.
        let all = bodies(&stage.server.archive, &peer);
        assert!(all.starts_with(&stage.bodies()), "{:?}", stage.bodies());
    }
    all_there(&stage);
    assert_eq!(stage.row().unread, 0);
}

#[test]
fn a_conversation_that_was_read_once_has_no_hole_after_a_month() {
    let mut stage = Stage::online();
    stage.server.archive = (1..=200).map(archived).collect();
    // Its newest page is fetched, and benvolio's is not.
    stage.watch(0, Anchor::Newest, 30);
    assert_eq!(stage.server.archive_queries, 1);
    stage.leave();
    stage.server.archive.extend((201..=450).map(archived));
    come_back(&mut stage);
    for peer in [juliet(), benvolio()] {
        stage.watch_other(0, peer.clone(), Anchor::Newest, 50);
        for _ in 0..40 {
            stage.extend(Toward::Older);
        }
        assert_eq!(stage.pages[0].window.older, Edge::End);
        assert_eq!(stored(&stage, &peer), bodies(&stage.server.archive, &peer));
    }
}

#[test]
fn what_another_device_answered_was_read() {
    let written = [
        (JULIET, "one"),
        (JULIET, "two"),
        (PHONE, "answer"),
        (JULIET, "three"),
    ];
    let archive = written
        .iter()
        .zip(1..)
        .map(|((from, body), n)| Archived::new(n, from, body));
    let mut stage = away(archive.clone().take(2));
    come_back(&mut stage);
    assert_eq!(stage.row().unread, 2);
    stage.leave();
    stage.server.archive = archive.collect();
    come_back(&mut stage);
    assert_eq!(stage.row().unread, 1);
    stage.watch(0, Anchor::Unread, 10);
    assert_eq!(stage.bodies(), ["one", "two", "answer", "three"]);
    let third = stage.pages[0].window.items[3].position;
    assert_eq!(stage.pages[0].window.unread_from, Some(third));
}

#[test]
fn what_comes_live_and_as_a_copy_and_from_the_archive_is_one() {
    let copies = |stage: &mut Stage| {
        let message = live(&archived(4));
        stage.server.deliver(&message);
        stage.server.deliver(&format!(
            "<message xmlns='jabber:client' from='romeo@example.org' to='romeo@example.org/orchard'>\
             <received xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'>{message}</forwarded></received></message>"
        ));
        stage.go();
    };
    let mut stage = away((1..=5).map(archived));
    come_back(&mut stage);
    copies(&mut stage);
    all_there(&stage);

    let mut stage = away((1..=5).map(archived));
    stage.server.holds_pages = true;
    come_back(&mut stage);
    copies(&mut stage);
    assert_eq!(stored(&stage, &juliet()), ["message 4"]);
    stage.leave();
    stage.server.holds_pages = false;
    come_back(&mut stage);
    copies(&mut stage);
    let mut stored = stored(&stage, &juliet());
    stored.sort();
    assert_eq!(stored, ["message 2", "message 3", "message 4"]);
    assert_eq!(stage.row().unread, 1);
}

#[test]
fn only_what_was_just_written_is_news() {
    let recent = |number, stamp: &str| Archived {
        stamp: stamp.into(),
        ..Archived::new(number, JULIET, stamp)
    };
    let mut stage = away([
        recent(1, "2025-12-31T22:00:00Z"),
        recent(2, "2025-12-31T23:58:00Z"),
        recent(3, "2025-12-31T23:59:00Z"),
        Archived {
            from: BENVOLIO,
            ..recent(4, "2025-12-31T22:30:00Z")
        },
    ]);
    stage.set(Setting::Notifications(true));
    stage.pages.remove(0).page.vanish();
    stage.attach(Attention::Hidden);
    come_back(&mut stage);
    let notes = stage.pages[0].notifications();
    assert_eq!(notes, ["juliet@example.org: 2025-12-31T23:59:00Z"]);
    assert_eq!(stage.row().unread, 3);
}

/// Also where our clock is behind, and all of it lies before us.
#[test]
fn a_night_is_no_news() {
    let night = |number, from: &'static str, stamp: &str| Archived {
        stamp: stamp.into(),
        ..Archived::new(number, from, stamp)
    };
    let mut stage = away([
        night(1, BENVOLIO, "2025-12-31T16:00:00Z"),
        night(2, JULIET, "2026-01-01T08:00:00Z"),
    ]);
    stage.set(Setting::Notifications(true));
    stage.pages.remove(0).page.vanish();
    stage.attach(Attention::Hidden);
    come_back(&mut stage);
    assert_eq!(stage.pages[0].notifications(), [""; 0]);
    assert_eq!(stage.row().unread, 1);
    assert_eq!(stage.pages[0].row(&benvolio()).unwrap().unread, 1);
}

/// As builds that did not catch up left their databases.
#[test]
fn a_store_without_a_cursor_has_no_hole_either() {
    let mut stage = away((1..=20).map(archived));
    come_back(&mut stage);
    all_there(&stage);
    stage.leave();
    stage.server.archive.extend((21..=250).map(archived));
    stage.disk.forget_cursor.set(true);
    let mut stage = stage.restart();
    stage.disk.forget_cursor.set(false);
    come_back(&mut stage);
    all_there(&stage);
    assert_eq!(stage.pages[0].row(&benvolio()).unwrap().unread, 63);
}

#[test]
fn a_resumed_session_missed_nothing_and_a_page_that_was_under_way_still_comes() {
    let mut stage = Stage::empty();
    stage.server.manages = Some(Memory::Session);
    stage.log_in(true).unwrap();
    stage.server.catch_ups = 0;
    stage.server.cut();
    stage.go();
    stage.tell(AccountCommand::Reconnect).unwrap();
    assert_eq!(stage.server.catch_ups, 0);
    // A new session, whose first page is cut in the middle, and goes on.
    stage.server.manages = Some(Memory::Nothing);
    stage.server.archive = (1..=150).map(archived).collect();
    stage.server.cut();
    stage.go();
    stage.server.cut_after = Some(50);
    stage.tell(AccountCommand::Reconnect).unwrap();
    stage.server.manages = Some(Memory::Session);
    stage.tell(AccountCommand::Reconnect).unwrap();
    stage.go();
    all_there(&stage);
}

#[test]
fn the_cursor_follows_what_is_live_after_a_while() {
    let mut stage = away([]);
    come_back(&mut stage);
    stage.pass(Duration::from_secs(220));
    for number in 1..=220 {
        let item = Archived::new(number, JULIET, &format!("message {number}"));
        stage.server.deliver(&live(&item));
        stage.server.archive.push(item);
        stage.go();
    }
    let cursor = stage.disk.cursor(stage.account).unwrap();
    assert_eq!(cursor.id.as_deref(), Some("a0200"));
    // As the session began, and once more some time after that.
    let asked_for = ["", "", "", "<before/>", "<before>a0101</before>"];
    assert_eq!(asked(&stage), asked_for);
    assert_eq!((stage.row().unread, stage.stored().len()), (220, 220));
}

#[test]
fn a_forged_delay_leads_no_further_back_than_the_cursor() {
    let mut stage = away((1..=20).map(archived));
    come_back(&mut stage);
    let cursor = stage.disk.cursor(stage.account).unwrap();
    assert!(cursor.time > Timestamp(0));
    stage.server.deliver(
        "<message xmlns='jabber:client' from='juliet@example.org/balcony' to='romeo@example.org' type='chat'>\
         <body>FORGED</body><delay xmlns='urn:xmpp:delay' from='example.org' stamp='2024-01-01T00:00:00Z'/></message>",
    );
    stage.go();
    assert_eq!(stored(&stage, &juliet()).last().unwrap(), "FORGED");
}

/// A message of juliet as it comes live, under the name that the archive has for it.
fn hear(stage: &mut Stage, number: u32, held: Option<&str>) {
    let delay = held.map_or(String::new(), |stamp| {
        format!("<delay xmlns='urn:xmpp:delay' from='example.org' stamp='{stamp}'/>")
    });
    stage.server.deliver(&format!(
        "<message xmlns='jabber:client' from='{JULIET}' to='romeo@example.org' type='chat' id='m{number}'>\
         <body>message {number}</body><stanza-id xmlns='urn:xmpp:sid:0' by='romeo@example.org' id='a{number:04}'/>{delay}\
         </message>"
    ));
    stage.go();
}

/// What the archive has of juliet at that time.
fn dated(number: u32, stamp: &str) -> Archived {
    Archived {
        stamp: stamp.to_owned(),
        ..Archived::new(number, JULIET, &format!("message {number}"))
    }
}

/// What the archive has of what was written here.
fn archive_own(stage: &mut Stage, stamp: &str) {
    for (origin, body) in stage.server.take_messages() {
        stage.server.archive.push(Archived {
            id: format!("own {origin}"),
            stamp: stamp.to_owned(),
            origin: Some(origin),
            ..Archived::new(0, "romeo@example.org/orchard", &body)
        });
    }
}

#[test]
fn what_was_written_offline_stands_where_the_archive_has_it_and_what_came_before_it_is_unread() {
    let mut stage = Stage::online();
    stage.leave();
    stage.watch(0, Anchor::Newest, 50);
    stage.say("written offline");
    let own = stage.pages[0].window.items[0].id;
    stage.server.archive.push(dated(1, "2026-01-01T00:00:20Z"));
    stage.pass(Duration::from_secs(60));
    come_back(&mut stage);
    archive_own(&mut stage, "2026-01-01T00:01:00Z");
    stage.reconnect();
    assert_eq!(stage.bodies(), ["message 1", "written offline"]);
    assert_eq!(stage.stored_bodies(), ["message 1", "written offline"]);
    assert_eq!(stage.pages[0].window.items[1].id, own, "the same item");
    assert_eq!(stage.row().unread, 1, "nobody has seen it");
    assert_eq!(stage.row().latest.unwrap().text, "written offline");
}

#[test]
fn what_was_read_stays_read_where_the_archive_has_it_at_another_time() {
    for (clock, stamp) in [
        ("ahead", "2025-12-31T23:50:00Z"),
        ("behind", "2026-01-01T00:10:00Z"),
    ] {
        let mut stage = Stage::online();
        hear(&mut stage, 1, None);
        hear(&mut stage, 2, None);
        let read = stage.stored()[1].clone();
        stage.tell(AccountCommand::mark_read(&read)).unwrap();
        assert_eq!(stage.row().unread, 0);
        hear(&mut stage, 3, None);
        // The fourth was missed.
        stage.server.archive = (1..=4).map(|number| dated(number, stamp)).collect();
        stage.reconnect();
        let all = ["message 1", "message 2", "message 3", "message 4"];
        assert_eq!(stage.stored_bodies(), all, "our clock is {clock}");
        assert_eq!(stage.row().unread, 2, "our clock is {clock}");
        hear(&mut stage, 5, None);
        let five = [&all[..], &["message 5"]].concat();
        assert_eq!(stage.stored_bodies(), five, "our clock is {clock}");
        assert_eq!(stage.row().unread, 3);
        let other = |number| dated(number, &stamp.replace(":00Z", ":30Z"));
        // One that was missed before it, and one after it.
        stage.server.archive.extend([6, 5, 7].map(other));
        stage.reconnect();
        let all = [&all[..], &["message 6", "message 5", "message 7"]].concat();
        assert_eq!(stage.stored_bodies(), all, "our clock is {clock}");
        assert_eq!(stage.row().unread, 5);
    }
}

#[test]
fn what_no_archive_holds_and_was_read_takes_nothing_with_it_that_was_missed() {
    let mut stage = Stage::online();
    hear(&mut stage, 1, None);
    let read = stage.stored()[0].clone();
    stage.tell(AccountCommand::mark_read(&read)).unwrap();
    stage.leave();
    stage.server.archive.push(dated(2, "2026-01-01T00:10:00Z"));
    come_back(&mut stage);
    assert_eq!(stage.stored_bodies(), ["message 1", "message 2"]);
    assert_eq!(stage.row().unread, 1);
}

#[test]
fn what_a_server_held_back_comes_after_what_was_heard_in_its_second_whatever_was_written_since() {
    let mut stage = Stage::online();
    stage.pass(Duration::from_millis(300));
    hear(&mut stage, 1, None);
    hear(&mut stage, 2, None);
    stage.leave();
    stage.pass(Duration::from_secs(5));
    stage.say("later");
    come_back(&mut stage);
    let second = stage.stored()[0].position.time.0.div_euclid(1_000) * 1_000;
    let stamp = waxwing::xmpp::stanza::stamp::format(Timestamp(second));
    hear(&mut stage, 3, Some(&stamp));
    hear(&mut stage, 4, Some(&stamp));
    let all = ["message 1", "message 2", "message 3", "message 4", "later"];
    assert_eq!(stage.stored_bodies(), all);
}

#[test]
fn what_was_refused_stays_where_it_was_written() {
    let mut stage = Stage::online();
    stage.watch(0, Anchor::Newest, 50);
    stage.say("refused");
    let (origin, _) = stage.server.take_messages().remove(0);
    stage.refuse(&origin, "cancel", "service-unavailable");
    stage.leave();
    stage.pass(Duration::from_secs(60));
    stage.server.archive.push(dated(1, "2026-01-01T00:00:40Z"));
    come_back(&mut stage);
    assert_eq!(stage.bodies(), ["refused", "message 1"]);
    assert_eq!(stage.row().latest.unwrap().text, "message 1");
}

#[test]
fn what_is_archived_late_in_a_new_conversation_is_unread_when_that_is_opened() {
    let from = |number, from| Archived::new(number, from, "text");
    let mut stage = Stage::empty();
    stage.server.archive = [30, 60].map(|number| from(number, JULIET)).into();
    stage.log_in(true).unwrap();
    // One lies before all that was told, and two do not.
    let late = [3, 33, 36].map(|number| from(number, BENVOLIO));
    stage.server.archive.extend(late);
    stage.server.archive.sort_by_key(|item| item.id.clone());
    stage.watch_other(0, benvolio(), Anchor::Newest, 10);
    assert_eq!(stage.bodies().len(), 3);
    assert_eq!(stage.pages[0].row(&benvolio()).unwrap().unread, 2);
}

/// Romeo has read what lies above a gap, and what came after that, which the archive does not hold.
fn above_a_gap() -> Stage {
    let from = |number, from| Archived::new(number, from, &format!("message {number}"));
    let told = (1..=3).map(|number| from(number, BENVOLIO));
    let mut stage = away(told.chain((4..=12).map(|number| from(number, JULIET))));
    stage.server.page_size = Some(3);
    stage.server.catch_ups_left = Some(2);
    come_back(&mut stage);
    hear(&mut stage, 13, None);
    let read = stage.stored().last().unwrap().clone();
    stage.tell(AccountCommand::mark_read(&read)).unwrap();
    assert_eq!((stage.stored().len(), stage.row().unread), (4, 0));
    stage.leave();
    stage
}

#[test]
fn what_was_read_above_a_gap_takes_nothing_with_it_that_a_page_of_history_brings_before_catch_up() {
    let mut stage = above_a_gap();
    stage.server.catch_ups_left = Some(0);
    come_back(&mut stage);
    stage.watch(0, Anchor::Newest, 50);
    // Once too often is better than never.
    assert_eq!(stage.row().unread, 6);
    let bodies = stage.stored_bodies();
    assert_eq!((bodies[0].as_str(), bodies.len()), ("message 13", 7));
}

#[test]
fn what_was_read_above_a_gap_takes_nothing_with_it_that_came_since() {
    let mut stage = above_a_gap();
    let missed = [20, 21].map(|number| dated(number, "2025-12-31T20:00:00Z"));
    stage.server.archive.extend(missed);
    stage.server.catch_ups_left = Some(1);
    come_back(&mut stage);
    assert_eq!(stage.row().unread, 2);
    let last = stage.stored_bodies().split_off(3);
    assert_eq!(last, ["message 13", "message 20", "message 21"]);
}
