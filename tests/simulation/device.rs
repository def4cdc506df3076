//! A device: a browser with Waxwing, its disk, and the person before it.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use futures::FutureExt;
use waxwing::client::Client;
use waxwing::client::log::Log;
use waxwing::entity::address::Address;
use waxwing::entity::id::AccountId;
use waxwing::platform::fake;
use waxwing::store::{AccountRecord, Depot, Standing};

use crate::dice::Dice;
use crate::faults::{self, Fuse};
use crate::page::Page;
use crate::plan::Machine;
use crate::planted::Plant;
use crate::support::Disk;

/// An account on a device.
pub struct Login {
    pub address: Address,
    pub id: AccountId,
    pub is_in: bool,
    /// Its history began anew: what was unread before counts as read.
    pub is_new: bool,
}

pub struct Device {
    pub world: fake::World,
    pub disk: Rc<Disk>,
    pub fuse: Rc<Fuse>,
    dice: Rc<RefCell<Dice>>,
    machine: Machine,
    plant: Option<Plant>,
    pub logins: Vec<Login>,
    pub page: Option<Page>,
    /// There is an engine.
    pub is_alive: bool,
    /// Since when the machine sleeps.
    pub asleep_since: Option<Duration>,
    /// Until then there is no network.
    pub away_until: Duration,
    /// The page outlives its engine.
    pub page_lives: bool,
    /// When the next engine starts after this one.
    pub down_for: Duration,
}

impl Device {
    pub fn new(
        machine: &Machine,
        records: &[AccountRecord],
        seed: u64,
        plant: Option<Plant>,
    ) -> Self {
        let mut dice = Dice::new(seed);
        let disk = Rc::new(Disk::default());
        disk.fault.set(plant.and_then(Plant::of_disk));
        let mut logins = Vec::new();
        for name in &machine.accounts {
            let address = Address::parse(name).unwrap();
            let known = records.iter().find(|record| record.address == address);
            let id = AccountId(dice.word());
            if let Some(known) = known {
                let record = AccountRecord {
                    id,
                    ..known.clone()
                };
                disk.put_account(record).now_or_never().unwrap().unwrap();
            }
            logins.push(Login {
                address,
                id,
                is_in: known.is_some(),
                is_new: false,
            });
        }
        let mut world = fake::World::default();
        world.sleep(machine.ahead);
        let mut device = Self {
            world,
            disk,
            fuse: Rc::default(),
            dice: Rc::new(RefCell::new(dice)),
            machine: machine.clone(),
            plant,
            logins,
            page: None,
            is_alive: false,
            asleep_since: None,
            away_until: Duration::ZERO,
            page_lives: false,
            down_for: Duration::ZERO,
        };
        device.start();
        device
    }

    /// An engine starts.
    pub fn start(&mut self) {
        if self.is_alive {
            return;
        }
        self.fuse = Rc::default();
        let forgets = self.plant == Some(Plant::ForgetsOutbox);
        let (disk, fuse) = (&self.disk, &self.fuse);
        let is_uneven = self.machine.is_uneven;
        let ports = faults::ports(&self.world, disk, fuse, &self.dice, is_uneven, forgets);
        self.world.spawn(Client::new(ports, Log::default()).run());
        self.is_alive = true;
        let page = self.world.new_page();
        self.page = Some(match self.page.take() {
            Some(old) => old.survive(page),
            None => Page::new(page),
        });
    }

    /// The engine dies.
    pub fn die(&mut self) {
        self.is_alive = false;
        if !self.page_lives {
            self.page = None;
        }
        let world = std::mem::take(&mut self.world);
        self.world = world.later();
        self.fuse = Rc::default();
        // What was under way to the disk never comes there.
        self.disk.gate.open();
    }

    /// Nobody looks at it.
    pub fn hide(&self) {
        if let Some(page) = &self.page {
            page.hide();
        }
    }

    pub fn is_awake(&self) -> bool {
        self.is_alive && self.asleep_since.is_none()
    }

    /// Its disk works, and has everything.
    pub fn is_sound(&self) -> bool {
        let told = self.page.as_ref().and_then(|page| page.problem.as_ref());
        !self.disk.fails.get() && told.is_none()
    }

    /// Takes what the engine says to the page. True if it said anything.
    pub fn listen(&mut self) -> bool {
        let Some(page) = &mut self.page else {
            return false;
        };
        let is_news = page.listen();
        if is_news {
            let device = self.disk.device();
            for login in &mut self.logins {
                let is_in = |record: &AccountRecord| {
                    record.address == login.address && record.standing == Standing::Here
                };
                let record = device.accounts.iter().find(|record| is_in(record));
                login.is_in = record.is_some();
                if let Some(record) = record {
                    login.id = record.id;
                }
            }
        }
        is_news
    }
}
