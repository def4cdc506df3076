//! The engine died, and its pages tell the next one what only they know now.

use waxwing::boundary::change::{Change, Reply};
use waxwing::boundary::command::{AccountCommand, Anchor, Command};
use waxwing::boundary::deadly::fingerprint;
use waxwing::entity::account::Connection;
use waxwing::entity::id::ItemId;
use waxwing::entity::problem::Problem;
use waxwing::entity::secret::Secret;

use crate::support::server::Archived;
use crate::support::{PASSWORD, Stage, juliet, send, send_as};

/// Who is told that nobody is logged in, and whose addresses are remembered.
fn remembered(stage: &Stage, page: usize) -> usize {
    let changes = stage.pages[page].changes.iter().rev();
    let mut all = changes.filter_map(|change| match change {
        Change::Remembered(addresses) => Some(addresses.len()),
        _ => None,
    });
    all.next().unwrap_or_default()
}

#[test]
fn an_account_whose_password_died_with_the_engine_waits_for_it_where_it_was() {
    let mut stage = Stage::empty();
    stage.log_in(false).unwrap();
    stage.say("by a name");
    stage
        .tell(AccountCommand::SaveDraft {
            conversation: juliet(),
            text: "I know not".into(),
        })
        .unwrap();
    let mut stage = stage.restart();
    assert_eq!(stage.pages[0].connection, None, "a page that shows nothing");
    assert_eq!(remembered(&stage, 0), 1);

    let account = stage.account;
    let again = stage.attach_again(&[account], &[]);
    stage.go();
    for page in [0, again] {
        let connection = stage.pages[page].connection.clone();
        assert_eq!(connection, Some(Connection::Failed(Problem::PasswordLost)));
        let row = stage.pages[page].row(&juliet()).unwrap();
        assert_eq!(row.draft, "I know not");
        assert_eq!(remembered(&stage, page), 0);
    }
    assert!(stage.server.sockets.is_empty(), "nobody was asked in vain");
    stage.watch(0, Anchor::Newest, 10);
    assert_eq!(stage.bodies(), ["by a name"]);

    let _before = stage.server.take_messages();
    // What is written meanwhile goes out when the password is there.
    stage.say("how to tell thee");
    assert!(stage.server.take_messages().is_empty());
    let provide = AccountCommand::ProvidePassword(Secret::new(PASSWORD.into()));
    assert_eq!(stage.tell(provide), Ok(Reply::Account(account)));
    assert_eq!(stage.connection(), Connection::Online);
    assert_eq!(stage.server.take_messages().len(), 1);
    // As before, nothing is kept that could log in.
    assert_eq!(stage.disk.device().accounts[0].credentials, None);
}

#[test]
fn who_has_logged_out_is_not_brought_back() {
    let mut stage = Stage::online();
    let account = stage.account;
    stage.tell(AccountCommand::LogOut { erase: false }).unwrap();
    stage.attach_again(&[account], &[]);
    let mut stage = stage.restart();
    let again = stage.attach_again(&[account], &[]);
    stage.go();
    assert_eq!(stage.pages[again].connection, None);
    assert_eq!(remembered(&stage, again), 1);
}

#[test]
fn a_message_that_is_asked_for_again_is_sent_once() {
    let mut stage = Stage::online();
    let id = ItemId(7);
    let ask = |again| send_as(id, "but soft", again);
    assert_eq!(stage.tell(ask(false)), Ok(Reply::Done));
    assert_eq!(stage.tell(ask(false)), Ok(Reply::Done));
    assert_eq!(stage.server.take_messages().len(), 1);
    // The engine dies before its answer is heard; the next one reads from the store what was sent.
    let mut stage = stage.restart();
    assert_eq!(stage.tell(ask(true)), Ok(Reply::Done));
    assert!(stage.server.take_messages().is_empty());
    stage.watch(0, Anchor::Newest, 10);
    assert_eq!(stage.bodies(), ["but soft"]);
    assert_eq!(stage.pages[0].window.ids(), [id]);
    // Another text under the same name is another message.
    let other = send_as(id, "what light", true);
    assert_eq!(stage.tell(other), Ok(Reply::Done));
    assert_eq!(stage.server.take_messages().len(), 1);
    assert_eq!(stage.bodies(), ["but soft", "what light"]);
    assert_ne!(stage.pages[0].window.ids()[1], id);
}

#[test]
fn a_message_that_was_deleted_is_not_sent_for_a_page_that_has_not_heard_of_it() {
    let mut stage = Stage::online();
    let id = ItemId(7);
    let ask = |again| send_as(id, "but soft", again);
    stage.watch(0, Anchor::Newest, 10);
    assert_eq!(stage.tell(ask(false)), Ok(Reply::Done));
    let (name, _) = stage.server.take_messages().remove(0);
    stage.refuse(&name, "cancel", "service-unavailable");
    // Another page shows it, and is told to delete it; the one that wrote it comes back out of the browser's memory.
    let delete = AccountCommand::DeleteMessage(juliet(), id);
    assert_eq!(stage.tell(delete), Ok(Reply::Done));
    assert_eq!(stage.tell(ask(true)), Ok(Reply::Done));
    assert!(stage.server.take_messages().is_empty());
    assert!(stage.bodies().is_empty());
}

#[test]
fn two_messages_in_one_breath_keep_their_order() {
    let mut stage = Stage::online();
    for body in ["one", "two", "three"] {
        let command = Command::Account(stage.account, send(body));
        stage.pages[0].page.wish(0, command);
    }
    stage.go();
    let sent = stage.server.take_messages();
    let bodies: Vec<_> = sent.iter().map(|(_, body)| body.as_str()).collect();
    assert_eq!(bodies, ["one", "two", "three"]);
    stage.watch(0, Anchor::Newest, 10);
    assert_eq!(stage.bodies(), ["one", "two", "three"]);
}

/// The archive holds a message that kills engines, between two that do not.
fn poisoned() -> Stage {
    let mut stage = Stage::online();
    for (number, body) in [(1, "honey"), (2, "poison"), (3, "bread")] {
        let item = Archived::new(number, "juliet@example.org/balcony", body);
        stage.server.archive.push(item);
    }
    stage
}

/// The frame in hand that holds the poison, when it is caught up with, or else when the window is opened: this is where
/// an engine dies.
fn frame_in_hand(stage: &mut Stage) -> Option<String> {
    stage.watch(0, Anchor::Newest, 10);
    let held = stage.world.take_held();
    held.into_iter().find(|frame| frame.contains("poison"))
}

#[test]
fn a_frame_that_killed_two_engines_is_skipped_by_the_third() {
    let mut stage = poisoned();
    let mut deaths = Vec::new();
    for _ in 0..2 {
        let frame = frame_in_hand(&mut stage).expect("the witness saw it");
        deaths.push(fingerprint(&frame));
        // It would be stored by now; an engine that dies of it stores nothing.
        let Stage { world, server, .. } = stage;
        let mut fresh = Stage::on(world.later(), std::rc::Rc::default(), server);
        fresh.pages.clear();
        fresh.attach_again(&[], &deaths);
        fresh.server.forget_sockets();
        fresh.log_in(true).unwrap();
        stage = fresh;
    }
    assert_eq!(
        deaths[0], deaths[1],
        "known again in another query's answer"
    );
    assert_eq!(frame_in_hand(&mut stage), None);
    assert_eq!(stage.bodies(), ["honey", "bread"]);
    assert_eq!(stage.connection(), Connection::Online);
}

#[test]
fn a_draft_to_somebody_who_was_never_written_to_is_kept() {
    let mut stage = Stage::online();
    // A contact's conversation is shown without being asked for.
    stage
        .tell(AccountCommand::SaveDraft {
            conversation: juliet(),
            text: "half a word".into(),
        })
        .unwrap();
    let stage = stage.restart();
    assert_eq!(stage.row().draft, "half a word");
}
