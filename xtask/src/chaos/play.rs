//! One run: round by round something goes wrong while all three write; then all is calm, and everything is counted.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use super::act::{Act, deal};
use super::oracle::Written;
use super::report::Report;
use super::stage::{DOMAIN, MEMORY, Stage};
use super::{Options, seat::Seat};
use crate::demo::talk::Chance;
use crate::error::Result;
use crate::fault::{Door, Ends, Shape, Trap, Way, What};

/// How long a trap may wait for what it is for.
const STRIKE: Duration = Duration::from_secs(6);
/// How long a dead connection may stay unnoticed before the run fails.
const BLIND: Duration = Duration::from_secs(45);
/// How long a session may take to stand again when the network is back.
pub(super) const BACK: Duration = Duration::from_secs(60);

/// Who writes to whom.
pub(super) const PAIRS: [(&str, &str, &str); 6] = [
    ("rj-", "romeo", "juliet"),
    ("jr-", "juliet", "romeo"),
    ("rm-", "romeo", "mallory"),
    ("jm-", "juliet", "mallory"),
    ("mr-", "mallory", "romeo"),
    ("mj-", "mallory", "juliet"),
];

pub(super) struct Play {
    pub stage: Stage,
    chance: Chance,
    pub report: Report,
    pub written: Vec<Written>,
    /// How many each pair has still to write.
    pub left: [usize; 6],
    /// What was written while the server died.
    pub at_risk: HashSet<String>,
}

/// Plays a run and counts.
///
/// # Errors
/// When something does not start.
///
/// # Panics
/// When something that must happen does not: the panic tells what the page showed and what the network did.
pub fn play(options: Options) -> Result<Report> {
    let start = Instant::now();
    let stage = Stage::set(options.server, options.seed)?;
    let (each, foreign) = (options.each, options.foreign);
    let mut play = Play {
        stage,
        chance: Chance::new(&format!("chaos {}", options.seed)),
        report: Report::new(options),
        written: PAIRS
            .iter()
            .map(|(mark, _, _)| Written {
                mark,
                all: Vec::new(),
            })
            .collect(),
        left: [each, each, foreign, foreign, foreign, foreign],
        at_risk: HashSet::new(),
    };
    let acts = deal(options.cuts, &mut play.chance);
    for (number, act) in acts.iter().enumerate() {
        play.round(*act, options.cuts - number);
    }
    play.calm();
    play.count();
    play.report.took = start.elapsed();
    Ok(play.report)
}

impl Play {
    /// Something goes wrong with one of the two at browsers.
    fn round(&mut self, act: Act, rounds: usize) {
        let one = self.below(2);
        for seat in &self.stage.seats {
            seat.proxy.remark(&format!(
                "{act}: {}, {rounds} to go",
                self.stage.seats[one].user
            ));
        }
        *self.report.acts.entry(act).or_default() += 1;
        self.weather(one);
        let is_server = matches!(act, Act::KillServer | Act::StopServer);
        // What a foreign client without stream management sends or is sent while the server dies, nobody can vouch for.
        let mut batches = self.draw(rounds, if is_server { 2 } else { 6 });
        if is_server {
            self.flush();
            self.at_risk.extend(batches.iter().flatten().cloned());
        }
        // The last of their own messages is written when it has happened.
        let own = PAIRS
            .iter()
            .position(|(_, from, to)| *from == self.stage.seats[one].user && *to != "mallory")
            .unwrap();
        let late = batches[own].pop();
        let armed = Instant::now();
        self.arm(act, one, batches[own].last().cloned());
        self.write(1 - one, &batches);
        for pair in [4, 5] {
            for text in &batches[pair] {
                let to = format!("{}@{DOMAIN}", PAIRS[pair].2);
                self.stage.mallory.send(&to, text);
            }
        }
        self.write(one, &batches);
        let since = self.strike(act, one, armed);
        let late: Vec<String> = late.into_iter().collect();
        if act == Act::KillRenderer {
            self.recover(act, one, since);
            self.stage.seats[one].turn_to(PAIRS[own].2);
            self.stage.seats[one].write(&late);
        } else {
            self.stage.seats[one].write(&late);
            self.recover(act, one, since);
        }
    }

    /// A network is seldom as fast as loopback.
    fn weather(&mut self, one: usize) {
        if self.below(3) == 0 {
            let latency = Duration::from_millis(self.chance.below(60));
            let jitter = Duration::from_millis(self.chance.below(60));
            let shape = Shape {
                latency,
                jitter,
                bandwidth: None,
                slice: (self.below(2) == 0).then_some(700),
            };
            let way = [Way::Up, Way::Down][self.below(2)];
            self.stage.seats[one].proxy.shape(way, shape);
        }
    }

    /// What each of the first pairs writes in this round.
    fn draw(&mut self, rounds: usize, pairs: usize) -> [Vec<String>; 6] {
        let mut batches: [Vec<String>; 6] = Default::default();
        for (pair, batch) in batches.iter_mut().enumerate().take(pairs) {
            // The last of all is for the calm.
            let left = self.left[pair].saturating_sub(1);
            let fair = left.div_ceil(rounds);
            let count = (fair + self.below(2))
                .saturating_sub(self.below(2))
                .min(left);
            *batch = self.next(pair, count);
        }
        batches
    }

    pub(super) fn next(&mut self, pair: usize, count: usize) -> Vec<String> {
        self.left[pair] -= count;
        let all = &mut self.written[pair].all;
        let first = all.len() + 1;
        let texts: Vec<String> = (first..first + count)
            .map(|number| format!("{}{number}.", PAIRS[pair].0))
            .collect();
        all.extend(texts.iter().cloned());
        texts
    }

    /// Somebody at a browser writes what is theirs; the conversation of the two is open after that.
    pub(super) fn write(&self, one: usize, batches: &[Vec<String>; 6]) {
        let seat = &self.stage.seats[one];
        for (batch, (_, from, to)) in batches.iter().zip(PAIRS).rev() {
            if from == seat.user && (!batch.is_empty() || to != "mallory") {
                seat.turn_to(to);
                seat.write(batch);
            }
        }
    }

    /// Lays what strikes by itself.
    fn arm(&mut self, act: Act, one: usize, last: Option<String>) {
        let byte = usize::try_from(self.chance.below(4_000)).unwrap();
        let message = last.unwrap_or_else(|| "<message".into());
        let ends = Ends::Both;
        let trap = match act {
            Act::TearUp => Trap::Tear {
                way: Way::Up,
                text: message,
                byte,
                ends,
            },
            Act::TearDown => Trap::Tear {
                way: Way::Down,
                text: "<message".into(),
                byte,
                ends,
            },
            Act::LoseAck => Trap::Lose {
                way: Way::Down,
                text: "<a ".into(),
                ends,
            },
            Act::LoseMessage => Trap::Lose {
                way: Way::Down,
                text: "<body>".into(),
                ends,
            },
            Act::CutBehind => Trap::CutAfter {
                way: Way::Up,
                text: message,
                ends,
            },
            Act::CutUntold => Trap::CutAfter {
                way: Way::Up,
                text: message,
                ends: Ends::Browser,
            },
            _ => return,
        };
        self.stage.seats[one].proxy.set(trap);
    }

    /// What happens after everybody has written: a trap strikes, or something else does. Since when it is wrong.
    fn strike(&mut self, act: Act, one: usize, armed: Instant) -> Instant {
        let Stage { seats, server, .. } = &mut self.stage;
        let seat = &seats[one];
        let proxy = &seat.proxy;
        let since = Instant::now();
        match act {
            Act::TearUp
            | Act::TearDown
            | Act::LoseAck
            | Act::LoseMessage
            | Act::CutBehind
            | Act::CutUntold => {
                if !proxy.await_strike(STRIKE) {
                    proxy.remark("the trap had nothing to strike");
                    proxy.mend();
                    proxy.cut(Ends::Both);
                }
                // Perhaps it is mended already: there is a session again after this.
                let is_reset = || proxy.first(armed, |entry| entry.what == What::Reset);
                seat.until("the cut", STRIKE, || is_reset().is_some());
                return is_reset().unwrap().at;
            }
            Act::Cut => proxy.cut(Ends::Both),
            Act::Expire => {
                proxy.door(Door::Shut);
                proxy.cut(Ends::Both);
                // What is waited for is the server's forgetting, of which nobody is told.
                std::thread::sleep(MEMORY + Duration::from_secs(2));
            }
            Act::Dark => {
                proxy.swallow(Way::Up);
                proxy.swallow(Way::Down);
            }
            Act::DeadUp => proxy.swallow(Way::Up),
            Act::DeadDown => proxy.swallow(Way::Down),
            Act::KillServer => server.kill(),
            Act::StopServer => server.stop(),
            Act::KillRenderer => seat.kill_renderers(),
            Act::KillEngine => seat.kill_engine(),
        }
        since
    }

    /// What went wrong is over; waits until there is a session again.
    fn recover(&mut self, act: Act, one: usize, since: Instant) {
        match act {
            Act::Dark | Act::DeadUp | Act::DeadDown => {
                let seat = &self.stage.seats[one];
                // Somebody finds out without being told: the socket is closed, whoever hears of that.
                let found = || {
                    seat.proxy.first(since, |entry| match &entry.what {
                        What::Passed(Way::Up, text) | What::Lost(Way::Up, text) => {
                            text == "(close)"
                        }
                        What::Opened => true,
                        _ => false,
                    })
                };
                seat.until("the dead link to be found", BLIND, || found().is_some());
                self.report.found.push(found().unwrap().at - since);
            }
            Act::KillServer | Act::StopServer => {
                self.stage.server.restart();
                self.stage.mallory_again();
                let other = &self.stage.seats[1 - one];
                other.proxy.mend();
                other.network_is_back();
                self.report.pressed += stands(other, since).2;
            }
            Act::KillRenderer => self.stage.seats[one].come_back(),
            Act::KillEngine => {
                let seat = &self.stage.seats[one];
                seat.until("an engine", BACK, || {
                    seat.browser.workers("shared_worker").len() == 1
                });
            }
            _ => {}
        }
        let seat = &self.stage.seats[one];
        let mended = seat.proxy.mend();
        seat.network_is_back();
        let (at, is_resumed, pressed) = stands(seat, since);
        self.report.pressed += pressed + seat.with_help("to be online", || seat.is_online());
        let is_measured = !matches!(act, Act::KillRenderer | Act::KillEngine);
        if let (true, Some(took)) = (is_measured, at.checked_duration_since(mended)) {
            let times = if is_resumed {
                &mut self.report.resumed
            } else {
                &mut self.report.anew
            };
            times.push(took);
        }
    }

    /// Mallory has got everything so far, and the server has everything of mallory.
    fn flush(&mut self) {
        self.stage.mallory.sync();
        for from in ["romeo", "juliet"] {
            self.await_at_mallory(&self.last(from, "mallory"));
        }
    }

    pub(super) fn await_at_mallory(&mut self, text: &String) {
        let deadline = Instant::now() + BACK;
        while !text.is_empty() && !self.stage.inbox().contains(text) {
            if Instant::now() > deadline {
                for seat in &self.stage.seats {
                    println!(
                        "{}:\n{}",
                        seat.user,
                        super::count::around(&seat.proxy, &[text])
                    );
                }
                panic!("mallory never hears {text:?}");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub(super) fn other(&self, user: &str) -> &'static str {
        if user == "romeo" { "juliet" } else { "romeo" }
    }

    pub(super) fn last(&self, from: &str, to: &str) -> String {
        let pair = PAIRS.iter().position(|(_, f, t)| *f == from && *t == to);
        let all = &self.written[pair.unwrap()].all;
        all.last().cloned().unwrap_or_default()
    }

    pub(super) fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.chance.below(limit as u64)).unwrap()
    }
}

/// Waits until somebody has a session that began after a moment; says when that was, whether it is the old one, and how often
/// they had to ask for it.
fn stands(seat: &Seat, since: Instant) -> (Instant, bool, usize) {
    let is_resumed = |text: &str| text.contains("<resumed");
    let is_new = |text: &str| text.contains("<enabled");
    let begun = || {
        seat.proxy.first(since, |entry| {
            matches!(&entry.what, What::Passed(Way::Down, text) if is_resumed(text) || is_new(text))
        })
    };
    let pressed = seat.with_help("a session", || begun().is_some());
    let entry = begun().unwrap();
    let resumed = matches!(&entry.what, What::Passed(_, text) if is_resumed(text));
    (entry.at, resumed, pressed)
}
