//! Every kind of message in every way it can come.

use waxwing::boundary::change::{Edge, Reply};
use waxwing::boundary::command::{AccountCommand, Anchor, Command, Toward};
use waxwing::entity::id::ItemId;
use waxwing::entity::message::{Delivery, Direction};
use waxwing::entity::problem::Problem;

use crate::support::managed::Memory;
use crate::support::server::{Archived, Server};
use crate::support::{Stage, address, juliet, send};
use waxwing::platform::fake::World;

/// A live message from juliet; `names` are its children.
fn live(id: &str, body: &str, names: &str) -> String {
    format!(
        "<message xmlns='jabber:client' from='juliet@example.org/balcony' to='romeo@example.org' type='chat' id='{id}'>\
         <body>{body}</body>{names}</message>"
    )
}

fn stanza_id(id: &str) -> String {
    format!("<stanza-id xmlns='urn:xmpp:sid:0' by='romeo@example.org' id='{id}'/>")
}

fn delay(stamp: &str) -> String {
    format!("<delay xmlns='urn:xmpp:delay' from='example.org' stamp='{stamp}'/>")
}

/// Everything agrees: what the window shows is what is stored.
fn check(stage: &mut Stage, expected: &[&str]) {
    stage.watch(0, Anchor::Newest, 50);
    assert_eq!(stage.bodies(), expected);
    assert_eq!(stage.stored_bodies(), expected);
}

#[test]
fn live_once() {
    let mut stage = Stage::online();
    stage.watch(0, Anchor::Newest, 50);
    stage.server.deliver(&live("m1", "art thou", ""));
    stage.go();
    assert_eq!(stage.bodies(), ["art thou"]);
    assert_eq!(stage.row().unread, 1);
    assert_eq!(stage.row().name, "juliet@example.org");
    check(&mut stage, &["art thou"]);
}

#[test]
fn what_is_read_and_half_typed_in_the_moment_of_logging_out_is_kept() {
    let mut stage = Stage::online();
    stage.server.deliver(&live("m1", "one", ""));
    stage.go();
    let read = AccountCommand::mark_read(&stage.stored()[0]);
    let draft = AccountCommand::SaveDraft {
        conversation: juliet(),
        text: "but soft".into(),
    };
    stage.server.refuses = true;
    stage.server.cut();
    stage.go();
    for command in [read, draft, AccountCommand::LogOut { erase: false }] {
        let command = Command::Account(stage.account, command);
        stage.pages[0].page.wish(0, command);
    }
    stage.go();
    stage.server.refuses = false;
    stage.log_in(true).unwrap();
    assert_eq!(stage.row().draft, "but soft");
    assert_eq!(stage.row().unread, 0);
}

#[test]
fn what_was_sent_is_no_draft_any_more_whatever_becomes_of_the_page() {
    let mut stage = Stage::online();
    let draft = |text: &str| AccountCommand::SaveDraft {
        conversation: juliet(),
        text: text.into(),
    };
    stage.tell(draft("but soft")).unwrap();
    assert_eq!(stage.row().draft, "but soft");
    stage.say("but soft");
    assert_eq!(stage.row().draft, "");
    let mut stage = stage.restart();
    assert_eq!(stage.row().draft, "");

    // What is written after it, in the same moment, is a draft.
    let (account, page) = (stage.account, &stage.pages[0].page);
    let send = send("what light");
    page.wish(0, Command::Account(account, send));
    page.wish(0, Command::Account(account, draft("through yonder")));
    stage.go();
    assert_eq!(stage.row().draft, "through yonder");
    let stage = stage.restart();
    assert_eq!(stage.row().draft, "through yonder");
}

#[test]
fn live_twice() {
    let mut stage = Stage::online();
    let message = live("m1", "once", &stanza_id("a1"));
    stage.server.deliver(&message);
    stage.server.deliver(&message);
    check(&mut stage, &["once"]);
    stage.server.deliver(&message);
    check(&mut stage, &["once"]);
    assert_eq!(stage.row().unread, 1);
}

#[test]
fn live_then_from_the_archive() {
    let mut stage = Stage::online();
    stage
        .server
        .deliver(&live("m1", "one", &stanza_id("a0001")));
    stage.go();
    stage.server.archive = vec![Archived::new(1, "juliet@example.org/balcony", "one")];
    check(&mut stage, &["one"]);
    assert_eq!(stage.server.archive_queries, 1);
    assert_eq!(stage.row().unread, 1);
}

#[test]
fn from_the_archive_then_late_and_after_a_restart() {
    let mut stage = Stage::empty();
    stage.server.archive = vec![
        Archived::new(1, "juliet@example.org/balcony", "one"),
        Archived::new(2, "juliet@example.org/balcony", "two"),
    ];
    stage.log_in(true).unwrap();
    let open = AccountCommand::OpenConversation("juliet@example.org".into());
    assert_eq!(stage.tell(open), Ok(Reply::Address(juliet())));
    stage.watch(0, Anchor::Newest, 50);
    assert_eq!(stage.bodies(), ["one", "two"]);
    assert_eq!(stage.row().unread, 0, "history was not missed");
    let ids = stage.pages[0].window.ids();
    let stamp = stage.server.archive[0].stamp.clone();
    let late = live(
        "m1",
        "one",
        &format!("{}{}", stanza_id("a0001"), delay(&stamp)),
    );
    stage.server.deliver(&late);
    check(&mut stage, &["one", "two"]);
    // Another life: memory is gone, only the store can tell.
    let mut stage = stage.restart();
    stage.server.deliver(&late);
    check(&mut stage, &["one", "two"]);
    assert_eq!(stage.pages[0].window.ids(), ids);
    assert_eq!(stage.row().unread, 0);
}

#[test]
fn what_nobody_told_us_of_and_history_holds_is_unread() {
    let mut stage = Stage::online();
    stage.server.archive = vec![Archived::new(1, "juliet@example.org/balcony", "one")];
    let open = AccountCommand::OpenConversation("juliet@example.org".into());
    assert_eq!(stage.tell(open), Ok(Reply::Address(juliet())));
    stage.watch(0, Anchor::Newest, 50);
    assert_eq!(stage.bodies(), ["one"]);
    assert_eq!(stage.row().unread, 1, "the archive was empty at log-in");
}

#[test]
fn late_ones_stand_where_they_belong() {
    let mut stage = Stage::online();
    stage.server.deliver(&live("m1", "now", ""));
    stage.go();
    stage
        .server
        .deliver(&live("m2", "yesterday", &delay("2025-12-31T10:00:00Z")));
    check(&mut stage, &["yesterday", "now"]);
    assert_eq!(stage.row().latest.unwrap().text, "now");
}

#[test]
fn a_late_one_of_the_same_second_comes_after_what_was_heard_in_it() {
    let mut stage = Stage::online();
    stage.pass(std::time::Duration::from_millis(250));
    assert_ne!(stage.world.now().wall.0 % 1_000, 0);
    stage.server.deliver(&live("m1", "one", ""));
    stage.go();
    let second = stage.world.now().wall.0 / 1_000 % 60;
    let stamp = delay(&format!("2026-01-01T00:00:{second:02}Z"));
    stage.pass(std::time::Duration::from_secs(1));
    stage.server.deliver(&live("m2", "two", &stamp));
    stage.server.deliver(&live("m3", "three", &stamp));
    check(&mut stage, &["one", "two", "three"]);
}

#[test]
fn what_is_sent_again_after_a_resumption_stays_behind_what_came_before() {
    let mut stage = Stage::empty();
    stage.server.manages = Some(Memory::Session);
    stage.log_in(true).unwrap();
    stage.pass(std::time::Duration::from_secs(10));
    let second = stage.world.now().wall.0 / 1_000 % 60 - 5;
    // Five seconds under way on a slow network.
    stage.server.deliver(&live("m1", "one", ""));
    stage.go();
    stage.server.cut();
    stage.go();
    stage.tell(AccountCommand::Reconnect).unwrap();
    let sent_again = delay(&format!("2026-01-01T00:00:{second:02}Z"));
    stage.server.deliver(&live("m2", "two", &sent_again));
    stage.server.deliver(&live("m3", "three", &sent_again));
    stage.go();
    stage.server.deliver(&live("m4", "four", ""));
    check(&mut stage, &["one", "two", "three", "four"]);
}

#[test]
fn an_answer_to_a_closed_conversation_opens_it() {
    let mut stage = Stage::online();
    stage.server.deliver(&live("m1", "one", ""));
    stage.go();
    assert_eq!(
        stage.tell(AccountCommand::CloseConversation(juliet())),
        Ok(Reply::Done)
    );
    assert_eq!(stage.pages[0].row(&juliet()), None);
    let mut stage = stage.restart();
    assert_eq!(stage.pages[0].row(&juliet()), None);
    stage.server.deliver(&live("m2", "two", ""));
    check(&mut stage, &["one", "two"]);
    assert_eq!(stage.row().unread, 2);
}

#[test]
fn own_echo_one_commit_before_the_wire() {
    let mut stage = Stage::online();
    stage.watch(0, Anchor::Newest, 50);
    stage.server.silent = true;
    let before = stage.disk.commits.get();
    stage.say("but soft");
    assert_eq!(stage.disk.commits.get() - before, 1);
    assert_eq!(stage.bodies(), ["but soft"]);
    let shown = &stage.pages[0].window.items[0];
    assert_eq!(shown.delivery, Delivery::Sending);
    assert_eq!(shown.direction, Direction::Outgoing);
    let sent = stage.server.take_messages();
    assert_eq!(
        sent,
        [(shown.ids.origin.clone().unwrap(), "but soft".to_owned())]
    );
    assert_eq!(stage.stored().len(), 1);
}

#[test]
fn nothing_is_sent_or_shown_before_it_is_stored() {
    let mut stage = Stage::online();
    stage.watch(0, Anchor::Newest, 50);
    stage.disk.gate.shut();
    let send = send("but soft");
    assert_eq!(stage.ask(Command::Account(stage.account, send)), None);
    stage.server.deliver(&live("m1", "ay me", ""));
    stage.go();
    assert!(stage.server.take_messages().is_empty());
    assert!(stage.bodies().is_empty());
    stage.disk.gate.open();
    stage.go();
    assert_eq!(stage.server.take_messages().len(), 1);
    assert_eq!(stage.bodies(), ["but soft", "ay me"]);
}

#[test]
fn own_from_echo_to_archive_it_is_one_item() {
    let mut stage = Stage::online();
    stage.say("but soft");
    let (origin, _) = stage.server.take_messages().remove(0);
    stage.server.archive = vec![Archived {
        origin: Some(origin),
        ..Archived::new(1, "romeo@example.org/orchard", "but soft")
    }];
    stage.watch(0, Anchor::Newest, 50);
    stage.go();
    let shown = &stage.pages[0].window.items;
    assert_eq!(shown.len(), 1);
    assert_eq!(shown[0].delivery, Delivery::Sent);
    assert_eq!(stage.stored()[0].ids.archive.as_deref(), Some("a0001"));
    check(&mut stage, &["but soft"]);
}

/// A note to oneself: the server delivers what it was given, also to this very device.
#[test]
fn what_one_writes_to_oneself_is_there_once_and_is_not_news() {
    let me = || address("romeo@example.org");
    let mut stage = Stage::online();
    let note = |body: &str| AccountCommand::SendMessage {
        to: me(),
        body: body.into(),
        id: ItemId(77),
        again: false,
    };
    stage.tell(note("buy poison")).unwrap();
    let (origin, _) = stage.server.take_messages().remove(0);
    let comes = |from: &str, id: &str, body: &str, archived: &str| {
        format!(
            "<message xmlns='jabber:client' from='romeo@example.org/{from}' to='romeo@example.org' type='chat' id='{id}'>\
             <body>{body}</body><origin-id xmlns='urn:xmpp:sid:0' id='{id}'/>{}</message>",
            stanza_id(archived)
        )
    };
    let own = comes("orchard", &origin, "buy poison", "a0001");
    stage.server.deliver(&own);
    stage.server.deliver(&carbon("sent", &own));
    // And what the phone notes.
    let phones = comes("phone", "p1", "or not", "a0002");
    stage.server.deliver(&phones);
    stage.server.deliver(&carbon("received", &phones));
    stage.go();
    let both = |stage: &mut Stage| {
        stage.watch_other(0, me(), Anchor::Newest, 50);
        assert_eq!(stage.bodies(), ["buy poison", "or not"]);
        assert_eq!(stage.pages[0].row(&me()).unwrap().unread, 0);
        let items = &stage.pages[0].window.items;
        assert!(items.iter().all(|item| item.delivery == Delivery::Sent));
    };
    both(&mut stage);
    assert!(stage.pages[0].notifications().is_empty());
    stage.server.archive = vec![
        Archived {
            origin: Some(origin),
            to: "romeo@example.org",
            ..Archived::new(1, "romeo@example.org/orchard", "buy poison")
        },
        Archived {
            origin: Some("p1".into()),
            to: "romeo@example.org",
            ..Archived::new(2, "romeo@example.org/phone", "or not")
        },
    ];
    let mut stage = stage.restart();
    stage.go();
    both(&mut stage);
}

#[test]
fn own_of_another_device_comes_from_the_archive() {
    let mut stage = Stage::online();
    stage.server.archive = vec![Archived::new(1, "romeo@example.org/phone", "from afar")];
    check(&mut stage, &["from afar"]);
    assert_eq!(stage.stored()[0].direction, Direction::Outgoing);
}

#[test]
fn own_written_offline_is_sent_once_even_after_a_restart() {
    let mut stage = Stage::online();
    stage.server.refuses = true;
    stage.server.cut();
    stage.go();
    stage.say("one");
    stage.say("two");
    check(&mut stage, &["one", "two"]);
    let mut stage = stage.restart();
    assert!(stage.server.take_messages().is_empty());
    stage.server.refuses = false;
    assert_eq!(stage.tell(AccountCommand::Reconnect), Ok(Reply::Done));
    stage.go();
    let sent: Vec<_> = stage
        .server
        .take_messages()
        .into_iter()
        .map(|(_, body)| body)
        .collect();
    assert_eq!(sent, ["one", "two"]);
    check(&mut stage, &["one", "two"]);
    let all_sent = stage
        .stored()
        .iter()
        .all(|message| message.delivery == Delivery::Sent);
    assert!(all_sent, "{:?}", stage.stored());
    let mut stage = stage.restart();
    stage.go();
    assert!(stage.server.take_messages().is_empty(), "sent again");
}

#[test]
fn own_refused_can_be_sent_again_or_deleted() {
    let mut stage = Stage::online();
    stage.watch(0, Anchor::Newest, 50);
    stage.say("one");
    stage.say("two");
    let refuse = |stage: &mut Stage| {
        for (origin, _) in stage.server.take_messages() {
            stage.refuse(&origin, "cancel", "item-not-found");
        }
    };
    refuse(&mut stage);
    let failed = |stage: &Stage| -> Vec<bool> {
        let items = stage.pages[0].window.items.iter();
        items
            .map(|item| matches!(item.delivery, Delivery::Failed(_)))
            .collect()
    };
    assert_eq!(failed(&stage), [true, true]);
    let ids = stage.pages[0].window.ids();
    assert_eq!(
        stage.tell(AccountCommand::RetryMessage(juliet(), ids[0])),
        Ok(Reply::Done)
    );
    assert_eq!(stage.server.take_messages().len(), 1);
    assert_eq!(
        stage.tell(AccountCommand::DeleteMessage(juliet(), ids[1])),
        Ok(Reply::Done)
    );
    stage.go();
    assert_eq!(stage.bodies(), ["one"]);
    assert_eq!(failed(&stage), [false]);
    assert_eq!(stage.row().latest.unwrap().text, "one");
    // What is on its way, or arrived, cannot be deleted.
    assert_eq!(
        stage.tell(AccountCommand::DeleteMessage(juliet(), ids[0])),
        Ok(Reply::Done)
    );
    check(&mut stage, &["one"]);
}

#[test]
fn what_servers_would_refuse_is_refused_here() {
    let mut stage = Stage::online();
    let long = send(&"x".repeat(100_000));
    assert_eq!(stage.tell(long), Err(Problem::TooLong));
    let blank = send(" \n ");
    assert_eq!(stage.tell(blank), Ok(Reply::Done));
    assert!(stage.server.take_messages().is_empty());
    assert!(stage.stored().is_empty());
}

#[test]
fn the_whole_history_can_be_scrolled_without_doubles() {
    let mut stage = Stage::online();
    stage.server.archive = (1..=230)
        .map(|number| {
            Archived::new(
                number,
                "juliet@example.org/balcony",
                &format!("message {number}"),
            )
        })
        .collect();
    stage.watch(0, Anchor::Newest, 30);
    assert_eq!(stage.bodies().len(), 50, "the archive's first page");
    assert_eq!(stage.bodies()[49], "message 230");
    for _ in 0..20 {
        stage.extend(Toward::Older);
    }
    assert_eq!(stage.pages[0].window.older, Edge::End);
    let expected: Vec<_> = (1..=230)
        .map(|number| format!("message {number}"))
        .collect();
    assert_eq!(stage.bodies(), expected);
    assert_eq!(stage.stored_bodies(), expected);
    // And back: the store alone.
    let queries = stage.server.archive_queries;
    stage.watch(0, Anchor::Newest, 10);
    for _ in 0..30 {
        stage.extend(Toward::Older);
    }
    assert_eq!(stage.bodies()[0], "message 1");
    assert_eq!(stage.bodies().len(), 80);
    assert_eq!(stage.pages[0].window.newer, Edge::More);
    for _ in 0..30 {
        stage.extend(Toward::Newer);
    }
    assert_eq!(stage.bodies()[79], "message 230");
    assert_eq!(stage.pages[0].window.newer, Edge::End);
    assert_eq!(stage.server.archive_queries, queries);
}

#[test]
fn history_that_cannot_be_had_now_says_so_and_comes_later() {
    let mut stage = Stage::online();
    stage.server.archive = vec![Archived::new(1, "juliet@example.org/balcony", "of old")];
    stage.server.refuses = true;
    stage.server.cut();
    stage.go();
    stage.watch(0, Anchor::Newest, 30);
    assert_eq!(stage.pages[0].window.older, Edge::Failed(Problem::Offline));
    stage.server.refuses = false;
    stage.tell(AccountCommand::Reconnect).unwrap();
    stage.go();
    assert_eq!(stage.bodies(), ["of old"]);
    assert_eq!(stage.pages[0].window.older, Edge::End);
}

#[test]
fn the_first_unread_stays_marked_while_one_reads() {
    let mut stage = Stage::online();
    for number in 1..=3 {
        stage
            .server
            .deliver(&live(&format!("m{number}"), &number.to_string(), ""));
        stage.go();
    }
    stage.watch(0, Anchor::Unread, 10);
    let items = stage.pages[0].window.items.clone();
    assert_eq!(stage.pages[0].window.unread_from, Some(items[0].position));
    let read = |stage: &mut Stage, at: usize| {
        let read = AccountCommand::mark_read(&items[at]);
        assert_eq!(stage.tell(read), Ok(Reply::Done));
        stage.row().unread
    };
    assert_eq!(read(&mut stage, 1), 1);
    assert_eq!(read(&mut stage, 0), 1, "what was seen stays seen");
    assert_eq!(read(&mut stage, 2), 0);
    assert_eq!(stage.pages[0].window.unread_from, Some(items[0].position));
    let mut stage = stage.restart();
    assert_eq!(stage.row().unread, 0);
    stage.watch(0, Anchor::Unread, 10);
    assert_eq!(stage.pages[0].window.unread_from, None);
}

#[test]
fn two_thousand_at_once_are_all_stored_and_shown_in_few_changes() {
    let mut stage = Stage::online();
    stage.watch(0, Anchor::Newest, 50);
    stage.go();
    stage.pages[0].changes.clear();
    let before = stage.disk.commits.get();
    for number in 1..=2_000 {
        stage.server.deliver(&live(
            &format!("m{number}"),
            &format!("message {number}"),
            "",
        ));
    }
    stage.go();
    stage.go();
    assert_eq!(stage.stored_bodies().len(), 2_000);
    assert_eq!(stage.bodies().last().unwrap(), "message 2000");
    assert_eq!(stage.row().unread, 2_000);
    assert!(
        stage.disk.commits.get() - before <= 5,
        "{} commits",
        stage.disk.commits.get() - before
    );
    let changes = stage.pages[0].changes.len();
    assert!(changes <= 10, "{changes} changes");
}

#[test]
fn a_full_disk_loses_nothing_that_was_shown() {
    let mut stage = Stage::online();
    stage.say("on disk");
    stage.disk.fails.set(true);
    stage.say("in memory");
    assert_eq!(stage.server.take_messages().len(), 2);
    stage.server.deliver(&live("m1", "heard", ""));
    stage.go();
    let told = stage.pages[0].changes.iter().any(|change| {
        matches!(
            change,
            waxwing::boundary::change::Change::Device(Some(Problem::StorageFull))
        )
    });
    assert!(told);
    stage.watch(0, Anchor::Newest, 50);
    assert_eq!(stage.bodies(), ["on disk", "in memory", "heard"]);
}

#[test]
fn without_any_disk_people_can_still_talk() {
    let disk = std::rc::Rc::new(crate::support::Disk::default());
    disk.fails.set(true);
    let mut stage = Stage::on(World::default(), disk, Server::default());
    stage.log_in(true).unwrap();
    stage.say("hello");
    stage.watch(0, Anchor::Newest, 50);
    assert_eq!(stage.bodies(), ["hello"]);
    let told = stage.pages[0].changes.iter().any(|change| {
        matches!(
            change,
            waxwing::boundary::change::Change::Device(Some(Problem::NoStorage))
        )
    });
    assert!(told);
}

#[test]
fn a_draft_is_kept() {
    let mut stage = Stage::online();
    let draft = AccountCommand::SaveDraft {
        conversation: juliet(),
        text: "o rom".into(),
    };
    assert_eq!(
        stage.tell(AccountCommand::OpenConversation(
            " Juliet@example.org/x ".into()
        )),
        Ok(Reply::Address(juliet()))
    );
    assert_eq!(stage.tell(draft), Ok(Reply::Done));
    let stage = stage.restart();
    assert_eq!(stage.row().draft, "o rom");
}

#[test]
fn a_nonsense_conversation_is_refused() {
    let mut stage = Stage::online();
    let answer = stage.ask(Command::Account(
        stage.account,
        AccountCommand::OpenConversation("@".into()),
    ));
    assert_eq!(answer, Some(Err(Problem::InvalidAddress)));
}

/// What our server tells of another device of ours.
fn carbon(name: &str, message: &str) -> String {
    format!(
        "<message xmlns='jabber:client' from='romeo@example.org' to='romeo@example.org/orchard'>\
         <{name} xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'>{message}</forwarded></{name}></message>"
    )
}

/// A message of another device of ours.
fn elsewhere(id: &str, body: &str, names: &str) -> String {
    live(id, body, names)
        .replace(
            "from='juliet@example.org/balcony'",
            "from='romeo@example.org/phone'",
        )
        .replace("to='romeo@example.org'", "to='juliet@example.org'")
}

#[test]
fn carbon_of_what_another_device_sent() {
    let mut stage = Stage::online();
    stage
        .server
        .deliver(&live("m1", "art thou", &stanza_id("a0001")));
    stage.go();
    assert_eq!(stage.row().unread, 1);
    let sent = elsewhere("m2", "by the hour", &stanza_id("a0002"));
    stage.server.deliver(&carbon("sent", &sent));
    check(&mut stage, &["art thou", "by the hour"]);
    let answer = stage.pages[0].window.items[1].clone();
    assert_eq!(
        (answer.direction, answer.delivery),
        (Direction::Outgoing, Delivery::Sent)
    );
    // Who answers has read.
    assert_eq!(stage.row().unread, 0);
    // The same from the archive, and once more.
    stage.server.deliver(&carbon("sent", &sent));
    let mut archived = Archived::new(2, "romeo@example.org/phone", "by the hour");
    archived.id = "a0002".to_owned();
    let first = Archived::new(1, "juliet@example.org/balcony", "art thou");
    stage.server.archive = vec![first, archived];
    let mut stage = stage.restart();
    check(&mut stage, &["art thou", "by the hour"]);
}

#[test]
fn carbon_of_what_another_device_received_and_the_same_live() {
    let mut stage = Stage::online();
    let message = live("m1", "art thou", &stanza_id("a0001"));
    stage.server.deliver(&carbon("received", &message));
    stage.server.deliver(&message);
    check(&mut stage, &["art thou"]);
    assert_eq!(stage.row().unread, 1);
}

#[test]
fn carbon_of_an_older_message_reads_only_what_came_before_it() {
    let mut stage = Stage::online();
    stage
        .server
        .deliver(&live("m1", "one", &delay("2025-12-31T10:00:00Z")));
    stage.server.deliver(&live("m2", "two", ""));
    stage.go();
    assert_eq!(stage.row().unread, 2);
    let sent = elsewhere("m3", "between", &delay("2025-12-31T11:00:00Z"));
    stage.server.deliver(&carbon("sent", &sent));
    check(&mut stage, &["one", "between", "two"]);
    assert_eq!(stage.row().unread, 1);
    assert_eq!(stage.row().latest.unwrap().text, "two");
}

/// A message of juliet, named by herself and by our archive.
fn named(who: &str, body: &str, archive: &str) -> String {
    let names = format!(
        "<origin-id xmlns='urn:xmpp:sid:0' id='o1'/>{}",
        stanza_id(archive)
    );
    live("m1", body, &names).replace("juliet@", who)
}

#[test]
fn what_the_other_sent_again_in_doubt_is_one_message_though_the_archive_has_two() {
    let mut stage = Stage::online();
    stage.server.deliver(&named("juliet@", "once", "a1"));
    stage.server.deliver(&named("juliet@", "once", "a2"));
    check(&mut stage, &["once"]);
    assert_eq!(stage.row().unread, 1);
    // Another life: only the store can tell.
    let mut stage = stage.restart();
    let again = named("juliet@", "once", "a3");
    let late = again.replace(
        "<body>",
        &format!("{}<body>", delay("2025-12-31T10:00:00Z")),
    );
    stage.server.deliver(&late);
    check(&mut stage, &["once"]);
    // With another text it is another message, whatever it is called.
    stage.server.deliver(&named("juliet@", "other", "a4"));
    check(&mut stage, &["once", "other"]);
}

#[test]
fn nobody_makes_anothers_message_one_with_his_own() {
    for first in ["juliet@", "mallory@"] {
        let mut stage = Stage::online();
        let second = if first == "juliet@" {
            "mallory@"
        } else {
            "juliet@"
        };
        stage.server.deliver(&named(first, "once", "a1"));
        stage.server.deliver(&named(second, "once", "a2"));
        check(&mut stage, &["once"]);
        stage.watch_other(0, address("mallory@example.org"), Anchor::Newest, 50);
        assert_eq!(stage.bodies(), ["once"]);
    }
}
