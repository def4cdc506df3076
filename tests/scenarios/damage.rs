//! Messages that the disk holds and nobody can read any more (fault F40): what the server has comes back.

use std::time::Duration;

use waxwing::boundary::change::{Edge, GapState};
use waxwing::boundary::command::{AccountCommand, Anchor, Toward};
use waxwing::entity::archive::Gaps;
use waxwing::entity::id::ItemId;
use waxwing::entity::problem::Problem;

use crate::support::Stage;
use crate::support::server::Archived;

const JULIET: &str = "juliet@example.org/balcony";

/// So many were heard, and are archived; the engine has died, and the records of these are damaged.
fn damaged(numbers: &[usize], heard: u32) -> Stage {
    let mut stage = Stage::online();
    // The archive's clock is ours, or behind it by hours.
    let hour = if heard > 5 {
        "2026-01-01T00"
    } else {
        "2025-12-31T10"
    };
    for number in 1..=heard {
        let item = Archived {
            stamp: format!("{hour}:{:02}:{:02}Z", number / 60, number % 60),
            ..Archived::new(number, JULIET, &number.to_string())
        };
        stage.server.deliver(&super::catch_up::live(&item));
        stage.server.archive.push(item);
        stage.go();
    }
    let stored = stage.stored();
    let read = AccountCommand::mark_read(&stored[1]);
    stage.tell(read).unwrap();
    let ids = numbers.iter().map(|number| stored[number - 1].id);
    let ids: Vec<ItemId> = ids.collect();
    stage.leave();
    let stage = stage.restart();
    stage.disk.damaged.borrow_mut().extend(ids);
    stage
}

fn all(heard: u32) -> Vec<String> {
    (1..=heard).map(|number| number.to_string()).collect()
}

#[test]
fn where_a_message_cannot_be_read_there_is_a_gap_and_the_server_fills_it() {
    for (numbers, shown) in [
        (&[3][..], &["1", "2", "…", "4", "5"][..]),
        (&[2, 3], &["1", "…", "4", "5"]),
        (&[2, 4], &["1", "…", "3", "…", "5"]),
        (&[5], &["1", "2", "3", "4", "…"]),
        (&[2, 3, 4, 5], &["1", "…"]),
    ] {
        let mut stage = damaged(numbers, 5);
        stage.watch(0, Anchor::Newest, 10);
        assert_eq!(stage.pages[0].window.lines(), shown, "{numbers:?}");
        stage.fill(Toward::Older);
        let failed = GapState::Failed(Problem::Offline);
        assert_eq!(stage.pages[0].window.gaps.last().unwrap().2, failed);
        // The damaged records are gone, and the gaps are not forgotten.
        let mut stage = stage.restart();
        stage.watch(0, Anchor::Newest, 10);
        assert_eq!(stage.pages[0].window.lines(), shown, "{numbers:?}");
        // Nothing else asks for them.
        stage.server.catch_ups_left = Some(0);
        stage.come_back();
        while !stage.pages[0].window.gaps.is_empty() {
            stage.fill(Toward::Older);
        }
        whole(stage, numbers);
    }
}

#[test]
fn where_the_oldest_messages_cannot_be_read_history_ends_where_it_can() {
    for numbers in [&[1][..], &[1, 2], &[1, 2, 3, 4, 5]] {
        let mut stage = damaged(numbers, 5);
        stage.watch(0, Anchor::Newest, 10);
        assert_eq!(stage.bodies(), all(5).split_off(numbers.len()));
        assert_eq!(stage.pages[0].window.gaps, []);
        let mut stage = stage.restart();
        stage.come_back();
        stage.watch(0, Anchor::Newest, 10);
        whole(stage, numbers);
    }
}

/// That page is asked for in the turn that comes by it.
#[test]
fn a_page_that_is_under_way_does_not_say_where_history_ends_when_that_cannot_be_read() {
    let mut stage = Stage::empty();
    let old = |number: u32| Archived {
        stamp: format!("2025-12-01T10:{:02}:{:02}Z", number / 60, number % 60),
        ..Archived::new(number, JULIET, &number.to_string())
    };
    stage.server.archive = (1..=90).map(old).collect();
    stage.server.page_size = Some(10);
    stage.server.catch_ups_left = Some(1);
    stage.log_in(true).unwrap();
    stage.watch(0, Anchor::Newest, 10);
    let oldest = stage.stored()[0].clone();
    assert_ne!(oldest.body, "1", "there is more in the archive");
    stage.disk.damaged.borrow_mut().insert(oldest.id);
    stage.server.frames.clear();
    stage.watch(0, Anchor::Newest, 200);
    let before = format!("<before>{}</before>", oldest.ids.archive.unwrap());
    assert!(
        stage
            .server
            .frames
            .iter()
            .any(|frame| frame.contains(&before))
    );
    while stage.pages[0].window.older == Edge::More {
        stage.extend(Toward::Older);
    }
    assert_eq!(stage.stored_bodies(), all(90));
}

#[test]
fn who_looks_at_a_whole_history_of_which_the_oldest_cannot_be_read_gets_it() {
    let mut stage = damaged(&[], 20);
    stage.come_back();
    stage.watch(0, Anchor::Newest, 200);
    assert_eq!(stage.pages[0].window.older, Edge::End);
    let oldest = stage.stored()[0].id;
    stage.disk.damaged.borrow_mut().insert(oldest);
    stage.watch(0, Anchor::Newest, 200);
    assert_eq!(stage.pages[0].window.older, Edge::More);
    stage.extend(Toward::Older);
    assert_eq!(stage.bodies(), all(20));
    assert_eq!(stage.pages[0].window.older, Edge::End);
}

/// A gap of the whole archive says nothing of what is much older.
#[test]
fn what_cannot_be_read_below_another_gap_has_a_gap_of_its_own() {
    let old = |number: u32| Archived {
        stamp: format!("2025-11-{:02}T10:00:00Z", number),
        ..Archived::new(number, JULIET, &number.to_string())
    };
    let mut stage = super::catch_up::away((1..=5).map(old));
    stage.come_back();
    stage.watch(0, Anchor::Newest, 50);
    assert_eq!(stage.stored_bodies(), all(5));
    stage.leave();
    let missed = |number: u32| Archived {
        stamp: format!("2025-12-{:02}T10:00:00Z", number),
        ..Archived::new(number, JULIET, &number.to_string())
    };
    stage.server.archive.extend((6..=20).map(missed));
    stage.server.page_size = Some(3);
    stage.server.catch_ups_left = Some(2);
    stage.come_back();
    assert_eq!(stage.disk.gaps(stage.account).all.gaps.len(), 1);
    let second = stage.stored()[1].id;
    stage.disk.damaged.borrow_mut().insert(second);
    stage.watch(0, Anchor::Newest, 50);
    let lines = stage.pages[0].window.lines();
    assert_eq!(lines[..4], ["1", "…", "3", "4"]);
    for _ in 0..10 {
        if !stage.pages[0].window.gaps.is_empty() {
            stage.fill(Toward::Older);
        }
    }
    stage.server.answer_late();
    stage.go();
    assert_eq!(stage.stored_bodies(), all(20));
}

/// Nobody knows what stands beside it: it may be there in a moment.
#[test]
fn a_disk_that_fails_meanwhile_loses_none_of_them() {
    let mut stage = damaged(&[3], 5);
    stage.disk.fails.set(true);
    stage.say("meanwhile");
    stage.watch(0, Anchor::Newest, 10);
    stage.disk.fails.set(false);
    stage.pass(Duration::from_secs(20));
    stage.watch(0, Anchor::Newest, 10);
    let shown = ["1", "2", "…", "4", "5", "meanwhile"];
    assert_eq!(stage.pages[0].window.lines(), shown);
}

#[track_caller]
fn whole(stage: Stage, numbers: &[usize]) {
    assert_eq!(stage.pages[0].window.lines(), all(5), "{numbers:?}");
    assert_eq!(stage.stored_bodies(), all(5), "{numbers:?}");
    assert_eq!(stage.disk.gaps(stage.account), Gaps::default());
    // The message up to which was read was the second. Where nobody knows that any more, too many are unread.
    let unread = match numbers {
        [1, 2, ..] => 5,
        [2, ..] => 4,
        _ => 3,
    };
    assert_eq!(stage.row().unread, unread, "{numbers:?}");
    let mut stage = stage.restart();
    stage.watch(0, Anchor::Newest, 10);
    assert_eq!(stage.pages[0].window.lines(), all(5), "{numbers:?}");
    assert_eq!(stage.row().unread, unread, "{numbers:?}");
}

/// A table that is damaged as a whole costs no more than one look around each of its pages.
#[test]
fn many_messages_in_a_row_that_cannot_be_read_are_one_gap() {
    let numbers: Vec<usize> = (2..=150).collect();
    let mut stage = damaged(&numbers, 150);
    stage.watch(0, Anchor::Newest, 200);
    assert_eq!(stage.pages[0].window.lines(), ["1", "…"]);
    assert_eq!(stage.disk.gaps(stage.account).own.len(), 1);
    stage.server.catch_ups_left = Some(0);
    stage.come_back();
    while !stage.pages[0].window.gaps.is_empty() {
        stage.fill(Toward::Older);
    }
    assert_eq!(stage.bodies(), all(150));
    assert_eq!(stage.stored_bodies(), all(150));
}

#[test]
fn what_was_not_sent_yet_is_known_without_its_record() {
    let mut stage = damaged(&[], 2);
    stage.say("on the way");
    let own = stage.stored().last().unwrap().id;
    stage.disk.damaged.borrow_mut().insert(own);
    stage.watch(0, Anchor::Newest, 10);
    assert!(
        stage.disk.damaged.borrow().is_empty(),
        "it is written again"
    );
    stage.watch(0, Anchor::Newest, 10);
    assert_eq!(stage.pages[0].window.lines(), ["1", "2", "on the way"]);
    stage.come_back();
    let sent = stage.server.take_messages();
    assert_eq!(sent.len(), 1);
}
