//! Messages that the disk holds and nobody can read any more (fault F40): what the server has comes back.

use waxwing::boundary::change::GapState;
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
