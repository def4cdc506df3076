//! A disk that fails, and works again.

use std::rc::Rc;
use std::time::Duration;

use waxwing::boundary::change::{Change, Reply};
use waxwing::boundary::command::{AccountCommand, Anchor, Command};
use waxwing::entity::problem::Problem;
use waxwing::entity::settings::{Settings, Theme};
use waxwing::platform::fake::World;

use crate::support::server::Server;
use crate::support::{Disk, Stage};

/// What the first page was told last.
fn told(stage: &Stage) -> Option<Problem> {
    let changes = stage.pages[0].changes.iter().rev();
    let mut devices = changes.filter_map(|change| match change {
        Change::Device(problem) => Some(problem.clone()),
        _ => None,
    });
    devices.next().flatten()
}

fn stored(stage: &Stage) -> Vec<String> {
    let messages = stage.stored().into_iter();
    messages.map(|message| message.body).collect()
}

#[test]
fn a_disk_that_works_again_gets_what_it_missed_and_nobody_is_told_any_more() {
    let mut stage = Stage::online();
    stage.say("before");
    stage.disk.fails.set(true);
    stage.say("meanwhile");
    assert_eq!(told(&stage), Some(Problem::StorageFull));
    stage.pass(Duration::from_secs(6));
    assert_eq!(told(&stage), Some(Problem::StorageFull));
    assert_eq!(stored(&stage), ["before"]);
    stage.disk.fails.set(false);
    stage.pass(Duration::from_secs(20));
    assert_eq!(told(&stage), None);
    assert_eq!(stored(&stage), ["before", "meanwhile"]);
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
    assert_eq!(stored(&stage), ["farewell"]);
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
    assert_eq!(told(&stage), Some(Problem::StorageFull));
    stage.disk.fails.set(false);
    stage.pass(Duration::from_secs(6));
    assert_eq!(told(&stage), None);
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
    assert_eq!(told(&stage), Some(Problem::NoStorage));
    assert_eq!(stage.pages[0].connection, None);
    disk.fails.set(false);
    stage.pass(Duration::from_secs(6));
    assert_eq!(told(&stage), None);
    assert!(stage.pages[0].connection.is_some(), "romeo stays logged in");
}
