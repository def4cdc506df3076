//! Frames that were tampered with, from text to page and store: nothing panics, and the client goes on.
//!
//! The seed is printed; `WAXWING_SEED` plays it again, and `WAXWING_FUZZ` sets how many frames are tried
//! (`cargo xtask soak` tries a million).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    missing_docs
)]

mod support;

use std::collections::hash_map::RandomState;
use std::fs;
use std::hash::BuildHasher;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use serde_json::Value;
use support::Stage;
use waxwing::boundary::command::Anchor;

/// How many frames a session takes before a new client on a new disk goes on.
const SESSION: u32 = 2_000;
/// How often the client is asked whether it is still there.
const ASKED: u32 = 100;

/// What a mutation puts in.
const TOKENS: [&str; 40] = [
    "<",
    ">",
    "/>",
    "</",
    "&",
    "&amp;",
    "&#0;",
    "&#x10FFFF;",
    "&lol;",
    "'",
    "\"",
    "<!--",
    "-->",
    "<![CDATA[",
    "]]>",
    "<!DOCTYPE a>",
    "<?xml?>",
    "\u{fffe}",
    "\u{0}",
    "\u{b}",
    "\u{202e}",
    "\u{1F468}\u{200d}",
    "\u{301}",
    "\u{2028}",
    " xmlns=''",
    " xmlns='jabber:client'",
    " xmlns:a='b'",
    " a:b='c'",
    " id='1'",
    " type='error'",
    " from=''",
    " to='@'",
    "<body/>",
    "<body>x</body>",
    "<x xmlns='jabber:x:data'/>",
    "<forwarded xmlns='urn:xmpp:forward:0'>",
    "</message>",
    "</iq>",
    "-1",
    "99999999999999999999",
];

/// What an attribute may become.
const VALUES: [&str; 36] = [
    "",
    "romeo@example.org",
    "romeo@example.org/orchard",
    "ROMEO@example.org",
    "juliet@example.org",
    "juliet@example.org/balcony",
    "mallory@example.net/m",
    "example.org",
    "@",
    "a@b@c",
    "/",
    "x/y",
    "get",
    "set",
    "result",
    "error",
    "chat",
    "groupchat",
    "subscribe",
    "unavailable",
    "remove",
    "both",
    "true",
    "0",
    "-1",
    "4294967296",
    "18446744073709551616",
    "2026-01-01T00:00:00Z",
    "9999-12-31T23:59:60Z",
    "yesterday",
    "jabber:client",
    "jabber:iq:roster",
    "urn:xmpp:mam:2",
    "urn:xmpp:carbons:2",
    "urn:xmpp:sid:0",
    "http://jabber.org/protocol/disco#info",
];

#[test]
fn frames_that_were_tampered_with_break_nothing() {
    let number = |name: &str| {
        std::env::var(name)
            .ok()
            .map(|text| text.parse::<u64>().expect("a number"))
    };
    // A run that nobody asked more of is the same for all: what breaks in it was broken by a change.
    let drawn = || RandomState::new().hash_one("seed");
    let asked = number("WAXWING_FUZZ").map(|_| drawn());
    let seed = number("WAXWING_SEED").or(asked).unwrap_or(1);
    let count = number("WAXWING_FUZZ").unwrap_or(20_000);
    println!("{count} frames, WAXWING_SEED={seed}");
    let corpus = corpus();
    assert!(corpus.len() > 150, "{} frames", corpus.len());
    let mut chance = Chance(ChaCha8Rng::seed_from_u64(seed));
    let mut stage = begin();
    let (mut lived, mut survived, mut sessions) = (0, 0, 1);
    let mut last = Telltale::default();
    for _ in 0..count {
        if lived >= SESSION
            || stage
                .server
                .sockets
                .last()
                .is_none_or(|socket| socket.is_closed())
        {
            stage = begin();
            lived = 0;
            sessions += 1;
        }
        let frame = mutate(&corpus, &mut chance, &stage);
        last.0.clone_from(&frame);
        stage.server.deliver(&frame);
        stage.go();
        lived += 1;
        if lived % ASKED == 0 && still_answers(&mut stage) {
            survived += 1;
        }
    }
    if still_answers(&mut stage) {
        survived += 1;
    }
    last.0.clear();
    println!("{sessions} sessions, alive {survived} times");
    assert!(survived > 0, "the client never answered");
    let mut fresh = begin();
    assert!(still_answers(&mut fresh));
}

/// Romeo is online and watches juliet; his disk is empty.
fn begin() -> Stage {
    let mut stage = Stage::empty();
    stage.server.roster =
        "<item jid='juliet@example.org' name='Juliet' subscription='both'/>".into();
    stage.server.holds_pages = true;
    stage.log_in(true).unwrap();
    stage.watch(0, Anchor::Newest, 50);
    stage.server.frames.clear();
    stage
}

/// False if the session is over, as it may be; a session that is alive must answer.
fn still_answers(stage: &mut Stage) -> bool {
    let socket = stage.server.sockets.last().unwrap().clone();
    if socket.is_closed() {
        return false;
    }
    stage.server.frames.clear();
    stage.server.deliver(
        "<iq xmlns='jabber:client' from='example.org' type='get' id='alive'><ping xmlns='urn:xmpp:ping'/></iq>",
    );
    stage.pass(Duration::from_millis(20));
    let answered = stage
        .server
        .frames
        .iter()
        .any(|frame| frame.contains("'alive'"));
    assert!(
        answered || socket.is_closed(),
        "a living session does not answer"
    );
    answered
}

/// Says which frame was in hand when something panicked.
#[derive(Default)]
struct Telltale(String);

impl Drop for Telltale {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("the frame in hand: {:?}", self.0);
        }
    }
}

struct Chance(ChaCha8Rng);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.0.next_u64() % u64::try_from(end.max(1)).unwrap()).unwrap()
    }

    fn one<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[self.below(of.len())]
    }
}

/// What servers say in the transcripts, the stanza fixtures, and the attacks.
fn corpus() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let mut frames = Vec::new();
    for path in files(&root.join("transcripts"), "txt") {
        let text = fs::read_to_string(path).unwrap();
        frames.extend(
            text.lines()
                .filter_map(|line| line.strip_prefix("S: "))
                .map(str::to_owned),
        );
    }
    for path in files(&root.join("stanzas"), "xml") {
        let text = fs::read_to_string(path).unwrap();
        frames.push(format!(
            "<message xmlns='jabber:client' from='juliet@example.org/balcony'><body>x</body>{text}</message>"
        ));
        frames.push(text);
    }
    for line in include_str!("attacks/cases.jsonl").lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        for name in ["stanza", "twin"] {
            if let Some(text) = case[name].as_str() {
                frames.push(text.replacen(' ', " xmlns='jabber:client' ", 1));
            }
        }
    }
    frames.retain(|frame| frame.len() < 20_000);
    frames.sort();
    frames.dedup();
    frames
}

fn files(dir: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|e| e == extension) {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn mutate(corpus: &[String], chance: &mut Chance, stage: &Stage) -> String {
    let mut frame = corpus[chance.below(corpus.len())].clone();
    // What ends a stream would be most of what happens: it comes rarely.
    while frame.contains("etherx") || frame.contains("xmpp-framing") || frame.contains("xmpp-sasl")
    {
        if chance.below(100) == 0 {
            break;
        }
        frame = corpus[chance.below(corpus.len())].clone();
    }
    if let Some((id, query, _)) = stage.server.pages.first() {
        frame = frame.replace("{page}", id).replace("{OPENIQ}", id);
        frame = frame.replace("{query}", query).replace("{OPENQ}", query);
    }
    for (name, value) in [
        ("{MEF}", "romeo@example.org/orchard"),
        ("{ME}", "romeo@example.org"),
        ("{JUF}", "juliet@example.org/balcony"),
        ("{JU}", "juliet@example.org"),
        ("{EV}", "mallory@example.net/m"),
        ("{EVB}", "mallory@example.net"),
    ] {
        frame = frame.replace(name, value);
    }
    for _ in 0..=chance.below(4) {
        frame = mutate_once(&frame, corpus, chance);
    }
    frame
}

fn mutate_once(frame: &str, corpus: &[String], chance: &mut Chance) -> String {
    let at = |chance: &mut Chance| frame.floor_char_boundary(chance.below(frame.len() + 1));
    let mut span = [at(chance), at(chance)];
    span.sort_unstable();
    let [start, end] = span;
    match chance.below(9) {
        // An attribute, or all of a value, becomes another: mostly still XML.
        0..=3 => {
            let quotes: Vec<usize> = frame.match_indices('\'').map(|(at, _)| at).collect();
            let pairs: Vec<&[usize]> = quotes.chunks_exact(2).collect();
            if pairs.is_empty() {
                return frame.to_owned();
            }
            let pair = pairs[chance.below(pairs.len())];
            format!(
                "{}'{}'{}",
                &frame[..pair[0]],
                chance.one(&VALUES),
                &frame[pair[1] + 1..]
            )
        }
        4 => format!(
            "{}{}{}",
            &frame[..start],
            chance.one(&TOKENS),
            &frame[start..]
        ),
        5 => format!("{}{}", &frame[..start], &frame[end..]),
        6 => format!("{}{}{}", &frame[..end], &frame[start..end], &frame[end..]),
        // An element of another frame goes in behind a tag.
        7 => {
            let other = &corpus[chance.below(corpus.len())];
            let tags: Vec<usize> = frame.match_indices('>').map(|(at, _)| at + 1).collect();
            match tags.len() {
                0 => other.clone(),
                count => {
                    let at = tags[chance.below(count)];
                    format!("{}{other}{}", &frame[..at], &frame[at..])
                }
            }
        }
        _ => {
            let deep = chance.below(150);
            let tag = chance.one(&["x", "body", "forwarded", "message", "query", "item"]);
            let (open, close) = (
                format!("<{tag}>").repeat(deep),
                format!("</{tag}>").repeat(deep),
            );
            let at = frame.find('>').map_or(frame.len(), |at| at + 1);
            format!("{}{open}{close}{}", &frame[..at], &frame[at..])
        }
    }
}
