//! A store that cannot be opened when its account begins, and can be later.

use std::time::Duration;

use waxwing::boundary::change::Reply;
use waxwing::boundary::command::{AccountCommand, Anchor, Attention, Command, LogIn};
use waxwing::entity::account::Connection;
use waxwing::entity::id::ItemId;
use waxwing::entity::message::Delivery;
use waxwing::entity::presence::{Availability, OwnPresence};
use waxwing::entity::problem::Problem;
use waxwing::entity::secret::Secret;

use crate::support::managed::Memory;
use crate::support::server::Archived;
use crate::support::{Stage, juliet, send_as};

const JULIET: &str = "juliet@example.org/balcony";

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
    assert_eq!(stage.disk_problem(), Some(Problem::NoStorage));
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
    assert_eq!(stage.disk_problem(), Some(Problem::NoStorage));
    assert_eq!(stage.stored_bodies(), ["before", "of old"]);
    open(&mut stage);
    assert_eq!(stage.disk_problem(), None);
    let all = ["before", "of old", "meanwhile", "mine"];
    assert_eq!(stage.bodies(), all, "the window is complete");
    assert_eq!(stage.pages[0].window.ids()[2..], meanwhile);
    assert_eq!(stage.stored_bodies(), all);
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

fn at_night(number: u32, from: &'static str, body: &str) -> Archived {
    Archived {
        stamp: format!("2026-01-01T0{number}:00:00Z"),
        ..Archived::new(number, from, body)
    }
}

#[test]
fn what_is_only_guessed_to_be_read_is_so_too_when_the_archive_has_moved_it() {
    let mut stage = Stage::empty();
    stage.server.archive = vec![Archived::new(1, JULIET, "one")];
    stage.log_in(true).unwrap();
    let at_once = |number, from, body| Archived {
        stamp: "2025-12-31T23:59:00Z".into(),
        ..Archived::new(number, from, body)
    };
    stage.server.archive.extend([
        at_once(2, JULIET, "two"),
        at_once(3, "benvolio@example.org/street", "good morrow"),
    ]);
    stage.server.page_size = Some(1);
    let mut stage = restart_blind(stage);
    let before = stage.row().latest.unwrap().position;
    stage.pass(Duration::from_secs(220));
    assert_ne!(stage.row().latest.unwrap().position, before);
    assert_eq!(stage.row().unread, 0);
    open(&mut stage);
    stage.pass(Duration::from_secs(120));
    assert_eq!(stage.stored().len(), 2);
    assert_eq!(stage.row().unread, 1);
}

/// With a server that archives: the engine that knows nothing begins with the newest page, of which it cannot know what was
/// missed.
#[test]
fn what_came_while_we_were_away_stays_unread() {
    let mut stage = Stage::online();
    stage.server.deliver(&live("m1", "one", "a0001"));
    stage.server.deliver(&live("m2", "two", "a0002"));
    stage.go();
    let mut stage = {
        stage.server.archive = vec![
            Archived::new(1, JULIET, "one"),
            Archived::new(2, JULIET, "two"),
            at_night(3, JULIET, "three"),
            at_night(4, "benvolio@example.org/street", "good morrow"),
        ];
        restart_blind(stage)
    };
    assert_eq!(stage.row().unread, 0);
    open(&mut stage);
    assert_eq!(stage.row().unread, 3);
    let benvolio = crate::support::address("benvolio@example.org");
    assert_eq!(stage.pages[0].row(&benvolio).unwrap().unread, 1);
    // What was read, on the disk or meanwhile, is read.
    stage.watch(0, Anchor::Newest, 10);
    let newest = stage.pages[0].window.items[2].clone();
    stage.tell(AccountCommand::mark_read(&newest)).unwrap();
    assert_eq!(stage.row().unread, 0);
    let item = at_night(5, JULIET, "four");
    stage.server.archive.push(item);
    let mut stage = restart_blind(stage);
    open(&mut stage);
    assert_eq!(stage.row().unread, 1);
    let mut stage = restart_blind(stage);
    stage.watch(0, Anchor::Newest, 10);
    let items = &stage.pages[0].window.items;
    let newest = items.last().unwrap().clone();
    stage.tell(AccountCommand::mark_read(&newest)).unwrap();
    open(&mut stage);
    assert_eq!(stage.row().unread, 0);
    assert_eq!(stage.restart().row().unread, 0);
}

#[test]
fn what_was_sent_or_deleted_does_not_come_back_as_a_draft() {
    for is_sent in [true, false] {
        let mut stage = Stage::online();
        stage.tell(draft("but soft")).unwrap();
        let mut stage = restart_blind(stage);
        if is_sent {
            stage.say("but soft");
        } else {
            stage.tell(draft("")).unwrap();
        }
        open(&mut stage);
        assert_eq!(stage.row().draft, "");
        assert_eq!(stage.restart().row().draft, "");
    }
}

#[test]
fn a_draft_that_nobody_saw_is_still_there_when_something_else_was_sent() {
    let mut stage = Stage::online();
    stage.tell(draft("but soft")).unwrap();
    let mut stage = restart_blind(stage);
    stage.tell(draft("he jests")).unwrap();
    stage.say("he jests at scars");
    // As a page does when it has sent what it had kept.
    stage.tell(draft("")).unwrap();
    open(&mut stage);
    assert_eq!(stage.row().draft, "but soft");
    let mut stage = restart_blind(stage.restart());
    // Who goes on with it knew of it.
    stage.say("but soft, what light");
    open(&mut stage);
    assert_eq!(stage.row().draft, "");
    assert_eq!(stage.restart().row().draft, "");
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
        let id = ItemId(7);
        let ask = |again| send_as(id, "but soft", again);
        stage.tell(ask(false)).unwrap();
        let (origin, _) = stage.server.take_messages().remove(0);
        stage.server.archive.push(Archived {
            origin: Some(origin),
            ..Archived::new(1, "romeo@example.org/orchard", "but soft")
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
        assert_eq!(stage.disk_problem(), None);
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
    while stage.disk_problem().is_some() {
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
    assert_eq!(stage.stored_bodies(), ["before", "meanwhile"]);
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
    assert_eq!(stage.disk_problem(), None);
    assert_eq!(stage.stored_bodies(), ["before", "meanwhile"]);
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
    assert_eq!(stage.disk_problem(), Some(Problem::NoStorage));
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
    assert_eq!(stage.disk_problem(), None);
    assert_eq!(stage.stored_bodies(), ["before", "farewell"]);
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
    assert_eq!(stage.disk_problem(), Some(Problem::NoStorage));
    open(&mut stage);
    assert_eq!(stage.disk_problem(), None);
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
    assert_eq!(stage.disk_problem(), None);
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
    assert_eq!(stage.disk_problem(), None);
}

#[test]
fn it_is_not_made_anew_when_it_is_erased_as_it_is_tried_again() {
    let mut stage = restart_blind(Stage::online());
    stage.disk.stays_shut.set(false);
    let log_out = AccountCommand::LogOut { erase: true };
    let log_out = Command::Account(stage.account, log_out);
    stage.pages[0].page.wish(101, log_out);
    // One turn finds that it is due, and that it is to be erased.
    stage.world.skip(Duration::from_secs(6));
    stage.pass(Duration::from_secs(60));
    assert_eq!(stage.pages[0].answer(101), Some(Ok(Reply::Done)));
    assert_eq!(stage.disk.opened(), 0);
}

/// Stanzas count until the server has said goodbye, too: also one that says that everything works.
#[test]
fn the_next_session_begins_whatever_the_last_one_says_as_it_ends() {
    let mut stage = restart_blind(Stage::online());
    stage.server.kept = Some(Vec::new());
    let again = Command::Account(stage.account, AccountCommand::LoadRoster);
    stage.pages[0].page.wish(101, again);
    stage.go();
    stage.disk.stays_shut.set(false);
    while stage.disk_problem().is_some() {
        stage.world.pass(Duration::from_millis(250));
        stage.go();
    }
    let sockets = stage.server.sockets.len();
    stage.server.let_go();
    stage.pass(Duration::from_secs(20));
    assert_eq!(stage.server.sockets.len(), sockets + 1);
    stage.say("mine");
    assert_eq!(stage.server.take_messages().len(), 1);
    assert_eq!(stage.stored_bodies(), ["mine"]);
}

#[test]
fn that_nobody_looks_is_told_in_the_next_session_too() {
    let mut stage = restart_blind(Stage::online());
    stage.ask(Command::Attention(Attention::Hidden));
    stage.pass(Duration::from_secs(30));
    stage.server.frames.clear();
    stage.disk.stays_shut.set(false);
    stage.pass(Duration::from_secs(60));
    assert_eq!(stage.disk_problem(), None);
    let states = stage.server.frames.iter();
    let states: Vec<_> = states
        .filter(|frame| frame.contains("urn:xmpp:csi:0"))
        .collect();
    assert_eq!(states, ["<inactive xmlns='urn:xmpp:csi:0'/>"]);
}
