//! A disk that fails, and works again.

use std::rc::Rc;
use std::time::Duration;

use waxwing::boundary::change::{Change, Edge, Reply};
use waxwing::boundary::command::{AccountCommand, Anchor, Attention, Command, Toward};
use waxwing::entity::account::Connection;
use waxwing::entity::id::ItemId;
use waxwing::entity::problem::Problem;
use waxwing::entity::settings::{Setting, Settings, Theme};
use waxwing::platform::fake::World;
use waxwing::store::Standing;

use crate::support::server::{Archived, Server};
use crate::support::{Disk, Stage, address, juliet};

const JULIET: &str = "juliet@example.org/balcony";

/// One, two and three come, and are archived.
fn converse(stage: &mut Stage) {
    for (number, body) in [(1, "one"), (2, "two"), (3, "three")] {
        stage.server.deliver(&format!(
            "<message xmlns='jabber:client' from='{JULIET}' to='romeo@example.org' type='chat' id='m{number}'>\
             <body>{body}</body><stanza-id xmlns='urn:xmpp:sid:0' by='romeo@example.org' id='a{number:04}'/></message>"
        ));
        let item = Archived::new(number, JULIET, body);
        stage.server.archive.push(item);
    }
    stage.go();
}

#[test]
fn a_disk_that_works_again_gets_what_it_missed_and_nobody_is_told_any_more() {
    let mut stage = Stage::online();
    stage.say("before");
    stage.disk.fails.set(true);
    stage.say("meanwhile");
    assert_eq!(stage.disk_problem(), Some(Problem::StorageFull));
    stage.pass(Duration::from_secs(6));
    assert_eq!(stage.disk_problem(), Some(Problem::StorageFull));
    assert_eq!(stage.stored_bodies(), ["before"]);
    stage.disk.fails.set(false);
    stage.pass(Duration::from_secs(20));
    assert_eq!(stage.disk_problem(), None);
    assert_eq!(stage.stored_bodies(), ["before", "meanwhile"]);
    stage.say("after");
    let mut stage = stage.restart();
    stage.watch(0, Anchor::Newest, 10);
    assert_eq!(stage.bodies(), ["before", "meanwhile", "after"]);
}

#[test]
fn who_logs_out_and_keeps_the_history_keeps_what_the_disk_has_missed() {
    let mut stage = Stage::online();
    stage.disk.fails.set(true);
    stage.say("farewell");
    stage.disk.fails.set(false);
    let log_out = AccountCommand::LogOut { erase: false };
    assert_eq!(stage.tell(log_out), Ok(Reply::Done));
    assert_eq!(stage.stored_bodies(), ["farewell"]);
}

#[test]
fn settings_that_cannot_be_kept_are_told_and_kept_later() {
    let mut stage = Stage::online();
    stage.disk.fails.set(true);
    let dark = Settings {
        theme: Theme::Dark,
        ..Settings::default()
    };
    let answer = stage.ask(Command::Set(Setting::Theme(Theme::Dark)));
    assert_eq!(answer, Some(Err(Problem::StorageFull)));
    assert_eq!(stage.disk_problem(), Some(Problem::StorageFull));
    stage.disk.fails.set(false);
    stage.pass(Duration::from_secs(6));
    assert_eq!(stage.disk_problem(), None);
    assert_eq!(stage.disk.device().settings, dark);
}

#[test]
fn a_device_that_could_not_be_read_is_read_later() {
    let stage = Stage::online();
    let Stage { disk, server, .. } = stage;
    let mut server: Server = server;
    server.forget_sockets();
    disk.fails.set(true);
    let disk: Rc<Disk> = disk;
    let mut stage = Stage::on(World::default(), disk.clone(), server);
    assert_eq!(stage.disk_problem(), Some(Problem::NoStorage));
    assert_eq!(stage.pages[0].connection, None);
    disk.fails.set(false);
    stage.pass(Duration::from_secs(6));
    assert_eq!(stage.disk_problem(), None);
    assert!(stage.pages[0].connection.is_some(), "romeo stays logged in");
}

#[test]
fn a_disk_that_cannot_be_read_doubles_nothing() {
    let mut stage = Stage::online();
    stage.watch(0, Anchor::Newest, 10);
    converse(&mut stage);
    stage.disk.is_unreadable.set(true);
    let catch_ups = stage.server.catch_ups;
    stage.reconnect();
    assert!(stage.server.catch_ups > catch_ups);
    assert_eq!(stage.bodies(), ["one", "two", "three"]);
    assert_eq!(stage.row().unread, 3);
    stage.disk.is_unreadable.set(false);
    stage.pass(Duration::from_secs(60));
    assert_eq!(stage.disk_problem(), None);
    assert_eq!(stage.stored_bodies(), ["one", "two", "three"]);
    let mut stage = stage.restart();
    stage.watch(0, Anchor::Newest, 10);
    assert_eq!(stage.bodies(), ["one", "two", "three"]);
}

#[test]
fn what_cannot_be_counted_stays_unread() {
    let mut stage = Stage::online();
    converse(&mut stage);
    stage.reconnect();
    stage.disk.is_unreadable.set(true);
    let item = Archived::new(4, JULIET, "four");
    stage.server.archive.push(item);
    for _ in 0..2 {
        let catch_ups = stage.server.catch_ups;
        stage.reconnect();
        stage.pass(Duration::from_secs(60));
        assert!(stage.server.catch_ups > catch_ups);
        assert_eq!(stage.disk_problem(), Some(Problem::NoStorage));
        assert_eq!(stage.row().unread, 4);
    }
    stage.disk.is_unreadable.set(false);
    stage.pass(Duration::from_secs(60));
    assert_eq!(stage.disk_problem(), None);
    assert_eq!(stage.stored_bodies(), ["one", "two", "three", "four"]);
    assert_eq!(stage.row().unread, 4);
    stage.server.refuses = true;
    let stage = stage.restart();
    assert_eq!(stage.row().unread, 4);
}

#[test]
fn what_is_read_while_the_disk_cannot_be_is_counted_when_it_can() {
    let mut stage = Stage::online();
    stage.watch(0, Anchor::Newest, 10);
    converse(&mut stage);
    let two = stage.stored()[1].clone();
    stage.disk.is_unreadable.set(true);
    let read = AccountCommand::mark_read(&two);
    stage.tell(read).unwrap();
    assert_eq!(stage.disk_problem(), Some(Problem::NoStorage));
    assert_ne!(stage.row().unread, 0, "there is a third one");
    stage.disk.is_unreadable.set(false);
    stage.pass(Duration::from_secs(60));
    assert_eq!(stage.disk_problem(), None);
    assert_eq!(stage.row().unread, 1);
    stage.server.refuses = true;
    let stage = stage.restart();
    assert_eq!(stage.row().unread, 1);
}

#[test]
fn what_an_engine_of_before_has_stored_is_known_again_when_the_disk_can_be_read_again() {
    let mut stage = Stage::online();
    converse(&mut stage);
    stage.watch(0, Anchor::Newest, 10);
    let ids = stage.pages[0].window.ids();
    stage.server.refuses = true;
    let mut stage = stage.restart();
    stage.watch(0, Anchor::Newest, 10);
    stage.disk.is_unreadable.set(true);
    stage.server.refuses = false;
    let item = Archived::new(4, JULIET, "four");
    stage.server.archive.push(item);
    stage.tell(AccountCommand::Reconnect).unwrap();
    stage.pass(Duration::from_secs(3));
    assert!(
        stage.bodies().contains(&"four".to_owned()),
        "nothing is kept back"
    );
    assert_eq!(stage.disk_problem(), Some(Problem::NoStorage));
    stage.disk.is_unreadable.set(false);
    stage.pass(Duration::from_secs(60));
    assert_eq!(stage.disk_problem(), None);
    let sorted = |mut bodies: Vec<String>| {
        bodies.sort();
        bodies
    };
    let all = ["four", "one", "three", "two"];
    assert_eq!(sorted(stage.stored_bodies()), all);
    assert_eq!(sorted(stage.bodies()), all, "the window, too");
    let shown = stage.pages[0].window.ids();
    assert!(ids.iter().all(|id| shown.contains(id)), "{ids:?} {shown:?}");
    assert_eq!(stage.pages[0].row(&juliet()).unwrap().unread, 4);
}

/// More than is kept of a conversation when a disk is full: all but the last are archived, stored and read.
fn long_history(stage: &mut Stage) {
    stage.leave();
    let more = (1..=700).map(|number| Archived::new(number, JULIET, &number.to_string()));
    stage.server.archive.extend(more);
    stage.server.refuses = false;
    stage.tell(AccountCommand::Reconnect).unwrap();
    stage.pass(Duration::from_secs(5));
    assert_eq!(stage.stored().len(), 700);
    let last = stage.stored()[699].clone();
    stage.tell(AccountCommand::mark_read(&last)).unwrap();
    assert_eq!(stage.row().unread, 0);
}

/// Everything can be scrolled to, and is there once.
fn scroll_through(stage: &mut Stage, count: usize) {
    stage.watch(0, Anchor::Newest, 200);
    let mut shown: Vec<String> = stage.bodies();
    for _ in 0..60 {
        if stage.pages[0].window.older == Edge::End {
            break;
        }
        stage.extend(Toward::Older);
        let older = stage.bodies();
        let known = older.iter().position(|body| *body == shown[0]).unwrap();
        shown.splice(0..0, older[..known].iter().cloned());
    }
    assert_eq!(stage.pages[0].window.older, Edge::End);
    let expected: Vec<String> = (1..=count).map(|number| number.to_string()).collect();
    assert_eq!(shown, expected);
}

/// One more comes, and is archived.
fn hear(stage: &mut Stage, number: u32) {
    stage.server.deliver(&format!(
        "<message xmlns='jabber:client' from='{JULIET}' to='romeo@example.org' type='chat' id='m{number}'>\
         <body>{number}</body><stanza-id xmlns='urn:xmpp:sid:0' by='romeo@example.org' id='a{number:04}'/></message>"
    ));
    let item = Archived::new(number, JULIET, &number.to_string());
    stage.server.archive.push(item);
    stage.go();
}

#[test]
fn a_disk_that_is_full_lets_go_of_old_messages_that_the_server_has() {
    let mut stage = Stage::online();
    stage.disk.most.set(Some(700));
    long_history(&mut stage);
    hear(&mut stage, 701);
    assert_eq!(stage.disk_problem(), None, "there was room to be made");
    assert_eq!(stage.stored().len(), 201);
    assert_eq!(stage.row().unread, 1);
    stage.disk.most.set(None);
    scroll_through(&mut stage, 701);
    let mut stage = stage.restart();
    scroll_through(&mut stage, 701);
    assert_eq!(stage.row().unread, 1);
}

#[test]
fn an_engine_that_dies_while_it_makes_room_leaves_no_hole() {
    let mut stage = Stage::online();
    long_history(&mut stage);
    scroll_through(&mut stage, 700);
    stage.watch_other(0, address("benvolio@example.org"), Anchor::Newest, 10);
    // Removals are all that it takes.
    stage.disk.most.set(Some(0));
    hear(&mut stage, 701);
    assert_eq!(stage.disk_problem(), Some(Problem::StorageFull));
    assert_eq!(stage.stored().len(), 200);
    stage.say("it goes on");
    stage.disk.most.set(None);
    let mut stage = stage.restart();
    stage.server.archive.truncate(701);
    stage.pass(Duration::from_secs(5));
    scroll_through(&mut stage, 701);
}

#[test]
fn what_was_not_read_stays_on_a_full_disk_and_what_somebody_looks_at() {
    for is_watched in [false, true] {
        let mut stage = Stage::online();
        long_history(&mut stage);
        if is_watched {
            stage.watch(0, Anchor::Newest, 10);
        } else {
            let more = (1..=300).map(|number| {
                let body = format!("new {number}");
                Archived::new(700 + number, JULIET, &body)
            });
            stage.server.archive.extend(more);
            stage.reconnect();
            assert_eq!(stage.row().unread, 300);
        }
        let before = stage.stored().len();
        stage.disk.most.set(Some(0));
        hear(&mut stage, 1001);
        assert_eq!(stage.disk_problem(), Some(Problem::StorageFull));
        assert_eq!(stage.stored().len(), before);
    }
}

#[test]
fn what_somebody_removes_is_not_written_again_and_what_the_server_has_is_shown() {
    let mut stage = Stage::online();
    converse(&mut stage);
    stage.watch(0, Anchor::Newest, 10);
    stage.disk.is_removed.set(true);
    stage.say("four");
    assert_eq!(stage.disk_problem(), Some(Problem::NoStorage));
    assert_eq!(stage.server.take_messages().len(), 1);
    let all = ["one", "two", "three", "four"];
    assert_eq!(stage.bodies(), all, "what was shown stays");
    stage.extend(Toward::Older);
    assert_eq!(stage.bodies(), all, "and is not doubled");
    stage.pass(Duration::from_secs(600));
    assert_eq!(stage.disk_problem(), Some(Problem::NoStorage));
    let commits = stage.disk.commits.get();
    stage.say("five");
    assert_eq!(stage.disk.commits.get(), commits, "nobody writes there");
    stage.watch(0, Anchor::Newest, 10);
    assert_eq!(stage.bodies(), ["one", "two", "three", "four", "five"]);
    stage.reconnect();
    assert_eq!(stage.bodies(), ["one", "two", "three", "four", "five"]);
    // Nothing is left that could not be removed.
    let log_out = AccountCommand::LogOut { erase: false };
    stage.disk.device_is_removed.set(true);
    assert_eq!(stage.tell(log_out), Ok(Reply::Done));
}

#[test]
fn what_waits_to_be_sent_outlives_what_somebody_removes_whoever_is_looked_at() {
    let mut stage = Stage::online();
    converse(&mut stage);
    stage.leave();
    stage.watch(0, Anchor::Newest, 10);
    stage.say("four");
    let benvolio = address("benvolio@example.org");
    stage.watch_other(0, benvolio.clone(), Anchor::Newest, 10);
    stage.disk.is_removed.set(true);
    let word = AccountCommand::SendMessage {
        to: benvolio,
        body: "nothing is written there".into(),
        id: ItemId(0xbe),
        again: false,
    };
    stage.tell(word).unwrap();
    assert_eq!(stage.disk_problem(), Some(Problem::NoStorage));
    stage.watch(0, Anchor::Newest, 10);
    assert_eq!(stage.bodies(), ["four"], "it is nowhere else");
    stage.server.refuses = false;
    stage.tell(AccountCommand::Reconnect).unwrap();
    stage.pass(Duration::from_secs(5));
    assert_eq!(stage.server.take_messages().len(), 2);
    stage.watch(0, Anchor::Newest, 10);
    assert_eq!(stage.bodies(), ["one", "two", "three", "four"]);
}

/// An engine that cannot read the device, where romeo stays logged in and has a history.
fn unread_device() -> Stage {
    let mut stage = Stage::online();
    converse(&mut stage);
    stage.say("of old");
    stage.disk.fails.set(true);
    let mut stage = stage.restart();
    assert_eq!(stage.disk_problem(), Some(Problem::NoStorage));
    assert_eq!(stage.connection_of(0), None);
    stage.log_in(true).unwrap();
    stage
}

fn read_device(stage: &mut Stage) {
    stage.disk.fails.set(false);
    stage.pass(Duration::from_secs(30));
    assert_eq!(stage.disk_problem(), None);
}

#[test]
fn what_is_set_before_the_device_can_be_read_leaves_all_else_as_it_was() {
    let mut stage = Stage::empty();
    stage.set(Setting::Language(Some("zh-CN".into())));
    stage.set(Setting::Theme(Theme::Light));
    stage.disk.fails.set(true);
    let mut stage = stage.restart();
    stage.ask(Command::Set(Setting::Theme(Theme::Contrast)));
    stage.ask(Command::Set(Setting::Theme(Theme::Dark)));
    read_device(&mut stage);
    let chosen = Settings {
        theme: Theme::Dark,
        language: Some("zh-CN".into()),
        ..Settings::default()
    };
    assert_eq!(stage.disk.device().settings, chosen);
}

#[test]
fn who_logs_in_before_the_device_can_be_read_goes_on_with_what_it_has_of_them() {
    let mut stage = unread_device();
    for (origin, body) in stage.server.take_messages() {
        stage.server.archive.push(Archived {
            id: "of-old".into(),
            origin: Some(origin),
            ..Archived::new(3, "romeo@example.org/orchard", &body)
        });
    }
    stage.watch(0, Anchor::Newest, 50);
    hear(&mut stage, 4);
    stage.say("meanwhile");
    read_device(&mut stage);
    assert_eq!(stage.connection(), Connection::Online);
    let all = ["one", "two", "three", "of old", "4", "meanwhile"];
    assert_eq!(stage.bodies(), all);
    let accounts = stage.disk.device().accounts;
    assert_eq!(accounts.len(), 1, "one address, one account");
    assert!(accounts[0].credentials.is_some());
    stage.say("after");
    // Another engine knows them by what the disk calls them.
    stage.account = accounts[0].id;
    let mut stage = stage.restart();
    assert_eq!(stage.connection(), Connection::Online);
    stage.watch(0, Anchor::Newest, 50);
    let all = ["one", "two", "three", "of old", "4", "meanwhile", "after"];
    assert_eq!(stage.bodies(), all);
    assert_eq!(stage.stored_bodies(), all);
}

#[test]
fn whom_the_device_does_not_know_is_kept_when_it_can_be_read() {
    let stage = Stage::empty();
    stage.disk.fails.set(true);
    let mut stage = stage.restart();
    stage.log_in(true).unwrap();
    let dark = Settings {
        theme: Theme::Dark,
        ..Settings::default()
    };
    stage.ask(Command::Set(Setting::Theme(Theme::Dark)));
    hear(&mut stage, 1);
    stage.say("meanwhile");
    read_device(&mut stage);
    assert_eq!(stage.disk.device().settings, dark);
    assert_eq!(stage.stored_bodies(), ["1", "meanwhile"]);
    let mut stage = stage.restart();
    assert_eq!(stage.connection(), Connection::Online);
    stage.watch(0, Anchor::Newest, 50);
    assert_eq!(stage.bodies(), ["1", "meanwhile"]);
}

#[test]
fn who_logs_out_before_the_device_can_be_read_is_told_what_may_stay_until_it_is_gone() {
    for erase in [false, true] {
        let mut stage = unread_device();
        let log_out = AccountCommand::LogOut { erase };
        assert_eq!(stage.tell(log_out), Err(Problem::LeftBehind));
        // It was not done, and nobody is to believe so: as long as it lasts, on every page.
        let kept = |stage: &Stage| {
            let accounts = stage.disk.device().accounts;
            accounts.iter().any(|kept| kept.credentials.is_some())
        };
        assert!(kept(&stage));
        assert_eq!(stage.disk_problem(), Some(Problem::LeftBehind));
        stage.pass(Duration::from_secs(600));
        assert_eq!(stage.disk_problem(), Some(Problem::LeftBehind));
        let later = stage.attach(Attention::Focused);
        stage.go();
        let told = Change::Device(Some(Problem::LeftBehind));
        assert!(stage.pages[later].changes.contains(&told));
        stage.disk.fails.set(false);
        stage.pass(Duration::from_secs(301));
        assert_eq!(stage.disk_problem(), None);
        assert!(!kept(&stage));
        assert_eq!(stage.connection_of(0), None);
        let accounts = stage.disk.device().accounts;
        assert!(accounts.iter().all(|kept| kept.credentials.is_none()));
        assert_eq!(accounts.is_empty(), erase);
        let stage = stage.restart();
        assert_eq!(stage.connection_of(0), None);
    }
}

#[test]
fn who_logs_in_again_before_the_device_can_be_read_stays_and_what_was_to_go_is_gone() {
    for erase in [false, true] {
        let mut stage = unread_device();
        let log_out = AccountCommand::LogOut { erase };
        assert_eq!(stage.tell(log_out), Err(Problem::LeftBehind));
        stage.log_in(true).unwrap();
        assert_eq!(stage.disk_problem(), Some(Problem::LeftBehind));
        stage.say("afresh");
        read_device(&mut stage);
        assert_eq!(stage.connection(), Connection::Online);
        let accounts = stage.disk.device().accounts;
        assert_eq!(accounts.len(), 1);
        assert!(accounts[0].credentials.is_some() && accounts[0].standing == Standing::Here);
        stage.account = accounts[0].id;
        let stage = stage.restart();
        let bodies = stage.stored_bodies();
        // The server's archive has the others.
        let is_there = |body: &str| bodies.iter().any(|known| known == body);
        assert_eq!((is_there("of old"), is_there("afresh")), (!erase, true));
    }
}

#[test]
fn what_an_engine_could_not_remove_is_removed_by_the_one_that_a_page_tells_of_it() {
    for (erase, is_readable) in [(false, false), (false, true), (true, false), (true, true)] {
        let mut stage = unread_device();
        let log_out = AccountCommand::LogOut { erase };
        assert_eq!(stage.tell(log_out), Err(Problem::LeftBehind));
        stage.disk.fails.set(!is_readable);
        let mut stage = stage.restart();
        let is_back = stage.connection_of(0).is_some();
        assert_eq!(is_back, is_readable, "the keys are as they were");
        let left = || Command::LeaveBehind(address("romeo@example.org"), erase);
        let done = if is_readable {
            Ok(Reply::Done)
        } else {
            Err(Problem::LeftBehind)
        };
        assert_eq!(stage.ask(left()), Some(done));
        if !is_readable {
            assert_eq!(stage.disk_problem(), Some(Problem::LeftBehind));
            read_device(&mut stage);
        }
        assert_eq!(stage.disk_problem(), None);
        // Told twice, it is done once.
        assert_eq!(stage.ask(left()), Some(Ok(Reply::Done)));
        assert_eq!(stage.connection_of(0), None);
        let accounts = stage.disk.device().accounts;
        assert!(accounts.iter().all(|kept| kept.credentials.is_none()));
        assert_eq!(accounts.is_empty(), erase);
        let mut stage = stage.restart();
        assert_eq!(stage.connection_of(0), None);
        // Who logs in anew finds what was to stay.
        stage.log_in(true).unwrap();
        let bodies = stage.stored_bodies();
        assert_eq!(bodies.iter().any(|body| body == "of old"), !erase);
    }
}

#[test]
fn all_of_an_account_that_is_not_logged_in_is_removed_for_a_page_that_tells_of_it() {
    let mut stage = Stage::online();
    stage.say("of old");
    stage.tell(AccountCommand::LogOut { erase: false }).unwrap();
    let left = |erase| Command::LeaveBehind(address("romeo@example.org"), erase);
    assert_eq!(stage.ask(left(false)), Some(Ok(Reply::Done)));
    assert_eq!(stage.stored_bodies(), ["of old"]);
    assert_eq!(stage.ask(left(true)), Some(Ok(Reply::Done)));
    assert!(stage.disk.device().accounts.is_empty());
    assert!(stage.stored().is_empty());
}

/// The disk works already, and nobody has noticed.
#[test]
fn who_logs_out_has_a_device_that_could_not_be_read_tried_at_once() {
    let mut stage = unread_device();
    stage.pass(Duration::from_secs(600));
    stage.disk.fails.set(false);
    let log_out = AccountCommand::LogOut { erase: true };
    assert_eq!(stage.tell(log_out), Err(Problem::LeftBehind));
    assert_eq!(stage.disk_problem(), None);
    assert!(stage.disk.device().accounts.is_empty());
    assert!(stage.stored().is_empty());
}

#[test]
fn what_is_to_be_erased_is_erased_by_the_next_engine_if_this_one_does_not_come_to_it() {
    for dies in [false, true] {
        let mut stage = Stage::online();
        stage.say("of old");
        stage.disk.erase_fails.set(!dies);
        stage.disk.shredder.shut();
        let log_out = AccountCommand::LogOut { erase: true };
        let log_out = Command::Account(stage.account, log_out);
        let answer = (!dies).then_some(Err(Problem::NotRemoved));
        assert_eq!(stage.ask(log_out), answer);
        assert_eq!(stage.stored_bodies(), ["of old"]);
        // Nothing of it logs anybody in, or is shown, whatever becomes of it.
        let accounts = stage.disk.device().accounts;
        assert!(accounts.iter().all(|kept| kept.credentials.is_none()));
        let stage = stage.restart();
        assert_eq!(stage.connection_of(0), None);
        stage.disk.erase_fails.set(false);
        stage.disk.shredder.open();
        let stage = stage.restart();
        assert_eq!(stage.connection_of(0), None);
        assert!(stage.disk.device().accounts.is_empty());
        assert!(stage.stored().is_empty());
    }
}

#[test]
fn who_logs_in_again_while_the_last_history_is_to_be_erased_is_somebody_new() {
    let mut stage = Stage::online();
    stage.say("of old");
    stage.disk.erase_fails.set(true);
    let log_out = AccountCommand::LogOut { erase: true };
    assert_eq!(stage.tell(log_out), Err(Problem::NotRemoved));
    let old = stage.account;
    let mut stage = stage.restart();
    stage.log_in(true).unwrap();
    stage.say("afresh");
    assert_ne!(stage.account, old);
    stage.disk.erase_fails.set(false);
    let stage = stage.restart();
    assert_eq!(stage.connection(), Connection::Online);
    assert_eq!(stage.stored_bodies(), ["afresh"]);
    let accounts = stage.disk.device().accounts;
    let ids: Vec<_> = accounts.iter().map(|kept| kept.id).collect();
    assert_eq!(ids, [stage.account]);
}

#[test]
fn a_disk_that_fails_only_for_what_is_to_go_is_asked_until_it_is_gone() {
    let mut stage = unread_device();
    let log_out = AccountCommand::LogOut { erase: false };
    assert_eq!(stage.tell(log_out), Err(Problem::LeftBehind));
    stage.disk.fails.set(false);
    stage.disk.device_fails.set(true);
    stage.pass(Duration::from_secs(60));
    assert_eq!(stage.disk_problem(), Some(Problem::LeftBehind));
    assert_eq!(stage.connection_of(0), None, "nobody is logged in by it");
    stage.disk.device_fails.set(false);
    stage.pass(Duration::from_secs(301));
    assert_eq!(stage.disk_problem(), None);
    let accounts = stage.disk.device().accounts;
    assert!(accounts[0].credentials.is_none() && accounts[0].standing == Standing::LoggedOut);
}

#[test]
fn a_wrong_password_before_the_device_can_be_read_leaves_the_kept_one_alone() {
    let stage = Stage::online();
    stage.disk.fails.set(true);
    let mut stage = stage.restart();
    assert_eq!(stage.log_in_as("wrong", true), Err(Problem::WrongPassword));
    read_device(&mut stage);
    assert_eq!(stage.connection_of(0), Some(Connection::Online));
}
