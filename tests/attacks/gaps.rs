//! Hostile answers of archives (`gaps.jsonl`) while a gap is filled and while a date is sought: nothing is believed that was
//! not asked for, nothing is asked without end, and what is true still has its effect.
//!
//! In a case `{GAPQ}` and `{GAPIQ}` name the open question to fill the gap in the conversation with juliet, `{DATEQ}` and
//! `{DATEIQ}` that for a date in it; `{FILL}` asks for the gap again, and `{N}` counts.

use serde_json::Value;
use waxwing::boundary::change::{Change, GapState};
use waxwing::boundary::command::{AccountCommand, Anchor, Command, Toward};
use waxwing::entity::id::RequestId;
use waxwing::entity::time::Timestamp;
use waxwing::xmpp::stanza::stamp;

use super::support::server::Archived;
use super::support::{Stage, juliet};
use super::{Scene, qualified};

/// What is known before the gap and after it: the first and the last hundred of so many.
const ALL: u32 = 430;
/// In the middle of the gap.
const DATE: &str = "2025-12-31T10:01:10Z";
/// The request of the date.
const REQUEST: u32 = 77;
/// So many questions to the archive follow each other at most before somebody must ask again.
const PATIENCE: usize = 30;

struct Case {
    id: String,
    title: String,
    stanzas: Vec<String>,
    twin: Vec<String>,
    /// What must be there.
    shows: Option<String>,
    /// What becomes of the gap, where that matters.
    leaves: Option<String>,
    /// The same comes as the answer to every question.
    endless: bool,
    /// It comes so often for one question, of which no more than that is kept; then the page ends.
    flood: Option<(usize, usize, String)>,
}

fn cases() -> Vec<Case> {
    let lines = include_str!("gaps.jsonl").lines();
    lines
        .map(|line| {
            let case: Value = serde_json::from_str(line).unwrap();
            let text = |name: &str| case[name].as_str().map(String::from);
            let list = |name: &str| serde_json::from_value(case[name].clone()).unwrap();
            let number = |name: &str| case[name].as_u64().map(|number| number as usize);
            Case {
                id: text("id").unwrap(),
                title: text("title").unwrap(),
                stanzas: list("stanzas"),
                twin: list("twin"),
                shows: text("shows"),
                leaves: text("leaves"),
                endless: case["endless"] == true,
                flood: number("flood")
                    .map(|flood| (flood, number("most").unwrap(), text("end").unwrap())),
            }
        })
        .collect()
}

/// Romeo has missed much, and has the newest of it; a gap is being filled, and a date is being looked for in it.
fn scene() -> Scene {
    let mut stage = Stage::online();
    stage.leave();
    let hers = |number| Archived::new(number, "juliet@example.org/balcony", &number.to_string());
    stage.server.archive.extend((1..=ALL).map(hers));
    stage.server.catch_ups_left = Some(2);
    stage.server.refuses = false;
    stage.tell(AccountCommand::Reconnect).unwrap();
    stage.go();
    stage.watch(0, Anchor::Newest, 200);
    stage.server.holds_pages = true;
    let mut scene = Scene {
        stage,
        names: vec![
            ("{MEF}", "romeo@example.org/orchard".to_owned()),
            ("{ME}", "romeo@example.org".to_owned()),
            ("{JUF}", "juliet@example.org/balcony".to_owned()),
            ("{JU}", "juliet@example.org".to_owned()),
            ("{EVB}", "mallory@example.net".to_owned()),
            ("{EV}", "mallory@example.net/m".to_owned()),
            ("{ROOM}", "room@rooms.example.org".to_owned()),
        ],
    };
    scene.stage.fill(Toward::Older);
    learn(&mut scene, ["{GAPIQ}", "{GAPQ}"]);
    let find = AccountCommand::FindDate {
        conversation: juliet(),
        from: date(),
    };
    let find = Command::Account(scene.stage.account, find);
    scene.stage.pages[0].page.wish(REQUEST, find);
    scene.stage.go();
    learn(&mut scene, ["{DATEIQ}", "{DATEQ}"]);
    scene.forget();
    scene
}

fn date() -> Timestamp {
    stamp::parse(DATE).unwrap()
}

/// What the last question is called. Says whether there is one.
fn learn(scene: &mut Scene, [id, query]: [&'static str; 2]) -> bool {
    let Some(asked) = scene.stage.server.pages.pop() else {
        return false;
    };
    scene.names.retain(|(name, _)| ![id, query].contains(name));
    scene.names.extend([(id, asked.0), (query, asked.1)]);
    true
}

/// Plays a case. Says how many questions to the archive it led to.
fn play(scene: &mut Scene, case: &Case) -> usize {
    let is_gap = case.id.starts_with("GAP");
    let names = if is_gap {
        ["{GAPIQ}", "{GAPQ}"]
    } else {
        ["{DATEIQ}", "{DATEQ}"]
    };
    let mut asked = 0;
    for number in 0..200 {
        let times = case.flood.as_ref().map_or(1, |(times, ..)| *times);
        for time in 0..times {
            for stanza in &case.stanzas {
                if stanza == "{FILL}" {
                    scene.stage.go();
                    scene.stage.fill(Toward::Older);
                    assert!(learn(scene, names), "{}", case.id);
                    continue;
                }
                let number = (number + time).to_string();
                say(scene, &stanza.replace("{N}", &number));
            }
        }
        if let Some((.., end)) = &case.flood {
            say(scene, end);
        }
        scene.stage.go();
        let again = learn(scene, names);
        asked += usize::from(again);
        if !(again && case.endless) {
            break;
        }
    }
    asked
}

/// The server says it; nobody has heard it yet.
fn say(scene: &Scene, stanza: &str) {
    let stanza = qualified(&scene.fill(stanza));
    scene.stage.server.deliver(&stanza);
}

fn state(scene: &Scene) -> &'static str {
    match scene.stage.pages[0].window.gaps.last() {
        None => "closed",
        Some((_, _, GapState::Unknown)) => "gap",
        Some((_, _, GapState::Loading)) => "loading",
        Some((_, _, GapState::Failed(_))) => "failed",
        Some((_, _, GapState::Lost)) => "lost",
    }
}

/// What was known stands where it stood.
fn keeps_what_was_known(scene: &Scene) -> bool {
    let known = |body: &String| {
        let number = body.parse::<u32>();
        number.is_ok_and(|number| number <= 100 || number > ALL - 100)
    };
    let bodies = scene.stage.stored_bodies();
    let kept: Vec<_> = bodies.iter().filter(|body| known(body)).collect();
    let numbers = (1..=100).chain(ALL - 99..=ALL);
    // The newest and the oldest are what they were.
    kept == numbers
        .map(|number| number.to_string())
        .collect::<Vec<_>>()
        .iter()
        .collect::<Vec<_>>()
        && bodies.last() == Some(&ALL.to_string())
        && bodies.first() == Some(&"1".to_owned())
}

#[test]
fn no_hostile_answer_gets_into_a_gap_or_asks_without_end() {
    let mut failures = Vec::new();
    for case in cases() {
        let mut scene = scene();
        let before = scene.stage.stored().len();
        let asked = play(&mut scene, &case);
        let mut check = |holds: bool, why: String| {
            if !holds {
                failures.push(format!("{} ({}): {why}", case.id, case.title));
            }
        };
        let seen = scene.stored();
        check(!seen.contains("FORGED"), "it is believed".into());
        let bodies = scene.stage.stored_bodies();
        if let Some(shows) = &case.shows {
            check(bodies.contains(shows), format!("no {shows}"));
        }
        check(keeps_what_was_known(&scene), format!("{bodies:?}"));
        if let Some(leaves) = &case.leaves {
            check(state(&scene) == leaves, state(&scene).into());
        }
        check(asked <= PATIENCE, format!("asked {asked} times"));
        if let Some((_, most, _)) = case.flood {
            let more = scene.stage.stored().len() - before;
            check(more <= most, format!("{more} are kept"));
        }
        check(scene.still_answers(), "no answer".into());
        // It is what is stored, too.
        let scene = scene.restart();
        check(!scene.stored().contains("FORGED"), "reloaded".into());
        check(keeps_what_was_known(&scene), "reloaded".into());
    }
    assert!(failures.is_empty(), "\n{}\n", failures.join("\n"));
}

#[test]
fn the_true_answer_has_its_effect_whatever_came_before() {
    for case in cases() {
        let mut scene = scene();
        if case.leaves.as_deref() == Some("loading") {
            // What is forged takes nothing away from it.
            play(&mut scene, &case);
        }
        for stanza in &case.twin {
            say(&scene, stanza);
        }
        scene.stage.go();
        let bodies = scene.stage.stored_bodies();
        assert!(bodies.contains(&"TRUE".to_owned()), "{}", case.id);
        assert!(keeps_what_was_known(&scene), "{}: {bodies:?}", case.id);
        let is_answer = |change: &&Change| matches!(change, Change::Answer(RequestId(REQUEST), _));
        let answers = scene.stage.pages[0].changes.iter().filter(is_answer);
        let expected = usize::from(case.id.starts_with("DATE"));
        assert_eq!(answers.count(), expected, "{}", case.id);
    }
}
