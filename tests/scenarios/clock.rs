//! A clock that is wrong by a year, and is set right (fault F28); and answers that never come (F22).

use std::collections::BTreeSet;
use std::time::Duration;

use waxwing::boundary::change::Edge;
use waxwing::boundary::command::{AccountCommand, Anchor, Command, Toward};
use waxwing::entity::address::Address;
use waxwing::entity::id::ItemId;
use waxwing::entity::message::{Delivery, Direction, Message, MessageIds, Position};
use waxwing::entity::problem::Problem;
use waxwing::entity::time::Timestamp;

use crate::support::managed::Memory;
use crate::support::server::Archived;
use crate::support::{Stage, address, juliet};

const YEAR: i64 = 365 * 24 * 3_600_000;

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn live(who: &str, number: u32, body: &str) -> String {
    format!(
        "<message xmlns='jabber:client' from='{who}@example.org/b' to='romeo@example.org' type='chat' id='m{number}'><body>{body}</body>\
         <origin-id xmlns='urn:xmpp:sid:0' id='o{number}'/>\
         <stanza-id xmlns='urn:xmpp:sid:0' by='romeo@example.org' id='a{number:04}'/></message>"
    )
}

/// The list of conversations, as pages put it in order.
fn list(stage: &Stage) -> Vec<Address> {
    let row = |peer| stage.pages[0].row(&peer);
    let mut rows: Vec<_> = [juliet(), address("benvolio@example.org")]
        .into_iter()
        .filter_map(row)
        .collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.latest.as_ref().map(|latest| latest.position)));
    rows.into_iter().map(|row| row.peer).collect()
}

#[test]
fn whatever_the_clock_says_the_order_is_that_of_the_conversation() {
    for year in [YEAR, -YEAR] {
        let mut stage = Stage::online();
        stage.watch(0, Anchor::Newest, 50);
        stage.server.deliver(&live("juliet", 1, "one"));
        stage.go();
        stage.world.set_clock(year);
        stage.server.deliver(&live("juliet", 2, "two"));
        stage.go();
        stage.say("three");
        stage.pass(seconds(5));
        stage.world.set_clock(-year);
        stage.server.deliver(&live("juliet", 4, "four"));
        stage.go();
        stage.say("five");
        let all = ["one", "two", "three", "four", "five"];
        assert_eq!(stage.bodies(), all, "{year}");
        let mut stage = stage.restart();
        stage.watch(0, Anchor::Newest, 50);
        assert_eq!(stage.bodies(), all, "{year}");
        assert_eq!(stage.row().latest.unwrap().text, "five");
    }
}

#[test]
fn what_was_said_while_the_clock_was_ahead_does_not_stay_on_top() {
    let benvolio = address("benvolio@example.org");
    for restarts in [false, true] {
        let mut stage = Stage::online();
        stage.world.set_clock(YEAR);
        stage.server.deliver(&live("juliet", 1, "in a year"));
        stage.go();
        stage.world.set_clock(-YEAR);
        stage.pass(seconds(10));
        if restarts {
            stage = stage.restart();
            stage.pass(seconds(10));
        }
        stage.server.deliver(&live("benvolio", 2, "now"));
        stage.go();
        assert_eq!(list(&stage), [benvolio.clone(), juliet()]);
        stage.server.deliver(&live("juliet", 3, "and now"));
        stage.go();
        assert_eq!(list(&stage), [juliet(), benvolio.clone()]);
        stage.pass(seconds(1));
        stage.server.deliver(&live("benvolio", 4, "again"));
        stage.go();
        assert_eq!(list(&stage), [benvolio.clone(), juliet()]);
    }
}

#[test]
fn what_may_have_arrived_is_found_though_our_clock_is_ahead_of_the_archives() {
    let mut stage = Stage::empty();
    stage.server.archive = vec![Archived::new(1, "juliet@example.org/balcony", "of old")];
    stage.world.set_clock(YEAR);
    stage.log_in(true).unwrap();
    stage.watch(0, Anchor::Newest, 50);
    stage.server.silent = true;
    stage.say("once");
    let (origin, body) = stage.server.take_messages().remove(0);
    let own = Archived::new(2, "romeo@example.org/orchard", &body);
    stage.server.archive.push(Archived {
        origin: Some(origin),
        ..own
    });
    stage.server.silent = false;
    stage.server.cut();
    stage.go();
    stage.tell(AccountCommand::Reconnect).unwrap();
    stage.go();
    assert_eq!(stage.server.take_messages(), [], "it has arrived");
    assert_eq!(stage.bodies(), ["of old", "once"]);
    assert_eq!(stage.pages[0].window.items[1].delivery, Delivery::Sent);
}

#[test]
fn a_wait_is_measured_by_no_wall_clock() {
    for year in [YEAR, -YEAR] {
        let mut stage = Stage::online();
        stage.leave();
        stage.world.set_clock(year);
        stage.server.refuses = false;
        stage.pass(seconds(4));
        let now = stage.server.sockets.len();
        assert_eq!(now, 2, "neither never nor a year later");
    }
}

#[test]
fn nobody_waits_for_an_answer_as_long_as_a_session_waits_for_a_socket() {
    let mut stage = Stage::empty();
    stage.server.manages = Some(Memory::Session);
    stage.log_in(true).unwrap();
    stage.server.kept = Some(Vec::new());
    let add = AccountCommand::AddContact {
        address: "benvolio@example.org".into(),
        name: None,
        groups: Vec::new(),
        text: None,
    };
    let asked = stage.ask(Command::Account(stage.account, add));
    assert_eq!(asked, None, "no answer yet");
    stage.leave();
    stage.pass(seconds(31));
    let answers = stage.pages[0].unasked_answers();
    assert_eq!(answers, 1, "it could not be done in time");
}

#[test]
fn a_page_of_history_that_never_comes_is_told_and_asked_for_again() {
    for manages in [Some(Memory::Session), None] {
        let mut stage = Stage::empty();
        stage.server.manages = manages;
        stage.log_in(true).unwrap();
        stage.server.archive = vec![Archived::new(1, "juliet@example.org/balcony", "of old")];
        stage.server.holds_pages = true;
        stage.watch(0, Anchor::Newest, 50);
        assert_eq!(stage.pages[0].window.older, Edge::Loading);
        stage.pass(seconds(31));
        assert_eq!(stage.pages[0].window.older, Edge::Failed(Problem::Timeout));
        // The same where the socket is gone before the answer.
        stage.watch(0, Anchor::Newest, 50);
        stage.leave();
        stage.pass(seconds(31));
        assert_ne!(stage.pages[0].window.older, Edge::Loading, "{manages:?}");
        stage.server.holds_pages = false;
        stage.server.refuses = false;
        stage.tell(AccountCommand::Reconnect).unwrap();
        stage.pass(seconds(5));
        assert_eq!(stage.bodies(), ["of old"], "{manages:?}");
    }
}

/// A clock that was wrong, and more missed than a moment has places for: two messages can have one position.
#[test]
fn messages_of_one_position_are_all_shown_however_short_the_pages_are() {
    let mut stage = Stage::online();
    let seconds = [1, 1, 1, 2, 3, 3, 4, 4, 4, 4, 4, 5, 5];
    let first = Position {
        time: Timestamp(1_000),
        tie: 7,
    };
    let message = |(number, second): (u64, i64)| Message {
        id: ItemId(number),
        position: Position {
            time: Timestamp(second * 1_000),
            ..first
        },
        conversation: juliet(),
        direction: Direction::Incoming,
        time: Timestamp(second * 1_000),
        body: number.to_string(),
        ids: MessageIds::default(),
        delivery: Delivery::Sent,
    };
    let all: BTreeSet<_> = (0..seconds.len() as u64).map(ItemId).collect();
    stage
        .disk
        .put(stage.account, (0..).zip(seconds).map(message));
    stage.leave();
    let mut stage = stage.restart();
    for count in 1..=7 {
        for (anchor, toward) in [
            (Anchor::Newest, Toward::Older),
            (Anchor::At(first), Toward::Newer),
        ] {
            stage.watch(0, anchor, count);
            let mut shown = BTreeSet::new();
            for _ in 0..20 {
                let ids = stage.pages[0].window.ids();
                shown.extend(ids);
                stage.extend(toward);
            }
            assert_eq!(shown, all, "{count}, {toward:?}");
        }
    }
}
