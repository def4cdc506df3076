//! A disk that fails, and works again.

use std::rc::Rc;
use std::time::Duration;

use waxwing::boundary::change::Reply;
use waxwing::boundary::command::{AccountCommand, Anchor, Command};
use waxwing::entity::problem::Problem;
use waxwing::entity::settings::{Settings, Theme};
use waxwing::platform::fake::World;

use crate::support::server::{Archived, Server};
use crate::support::{Disk, Stage, juliet};

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

/// A session after the one that there was, in which the archive is caught up with.
fn reconnect(stage: &mut Stage) {
    stage.server.cut();
    stage.pass(Duration::from_secs(20));
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
    let answer = stage.ask(Command::SetSettings(dark.clone()));
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
    reconnect(&mut stage);
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
