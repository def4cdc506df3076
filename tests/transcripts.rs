//! Whole dialogues between the engine and a server, in literal XML; leftovers fail.
//!
//! A transcript (`tests/transcripts/*.txt`) is read line by line; a line that begins with white space continues the one before it:
//!
//! ```text
//! # a comment
//! EACH: one two                        the transcript is played once with each of these words for `{each}`
//! FIRST: session                       the lines of that other transcript come first
//! ACCOUNT: romeo@example.org pencil    the account and its password (or ANONYMOUS: / REGISTER: example.org)
//! CONTACT: juliet@example.org both     what the store knew
//! CURSOR: a7 1767211201000             how far it knew the archive: the id, and the time in milliseconds
//! OPEN: secure | OPEN: insecure        the socket is open; where it leads, if not to wss://example.org:443
//! C: <presence/>                       the engine sends exactly this next; `{name}` in a value binds, or must be equal
//! S: <iq id='{id}' type='result'/>     the server sends this; `{name}` is what was bound
//! E: Session(Online)                   the engine reports exactly this next (its Debug, spaces folded; `…` skips)
//! SAVE: Credentials                    the engine saves this next (beginning of its Debug)
//! W: send juliet@example.org hello     a wish; `send-again`: an engine that is gone may have sent it; `committed`: the last page of catch-up is stored;
//!                                      `displayed juliet@example.org a1`: flag her conversation up to there
//! T+30s | T+500ms                      time passes; the engine is woken when it wants to be
//! Z+60s                                the machine sleeps so long; the engine is woken when it wakes
//! CLOSE: | CLOSED:                     the engine closes the socket; the socket is closed under it
//! ```
//!
//! Within what one input causes, `C:`, `E:`, `SAVE:` and `CLOSE:` are compared each in its own order: the order
//! between them is fixed elsewhere (commit, transmit, publish).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::collections::{BTreeMap, VecDeque};
use std::fs;
use std::path::Path;
use std::time::Duration;

use minidom::{Element, Node};
use waxwing::boundary::command::AccountCommand;
use waxwing::entity::address::Address;
use waxwing::entity::archive::Cursor;
use waxwing::entity::contact::{Contact, Subscription};
use waxwing::entity::id::{ItemId, RequestId};
use waxwing::entity::message::{Delivery, Direction, Message, MessageIds, Position};
use waxwing::entity::presence::{Availability, OwnPresence};
use waxwing::entity::secret::Secret;
use waxwing::entity::time::{Instant, Timestamp};
use waxwing::xmpp::engine::{
    Credentials, Engine, Input, Output, Purpose, Settings, Snapshot, Wish,
};
use waxwing::xmpp::feature::archive::{Place, Wanted};

/// Every dialogue starts at this moment: 2026-01-01T00:00:00Z.
const START: i64 = 1_767_225_600_000;

/// Where sockets lead, unless something else is said.
const HOME: &str = "wss://example.org:443";

#[test]
fn every_transcript_plays_out_as_written() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts");
    let mut failures = Vec::new();
    let mut played = 0;
    let mut paths: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    paths.sort();
    for path in paths
        .iter()
        .filter(|path| path.extension().is_some_and(|e| e == "txt"))
    {
        let text = fs::read_to_string(path).unwrap();
        let first = what_comes_first(path, &text);
        for text in each(&text) {
            let text = first.clone() + &text;
            let mut play = Play::new(&text);
            if let Err((line, why)) = play.run(&text) {
                // What fails before its first line fails in that other transcript, too.
                let line = line.saturating_sub(first.lines().count());
                failures.push(format!(
                    "{}:{line}: {why}",
                    path.file_name().unwrap().to_string_lossy()
                ));
            }
            played += 1;
        }
    }
    assert!(played > 0, "no transcripts");
    assert!(failures.is_empty(), "\n\n{}\n", failures.join("\n\n"));
}

/// A dialogue once for each value that `{each}` stands for in it.
fn each(text: &str) -> Vec<String> {
    let values = text.lines().find_map(|line| line.strip_prefix("EACH: "));
    let Some(values) = values else {
        return vec![text.to_owned()];
    };
    let values = values.split_whitespace();
    values.map(|value| text.replace("{each}", value)).collect()
}

#[test]
fn every_stream_error_of_the_rfc_has_a_transcript() {
    // RFC 6120 §4.9.3.
    const CONDITIONS: &str = "bad-format bad-namespace-prefix conflict connection-timeout host-gone host-unknown \
        improper-addressing internal-server-error invalid-from invalid-namespace invalid-xml not-authorized \
        not-well-formed policy-violation remote-connection-failed reset resource-constraint restricted-xml see-other-host \
        system-shutdown undefined-condition unsupported-encoding unsupported-feature unsupported-stanza-type \
        unsupported-version";
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts");
    let paths = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let texts = paths.map(|path| fs::read_to_string(path).unwrap());
    let all: String = texts.flat_map(|text| each(&text)).collect();
    let conditions: Vec<&str> = CONDITIONS.split_whitespace().collect();
    assert_eq!(conditions.len(), 25);
    for condition in conditions {
        let error = format!("<{condition} xmlns='urn:ietf:params:xml:ns:xmpp-streams'");
        assert!(all.contains(&error), "{condition} has none");
    }
}

struct Play {
    engine: Engine,
    now: Instant,
    bound: BTreeMap<String, String>,
    sent: VecDeque<String>,
    events: VecDeque<String>,
    saves: VecDeque<String>,
    closes: usize,
    next_item: u64,
}

type Failure = (usize, String);

/// The lines that come before those of a transcript: of the one that it goes on from.
fn what_comes_first(path: &Path, text: &str) -> String {
    let Some(name) = text.lines().find_map(|line| line.strip_prefix("FIRST: ")) else {
        return String::new();
    };
    let path = path.with_file_name(format!("{name}.txt"));
    let text = fs::read_to_string(&path).unwrap() + "\n";
    what_comes_first(&path, &text) + &text
}

/// The logical lines: (number, text), continuations joined, comments dropped.
fn lines(text: &str) -> Vec<(usize, String)> {
    let mut out: Vec<(usize, String)> = Vec::new();
    for (number, line) in text.lines().enumerate() {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        match out.last_mut() {
            Some((_, last)) if line.starts_with(char::is_whitespace) => last.push_str(line.trim()),
            _ => out.push((number + 1, line.trim_end().to_string())),
        }
    }
    out
}

impl Play {
    fn new(text: &str) -> Self {
        let mut purpose = Purpose::Anonymous;
        let mut domain = "example.org".to_string();
        let mut snapshot = Snapshot {
            agent: Some("d4565fa7-4d72-4749-b3d3-740edbf87770".to_string()),
            ..Snapshot::default()
        };
        for (number, line) in lines(text) {
            let Some((verb, rest)) = line.split_once(':') else {
                continue;
            };
            let words: Vec<&str> = rest.split_whitespace().collect();
            match verb {
                "ACCOUNT" => {
                    let address = Address::parse(words[0]).unwrap();
                    domain = address.domain().to_string();
                    let credentials = match words.get(1) {
                        Some(password) => {
                            Credentials::Password(Secret::new((*password).to_string()))
                        }
                        None => Credentials::None,
                    };
                    purpose = Purpose::Session {
                        address,
                        credentials,
                    };
                }
                "ANONYMOUS" => domain = words[0].to_string(),
                "REGISTER" => {
                    domain = words[0].to_string();
                    purpose = Purpose::Registration;
                }
                "CONTACT" => {
                    let subscription = match words[1] {
                        "both" => Subscription::Both,
                        "to" => Subscription::To,
                        "from" => Subscription::From,
                        "none" => Subscription::None,
                        other => panic!("line {number}: no subscription {other}"),
                    };
                    let (contacts, _) = snapshot.roster.get_or_insert_default();
                    contacts.push(Contact {
                        address: Address::parse(words[0]).unwrap(),
                        name: None,
                        groups: Vec::new(),
                        subscription,
                        asked: false,
                    });
                }
                "CURSOR" => {
                    snapshot.cursor = Some(Cursor {
                        id: Some(words[0].to_string()),
                        time: Timestamp(words[1].parse().unwrap()),
                    });
                }
                "ROSTERVER" => {
                    snapshot.roster.get_or_insert_default().1 = Some(words[0].to_string())
                }
                _ => {}
            }
        }
        let settings = Settings {
            domain,
            purpose,
            language: Some("en".into()),
        };
        Self {
            engine: Engine::new(settings, snapshot, [7; 32]),
            now: Instant {
                monotonic: Duration::from_secs(1000),
                wall: Timestamp(START),
            },
            bound: BTreeMap::new(),
            sent: VecDeque::new(),
            events: VecDeque::new(),
            saves: VecDeque::new(),
            closes: 0,
            next_item: 1,
        }
    }

    fn run(&mut self, text: &str) -> Result<(), Failure> {
        let mut last = 0;
        for (number, line) in lines(text) {
            last = number;
            let at = |why: String| (number, format!("{line}\n  {why}"));
            if let Some(time) = line.strip_prefix("T+") {
                self.nothing_left().map_err(at)?;
                self.pass(parse_duration(time));
                continue;
            }
            if let Some(time) = line.strip_prefix("Z+") {
                self.nothing_left().map_err(at)?;
                self.now = self.now + parse_duration(time);
                self.engine.handle(self.now, Input::Tick);
                self.drain();
                continue;
            }
            let (verb, rest) = line.split_once(':').ok_or_else(|| at("no verb".into()))?;
            let rest = rest.trim();
            match verb {
                "EACH" | "FIRST" | "ACCOUNT" | "ANONYMOUS" | "REGISTER" | "CONTACT" | "CURSOR"
                | "ROSTERVER" => {}
                "C" => {
                    let sent = self
                        .sent
                        .pop_front()
                        .ok_or_else(|| at("nothing was sent".into()))?;
                    self.compare(rest, &sent).map_err(at)?;
                }
                "E" => {
                    let event = self
                        .events
                        .pop_front()
                        .ok_or_else(|| at("no event".into()))?;
                    let wanted = self.fill(rest).map_err(at)?;
                    if !matches_pattern(&fold(&wanted), &fold(&event)) {
                        return Err(at(format!("but the event is {event}")));
                    }
                }
                "SAVE" => {
                    let save = self
                        .saves
                        .pop_front()
                        .ok_or_else(|| at("nothing was saved".into()))?;
                    if !save.starts_with(rest) {
                        return Err(at(format!("but it saved {save}")));
                    }
                }
                "CLOSE" => {
                    if self.closes == 0 {
                        return Err(at("the engine did not close".into()));
                    }
                    self.closes -= 1;
                }
                "S" | "OPEN" | "CLOSED" | "REJECTED" | "W" => {
                    self.nothing_left().map_err(at)?;
                    self.feed(verb, rest).map_err(at)?;
                }
                other => return Err(at(format!("no verb {other}"))),
            }
        }
        self.nothing_left()
            .map_err(|why| (last, format!("at the end: {why}")))
    }

    fn feed(&mut self, verb: &str, rest: &str) -> Result<(), String> {
        let text;
        let input = match verb {
            "S" => {
                text = self.fill(rest)?;
                Input::Frame(&text)
            }
            "OPEN" => {
                let (how, origin) = rest.split_once(' ').unwrap_or((rest, HOME));
                let secure = how != "insecure";
                Input::Opened { secure, origin }
            }
            "CLOSED" => Input::Closed,
            "REJECTED" => Input::Rejected,
            _ => Input::Wish(self.wish(rest)?),
        };
        self.engine.handle(self.now, input);
        self.drain();
        Ok(())
    }

    fn drain(&mut self) {
        while let Some(output) = self.engine.poll_output() {
            match output {
                Output::Save(save) => self.saves.push_back(format!("{save:?}")),
                Output::Transmit(frame) => self.sent.push_back(frame),
                Output::Event(event) => {
                    self.events.push_back(format!("{event:?}"));
                }
                Output::Close => self.closes += 1,
            }
        }
    }

    /// Time passes; the engine is woken at each moment that it asks for.
    fn pass(&mut self, by: Duration) {
        let end = self.now + by;
        for _ in 0..10_000 {
            match self.engine.poll_timeout() {
                Some((at, _)) if at.monotonic <= end.monotonic => {
                    if at.monotonic > self.now.monotonic {
                        self.now = self.now + (at.monotonic - self.now.monotonic);
                    }
                    self.engine.handle(self.now, Input::Tick);
                    self.drain();
                }
                _ => {
                    self.now = end;
                    return;
                }
            }
        }
        panic!(
            "the engine wants to be woken at the same moment for ever: {:?}",
            self.engine.poll_timeout()
        );
    }

    fn wish(&mut self, text: &str) -> Result<Wish, String> {
        let (verb, rest) = text.split_once(' ').unwrap_or((text, ""));
        let address = |text: &str| Address::parse(text).map_err(|e| format!("{text}: {e}"));
        let command = |command| Wish::Command(RequestId(1), command);
        Ok(match verb {
            "send" | "send-again" => {
                let (to, body) = rest.split_once(' ').ok_or("send whom what?")?;
                let id = self.next_item;
                self.next_item += 1;
                let message = Message {
                    id: ItemId(id),
                    position: Position {
                        time: self.now.wall,
                        tie: id,
                    },
                    conversation: address(to)?,
                    direction: Direction::Outgoing,
                    time: self.now.wall,
                    body: body.to_string(),
                    ids: MessageIds {
                        stanza: Some(format!("m{id}")),
                        origin: Some(format!("m{id}")),
                        archive: None,
                    },
                    delivery: Delivery::Sending,
                };
                match verb {
                    "send" => Wish::Send(message),
                    _ => Wish::SendAgain(message),
                }
            }
            "history" => Wish::History {
                conversation: address(rest)?,
                before: None,
                until: None,
                count: 50,
            },
            "displayed" => {
                let (conversation, id) = rest.split_once(' ').ok_or("whose, up to where?")?;
                Wish::Displayed(address(conversation)?, id.to_string())
            }
            "stretch" => {
                let (conversation, before) = rest.split_once(' ').ok_or("whose, before what?")?;
                let wanted = Wanted {
                    place: Place::Before(before.to_string()),
                    count: 50,
                    ..Wanted::default()
                };
                Wish::Stretch(address(conversation)?, 1, wanted)
            }
            "committed" => Wish::CatchUp,
            "idle" => Wish::Idle(Some(self.now.wall)),
            "back" => Wish::Idle(None),
            "hidden" => Wish::Looked(false),
            "shown" => Wish::Looked(true),
            "close" => Wish::Close,
            "presence" => {
                let (show, status) = rest.split_once(' ').unwrap_or((rest, ""));
                let availability = match show {
                    "online" => Availability::Online,
                    "away" => Availability::Away,
                    "dnd" => Availability::DoNotDisturb,
                    "offline" => Availability::Offline,
                    other => return Err(format!("no availability {other}")),
                };
                let status = Some(status.to_string()).filter(|s| !s.is_empty());
                command(AccountCommand::SetPresence(OwnPresence {
                    availability,
                    status,
                }))
            }
            "add" => command(AccountCommand::AddContact {
                address: rest.to_string(),
                name: None,
                groups: Vec::new(),
                text: None,
            }),
            "remove" => command(AccountCommand::RemoveContact(address(rest)?)),
            "accept" => command(AccountCommand::AcceptSubscription {
                address: address(rest)?,
                also_ask: false,
            }),
            "decline" => command(AccountCommand::DeclineSubscription(address(rest)?)),
            "password" => Wish::Credentials(Credentials::Password(Secret::new(rest.to_string()))),
            "register" => Wish::Register(
                rest.split_whitespace()
                    .filter_map(|pair| pair.split_once('='))
                    .map(|(name, value)| (name.to_string(), vec![Secret::new(value.to_string())]))
                    .collect(),
            ),
            other => return Err(format!("no wish {other}")),
        })
    }

    fn nothing_left(&self) -> Result<(), String> {
        let mut left: Vec<String> = Vec::new();
        left.extend(self.sent.iter().map(|s| format!("C: {s}")));
        left.extend(self.saves.iter().map(|s| format!("SAVE: {s}")));
        left.extend(self.events.iter().map(|s| format!("E: {s}")));
        left.extend((0..self.closes).map(|_| "CLOSE:".to_string()));
        if left.is_empty() {
            Ok(())
        } else {
            Err(format!("left over:\n    {}", left.join("\n    ")))
        }
    }

    /// Puts in what was bound.
    fn fill(&self, text: &str) -> Result<String, String> {
        let mut out = text.to_string();
        for (name, value) in &self.bound {
            out = out.replace(&format!("{{{name}}}"), value);
        }
        Ok(out)
    }

    fn compare(&mut self, wanted: &str, sent: &str) -> Result<(), String> {
        let wanted_tree = tree(wanted)?;
        let sent_tree = tree(sent)?;
        self.compare_elements(&wanted_tree, &sent_tree)
            .map_err(|why| format!("{why}\n  sent: {sent}"))
    }

    fn compare_elements(&mut self, wanted: &Element, sent: &Element) -> Result<(), String> {
        if wanted.name() != sent.name() || wanted.ns() != sent.ns() {
            return Err(format!("<{}> is not <{}>", sent.name(), wanted.name()));
        }
        let attributes = |element: &Element| -> BTreeMap<String, String> {
            element
                .attrs()
                .iter()
                .map(|((_, name), value)| (name.to_string(), value.clone()))
                .collect()
        };
        let (mut mine, theirs) = (attributes(wanted), attributes(sent));
        for (name, value) in &theirs {
            match mine.remove(name) {
                Some(pattern) => self.compare_text(&pattern, value)?,
                None => return Err(format!("<{}> has {name}='{value}'", sent.name())),
            }
        }
        if let Some((name, value)) = mine.into_iter().next() {
            return Err(format!("<{}> lacks {name}='{value}'", sent.name()));
        }
        let nodes = |element: &Element| -> Vec<Node> {
            element
                .nodes()
                .filter(|node| node.as_text().is_none_or(|text| !text.trim().is_empty()))
                .cloned()
                .collect()
        };
        let (wanted_nodes, sent_nodes) = (nodes(wanted), nodes(sent));
        if wanted_nodes.len() != sent_nodes.len() {
            return Err(format!(
                "<{}> has {} children, not {}",
                sent.name(),
                sent_nodes.len(),
                wanted_nodes.len()
            ));
        }
        for pair in wanted_nodes.iter().zip(&sent_nodes) {
            match pair {
                (Node::Element(wanted), Node::Element(sent)) => {
                    self.compare_elements(wanted, sent)?
                }
                (Node::Text(wanted), Node::Text(sent)) => self.compare_text(wanted, sent)?,
                _ => return Err(format!("<{}>: text is not an element", sent.name())),
            }
        }
        Ok(())
    }

    fn compare_text(&mut self, pattern: &str, value: &str) -> Result<(), String> {
        if let Some(name) = pattern
            .strip_prefix('{')
            .and_then(|rest| rest.strip_suffix('}'))
        {
            match self.bound.get(name) {
                Some(bound) if bound != value => {
                    return Err(format!("{{{name}}} is {bound}, not {value}"));
                }
                Some(_) => {}
                None => {
                    self.bound.insert(name.to_string(), value.to_string());
                }
            }
            return Ok(());
        }
        if pattern == value {
            Ok(())
        } else {
            Err(format!("{value:?} is not {pattern:?}"))
        }
    }
}

fn tree(text: &str) -> Result<Element, String> {
    Element::from_reader_with_prefixes(text.as_bytes(), "jabber:client".to_string())
        .map_err(|e| format!("{text} has no tree: {e}"))
}

fn parse_duration(text: &str) -> Duration {
    let text = text.trim();
    if let Some(ms) = text.strip_suffix("ms") {
        Duration::from_millis(ms.parse().unwrap())
    } else if let Some(s) = text.strip_suffix('s') {
        Duration::from_secs(s.parse().unwrap())
    } else {
        panic!("no duration: {text}")
    }
}

fn fold(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// `…` stands for anything.
fn matches_pattern(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('…');
    let Some(mut rest) = text.strip_prefix(parts.next().unwrap_or_default()) else {
        return false;
    };
    let mut last: Option<&str> = None;
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
        last = Some(part);
    }
    match last {
        None => rest.is_empty(),
        Some("") => true,
        Some(part) => rest.is_empty() || text.ends_with(part),
    }
}
