//! A store that cannot be opened when its account begins, and can be later.

use std::time::Duration;

use waxwing::boundary::change::{Change, Reply};
use waxwing::boundary::command::{AccountCommand, Anchor, Command, LogIn};
use waxwing::entity::account::Connection;
use waxwing::entity::message::Delivery;
use waxwing::entity::presence::{Availability, OwnPresence};
use waxwing::entity::problem::Problem;
use waxwing::entity::secret::Secret;

use crate::support::managed::Memory;
use crate::support::server::Archived;
use crate::support::{Stage, juliet, send};

const JULIET: &str = "juliet@example.org/balcony";

/// What the first page was told of the device last.
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

fn live(name: &str, body: &str, archive: &str) -> String {
    format!(
        "<message xmlns='jabber:client' from='{JULIET}' to='romeo@example.org' type='chat' id='{name}'>\
         <body>{body}</body><stanza-id xmlns='urn:xmpp:sid:0' by='romeo@example.org' id='{archive}'/></message>"
    )
}

fn draft(text: &str) -> AccountCommand {
    AccountCommand::SaveDraft {
        conversation: juliet(),
        text: text.into(),
    }
}

/// The engine is started anew, and the store cannot be opened.
fn restart_blind(stage: Stage) -> Stage {
    stage.disk.stays_shut.set(true);
    let stage = stage.restart();
    assert_eq!(told(&stage), Some(Problem::NoStorage));
    stage
}

fn open(stage: &mut Stage) {
    stage.disk.stays_shut.set(false);
    stage.pass(Duration::from_secs(12));
}

#[test]
fn what_it_holds_is_shown_and_what_came_meanwhile_is_kept() {
    let mut stage = Stage::online();
    stage.say("before");
    stage.server.deliver(&live("m1", "of old", "a0001"));
    stage.go();
    let mut stage = restart_blind(stage);
    assert_eq!(stage.connection(), Connection::Online);
    stage.watch(0, Anchor::Newest, 10);
    assert_eq!(stage.bodies(), [""; 0]);
    stage.server.deliver(&live("m2", "meanwhile", "a0002"));
    stage.go();
    stage.say("mine");
    assert_eq!(stage.bodies(), ["meanwhile", "mine"]);
    let meanwhile = stage.pages[0].window.ids();
    // It is slow for longer than one attempt.
    stage.pass(Duration::from_secs(6));
    assert_eq!(told(&stage), Some(Problem::NoStorage));
    assert_eq!(stored(&stage), ["before", "of old"]);
    open(&mut stage);
    assert_eq!(told(&stage), None);
    let all = ["before", "of old", "meanwhile", "mine"];
    assert_eq!(stage.bodies(), all, "the window is complete");
    assert_eq!(stage.pages[0].window.ids()[2..], meanwhile);
    assert_eq!(stored(&stage), all);
    assert_eq!(stage.connection(), Connection::Online);
    stage.server.deliver(&live("m3", "after", "a0003"));
    stage.go();
    let mut stage = stage.restart();
    stage.watch(0, Anchor::Newest, 10);
    assert_eq!(
        stage.bodies(),
        ["before", "of old", "meanwhile", "mine", "after"]
    );
}

#[test]
fn conversations_that_it_alone_knows_are_in_the_list() {
    let mut stage = Stage::online();
    stage.server.deliver(&live("m1", "of old", "a0001"));
    stage.go();
    let mut stage = restart_blind(stage);
    assert_eq!(stage.pages[0].row(&juliet()), None);
    open(&mut stage);
    let row = stage.row();
    assert_eq!(row.latest.map(|latest| latest.text), Some("of old".into()));
    assert_eq!(row.unread, 1);
}

#[test]
fn what_is_stored_already_and_comes_again_is_stored_once() {
    let mut stage = Stage::online();
    stage.server.deliver(&live("m1", "one", "a0001"));
    stage.server.deliver(&live("m2", "two", "a0002"));
    stage.go();
    stage.watch(0, Anchor::Newest, 10);
    let ids = stage.pages[0].window.ids();
    let mut stage = restart_blind(stage);
    stage.server.archive = vec![
        Archived::new(1, JULIET, "one"),
        Archived::new(2, JULIET, "two"),
        Archived::new(3, JULIET, "three"),
    ];
    stage.watch(0, Anchor::Newest, 10);
    assert_eq!(stage.bodies(), ["one", "two", "three"]);
    open(&mut stage);
    assert_eq!(stage.stored().len(), 3);
    let shown = stage.pages[0].window.ids();
    assert_eq!(shown.len(), 3);
    assert!(ids.iter().all(|id| shown.contains(id)), "{ids:?} {shown:?}");
}

#[test]
fn what_was_unread_stays_so_and_is_counted_once() {
    let mut stage = Stage::online();
    stage.server.deliver(&live("m1", "one", "a0001"));
    stage.server.deliver(&live("m2", "two", "a0002"));
    stage.go();
    assert_eq!(stage.row().unread, 2);
    let mut stage = restart_blind(stage);
    stage.server.deliver(&live("m3", "three", "a0003"));
    stage.go();
    assert_eq!(stage.row().unread, 1);
    open(&mut stage);
    assert_eq!(stage.row().unread, 3);
    assert_eq!(stage.restart().row().unread, 3);
}

#[test]
fn a_draft_written_meanwhile_is_kept_and_one_of_before_comes_back() {
    let mut stage = Stage::online();
    stage.tell(draft("henceforth")).unwrap();
    let mut stage = restart_blind(stage);
    open(&mut stage);
    assert_eq!(stage.row().draft, "henceforth");
    let mut stage = restart_blind(stage);
    stage.tell(draft("I never will")).unwrap();
    open(&mut stage);
    assert_eq!(stage.row().draft, "I never will");
    assert_eq!(stage.restart().row().draft, "I never will");
}

#[test]
fn what_was_being_sent_is_sent_once() {
    let mut stage = Stage::online();
    stage.server.refuses = true;
    stage.server.cut();
    stage.go();
    stage.say("by a name");
    stage.server.refuses = false;
    let mut stage = restart_blind(stage);
    assert_eq!(stage.server.take_messages(), []);
    open(&mut stage);
    stage.pass(Duration::from_secs(60));
    let bodies: Vec<_> = stage.server.take_messages();
    assert_eq!(bodies.len(), 1, "{bodies:?}");
    assert_eq!(stage.stored()[0].delivery, Delivery::Sent);
    assert_eq!(stage.connection(), Connection::Online);
}

#[test]
fn what_had_arrived_is_not_sent_again() {
    let mut stage = Stage::online();
    stage.server.silent = true;
    stage.say("by a name");
    let (origin, body) = stage.server.take_messages().remove(0);
    stage.server.silent = false;
    stage.server.archive.push(Archived {
        origin: Some(origin),
        ..Archived::new(1, "romeo@example.org/orchard", &body)
    });
    let mut stage = restart_blind(stage);
    // Its copy in the archive is seen before the message itself.
    stage.watch(0, Anchor::Newest, 10);
    assert_eq!(stage.bodies(), ["by a name"]);
    open(&mut stage);
    stage.pass(Duration::from_secs(60));
    assert_eq!(stage.server.take_messages(), []);
    assert_eq!(stage.bodies(), ["by a name"]);
    assert_eq!(stage.stored().len(), 1);
    assert_eq!(stage.stored()[0].delivery, Delivery::Sent);
}

/// Asked for again of an engine that cannot know whether the one before it has sent it, before or after that engine has
/// seen the archive.
#[test]
fn what_is_asked_for_again_is_sent_once() {
    for comes_late in [false, true] {
        let mut stage = Stage::online();
        let AccountCommand::SendMessage { to, body, id, .. } = send("but soft") else {
            panic!("not a message");
        };
        let ask = |again| AccountCommand::SendMessage {
            to: to.clone(),
            body: body.clone(),
            id,
            again,
        };
        stage.tell(ask(false)).unwrap();
        let (origin, _) = stage.server.take_messages().remove(0);
        stage.server.archive.push(Archived {
            origin: Some(origin),
            ..Archived::new(1, "romeo@example.org/orchard", &body)
        });
        stage.server.refuses = !comes_late;
        let mut stage = restart_blind(stage);
        stage.tell(ask(true)).unwrap();
        stage.server.refuses = false;
        stage.pass(Duration::from_secs(60));
        assert_eq!(stage.server.take_messages(), []);
        stage.watch(0, Anchor::Newest, 10);
        assert_eq!(stage.bodies(), ["but soft"]);
        stage.disk.stays_shut.set(false);
        stage.pass(Duration::from_secs(300));
        assert_eq!(told(&stage), None);
        assert_eq!(stage.server.take_messages(), []);
        assert_eq!(stage.pages[0].window.ids(), [id]);
        assert_eq!(stage.stored().len(), 1);
        assert_eq!(stage.stored()[0].delivery, Delivery::Sent);
    }
}

#[test]
fn what_was_sent_twice_all_the_same_is_shown_once() {
    let mut stage = Stage::online();
    stage.say("but soft");
    let (origin, body) = stage.server.take_messages().remove(0);
    for number in [1, 2] {
        stage.server.archive.push(Archived {
            origin: Some(origin.clone()),
            ..Archived::new(number, "romeo@example.org/orchard", &body)
        });
    }
    let mut stage = restart_blind(stage);
    stage.watch(0, Anchor::Newest, 10);
    assert_eq!(stage.bodies(), ["but soft"]);
    open(&mut stage);
    stage.pass(Duration::from_secs(60));
    assert_eq!(stage.bodies(), ["but soft"]);
    assert_eq!(stage.stored().len(), 1);
}

#[test]
fn what_was_written_meanwhile_is_sent_once_and_after_what_waited() {
    let mut stage = Stage::online();
    stage.server.refuses = true;
    stage.server.cut();
    stage.go();
    stage.say("one");
    let mut stage = restart_blind(stage);
    stage.say("two");
    open(&mut stage);
    stage.watch(0, Anchor::Newest, 10);
    assert_eq!(stage.bodies(), ["one", "two"], "also without a server");
    stage.server.refuses = false;
    stage.tell(AccountCommand::Reconnect).unwrap();
    stage.pass(Duration::from_secs(60));
    let sent = stage.server.take_messages().into_iter();
    let sent: Vec<_> = sent.map(|(_, body)| body).collect();
    assert_eq!(sent, ["one", "two"]);
}

#[test]
fn the_session_that_ends_for_it_loses_nothing() {
    let mut stage = restart_blind(Stage::online());
    // The server does not confirm what it gets, and says goodbye late.
    stage.server.silent = true;
    stage.say("mine");
    let (origin, body) = stage.server.take_messages().remove(0);
    stage.server.archive.push(Archived {
        origin: Some(origin),
        ..Archived::new(1, "romeo@example.org/orchard", &body)
    });
    stage.disk.stays_shut.set(false);
    while told(&stage).is_some() {
        stage.world.pass(Duration::from_millis(250));
        stage.pages[0].listen();
    }
    stage.server.deliver(&live("m1", "a last word", "a0002"));
    stage.server.silent = false;
    stage.pass(Duration::from_secs(60));
    assert_eq!(stage.connection(), Connection::Online);
    assert_eq!(stage.server.take_messages(), []);
    stage.watch(0, Anchor::Newest, 10);
    assert_eq!(stage.bodies(), ["mine", "a last word"]);
    assert_eq!(stage.stored()[0].delivery, Delivery::Sent);
}

#[test]
fn a_session_that_waits_for_its_server_is_not_thrown_away_for_it() {
    let mut stage = Stage::online();
    stage.say("before");
    stage.server.manages = Some(Memory::Session);
    let mut stage = restart_blind(stage);
    stage.watch(0, Anchor::Newest, 10);
    stage.server.refuses = true;
    stage.server.cut();
    stage.go();
    // It is open: what it holds is shown although nobody is online.
    open(&mut stage);
    assert_eq!(stage.bodies(), ["before"]);
    stage.server.refuses = false;
    stage.server.deliver(&live("m1", "meanwhile", "a0001"));
    stage.tell(AccountCommand::Reconnect).unwrap();
    stage.pass(Duration::from_secs(60));
    assert_eq!(stage.connection(), Connection::Online);
    assert_eq!(stage.bodies(), ["before", "meanwhile"]);
    assert_eq!(stored(&stage), ["before", "meanwhile"]);
}

#[test]
fn what_was_chosen_before_counts_again() {
    let mut stage = Stage::online();
    let away = OwnPresence {
        availability: Availability::Away,
        status: None,
    };
    stage
        .tell(AccountCommand::SetPresence(away.clone()))
        .unwrap();
    let mut stage = restart_blind(stage);
    open(&mut stage);
    let shown = stage.server.presences().pop().expect("no presence");
    let show = shown
        .get_child("show", "jabber:client")
        .map(|show| show.text());
    assert_eq!(show.as_deref(), Some("away"));
}

#[test]
fn nobody_waits_for_one_that_opens_slowly() {
    let mut stage = Stage::online();
    stage.say("before");
    let mut stage = restart_blind(stage);
    stage.disk.door.shut();
    stage.disk.stays_shut.set(false);
    stage.pass(Duration::from_secs(60));
    stage.say("meanwhile");
    let sent = stage.server.take_messages();
    assert_eq!(sent.last().map(|(_, body)| &**body), Some("meanwhile"));
    stage.disk.door.open();
    stage.go();
    assert_eq!(told(&stage), None);
    assert_eq!(stored(&stage), ["before", "meanwhile"]);
}

#[test]
fn one_that_never_opens_leaves_people_to_talk() {
    let mut stage = restart_blind(Stage::online());
    stage.watch(0, Anchor::Newest, 10);
    stage.say("one");
    stage.pass(Duration::from_secs(3600));
    stage.server.deliver(&live("m1", "two", "a0001"));
    stage.go();
    assert_eq!(stage.bodies(), ["one", "two"]);
    assert_eq!(told(&stage), Some(Problem::NoStorage));
    assert_eq!(stage.server.sockets.len(), 1, "one session for it all");
}

#[test]
fn it_opens_when_the_account_is_logged_out() {
    let mut stage = Stage::online();
    stage.say("before");
    let mut stage = restart_blind(stage);
    stage.say("farewell");
    stage.disk.stays_shut.set(false);
    let log_out = AccountCommand::LogOut { erase: false };
    assert_eq!(stage.tell(log_out), Ok(Reply::Done));
    assert_eq!(told(&stage), None);
    assert_eq!(stored(&stage), ["before", "farewell"]);
    stage.log_in(true).unwrap();
    stage.watch(0, Anchor::Newest, 10);
    assert_eq!(stage.bodies(), ["before", "farewell"]);
}

#[test]
fn it_opens_after_a_log_in_with_a_kept_account() {
    let mut stage = Stage::online();
    stage.say("before");
    let log_out = AccountCommand::LogOut { erase: false };
    stage.tell(log_out).unwrap();
    stage.disk.stays_shut.set(true);
    // Not to stay: nothing but this engine knows the password.
    stage.log_in(false).unwrap();
    assert_eq!(told(&stage), Some(Problem::NoStorage));
    open(&mut stage);
    assert_eq!(told(&stage), None);
    assert_eq!(stage.connection(), Connection::Online);
    stage.watch(0, Anchor::Newest, 10);
    assert_eq!(stage.bodies(), ["before"]);
}

#[test]
fn a_log_in_that_is_given_up_leaves_no_banner() {
    let mut stage = Stage::online();
    let log_out = AccountCommand::LogOut { erase: false };
    stage.tell(log_out).unwrap();
    stage.disk.stays_shut.set(true);
    assert_eq!(stage.log_in_as("wrong", true), Err(Problem::WrongPassword));
    assert_eq!(told(&stage), None);
    let login = LogIn {
        address: "romeo@example.org".into(),
        password: Secret::new("pencil".into()),
        websocket: Some("wss://example.org/ws".into()),
        stay: true,
        anonymous: false,
        weaker: false,
    };
    stage.pages[0].page.wish(101, Command::LogIn(login));
    stage.pages[0].page.wish(102, Command::CancelLogIn);
    stage.go();
    assert_eq!(told(&stage), None);
}
