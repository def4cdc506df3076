//! Messages that are refused: one alone, for now, or hours later (faults F15, F18, F20, F21, F49).

use std::time::Duration;

use waxwing::boundary::command::{AccountCommand, Anchor};
use waxwing::entity::message::Delivery;
use waxwing::entity::problem::Problem;

use crate::support::managed::Memory;
use crate::support::{Stage, juliet};

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Each text in the window, and how far it came.
fn shown(stage: &Stage) -> Vec<(String, Delivery)> {
    let items = stage.pages[0].window.items.iter();
    items
        .map(|item| (item.body.clone(), item.delivery.clone()))
        .collect()
}

fn taken(stage: &mut Stage) -> Vec<String> {
    let messages = stage.server.take_messages();
    messages.into_iter().map(|(_, body)| body).collect()
}

#[test]
fn what_the_server_ends_every_stream_for_fails_and_all_else_arrives() {
    for manages in [Some(Memory::Session), None] {
        for condition in ["not-well-formed", "invalid-xml", "policy-violation"] {
            let mut stage = Stage::empty();
            stage.server.manages = manages;
            stage.log_in(true).unwrap();
            stage.watch(0, Anchor::Newest, 50);
            stage.server.chokes = Some((">bad<", condition));
            for body in ["good", "bad", "also good"] {
                stage.say(body);
            }
            stage.pass(seconds(600));
            let states = shown(&stage);
            assert_eq!(
                states[0],
                ("good".to_owned(), Delivery::Sent),
                "{condition}"
            );
            assert_eq!(states[2], ("also good".to_owned(), Delivery::Sent));
            let Delivery::Failed(problem) = &states[1].1 else {
                panic!("{condition}: {:?}", states[1]);
            };
            assert!(problem.leaves_doubt(), "{problem:?}");
            let sockets = stage.server.sockets.len();
            assert!(sockets <= 4, "{condition}: {sockets} sessions");
            stage.pass(seconds(600));
            assert_eq!(stage.server.sockets.len(), sockets, "no loop");
            let arrived = taken(&mut stage);
            assert!(
                arrived.contains(&"good".to_owned()) && arrived.contains(&"also good".to_owned())
            );
        }
    }
}

#[test]
fn what_is_refused_for_now_says_so_and_goes_out_later_in_its_order() {
    let mut stage = Stage::online();
    stage.watch(0, Anchor::Newest, 50);
    stage.say("one");
    let (name, _) = stage.server.take_messages().remove(0);
    stage.refuse(&name, "wait", "resource-constraint");
    stage.say("two");
    let states = shown(&stage);
    assert!(matches!(states[0].1, Delivery::Delayed(_)), "{states:?}");
    assert_eq!(states[1].1, Delivery::Sending);
    assert_eq!(taken(&mut stage), Vec::<String>::new());
    stage.pass(seconds(10));
    assert_eq!(taken(&mut stage), ["one", "two"]);
    assert!(
        shown(&stage)
            .iter()
            .all(|(_, delivery)| *delivery == Delivery::Sent)
    );
}

#[test]
fn what_waits_to_be_sent_again_outlives_the_engine_and_can_be_taken_back() {
    for taken_back in [false, true] {
        let mut stage = Stage::online();
        stage.watch(0, Anchor::Newest, 50);
        stage.say("one");
        let (name, _) = stage.server.take_messages().remove(0);
        stage.refuse(&name, "wait", "policy-violation");
        stage.say("two");
        if taken_back {
            let id = stage.pages[0].window.ids()[0];
            stage
                .tell(AccountCommand::DeleteMessage(juliet(), id))
                .unwrap();
            stage.pass(seconds(400));
            assert_eq!(stage.stored_bodies(), ["two"]);
            assert_eq!(taken(&mut stage), ["two"]);
            continue;
        }
        let mut stage = stage.restart();
        stage.pass(seconds(30));
        assert_eq!(taken(&mut stage), ["one", "two"]);
        stage.watch(0, Anchor::Newest, 50);
        assert!(
            shown(&stage)
                .iter()
                .all(|(_, delivery)| *delivery == Delivery::Sent)
        );
    }
}

#[test]
fn who_does_not_want_to_wait_can_try_at_once() {
    let mut stage = Stage::online();
    stage.watch(0, Anchor::Newest, 50);
    stage.say("one");
    let (name, _) = stage.server.take_messages().remove(0);
    stage.refuse(&name, "wait", "policy-violation");
    let id = stage.pages[0].window.ids()[0];
    stage
        .tell(AccountCommand::RetryMessage(juliet(), id))
        .unwrap();
    assert_eq!(taken(&mut stage), ["one"]);
}

#[test]
fn an_error_that_comes_hours_later_finds_its_message() {
    let mut stage = Stage::online();
    stage.watch(0, Anchor::Newest, 50);
    for number in 1..=5 {
        stage.say(&number.to_string());
    }
    let names = stage.server.take_messages();
    stage.pass(seconds(3 * 3_600));
    stage.refuse(&names[1].0, "wait", "remote-server-timeout");
    let check = |stage: &Stage| {
        for (body, delivery) in shown(stage) {
            let expected = match body.as_str() {
                "2" => Delivery::Failed(Problem::RemoteServerUnreachable),
                _ => Delivery::Sent,
            };
            assert_eq!(delivery, expected, "{body}");
        }
    };
    check(&stage);
    // The same once more, and one that means nothing.
    stage.refuse(&names[1].0, "cancel", "service-unavailable");
    stage.refuse("unknown", "cancel", "service-unavailable");
    check(&stage);
    let mut stage = stage.restart();
    stage.watch(0, Anchor::Newest, 50);
    check(&stage);
    // An engine that did not write it finds it, too; but only whom it was for can refuse it.
    stage.server.deliver(&format!(
        "<message xmlns='jabber:client' type='error' from='mallory@example.org' id='{}'><error type='cancel'>\
         <service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>",
        names[3].0
    ));
    stage.go();
    check(&stage);
    stage.refuse(&names[3].0, "cancel", "remote-server-timeout");
    let late = Delivery::Failed(Problem::RemoteServerUnreachable);
    assert_eq!(shown(&stage)[3].1, late);
    assert_eq!(stage.stored()[3].delivery, late);
    let id = stage.pages[0].window.ids()[1];
    stage
        .tell(AccountCommand::RetryMessage(juliet(), id))
        .unwrap();
    assert_eq!(taken(&mut stage), ["2"], "only that one");
}

#[test]
fn whatever_is_deleted_while_nothing_can_be_read_the_latest_message_is_known_when_it_can() {
    for fails_already in [false, true] {
        for (deleted, left) in [(0, "two"), (1, "one")] {
            let mut stage = Stage::online();
            stage.watch(0, Anchor::Newest, 50);
            stage.say("one");
            stage.say("two");
            for (name, _) in stage.server.take_messages() {
                stage.refuse(&name, "cancel", "service-unavailable");
            }
            stage.disk.fails.set(fails_already);
            if fails_already {
                let draft = AccountCommand::SaveDraft {
                    conversation: juliet(),
                    text: "three".into(),
                };
                stage.tell(draft).unwrap();
                assert!(stage.disk_problem().is_some());
            }
            stage.disk.is_unreadable.set(true);
            let id = stage.pages[0].window.ids()[deleted];
            let delete = AccountCommand::DeleteMessage(juliet(), id);
            stage.tell(delete).unwrap();
            assert_eq!(stage.bodies(), [left]);
            assert!(stage.row().latest.is_some(), "unknown is not absent");
            stage.disk.is_unreadable.set(false);
            stage.disk.fails.set(false);
            stage.pass(seconds(60));
            assert_eq!(stage.disk_problem(), None);
            assert_eq!(stage.row().latest.unwrap().text, left);
            stage.server.refuses = true;
            let stage = stage.restart();
            assert_eq!(stage.row().latest.unwrap().text, left);
            assert_eq!(stage.stored_bodies(), [left]);
        }
    }
}
