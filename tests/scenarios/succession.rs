//! Another engine takes over: the one before it leaves in order.

use std::time::Duration;

use waxwing::boundary::change::Reply;
use waxwing::boundary::command::{AccountCommand, Anchor, Attention, Command};
use waxwing::client::retirement::Successor;
use waxwing::entity::account::Connection;
use waxwing::entity::message::Delivery;

use crate::support::{Stage, juliet, send};

/// The last frames that the server got, the newest first.
fn last_frames(stage: &Stage, count: usize) -> Vec<&str> {
    let frames = stage.server.frames.iter().rev();
    frames.take(count).map(String::as_str).collect()
}

#[test]
fn the_session_ends_properly_and_then_the_pages_are_told() {
    let mut stage = Stage::online();
    stage.attach(Attention::Hidden);
    stage.go();
    stage.retirement.in_order(Successor::OtherBuild);
    stage.go();
    let last = last_frames(&stage, 2);
    assert!(last[0].contains("<close"), "{last:?}");
    assert!(last[1].contains("unavailable"), "{last:?}");
    assert!(stage.server.sockets[0].is_closed());
    assert!(stage.pages.iter().all(|page| page.is_refused));
    // Nobody comes back, and nothing is asked of the server, however long it takes.
    stage.pass(Duration::from_secs(600));
    assert_eq!(stage.server.sockets.len(), 1);
}

#[test]
fn what_was_asked_before_is_done_and_answered_and_what_comes_after_is_not() {
    let mut stage = Stage::online();
    let say = |body: &str| Command::Account(stage.account, send(body));
    stage.pages[0].page.wish(101, say("in time"));
    stage.retirement.in_order(Successor::OtherBuild);
    stage.pages[0].page.wish(102, say("too late"));
    stage.go();
    assert_eq!(stage.pages[0].answer(101), Some(Ok(Reply::Done)));
    assert_eq!(stage.pages[0].answer(102), None);
    assert!(stage.pages[0].is_refused);
    let bodies: Vec<_> = stage.stored().into_iter().map(|m| m.body).collect();
    assert_eq!(bodies, ["in time"]);
}

#[test]
fn a_message_that_was_not_confirmed_is_neither_lost_nor_doubled() {
    let mut stage = Stage::online();
    stage.server.silent = true;
    stage.say("I take thee at thy word");
    stage
        .tell(AccountCommand::SaveDraft {
            conversation: juliet(),
            text: "Henceforth".into(),
        })
        .unwrap();
    let sent = stage.server.take_messages();
    stage.retirement.in_order(Successor::OtherBuild);
    stage.go();
    assert!(stage.pages[0].is_refused);
    // The server had it: it is in the archive, where the next engine looks before it sends anything again.
    let (origin, body) = sent[0].clone();
    stage.server.archive.push(crate::support::server::Archived {
        origin: Some(origin),
        ..crate::support::server::Archived::new(1, "romeo@example.org/orchard", &body)
    });
    stage.server.silent = false;
    let mut stage = stage.restart();
    stage.pass(Duration::from_secs(60));
    assert_eq!(stage.connection(), Connection::Online);
    assert_eq!(stage.server.take_messages(), Vec::new());
    stage.watch(0, Anchor::Newest, 10);
    assert_eq!(stage.bodies(), ["I take thee at thy word"]);
    assert_eq!(stage.pages[0].window.items[0].delivery, Delivery::Sent);
    assert_eq!(stage.row().draft, "Henceforth");
}

#[test]
fn a_server_that_says_nothing_does_not_hold_it_up_for_long() {
    let mut stage = Stage::online();
    stage.retirement.in_order(Successor::OtherBuild);
    // Nobody reads what the client says.
    stage.world.pass(Duration::from_secs(2));
    stage.pages[0].listen();
    assert!(!stage.pages[0].is_refused);
    stage.world.pass(Duration::from_secs(3));
    stage.pages[0].listen();
    assert!(stage.pages[0].is_refused);
}

#[test]
fn an_account_that_waits_or_logs_in_does_not_hold_it_up() {
    let mut stage = Stage::online();
    stage.server.refuses = true;
    stage.server.cut();
    stage.go();
    assert!(matches!(stage.connection(), Connection::Waiting { .. }));
    stage.retirement.in_order(Successor::OtherBuild);
    stage.go();
    assert!(stage.pages[0].is_refused);

    let mut stage = Stage::empty();
    let login = waxwing::boundary::command::LogIn {
        address: "romeo@example.org".into(),
        password: waxwing::entity::secret::Secret::new("pencil".into()),
        websocket: Some("wss://example.org/ws".into()),
        stay: true,
        anonymous: false,
        weaker: false,
    };
    stage.pages[0].page.wish(1, Command::LogIn(login));
    stage.world.run();
    stage.retirement.in_order(Successor::OtherBuild);
    stage.go();
    assert!(stage.pages[0].is_refused);
    assert!(stage.disk.device().accounts.is_empty());
}

#[test]
fn what_the_disk_did_not_take_is_tried_once_more() {
    let mut stage = Stage::online();
    stage.disk.fails.set(true);
    stage.say("meanwhile");
    stage.disk.fails.set(false);
    assert!(stage.stored().is_empty());
    stage.retirement.in_order(Successor::OtherBuild);
    stage.go();
    let bodies: Vec<_> = stage.stored().into_iter().map(|m| m.body).collect();
    assert_eq!(bodies, ["meanwhile"]);
}

#[test]
fn a_page_that_comes_too_late_is_told_so() {
    let mut stage = Stage::online();
    stage.retirement.in_order(Successor::OtherBuild);
    let late = stage.attach(Attention::Focused);
    stage.go();
    assert!(stage.pages[late].is_refused);
    assert!(stage.pages[late].changes.is_empty());
}

#[test]
fn an_engine_whose_place_was_taken_tells_its_pages_at_once() {
    let mut stage = Stage::online();
    stage.retirement.at_once();
    stage.pages[0].listen();
    assert!(stage.pages[0].is_sent_away, "nothing is known of its build");
}

#[test]
fn one_of_the_same_build_elsewhere_takes_over_and_nobody_is_told_of_another_version() {
    let mut stage = Stage::online();
    stage.retirement.in_order(Successor::Elsewhere);
    let late = stage.attach(Attention::Focused);
    stage.go();
    let last = last_frames(&stage, 2);
    assert!(last[0].contains("<close"), "{last:?}");
    for page in [0, late] {
        assert!(stage.pages[page].is_sent_away && !stage.pages[page].is_refused);
    }
}

#[test]
fn an_engine_that_no_page_of_its_build_has_asked_for_refuses_everybody() {
    let mut world = waxwing::platform::fake::World::default();
    let depot = std::rc::Rc::new(crate::support::Disk::default());
    waxwing::client::retirement::refuse_everybody(&world.ports(depot).pages);
    let page = world.new_page();
    page.hello(Attention::Focused);
    world.run();
    let said = page.take_messages().concat();
    assert!(
        matches!(
            &said[..],
            [waxwing::boundary::change::ToPage::OtherBuild(_)]
        ),
        "{said:?}"
    );
}
