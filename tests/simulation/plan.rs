//! What happens in a run, drawn from its seed.

use std::time::Duration;

use crate::dice::Dice;
use crate::server::Rules;
use crate::server::archive::PageFault;
use crate::support::managed::Memory;

/// Something happens.
#[derive(Clone, Debug)]
pub enum Act {
    /// A person writes so many messages at once.
    Write { device: usize, count: usize },
    /// Looks at a conversation.
    Look { device: usize, at_unread: bool },
    /// Scrolls back.
    ScrollBack { device: usize },
    /// Reads what is shown, or a part of it.
    Read { device: usize, all: bool },
    /// "Retry now".
    Retry { device: usize },
    /// Logs out, and in again so much later.
    LogOut {
        device: usize,
        erase: bool,
        back: Duration,
    },
    /// Somebody with another client writes.
    Elsewhere { count: usize },
    /// Somebody reads on another client.
    ReadElsewhere,
    /// Mallory writes, and says in others' names what their archives call it.
    Forge,
    /// The cable is cut; each side notices so much later.
    Cut {
        device: usize,
        client: Duration,
        server: Duration,
    },
    /// One direction is held up, or both.
    Hold {
        device: usize,
        up: bool,
        down: bool,
        time: Duration,
    },
    /// There is no network.
    Away { device: usize, time: Duration },
    /// The server restarts.
    Restart { memory: Memory, time: Duration },
    /// Sessions that wait are ended.
    Expire { memory: Memory },
    /// The engine dies after so many outputs; its page lives on or dies with it; another engine starts so much later.
    Crash {
        device: usize,
        outputs: u32,
        page_lives: bool,
        time: Duration,
    },
    /// The machine sleeps.
    Sleep { device: usize, time: Duration },
    /// The disk takes and gives nothing.
    DiskFails { device: usize, time: Duration },
    /// The disk takes its time.
    DiskWaits { device: usize, time: Duration },
    /// The next page of an archive.
    Page(PageFault),
}

/// A device: a browser with Waxwing.
#[derive(Clone, Debug)]
pub struct Machine {
    pub accounts: Vec<&'static str>,
    /// So far its clock is ahead.
    pub ahead: Duration,
    pub is_uneven: bool,
}

/// A run.
#[derive(Clone, Debug)]
pub struct Plan {
    pub seed: u64,
    pub rules: Rules,
    pub machines: Vec<Machine>,
    /// The least and the most that a frame is under way, in milliseconds.
    pub latency: (u64, u64),
    /// How long before, what, and the seed of what is left open.
    pub acts: Vec<(Duration, Act, u64)>,
}

impl Plan {
    pub fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let rules = Rules {
            manages: dice.chance(80),
            resumes_for: *dice
                .pick(&[5, 60, 300, 3_600].map(Duration::from_secs))
                .unwrap(),
            memory: memory(&mut dice),
            names_sent: dice.chance(50),
            to_all: dice.chance(50),
            keeps_offline: dice.chance(30),
            page_size: *dice.pick(&[3, 10, 100]).unwrap(),
            whole_seconds: dice.chance(50),
            asks_every: *dice.pick(&[1, 3, 20]).unwrap(),
            keeps_torn: seed.is_multiple_of(3),
            counts_early: seed % 5 == 2,
            archives_late: seed % 4 == 1,
        };
        let mut machine = |accounts| Machine {
            accounts,
            ahead: if dice.chance(30) {
                dice.millis(100, 300_000)
            } else {
                Duration::ZERO
            },
            is_uneven: dice.chance(30),
        };
        let mut machines = vec![
            machine(vec!["romeo@example.org"]),
            machine(vec!["juliet@example.org"]),
            machine(vec!["romeo@example.org"]),
            machine(vec!["juliet@example.org", "benvolio@example.org"]),
        ];
        machines.truncate(1 + dice.below(4));
        let latency = *dice.pick(&[(1, 20), (20, 300), (5, 3_000)]).unwrap();
        let calm = dice.chance(20);
        let acts = (0..dice.below(40) + 5)
            .map(|_| {
                let gap = match dice.below(10) {
                    0..4 => dice.millis(0, 30),
                    4..8 => dice.millis(30, 3_000),
                    8 => dice.millis(3_000, 60_000),
                    _ if calm => dice.millis(0, 1_000),
                    _ => dice.millis(60_000, 400_000),
                };
                let act = act(&mut dice, machines.len());
                (gap, act, dice.word())
            })
            .collect();
        let mut plan = Self {
            seed,
            rules,
            machines,
            latency,
            acts,
        };
        plan.spare();
        plan
    }

    /// An archive that answers nothing at all any more leaves nobody another way than to send again: twice in a run, at most.
    fn spare(&mut self) {
        let mut lost = 0;
        self.acts.retain(|(_, act, _)| {
            let is_lost = matches!(act, Act::Page(PageFault::Lost | PageFault::Refused));
            lost += usize::from(is_lost);
            !is_lost || lost <= 2
        });
    }
}

fn memory(dice: &mut Dice) -> Memory {
    if dice.chance(50) {
        Memory::Count
    } else {
        Memory::Nothing
    }
}

/// How long something lasts: mostly short.
fn while_(dice: &mut Dice) -> Duration {
    match dice.below(4) {
        0 => dice.millis(1, 200),
        1 | 2 => dice.millis(200, 20_000),
        _ => dice.millis(20_000, 300_000),
    }
}

fn act(dice: &mut Dice, machines: usize) -> Act {
    let device = dice.below(machines);
    match dice.below(100) {
        0..22 => Act::Write {
            device,
            count: 1 + dice.below(4) * dice.below(2),
        },
        22..40 => Act::Elsewhere {
            count: 1 + dice.below(8) * dice.below(2),
        },
        40..46 => Act::Look {
            device,
            at_unread: dice.chance(50),
        },
        46..49 => Act::ScrollBack { device },
        49..55 => Act::Read {
            device,
            all: dice.chance(70),
        },
        55..58 => Act::ReadElsewhere,
        58 => Act::Forge,
        59 => Act::Retry { device },
        60 => Act::LogOut {
            device,
            erase: dice.chance(30),
            back: while_(dice),
        },
        61..70 => Act::Cut {
            device,
            client: while_(dice),
            server: while_(dice),
        },
        70..75 => {
            let both = dice.below(3);
            Act::Hold {
                device,
                up: both != 0,
                down: both != 1,
                time: while_(dice),
            }
        }
        75..79 => Act::Away {
            device,
            time: while_(dice),
        },
        79..82 => Act::Restart {
            memory: memory(dice),
            time: while_(dice),
        },
        82..84 => Act::Expire {
            memory: memory(dice),
        },
        84..90 => Act::Crash {
            device,
            outputs: u32::try_from(dice.below(12)).unwrap(),
            page_lives: dice.chance(50),
            time: while_(dice),
        },
        90..92 => Act::Sleep {
            device,
            time: while_(dice),
        },
        92 => Act::DiskFails {
            device,
            time: while_(dice),
        },
        93..95 => Act::DiskWaits {
            device,
            time: dice.millis(1, 5_000),
        },
        _ => Act::Page(match dice.below(8) {
            0 | 1 => PageFault::Late(dice.millis(1, 15_000)),
            2 | 3 => PageFault::Doubled,
            4 | 5 => PageFault::CutAfter(dice.below(6)),
            6 => PageFault::Lost,
            _ => PageFault::Refused,
        }),
    }
}
