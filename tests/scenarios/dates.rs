//! Jumping to a date: what is stored is shown, what is not is fetched, and what lies between is a gap.

use waxwing::boundary::change::{Edge, GapState, Reply};
use waxwing::boundary::command::{AccountCommand, Anchor, Toward};
use waxwing::entity::archive::Gaps;
use waxwing::entity::message::Position;
use waxwing::entity::problem::Problem;
use waxwing::entity::time::Timestamp;
use waxwing::xmpp::stanza::stamp;

use super::catch_up::{BENVOLIO, JULIET, all_there, come_back};
use crate::support::server::Archived;
use crate::support::{Stage, juliet};

const DAY: i64 = 86_400_000;

/// The beginning of a day in 2025, counted from the first of January.
fn day(number: i64) -> Timestamp {
    Timestamp(1_735_689_600_000 + number * DAY)
}

/// Ten messages a day from juliet, an hour apart.
fn hers(number: u32) -> Archived {
    let time = day(i64::from(number / 10)).0 + i64::from(number % 10) * DAY / 24;
    Archived {
        stamp: stamp::format(Timestamp(time)),
        ..Archived::new(number, JULIET, &number.to_string())
    }
}

/// A new device: it knows the last 55 days.
fn after_a_year() -> Stage {
    let mut stage = Stage::empty();
    stage.server.archive = (0..3_600).map(hers).collect();
    stage.log_in(true).unwrap();
    assert_eq!(stage.stored().len(), 550);
    stage
}

fn find(stage: &mut Stage, from: Timestamp) -> Result<Option<Position>, Problem> {
    let command = AccountCommand::FindDate {
        conversation: juliet(),
        from,
    };
    match stage.tell(command) {
        Ok(Reply::Found(found)) => Ok(found),
        Ok(other) => panic!("{other:?}"),
        Err(problem) => Err(problem),
    }
}

/// Goes to a date; gives back what is shown from there on.
fn jump(stage: &mut Stage, from: Timestamp) -> Vec<String> {
    let found = find(stage, from).unwrap().unwrap();
    stage.watch(0, Anchor::At(found), 60);
    let items = stage.pages[0].window.items.iter();
    let from_there = items.filter(|item| item.position >= found);
    from_there.map(|item| item.body.clone()).collect()
}

#[test]
fn a_date_that_is_stored_needs_no_archive_and_no_network() {
    let mut stage = after_a_year();
    stage.leave();
    let shown = jump(&mut stage, day(320));
    assert_eq!((shown[0].as_str(), shown.len()), ("3200", 60));
    assert_eq!(stage.server.archive_queries, 0);
    // The other ends are known, too.
    assert_eq!(find(&mut stage, day(400)), Ok(None));
    assert_eq!(find(&mut stage, day(100)), Err(Problem::Offline));
}

#[test]
fn a_date_of_long_ago_is_an_island_with_a_gap_on_either_side() {
    let mut stage = after_a_year();
    assert!(find(&mut stage, day(100)).unwrap().is_some());
    assert_eq!(stage.server.archive_queries, 1);
    let shown = jump(&mut stage, day(100));
    assert_eq!((shown[0].as_str(), shown[49].as_str()), ("1000", "1049"));
    let lines = stage.pages[0].window.lines();
    let gap = lines.iter().position(|line| line == "…").unwrap();
    assert_eq!(
        (lines[gap - 1].as_str(), lines[gap + 1].as_str()),
        ("1049", "3050")
    );
    assert!(matches!(
        stage.pages[0].window.older,
        Edge::More | Edge::Loading
    ));
    assert_eq!(stage.row().unread, 0, "nobody missed it");
    // Once more: it is there.
    let queries = stage.server.archive_queries;
    jump(&mut stage, day(102));
    assert_eq!(stage.server.archive_queries, queries);
    // Also for the next engine, and without a network.
    stage.leave();
    let mut stage = stage.restart();
    jump(&mut stage, day(100));
    assert_eq!(stage.pages[0].window.gaps.len(), 1);
    come_back(&mut stage);
    // Who reads on fills it from below, and who comes from above from there.
    for (toward, more) in [(Toward::Newer, "1050"), (Toward::Older, "3049")] {
        stage.fill(toward);
        let gap = stage.pages[0].window.lines();
        let gap = gap.iter().position(|line| line == "…").unwrap();
        let lines = stage.pages[0].window.lines();
        assert!(lines.contains(&more.to_owned()), "{more}");
        assert!(lines[gap - 1].parse::<u32>().unwrap() < lines[gap + 1].parse().unwrap());
    }
    for _ in 0..60 {
        if stage.pages[0].window.gaps.is_empty() {
            break;
        }
        stage.fill(Toward::Newer);
    }
    assert_eq!(stage.disk.gaps(stage.account), Gaps::default());
    for _ in 0..120 {
        stage.extend(Toward::Older);
    }
    assert_eq!(stage.pages[0].window.older, Edge::End);
    all_there(&stage);
    assert_eq!(stage.row().unread, 0);
}

/// Clients that count their messages anew each day: what is stored under the name of another message is not that one.
#[test]
fn a_name_that_comes_again_bridges_no_gap() {
    let mut stage = Stage::empty();
    let counted = |number: u32| Archived {
        raw: Some(format!(
            "<message xmlns='jabber:client' from='{JULIET}' to='romeo@example.org' type='chat' id='{}'><body>{number}</body></message>",
            number % 10
        )),
        ..hers(number)
    };
    stage.server.archive = (0..3_600).map(counted).collect();
    stage.log_in(true).unwrap();
    jump(&mut stage, day(100));
    let lines = stage.pages[0].window.lines();
    let gap = lines.iter().position(|line| line == "…").expect("no gap");
    assert_eq!(
        (lines[gap - 1].as_str(), lines[gap + 1].as_str()),
        ("1049", "3050")
    );
    while !stage.pages[0].window.gaps.is_empty() {
        stage.fill(Toward::Newer);
    }
    // The window has asked for what lies before the island, too.
    let stored = stage.stored_bodies();
    let first: u32 = stored[0].parse().unwrap();
    let all: Vec<_> = (first..3_600).map(|number| number.to_string()).collect();
    assert_eq!(stored, all);
}

/// Where what is known begins with a live message that has no name in the archive, its time is ours.
#[test]
fn a_clock_that_is_behind_bridges_no_gap() {
    let mut stage = Stage::online();
    let live = "<message xmlns='jabber:client' from='juliet@example.org/balcony' to='romeo@example.org/orchard' type='chat' id='live'><body>200</body></message>";
    stage.server.deliver(live);
    stage.go();
    let begin = stage.stored()[0].time;
    let minutes = |number: u32| Archived {
        stamp: stamp::format(Timestamp(begin.0 + i64::from(number + 1) * 60_000)),
        ..hers(number)
    };
    stage.server.archive = (0..200).map(minutes).collect();
    stage.server.archive.push(Archived {
        raw: Some(live.to_owned()),
        ..minutes(200)
    });
    assert!(find(&mut stage, begin).unwrap().is_some());
    let gaps = stage.disk.gaps(stage.account).own;
    assert_eq!(gaps.len(), 1, "{gaps:?}");
    stage.watch(0, Anchor::At(gaps[0].at), 60);
    for _ in 0..10 {
        if stage.pages[0].window.gaps.is_empty() {
            break;
        }
        stage.fill(Toward::Newer);
    }
    assert_eq!(stage.disk.gaps(stage.account), Gaps::default());
    let mut stored = stage.stored_bodies();
    stored.sort_by_key(|body| body.parse::<u32>().unwrap());
    let all: Vec<_> = (0..=200).map(|number| number.to_string()).collect();
    assert_eq!(stored, all);
}

#[test]
fn several_islands_grow_together() {
    let mut stage = after_a_year();
    for number in [200, 100, 150, 104, 299] {
        let shown = jump(&mut stage, day(number));
        assert_eq!(shown[0], (number * 10).to_string());
    }
    // 104 was seen from 100 on, and 299 goes over into what was known.
    let gaps = stage.disk.gaps(stage.account).own;
    assert_eq!(gaps.len(), 4);
    let mut left = 100;
    while let Some(own) = stage.disk.gaps(stage.account).own.first() {
        stage.watch(0, Anchor::At(own.at), 20);
        let toward = [Toward::Newer, Toward::Older][left % 2];
        stage.fill_gap(own.gap.id, toward);
        left = left.checked_sub(1).expect("it goes on for ever");
    }
    // Windows at the lower end have asked for what lies before the islands, too.
    let stored = stage.stored_bodies();
    let first: u32 = stored[0].parse().unwrap();
    assert!(first <= 1_000);
    let all: Vec<_> = (first..3_600).map(|n| n.to_string()).collect();
    assert_eq!(stored, all);
}

#[test]
fn a_day_without_messages_leads_to_the_next_that_has_some() {
    let mut stage = Stage::empty();
    stage.server.archive = (0..3_600)
        .filter(|number| !(500..1_507).contains(number))
        .map(hers)
        .collect();
    stage.log_in(true).unwrap();
    let shown = jump(&mut stage, day(60));
    assert_eq!(shown[0], "1507");
    // Before the first is the first.
    let shown = jump(&mut stage, day(-40));
    assert_eq!(shown[0], "0");
    assert_eq!(find(&mut stage, day(360)), Ok(None));
}

#[test]
fn a_date_within_a_gap_of_all_parts_it_in_this_conversation() {
    let mut stage = Stage::online();
    stage.leave();
    let other = |number| Archived {
        from: BENVOLIO,
        ..hers(number)
    };
    let by_turns = |number| match number % 2 {
        0 => hers(number),
        _ => other(number),
    };
    stage.server.archive = (0..3_600).map(by_turns).collect();
    stage.server.catch_ups_left = Some(2);
    come_back(&mut stage);
    let shown = jump(&mut stage, day(200));
    assert_eq!(shown[0], "2000");
    let lines = stage.pages[0].window.lines();
    let gaps = lines.iter().filter(|line| *line == "…").count();
    assert_eq!(gaps, 2, "{lines:?}");
    let island = lines.iter().position(|line| line == "2000").unwrap();
    assert_eq!(
        (lines[island - 1].as_str(), lines[island + 50].as_str()),
        ("…", "…")
    );
    assert_eq!(stage.pages[0].window.gaps[0].2, GapState::Unknown);
    // The rest comes with all the others, and nothing twice.
    stage.leave();
    let mut stage = stage.restart();
    stage.server.catch_ups_left = None;
    come_back(&mut stage);
    all_there(&stage);
    assert_eq!(stage.disk.gaps(stage.account), Gaps::default());
    assert_eq!(stage.row().unread, 1_800.min(stage.row().unread));
}

#[test]
fn an_archive_that_does_not_tell_is_said_so_and_changes_nothing() {
    for (kind, condition) in [("auth", "forbidden"), ("wait", "internal-server-error")] {
        let mut stage = after_a_year();
        stage.server.archive_fails = Some((kind, condition));
        assert!(find(&mut stage, day(100)).is_err(), "{condition}");
        assert_eq!(stage.stored().len(), 550);
        assert_eq!(stage.disk.gaps(stage.account), Gaps::default());
        // Cut off in the middle of the page: an answer all the same.
        stage.server.archive_fails = None;
        stage.server.cut_after = Some(20);
        assert!(find(&mut stage, day(100)).is_err());
        assert_eq!(stage.stored().len(), 550);
    }
}

#[test]
fn days_in_which_nothing_is_to_be_shown_are_not_said_to_be_empty() {
    let mut stage = Stage::empty();
    let receipt = |number| Archived {
        raw: Some(format!(
            "<message xmlns='jabber:client' from='{JULIET}' to='romeo@example.org'><received xmlns='urn:xmpp:receipts' id='{number}'/></message>"
        )),
        ..hers(number)
    };
    stage.server.archive = (0..3_600)
        .map(|number| match number {
            1_000..=2_500 => receipt(number),
            _ => hers(number),
        })
        .collect();
    stage.log_in(true).unwrap();
    assert_eq!(find(&mut stage, day(100)), Err(Problem::Fruitless));
    assert_eq!(stage.disk.gaps(stage.account), Gaps::default());
    // Where the messages are not so far away, they are found.
    let shown = jump(&mut stage, day(200));
    assert_eq!(shown[0], "2501");
}
