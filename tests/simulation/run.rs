//! One run: a plan is played, the network heals, and the oracle looks.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;
use std::time::Duration;

use waxwing::store::AccountRecord;

use crate::oracle::{self, Asked};
use crate::plan::{Machine, Plan};
use crate::planted::Plant;
use crate::world::{PEOPLE, World};

/// What went wrong.
#[derive(Debug)]
pub struct Failure {
    pub what: String,
    pub trace: Vec<String>,
}

/// What happened in a run, in numbers.
#[derive(Default, Clone, Copy, Debug)]
pub struct Tally {
    pub messages: usize,
    pub acts: usize,
}

/// Plays a seed.
pub fn play(seed: u64, plant: Option<Plant>) -> Result<Tally, Failure> {
    play_plan(&Plan::new(seed), plant, false)
}

pub fn play_plan(plan: &Plan, plant: Option<Plant>, traced: bool) -> Result<Tally, Failure> {
    let mut world = World::new(plan, records(), plant, traced);
    let outcome = catch_unwind(AssertUnwindSafe(|| through(&mut world, plan)));
    let what = match outcome {
        Ok(Ok(())) => {
            let archives = world.server.accounts.values();
            return Ok(Tally {
                messages: archives.map(|account| account.archive.len()).sum(),
                acts: plan.acts.len(),
            });
        }
        Ok(Err(what)) => what,
        Err(panic) => {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
            format!("panic: {}", text.unwrap_or_default())
        }
    };
    Err(Failure {
        what,
        trace: world.trace.take().unwrap_or_default(),
    })
}

fn through(world: &mut World, plan: &Plan) -> Result<(), String> {
    world.pass(Duration::from_secs(90))?;
    for (before, act, seed) in &plan.acts {
        world.pass(*before)?;
        world.act(act, *seed);
    }
    world.heal();
    let first = if plan.rules.archives_late {
        Asked::Set
    } else {
        Asked::All
    };
    settles(world, first)?;
    // Once more, from what is stored.
    for device in 0..world.devices.len() {
        world.devices[device].page_lives = false;
        world.devices[device].down_for = Duration::from_millis(100);
        world.kill(device);
    }
    settles(world, Asked::All)
}

/// Sooner or later all is well.
fn settles(world: &mut World, asked: Asked) -> Result<(), String> {
    let mut outcome = Ok(());
    for minutes in [1, 2, 4, 8] {
        for device in 0..world.devices.len() {
            world.log_in(device);
        }
        world.pass(Duration::from_secs(30 * minutes))?;
        outcome = oracle::all_agree(world, asked);
        if outcome.is_ok() {
            break;
        }
        let text = format!("not yet: {outcome:?}");
        world.note(|| text);
    }
    outcome
}

impl World {
    /// The network is well, and everybody is there.
    fn heal(&mut self) {
        self.note(|| "the network heals".into());
        self.server.page_faults.clear();
        self.server_is_down = false;
        for number in 0..self.devices.len() {
            self.wake(number);
            let device = &mut self.devices[number];
            device.away_until = Duration::ZERO;
            device.fuse.put_out();
            device.disk.fails.set(false);
            device.disk.gate.open();
            device.start();
        }
        for conn in self.conns.values_mut() {
            conn.up.heal(self.now);
            conn.down.heal(self.now);
        }
        for number in 0..self.devices.len() {
            self.log_in(number);
            if self.dice.chance(70) {
                self.retry(number);
            }
        }
    }
}

/// Accounts as they are kept by a device that logged in once: proving a password takes its time.
pub fn records() -> &'static [AccountRecord] {
    static RECORDS: OnceLock<Vec<AccountRecord>> = OnceLock::new();
    RECORDS.get_or_init(|| {
        let mut plan = Plan::new(1);
        plan.machines = vec![Machine {
            accounts: PEOPLE.to_vec(),
            ahead: Duration::ZERO,
            is_uneven: false,
        }];
        let mut records = Vec::new();
        for name in PEOPLE {
            plan.machines[0].accounts = vec![name];
            let mut world = World::new(&plan, &[], None, false);
            world.pass(Duration::from_secs(1)).unwrap();
            world.log_in(0);
            world.pass(Duration::from_secs(30)).unwrap();
            records.extend(world.devices[0].disk.device().accounts);
        }
        assert_eq!(records.len(), PEOPLE.len());
        records
    })
}
