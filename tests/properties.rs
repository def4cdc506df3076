//! Properties that hold for every order of things. A failure prints the case; the seed is proptest's.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;

use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::{TestError, TestRunner};
use support::disk::Fault;
use support::managed::Memory;
use support::server::Archived;
use support::tokens::Tokens;
use support::{Stage, address, juliet};
use waxwing::boundary::change::{Edge, Item, ItemKind};
use waxwing::boundary::command::{AccountCommand, Anchor, Command, Toward};
use waxwing::entity::archive::{Cursor, Gap, Reach};
use waxwing::entity::id::{AccountId, ItemId, WindowId};
use waxwing::entity::message::{Delivery, Direction, Message, MessageIds, Position};
use waxwing::entity::problem::Problem;
use waxwing::entity::time::Timestamp;
use waxwing::event::{Event, MessageEvent};
use waxwing::model::timeline::{Ends, Watch, Window};
use waxwing::model::{Model, Stored};
use waxwing::ui::reactive::window::WindowRows;
use waxwing::ui::view::prelude::Owner;
use waxwing::xmpp::stanza::stamp;

const WATCH: Watch = Watch {
    page: 1,
    window: WindowId(1),
};

fn message(number: u64) -> Message {
    Message {
        id: ItemId(number),
        // Many messages share a second, as archives have it, and some a position.
        position: Position {
            time: Timestamp(i64::try_from(number / 5).unwrap() * 1_000),
            tie: number % 5 / 2,
        },
        conversation: juliet(),
        direction: if number.is_multiple_of(3) {
            Direction::Outgoing
        } else {
            Direction::Incoming
        },
        time: Timestamp(0),
        body: number.to_string(),
        ids: MessageIds::default(),
        delivery: Delivery::Sending,
    }
}

/// What a page holds after all changes.
fn page(facts: &[Event], count: u32, drain_every: usize) -> (Vec<Item>, Edge, Edge) {
    page_with_gaps(facts, (0, &Reach::default()), count, drain_every)
}

/// The same, where the gaps are known after so many facts.
fn page_with_gaps(
    facts: &[Event],
    (at, reach): (usize, &Reach),
    count: u32,
    drain_every: usize,
) -> (Vec<Item>, Edge, Edge) {
    let mut model = Model::new(
        AccountId(1),
        address("romeo@example.org"),
        Stored::default(),
    );
    let ends = Ends {
        older: Edge::End,
        newer: Edge::End,
    };
    model
        .timelines
        .open(WATCH, Window::new(juliet(), count, Vec::new(), ends, None));
    let owner = Owner::new();
    owner.set();
    let rows = WindowRows::new();
    let drain = |model: &mut Model| {
        for (_, change) in model.drain().windows {
            rows.apply(change);
        }
    };
    if at >= facts.len() {
        model.gaps.set_reach(reach);
    }
    for (number, fact) in facts.iter().enumerate() {
        if number == at {
            model.gaps.set_reach(reach);
        }
        model.apply(fact);
        if number % drain_every == 0 {
            drain(&mut model);
        }
    }
    drain(&mut model);
    let items = rows.order.get_untracked();
    let items = items.iter().map(|id| rows.items.peek(id).unwrap());
    let items: Vec<Item> = items.map(|item| (*item).clone()).collect();
    assert_eq!(items.len(), rows.items.len(), "each has its place");
    assert!(items.is_sorted_by_key(|item| (item.position, item.id)));
    (
        items,
        rows.older.get_untracked(),
        rows.newer.get_untracked(),
    )
}

fn delivery() -> impl Strategy<Value = Delivery> {
    prop_oneof![
        Just(Delivery::Sent),
        Just(Delivery::Delivered),
        Just(Delivery::Read),
        Just(Delivery::Failed(Problem::NoSuchContact)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_timeline_is_a_function_of_the_set_of_facts(
        // Some messages come twice.
        puts in prop::collection::vec(0..60_u64, 1..120).prop_shuffle(),
        reports in prop::collection::vec((0..60_u64, delivery()), 0..60),
        order in any::<prop::sample::Index>(),
        count in 1..10_u32,
        every in 1..9_usize,
    ) {
        let puts: Vec<_> = puts.into_iter().map(|number| Event::Message(MessageEvent::Received(message(number)))).collect();
        let reports: Vec<_> = reports
            .into_iter()
            .map(|(number, delivery)| {
                Event::Message(MessageEvent::Delivery { conversation: juliet(), id: ItemId(number), delivery })
            })
            .collect();
        let one = [puts.clone(), reports.clone()].concat();
        let mut other = puts;
        let at = order.index(other.len());
        other.rotate_left(at);
        let mut reports = reports;
        reports.reverse();
        other.extend(reports);
        prop_assert_eq!(page(&one, count, every), page(&other, count, 1_000));
    }

    #[test]
    fn gaps_are_where_they_are_whatever_came_first(
        puts in prop::collection::vec(0..60_u64, 1..80).prop_shuffle(),
        turn in any::<prop::sample::Index>(),
        gaps in prop::collection::vec((0..14_i64, 0..3_i64, any::<bool>()), 0..4),
        (one_at, other_at) in (0..80_usize, 0..80_usize),
        count in 1..10_u32,
        every in 1..9_usize,
    ) {
        let cursor = |second: i64| Cursor { id: None, time: Timestamp(second * 1_000) };
        let gap = |(number, (second, length, is_lost)): (usize, (i64, i64, bool))| Gap {
            id: ItemId(1_000 + number as u64),
            after: cursor(second),
            before: cursor(second + length),
            ties: (0, 9),
            is_lost,
        };
        let reach = Reach {
            top: None,
            gaps: gaps.into_iter().enumerate().map(gap).collect(),
            doubt: None,
        };
        let puts: Vec<_> = puts.into_iter().map(|number| Event::Message(MessageEvent::Received(message(number)))).collect();
        let mut other = puts.clone();
        other.rotate_left(turn.index(puts.len()));
        let one = page_with_gaps(&puts, (one_at, &reach), count, every);
        prop_assert_eq!(&one, &page_with_gaps(&other, (other_at, &reach), count, 1_000));
        // Each of them once, in its place, and none where nothing stands before it but more that is not there yet.
        let is_gap = |item: &&Item| matches!(item.kind, ItemKind::Gap(_));
        let shown: Vec<_> = one.0.iter().filter(is_gap).collect();
        let oldest = one.0.iter().find(|item| !is_gap(item)).map(|item| item.position);
        for item in &shown {
            let gap = reach.gaps.iter().find(|gap| gap.id == item.id).unwrap();
            prop_assert_eq!(item.position.time, gap.before.time);
            let begins = one.1 == Edge::End;
            prop_assert!(begins || oldest < Some(item.position));
        }
        let mut ids: Vec<_> = shown.iter().map(|item| item.id).collect();
        ids.dedup();
        prop_assert_eq!(ids.len(), shown.len());
    }

    #[test]
    fn a_window_holds_the_newest_whatever_came_first(
        numbers in Just((0..100_u64).collect::<Vec<_>>()).prop_shuffle(),
        count in 1..10_u32,
    ) {
        let facts: Vec<_> = numbers.iter().map(|number| Event::Message(MessageEvent::Received(message(*number)))).collect();
        let (items, older, newer) = page(&facts, count, 7);
        let most = u64::from(count) * 8;
        let ids: Vec<_> = items.iter().map(|item| item.id.0).collect();
        prop_assert_eq!(ids, (100 - most..100).collect::<Vec<_>>());
        prop_assert_eq!((older, newer), (Edge::More, Edge::End));
    }
}

/// What can happen to a conversation.
#[derive(Clone, Debug)]
enum Act {
    /// Juliet writes, and we hear it at once.
    Live,
    /// Juliet writes, and we hear nothing of it: only the archive knows.
    Missed,
    /// The server tells a message (again), with its names or without.
    Late {
        which: prop::sample::Index,
        named: bool,
    },
    Write,
    Watch,
    ScrollBack,
    /// From now on nothing that we write arrives, until the socket is cut.
    Deaf,
    /// From now on nothing that the server says arrives, until the socket is cut.
    Mute,
    /// What the server remembers of the session then.
    Cut(Memory),
    /// The same, in the middle of a page of the archive; what was asked is what was missed.
    CutInPage(usize),
    /// Another device writes, and we hear nothing of it.
    Elsewhere,
    Restart,
    /// The engine dies before it has stored anything of a new session, or a page of the archive.
    Crash {
        in_page: bool,
    },
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => Just(Act::Live),
        2 => Just(Act::Missed),
        2 => (any::<prop::sample::Index>(), any::<bool>()).prop_map(|(which, named)| Act::Late { which, named }),
        2 => Just(Act::Write),
        2 => Just(Act::Watch),
        2 => Just(Act::ScrollBack),
        1 => Just(Act::Deaf),
        1 => Just(Act::Mute),
        2 => prop_oneof![Just(Memory::Session), Just(Memory::Count), Just(Memory::Nothing)].prop_map(Act::Cut),
        1 => (1..4_usize).prop_map(Act::CutInPage),
        1 => Just(Act::Elsewhere),
        1 => Just(Act::Restart),
        1 => any::<bool>().prop_map(|in_page| Act::Crash { in_page }),
    ]
}

fn told(item: &Archived, named: bool, late: bool) -> String {
    let mut names = format!("<origin-id xmlns='urn:xmpp:sid:0' id='o-{}'/>", item.id);
    if named {
        names += &format!(
            "<stanza-id xmlns='urn:xmpp:sid:0' by='romeo@example.org' id='{}'/>",
            item.id
        );
    }
    if late {
        names += &format!(
            "<delay xmlns='urn:xmpp:delay' from='example.org' stamp='{}'/>",
            item.stamp
        );
    }
    format!(
        "<message xmlns='jabber:client' from='{}' type='chat' id='{}'><body>{}</body>{names}</message>",
        item.from, item.id, item.body
    )
}

/// The next message of the archive, by the clock of the server, which knows whole seconds.
fn archived(stage: &Stage, number: &mut u32, from: &'static str, body: &str) -> Archived {
    *number += 1;
    let now = stage.world.now().wall.0;
    Archived {
        stamp: stamp::format(Timestamp(now / 1_000 * 1_000)),
        ..Archived::new(*number, from, body)
    }
}

/// What the server archives of what we sent: the bodies.
fn archive_own(stage: &mut Stage, number: &mut u32) -> Vec<String> {
    let mut bodies = Vec::new();
    for (origin, body) in stage.server.take_messages() {
        bodies.push(body.clone());
        let item = archived(stage, number, "romeo@example.org/orchard", &body);
        stage.server.archive.push(Archived {
            origin: Some(origin),
            ..item
        });
    }
    bodies
}

fn cut(stage: &mut Stage) {
    stage.server.cut();
    stage.go();
    stage.tell(AccountCommand::Reconnect).unwrap();
}

/// The socket is gone, the server remembers so much of the session, and there is another one.
fn cut_off(stage: &mut Stage, sessions: Sessions, memory: Memory) {
    stage.server.manages = (sessions != Sessions::Plain).then_some(memory);
    cut(stage);
}

/// In a new session the disk takes nothing any more, or no page of the archive: the engine is about to die.
fn starve(stage: &mut Stage, in_page: bool) {
    let disk = stage.disk.clone();
    if in_page {
        disk.cursor_gate.shut();
    } else {
        disk.gate.shut();
    }
    stage.server.manages = stage.server.manages.map(|_| Memory::Nothing);
    stage.server.cut();
    stage.go();
    let again = Command::Account(stage.account, AccountCommand::Reconnect);
    stage.pages[0].page.wish(0, again);
    stage.go();
}

/// The engine dies, and the next one finds a disk that works.
fn revive(stage: Stage) -> Stage {
    let disk = stage.disk.clone();
    let stage = stage.restart();
    disk.gate.open();
    disk.cursor_gate.open();
    stage
}

/// How a session begins, and whether it outlives its socket.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Sessions {
    /// It does not.
    Plain,
    /// XEP-0198.
    Managed,
    /// The same, along with a log-in by token (XEP-0388, XEP-0484).
    Inline,
}

/// What a run is made of: what happens, how sessions begin, and how long the archive's pages are.
type Case = (Vec<Act>, Sessions, usize);

/// What leaves the order of one second open: servers do not tell so late what came earlier than what they told, and a page
/// of history does not say what came before it in its first second.
fn is_odd(act: &Act) -> bool {
    matches!(act, Act::Late { .. } | Act::Watch | Act::ScrollBack)
}

fn case() -> impl Strategy<Value = Case> {
    let acts = prop::collection::vec(act(), 1..30);
    let plain = act().prop_filter("odd", |act| !is_odd(act));
    let plain = prop::collection::vec(plain, 1..30);
    let page_size = prop_oneof![Just(2_usize), Just(5), Just(100)];
    let sessions = prop_oneof![
        Just(Sessions::Plain),
        Just(Sessions::Managed),
        Just(Sessions::Inline)
    ];
    (prop_oneof![acts, plain], sessions, page_size)
}

/// Lets it all happen, and compares what is stored with what is archived. `fault` is what the client does wrong.
fn run((acts, sessions, page_size): Case, fault: Option<Fault>) -> Result<(), TestCaseError> {
    let mut stage = Stage::empty();
    stage.server.tokens = (sessions == Sessions::Inline).then(Tokens::default);
    stage.log_in(true).unwrap();
    stage.disk.fault.set(fault);
    stage.server.page_size = Some(page_size);
    cut_off(&mut stage, sessions, Memory::Session);
    let open = AccountCommand::OpenConversation("juliet@example.org".into());
    stage.tell(open).unwrap();
    let mut number = 0;
    let mut taken: Vec<String> = Vec::new();
    let mut written: Vec<String> = Vec::new();
    let in_order = !acts.iter().any(is_odd);
    for act in acts {
        match act {
            Act::Live | Act::Missed => {
                let body = format!("juliet {}", number + 1);
                let mut item = archived(&stage, &mut number, "juliet@example.org/balcony", &body);
                item.origin = Some(format!("o-{}", item.id));
                if matches!(act, Act::Live) {
                    stage.server.deliver(&told(&item, true, false));
                }
                stage.server.archive.push(item);
            }
            Act::Elsewhere => {
                let body = format!("phone {}", number + 1);
                let item = archived(&stage, &mut number, "romeo@example.org/phone", &body);
                stage.server.archive.push(item);
            }
            Act::Late { which, named } => {
                let archive = stage.server.archive.iter();
                let theirs: Vec<_> = archive
                    .filter(|item| item.from.starts_with("juliet"))
                    .cloned()
                    .collect();
                if !theirs.is_empty() {
                    stage
                        .server
                        .deliver(&told(&theirs[which.index(theirs.len())], named, true));
                }
            }
            Act::Write => {
                let body = format!("romeo {}", written.len() + 1);
                stage.say(&body);
                written.push(body);
            }
            Act::Watch => stage.watch(0, Anchor::Newest, 5),
            Act::ScrollBack => stage.extend(Toward::Older),
            Act::Deaf => stage.server.deaf = true,
            Act::Mute => stage.server.mute.set(true),
            Act::Cut(memory) => cut_off(&mut stage, sessions, memory),
            Act::CutInPage(after) => {
                stage.server.cut_after = Some(after);
                cut_off(&mut stage, sessions, Memory::Nothing);
                stage.server.cut_after = None;
                taken.extend(archive_own(&mut stage, &mut number));
                cut_off(&mut stage, sessions, Memory::Session);
            }
            Act::Restart => stage = stage.restart(),
            Act::Crash { in_page } => {
                starve(&mut stage, in_page);
                taken.extend(archive_own(&mut stage, &mut number));
                stage = revive(stage);
            }
        }
        stage.go();
        taken.extend(archive_own(&mut stage, &mut number));
        stage.pass(Duration::from_millis(300));
    }
    // In the end the network is well: what was written is taken, and a new session catches up with the rest.
    cut_off(&mut stage, sessions, Memory::Session);
    stage.go();
    taken.extend(archive_own(&mut stage, &mut number));
    stage = stage.restart();
    stage.go();
    taken.extend(archive_own(&mut stage, &mut number));
    prop_assert_eq!(
        &taken,
        &written,
        "what the server took is not what was written, once and in order"
    );
    stage.watch(0, Anchor::Newest, 200);
    for _ in 0..5 {
        stage.extend(Toward::Older);
    }
    let mut stored: Vec<_> = stage
        .stored()
        .into_iter()
        .map(|message| message.body)
        .collect();
    prop_assert_eq!(
        &stage.bodies(),
        &stored,
        "the window and the store disagree"
    );
    let mut archive: Vec<_> = stage
        .server
        .archive
        .iter()
        .map(|item| item.body.clone())
        .collect();
    if in_order {
        let theirs = |bodies: &[String]| -> Vec<String> {
            let theirs = bodies.iter().filter(|body| body.starts_with("juliet"));
            theirs.cloned().collect()
        };
        prop_assert_eq!(theirs(&stored), theirs(&archive), "not in order");
    }
    archive.sort();
    stored.sort();
    prop_assert_eq!(stored, archive, "not everything is there once");
    Ok(())
}

/// How many cases are played: `WAXWING_CASES`, for whoever has the time.
fn cases() -> u32 {
    let asked = std::env::var("WAXWING_CASES").ok();
    asked.map_or(150, |word| word.parse().expect("a number"))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: cases(), ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_each_message_is_there_once(case in case()) {
        run(case, None)?;
    }
}

/// The property above would see these faults: it fails for each.
#[test]
fn planted_faults_are_found() {
    for fault in [
        Fault::CursorFirst,
        Fault::PageSkipped,
        Fault::CursorFollowsLive,
    ] {
        let mut runner = TestRunner::new(ProptestConfig {
            failure_persistence: None,
            cases: 1_000,
            max_shrink_iters: 0,
            ..ProptestConfig::default()
        });
        let outcome = runner.run(&case(), |case| run(case, Some(fault)));
        let found = matches!(outcome, Err(TestError::Fail(..)));
        assert!(found, "{fault:?} goes unnoticed");
    }
}

#[test]
fn live_messages_keep_their_place_beside_what_is_caught_up() {
    use Act::{CutInPage, Elsewhere, Live, Missed, Mute, Write};
    let cases = [
        (
            vec![Missed, Elsewhere, Live, Live, Live, Write, Live],
            Sessions::Plain,
        ),
        (vec![Write, Live, Missed, CutInPage(3)], Sessions::Plain),
        (vec![Mute, Live, Live, Missed, Live], Sessions::Managed),
        (vec![Mute, Live, Live, Missed, Live], Sessions::Inline),
    ];
    for (acts, sessions) in cases {
        let told = format!("{acts:?} {sessions:?}");
        let outcome = run((acts, sessions, 2), None);
        assert!(outcome.is_ok(), "{told}: {outcome:?}");
    }
}
