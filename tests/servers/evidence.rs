//! What a failure tells: the last words on all connections, and where what is there parts from what should be.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::fmt::Debug;

use waxwing::boundary::change::{Change, ConsoleFrame, Item, ItemKind};
use waxwing::entity::message::Delivery;

/// How many frames are kept, how many are told, and how much of each.
const KEPT: usize = 2_000;
const TOLD: usize = 30;
const OF_FRAME: usize = 260;
/// How many things of a list are told.
const FEW: usize = 5;

thread_local! {
    /// Who said or heard it: all people of a test live in its thread.
    static FRAMES: RefCell<VecDeque<(&'static str, ConsoleFrame)>> = const { RefCell::new(VecDeque::new()) };
}

/// Something was said on somebody's connection. That it was counted, and that nothing else was said, is not worth telling.
pub fn note(user: &'static str, frame: ConsoleFrame) {
    if frame.xml.starts_with("<r ") || frame.xml.starts_with("<a ") {
        return;
    }
    FRAMES.with_borrow_mut(|frames| {
        frames.push_back((user, frame));
        let spare = frames.len().saturating_sub(KEPT);
        frames.drain(..spare);
    });
}

/// How often that was said to somebody, as far as their page was told.
pub fn heard(user: &str, text: &str) -> usize {
    FRAMES.with_borrow(|frames| {
        let heard = frames
            .iter()
            .filter(|(who, frame)| *who == user && !frame.sent && frame.xml.contains(text));
        heard.count()
    })
}

/// Held as long as a test runs: tells the last words if it fails, and takes all of them along.
pub struct LastWords;

impl Drop for LastWords {
    fn drop(&mut self) {
        let frames = FRAMES.take();
        if std::thread::panicking() && !frames.is_empty() {
            eprintln!("last words:\n{}", told(frames.into()));
        }
    }
}

fn told(mut frames: Vec<(&'static str, ConsoleFrame)>) -> String {
    // Each page tells its own in order, and later than they were said.
    frames.sort_by_key(|(_, frame)| frame.time);
    let last = frames.split_off(frames.len().saturating_sub(TOLD));
    let lines = last.iter().map(|(user, frame)| {
        let way = if frame.sent { "->" } else { "<-" };
        let text: String = frame.xml.chars().take(OF_FRAME).collect();
        let time = frame.time.0.rem_euclid(1_000_000);
        format!("{time:>6} {user} {way} {text}")
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Both are the same list; else says in few words what is missing, what is too much, and where they part.
#[track_caller]
pub fn assert_same<T: PartialEq + Debug>(what: &str, there: &[T], expected: &[T]) {
    if there != expected {
        panic!("{what}: {}", difference(there, expected));
    }
}

fn difference<T: PartialEq + Debug>(there: &[T], expected: &[T]) -> String {
    let lacking = |all: &[T], of: &[T]| {
        let mut lacking: Vec<String> = Vec::new();
        for (at, one) in of.iter().enumerate() {
            // The so-manyth of those that are alike is lacking if there are not so many.
            let nth = of.iter().take(at + 1).filter(|other| *other == one).count();
            if all.iter().filter(|other| *other == one).count() < nth {
                lacking.push(format!("{one:?}"));
            }
        }
        let count = lacking.len();
        lacking.truncate(FEW);
        format!("{count} {}", lacking.join(", "))
    };
    let pairs = there.iter().zip(expected);
    let at = pairs.take_while(|(one, other)| one == other).count();
    let from = at.saturating_sub(1);
    let part = |all: &[T]| {
        let part: Vec<_> = all.iter().skip(from).take(FEW).collect();
        format!("{part:?}")
    };
    format!(
        "{} instead of {}; missing: {}; too many: {}; from {from} on: {} instead of {}",
        there.len(),
        expected.len(),
        lacking(there, expected),
        lacking(expected, there),
        part(there),
        part(expected)
    )
}

/// The list of conversations as it was told, in few words.
pub fn told_rows(told: &[Change]) -> String {
    let mut rows = BTreeMap::new();
    for change in told {
        if let Change::Conversations { put, .. } = change {
            rows.extend(put.iter().map(|row| (row.peer.to_string(), row)));
        }
    }
    let rows = rows.iter().map(|(peer, row)| {
        let latest = row.latest.as_ref().map(|latest| &latest.text);
        format!("{peer} {} unread, {latest:?}", row.unread)
    });
    rows.collect::<Vec<_>>().join(", ")
}

/// What a window shows, in few words.
pub fn told_window(items: &[Item]) -> String {
    let shown: Vec<String> = items
        .iter()
        .map(|item| match &item.kind {
            ItemKind::Message(message) => format!("{:?}", message.body),
            ItemKind::Gap(state) => format!("a gap ({state:?})"),
        })
        .collect();
    let gaps = shown.iter().filter(|shown| shown.starts_with("a gap"));
    let gaps: Vec<_> = gaps.map(String::as_str).collect();
    let from = shown.len().saturating_sub(4);
    let under_way = items.iter().filter_map(|item| match &item.kind {
        ItemKind::Message(message) if message.delivery != Delivery::Sent => {
            Some(format!("{:?} ({:?})", message.body, message.delivery))
        }
        _ => None,
    });
    let under_way: Vec<_> = under_way.collect();
    format!(
        "a window of {} items, last {}; not sent: {}; gaps: {}",
        shown.len(),
        shown.get(from..).unwrap_or_default().join(", "),
        under_way.join(", "),
        gaps.join(", ")
    )
}

#[test]
fn a_difference_is_told_in_few_words() {
    assert_eq!(
        difference(&[1, 3, 2, 2], &[1, 2, 3, 4]),
        "4 instead of 4; missing: 1 4; too many: 1 2; from 0 on: [1, 3, 2, 2] instead of [1, 2, 3, 4]"
    );
}
