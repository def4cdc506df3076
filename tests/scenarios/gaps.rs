//! Gaps: the newest messages first, and what is missing between is shown to be missing, until it is there.

use waxwing::boundary::change::{Edge, GapState};
use waxwing::boundary::command::{AccountCommand, Anchor, Toward};
use waxwing::entity::account::Connection;
use waxwing::entity::archive::Gaps;
use waxwing::entity::problem::Problem;

use super::catch_up::{
    BENVOLIO, JULIET, all_there, archived, asked, away, benvolio, bodies, come_back, live, stored,
};
use crate::support::server::{Archived, Odd};
use crate::support::{Stage, address, juliet};

/// From juliet alone.
fn hers(number: u32) -> Archived {
    Archived::new(number, JULIET, &number.to_string())
}

fn numbers(range: impl Iterator<Item = u32>) -> Vec<String> {
    range.map(|number| number.to_string()).collect()
}

/// Romeo missed a thousand messages, and got so many pages of them.
fn after_pages(pages: usize) -> Stage {
    let mut stage = away((1..=1_000).map(hers));
    stage.server.catch_ups_left = Some(pages);
    come_back(&mut stage);
    stage
}

fn gaps(stage: &Stage) -> Gaps {
    stage.disk.gaps(stage.account)
}

/// What the first page shows of its newest gap.
fn state(stage: &Stage) -> Option<GapState> {
    let gap = stage.pages[0].window.gaps.last();
    gap.map(|(_, _, state)| state.clone())
}

#[track_caller]
fn whole(stage: &Stage) {
    assert_eq!(gaps(stage), Gaps::default());
    assert_eq!(stage.pages[0].window.gaps, []);
}

#[test]
fn the_newest_messages_are_there_first_and_a_gap_is_shown_below_them() {
    let mut stage = after_pages(2);
    stage.watch(0, Anchor::Newest, 110);
    let lines = [
        numbers(91..=100).as_slice(),
        &["…".to_owned()],
        &numbers(901..=1_000),
    ]
    .concat();
    assert_eq!(stage.pages[0].window.lines(), lines);
    assert_eq!(state(&stage), Some(GapState::Unknown));
    assert_eq!(stage.row().unread, 200);
    assert_eq!(stage.row().latest.unwrap().text, "1000");
    // The cursor has not jumped over it.
    let cursor = stage.disk.cursor(stage.account).unwrap();
    assert_eq!(cursor.id.as_deref(), Some("a0100"));
    // Also after the engine's death, and without a network.
    stage.leave();
    let mut stage = stage.restart();
    stage.watch(0, Anchor::Newest, 110);
    assert_eq!(stage.pages[0].window.lines(), lines);
    stage.fill(Toward::Older);
    assert_eq!(state(&stage), Some(GapState::Failed(Problem::Offline)));
    stage.server.catch_ups_left = None;
    come_back(&mut stage);
    assert_eq!(
        asked(&stage)[..2],
        ["<after>a1000</after>", "<before>a0901</before>"]
    );
    whole(&stage);
    assert_eq!(stage.stored_bodies(), numbers(1..=1_000));
    assert_eq!(stage.row().unread, 1_000);
    let cursor = stage.disk.cursor(stage.account).unwrap();
    assert_eq!(cursor.id.as_deref(), Some("a1000"));
}

/// Archives often know seconds only: the gap stands where it is all the same.
#[test]
fn a_gap_within_one_second_stands_between_what_is_known() {
    let at_once = |number| Archived {
        stamp: "2025-12-31T12:00:00Z".into(),
        ..hers(number)
    };
    let mut stage = away((1..=500).map(at_once));
    stage.server.catch_ups_left = Some(3);
    come_back(&mut stage);
    stage.watch(0, Anchor::Newest, 200);
    stage.extend(Toward::Older);
    let lines = [
        numbers(1..=100).as_slice(),
        &["…".to_owned()],
        &numbers(301..=500),
    ]
    .concat();
    assert_eq!(stage.pages[0].window.lines(), lines);
    stage.leave();
    let mut stage = stage.restart();
    stage.server.catch_ups_left = None;
    come_back(&mut stage);
    assert_eq!(stage.stored_bodies(), numbers(1..=500));
    whole(&stage);
}

#[test]
fn whenever_it_is_cut_it_goes_on_where_it_was() {
    for cut in [1, 99, 100, 101, 150, 199, 200, 201, 299, 300, 301, 420] {
        for dies in [false, true] {
            let mut stage = away((1..=430).map(archived));
            stage.server.cut_after = Some(cut);
            stage.server.refuses = false;
            stage.tell(AccountCommand::Reconnect).unwrap();
            let before = stored(&stage, &juliet()).len() + stored(&stage, &benvolio()).len();
            assert_eq!(before, (cut - 1) / 100 * 100, "half a page is none");
            if dies {
                stage = stage.restart();
            }
            come_back(&mut stage);
            stage.go();
            all_there(&stage);
            assert_eq!(gaps(&stage), Gaps::default(), "{cut}");
            assert_eq!(stage.row().unread, 2, "{cut}");
        }
    }
}

#[test]
fn what_comes_while_a_gap_is_open_makes_another_gap_and_both_are_filled() {
    let mut stage = after_pages(2);
    stage.leave();
    stage.server.archive.extend((1_001..=1_500).map(hers));
    stage.server.catch_ups_left = Some(2);
    come_back(&mut stage);
    assert_eq!(gaps(&stage).all.gaps.len(), 2);
    stage.watch(0, Anchor::Newest, 200);
    stage.extend(Toward::Older);
    assert_eq!(stage.pages[0].window.gaps.len(), 2);
    stage.leave();
    stage.server.catch_ups_left = None;
    come_back(&mut stage);
    whole(&stage);
    assert_eq!(stage.stored_bodies(), numbers(1..=1_500));
}

fn only(text: &str) -> Vec<String> {
    text.split(' ').map(str::to_owned).collect()
}

#[test]
fn what_is_heard_before_the_first_page_stands_above_a_gap_until_catch_up_has_passed() {
    let mut stage = away([hers(1)]);
    come_back(&mut stage);
    stage.watch(0, Anchor::Newest, 50);
    stage.leave();
    stage.server.archive.extend((2..=60).map(hers));
    stage.server.holds_pages = true;
    come_back(&mut stage);
    let hear = |stage: &mut Stage, number: u32| {
        stage.server.deliver(&live(&hers(number)));
        stage.go();
        stage.server.archive.push(hers(number));
    };
    hear(&mut stage, 61);
    hear(&mut stage, 62);
    // It is being asked for: that may be quick.
    assert_eq!(stage.pages[0].window.lines(), only("1 61 62"));
    stage.leave();
    assert_eq!(stage.pages[0].window.lines(), only("1 … 61 62"));
    stage.fill(Toward::Older);
    assert_eq!(state(&stage), Some(GapState::Failed(Problem::Offline)));
    // Another session that is as short, and one that has everything.
    stage.server.archive.extend((63..=70).map(hers));
    come_back(&mut stage);
    assert_eq!(stage.pages[0].window.lines(), only("1 61 62"));
    hear(&mut stage, 71);
    stage.leave();
    let lines = only("1 … 61 62 … 71");
    assert_eq!(stage.pages[0].window.lines(), lines);
    let mut stage = stage.restart();
    stage.watch(0, Anchor::Newest, 50);
    assert_eq!(stage.pages[0].window.lines(), lines);
    stage.server.holds_pages = false;
    come_back(&mut stage);
    whole(&stage);
    assert_eq!(stage.stored_bodies(), numbers(1..=71));
    // What comes now follows what is known, whatever is asked for.
    hear(&mut stage, 72);
    stage.leave();
    whole(&stage);
}

#[test]
fn a_gap_below_what_was_heard_can_be_filled_while_catch_up_has_to_wait() {
    let mut stage = away([hers(1)]);
    come_back(&mut stage);
    stage.watch(0, Anchor::Newest, 50);
    stage.leave();
    stage.server.archive.extend((2..=9).map(hers));
    stage.server.archive_fails = Some(("wait", "internal-server-error"));
    come_back(&mut stage);
    stage.server.deliver(&live(&hers(10)));
    stage.go();
    stage.server.archive.push(hers(10));
    assert_eq!(stage.pages[0].window.lines(), only("1 … 10"));
    stage.server.archive_fails = None;
    stage.fill(Toward::Older);
    whole(&stage);
    assert_eq!(stage.bodies(), numbers(1..=10));
}

#[test]
fn odd_archives_converge() {
    for odd in [
        Odd::Shuffled,
        Odd::Doubled,
        Odd::Endless,
        Odd::Nameless,
        Odd::Timeless,
        Odd::Strict,
        Odd::Overlapping,
        Odd::Forgetful,
    ] {
        for page_size in [7, 50, 100] {
            let mut stage = away((1..=330).map(archived));
            stage.server.odd = odd;
            stage.server.page_size = Some(page_size);
            come_back(&mut stage);
            for peer in [juliet(), benvolio()] {
                let mut archive = bodies(&stage.server.archive, &peer);
                let mut stored = stored(&stage, &peer);
                if odd == Odd::Shuffled {
                    // Times alone put it right, and several messages share one.
                    archive.sort();
                    stored.sort();
                }
                assert_eq!(stored, archive, "{odd:?} {page_size}");
            }
            assert!(stage.server.catch_ups < 150, "{odd:?} {page_size}");
            assert_eq!(gaps(&stage).all.top, None, "{odd:?} {page_size}");
        }
    }
}

#[test]
fn a_gap_that_is_seen_is_filled_from_where_somebody_reads() {
    for toward in [Toward::Older, Toward::Newer] {
        let mut stage = away((1..=1_600).map(archived));
        stage.server.catch_ups_left = Some(2);
        come_back(&mut stage);
        stage.watch(0, Anchor::Newest, 200);
        let before = stage.bodies();
        let (_, at, _) = stage.pages[0].window.gaps[0].clone();
        stage.fill(toward);
        let (_, now, state) = stage.pages[0].window.gaps[0].clone();
        assert_eq!(state, GapState::Unknown);
        assert_eq!(now < at, toward == Toward::Older);
        let more = stage.bodies();
        // The second of the upper end is fetched once more.
        assert!((47..=50).contains(&(more.len() - before.len())));
        // What is new stands on its side of the gap.
        let lines = stage.pages[0].window.lines();
        let gap = lines.iter().position(|line| line == "…").unwrap();
        assert_eq!(gap == 75, toward == Toward::Older, "{gap}");
        for _ in 0..30 {
            if stage.pages[0].window.gaps.is_empty() {
                break;
            }
            stage.fill(toward);
        }
        assert_eq!(stage.pages[0].window.gaps, []);
        assert_eq!(
            stored(&stage, &juliet()),
            bodies(&stage.server.archive, &juliet())
        );
        assert_eq!(stage.row().unread, 1);
        // With the other it is still there, also for the next engine; and all is well in the end.
        assert_eq!(stored(&stage, &benvolio()).len(), 50);
        stage.leave();
        let mut stage = stage.restart();
        stage.watch_other(0, benvolio(), Anchor::Newest, 40);
        assert_eq!(stage.pages[0].window.gaps.len(), 1);
        stage.watch(0, Anchor::Newest, 40);
        assert_eq!(stage.pages[0].window.gaps, []);
        stage.server.catch_ups_left = None;
        come_back(&mut stage);
        all_there(&stage);
        whole(&stage);
        assert_eq!(stage.row().unread, 1);
    }
}

/// Nothing of it is known before: more is to be had at the older end.
#[test]
fn a_conversation_that_was_heard_of_above_a_gap_has_none() {
    let mut stage = after_pages(0);
    stage.leave();
    stage.server.archive = (1..=300)
        .map(hers)
        .chain((301..=800).map(archived))
        .collect();
    stage.server.catch_ups_left = Some(2);
    come_back(&mut stage);
    stage.watch_other(0, benvolio(), Anchor::Newest, 20);
    assert_eq!(stage.pages[0].window.gaps, []);
    assert_eq!(stage.pages[0].window.older, Edge::More);
    for _ in 0..20 {
        stage.extend(Toward::Older);
    }
    assert_eq!(stage.pages[0].window.older, Edge::End);
    assert_eq!(
        stored(&stage, &benvolio()),
        bodies(&stage.server.archive, &benvolio())
    );
}

#[test]
fn a_gap_that_cannot_be_filled_says_why_and_can_be_asked_for_again() {
    let mut stage = after_pages(2);
    stage.watch(0, Anchor::Newest, 110);
    stage.server.archive_fails = Some(("wait", "internal-server-error"));
    stage.fill(Toward::Older);
    let failed = state(&stage).unwrap();
    assert!(matches!(failed, GapState::Failed(_)), "{failed:?}");
    stage.server.archive_fails = None;
    stage.fill(Toward::Older);
    assert_eq!(state(&stage), Some(GapState::Unknown));
    assert!(stage.stored().len() > 240);
    // A cut in the middle is a failure, too; in the next session nobody remembers it.
    stage.server.holds_pages = true;
    stage.fill(Toward::Older);
    assert_eq!(state(&stage), Some(GapState::Loading));
    stage.leave();
    assert!(matches!(state(&stage), Some(GapState::Failed(_))));
    come_back(&mut stage);
    assert_eq!(state(&stage), Some(GapState::Unknown));
}

#[test]
fn what_the_archive_refuses_is_not_to_be_had() {
    let mut stage = after_pages(2);
    stage.watch(0, Anchor::Newest, 110);
    stage.server.archive_fails = Some(("auth", "forbidden"));
    stage.fill(Toward::Older);
    assert_eq!(state(&stage), Some(GapState::Lost));
}

#[test]
fn what_the_server_has_forgotten_is_said_to_be_lost_where_something_follows_it() {
    let mut stage = away((1..=20).map(archived));
    come_back(&mut stage);
    stage.leave();
    // A week passes, and the server keeps a day.
    stage.server.archive = (10_800..=10_810).map(hers).collect();
    come_back(&mut stage);
    stage.watch(0, Anchor::Newest, 40);
    assert_eq!(state(&stage), Some(GapState::Lost));
    let lines = stage.pages[0].window.lines();
    assert_eq!(lines.iter().position(|line| line == "…"), Some(15));
    let queries = stage.server.archive_queries;
    stage.fill(Toward::Older);
    assert_eq!(stage.server.archive_queries, queries, "nobody asks for it");
    stage.watch_other(0, benvolio(), Anchor::Newest, 40);
    assert_eq!(stage.pages[0].window.gaps, []);
    // It holds nothing up.
    stage.leave();
    stage.server.archive.push(hers(10_811));
    come_back(&mut stage);
    assert_eq!(asked(&stage), ["<after>a10810</after>"]);
    assert_eq!(stage.connection(), Connection::Online);
}

/// Only our own account fills a gap, and only as it was asked.
#[test]
fn nobody_else_fills_a_gap_or_ends_it() {
    let mut stage = after_pages(2);
    stage.watch(0, Anchor::Newest, 110);
    stage.server.holds_pages = true;
    stage.fill(Toward::Older);
    let (id, query, _) = stage.server.pages.pop().unwrap();
    let before = (stage.pages[0].window.lines(), gaps(&stage));
    let item = hers(500).result(&query);
    let fin = |from: &str| {
        format!(
            "<iq xmlns='jabber:client' type='result' id='{id}'{from}><fin xmlns='urn:xmpp:mam:2' complete='true'/></iq>"
        )
    };
    for forged in [
        item.replacen(
            "from='romeo@example.org'",
            "from='juliet@example.org/balcony'",
            1,
        ),
        item.replacen("from='romeo@example.org'", "from='example.org'", 1),
        hers(500).result("guessed"),
        item.replace(JULIET, "mallory@example.org/m"),
        fin(" from='juliet@example.org/balcony'"),
        fin(" from='example.org'"),
        fin(" from='mallory@example.org/m'"),
    ] {
        stage.server.deliver(&forged);
        stage.go();
    }
    assert_eq!((stage.pages[0].window.lines(), gaps(&stage)), before);
    assert_eq!(state(&stage), Some(GapState::Loading));
    // The real one works: of the forged ones nothing is left.
    stage.server.deliver(&hers(900).result(&query));
    stage.server.deliver(&fin(""));
    stage.go();
    assert_eq!(stage.pages[0].window.gaps, []);
    assert_eq!(stage.stored().len(), 201);
}

#[test]
fn an_archive_that_is_promised_and_denied_can_be_asked_again() {
    let mut stage = Stage::online();
    stage.server.archive = (1..=80).map(hers).collect();
    stage.server.archive_fails = Some(("cancel", "service-unavailable"));
    stage.watch(0, Anchor::Newest, 20);
    let older = stage.pages[0].window.older.clone();
    assert!(matches!(older, Edge::Failed(_)), "{older:?}");
    stage.server.archive_fails = None;
    stage.extend(Toward::Older);
    assert_eq!(stage.bodies(), numbers(31..=80));
}

#[test]
fn that_there_is_no_archive_is_said_of_one_session() {
    let mut stage = Stage::empty();
    let nothing = "<query xmlns='http://jabber.org/protocol/disco#info'/>";
    stage.server.disco = Some(nothing.to_owned());
    stage.server.archive_fails = Some(("cancel", "service-unavailable"));
    stage.log_in(true).unwrap();
    stage.server.archive = (1..=80).map(hers).collect();
    stage.watch(0, Anchor::Newest, 20);
    assert_eq!(stage.pages[0].window.older, Edge::End);
    stage.leave();
    let mut stage = stage.restart();
    stage.server.disco = None;
    stage.server.archive_fails = None;
    come_back(&mut stage);
    stage.watch(0, Anchor::Newest, 20);
    for _ in 0..8 {
        stage.extend(Toward::Older);
    }
    assert_eq!(stage.pages[0].window.older, Edge::End);
    assert_eq!(stage.bodies(), numbers(1..=80));
}

/// The archive had nothing of it when it was opened first.
#[test]
fn a_conversation_that_had_begun_with_nothing_shows_the_gap_above_its_beginning() {
    let mut stage = Stage::online();
    stage.watch_other(0, benvolio(), Anchor::Newest, 20);
    assert_eq!(stage.pages[0].window.older, Edge::End);
    stage.leave();
    stage.server.archive = (1..=500).map(hers).collect();
    for number in [300, 480] {
        stage.server.archive[number - 1].from = BENVOLIO;
    }
    stage.server.catch_ups_left = Some(2);
    come_back(&mut stage);
    stage.watch_other(0, benvolio(), Anchor::Newest, 20);
    assert_eq!(stage.pages[0].window.lines(), ["…", "480"]);
    stage.fill(Toward::Older);
    assert_eq!(stage.pages[0].window.lines(), ["300", "480"]);
}

#[test]
fn whoever_writes_for_the_first_time_has_lost_nothing() {
    let mut stage = away((1..=20).map(archived));
    come_back(&mut stage);
    stage.watch_other(0, benvolio(), Anchor::Newest, 20);
    stage.leave();
    stage.server.archive = (10_800..=10_810).map(hers).collect();
    let mercutio = |number| Archived {
        from: "mercutio@example.org/x",
        ..hers(number)
    };
    stage.server.archive.push(mercutio(10_811));
    come_back(&mut stage);
    let tybalt = "<message xmlns='jabber:client' from='tybalt@example.org/x' to='romeo@example.org/orchard' type='chat' id='t1'><body>Peace?</body></message>";
    stage.server.deliver(tybalt);
    stage.server.archive.push(Archived {
        from: "tybalt@example.org/x",
        raw: Some(tybalt.to_owned()),
        ..hers(10_812)
    });
    stage.go();
    for peer in ["mercutio@example.org", "tybalt@example.org"] {
        stage.watch_other(0, address(peer), Anchor::Newest, 20);
        stage.extend(Toward::Older);
        let window = &stage.pages[0].window;
        assert_eq!((window.older.clone(), window.items.len()), (Edge::End, 1));
        assert_eq!(window.gaps, [], "{peer}");
    }
    // With whom there was something to lose, it may be.
    stage.server.archive.push(Archived {
        from: BENVOLIO,
        ..hers(10_813)
    });
    stage.leave();
    come_back(&mut stage);
    stage.watch_other(0, benvolio(), Anchor::Newest, 20);
    assert_eq!(state(&stage), Some(GapState::Lost));
}

/// A gap of one conversation alone, around a date: the server keeps less than that by now.
#[test]
fn what_was_forgotten_while_a_gap_was_open_is_lost_and_not_filled() {
    for toward in [Toward::Older, Toward::Newer] {
        let mut stage = after_pages(2);
        stage.watch(0, Anchor::Newest, 110);
        // It is parted from the gap of all, and knows where it begins.
        stage.fill(Toward::Newer);
        stage.server.archive.drain(..990);
        stage.fill(toward);
        assert_eq!(state(&stage), Some(GapState::Lost), "{toward:?}");
        let queries = stage.server.archive_queries;
        stage.fill(toward);
        assert_eq!(stage.server.archive_queries, queries);
    }
}

#[test]
fn an_archive_that_cannot_go_on_before_a_place_is_read_by_time() {
    let mut stage = Stage::empty();
    stage.server.archive = (1..=300).map(hers).collect();
    stage.server.odd = Odd::Forgetful;
    stage.log_in(true).unwrap();
    stage.watch(0, Anchor::Newest, 50);
    for _ in 0..20 {
        stage.extend(Toward::Older);
    }
    assert_eq!(stage.pages[0].window.older, Edge::End);
    assert_eq!(stage.bodies(), numbers(1..=300));
    assert!(stage.server.archive_queries < 20);
}

#[test]
fn an_archive_that_goes_round_in_circles_is_asked_again_by_people_alone() {
    let mut stage = Stage::empty();
    let at_once = |number| Archived {
        stamp: "2025-12-31T12:00:00Z".into(),
        ..hers(number)
    };
    stage.server.archive = (1..=300).map(at_once).collect();
    stage.server.odd = Odd::Forgetful;
    stage.log_in(true).unwrap();
    stage.watch(0, Anchor::Newest, 50);
    stage.extend(Toward::Older);
    let failed = Edge::Failed(Problem::Fruitless);
    assert_eq!(stage.pages[0].window.older, failed);
    assert!(stage.server.archive_queries < 10);
}

#[test]
fn a_gap_in_which_nothing_is_to_be_shown_is_looked_through_as_long_as_somebody_asks() {
    let receipt = |number| Archived {
        raw: Some(format!(
            "<message xmlns='jabber:client' from='{JULIET}' to='romeo@example.org'><received xmlns='urn:xmpp:receipts' id='{number}'/></message>"
        )),
        ..hers(number)
    };
    let mut stage = away((1..=1_600).map(|number| match number {
        101..=1_500 => receipt(number),
        _ => hers(number),
    }));
    stage.server.catch_ups_left = Some(2);
    come_back(&mut stage);
    stage.watch(0, Anchor::Newest, 110);
    stage.fill(Toward::Older);
    assert_eq!(stage.server.archive_queries, 20);
    assert_eq!(state(&stage), Some(GapState::Failed(Problem::Fruitless)));
    stage.fill(Toward::Older);
    assert_eq!(stage.pages[0].window.gaps, []);
}
