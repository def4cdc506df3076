//! The world of a run: devices, the network between, the server, and the time, which goes from one happening to the next.

use std::collections::BTreeMap;
use std::time::Duration;

use waxwing::platform::fake::START;
use waxwing::store::AccountRecord;

use crate::device::Device;
use crate::dice::Dice;
use crate::net::{Conn, Item};
use crate::oracle::Truth;
use crate::page::Claim;
use crate::plan::Plan;
use crate::planted::Plant;
use crate::server::{ConnId, Server, Word};

/// Everybody that the server knows.
pub const PEOPLE: [&str; 4] = [
    "romeo@example.org",
    "juliet@example.org",
    "benvolio@example.org",
    "mallory@example.org",
];

/// What ends by itself.
#[derive(Clone, Copy, Debug)]
pub enum Later {
    ServerUp,
    Wake(usize),
    Start(usize),
    DiskWorks(usize),
    DiskGoesOn(usize),
    LogIn(usize),
}

pub struct World {
    pub now: Duration,
    pub dice: Dice,
    pub server: Server,
    pub devices: Vec<Device>,
    pub conns: BTreeMap<ConnId, Conn>,
    next_conn: ConnId,
    latency: (u64, u64),
    pub server_is_down: bool,
    later: Vec<(Duration, Later)>,
    pub truth: Truth,
    /// Accounts, and with whom, whose word on what is displayed was set back.
    set_back: Vec<(String, String)>,
    plant: Option<Plant>,
    /// What happened, if anybody wants to know.
    pub trace: Option<Vec<String>>,
    steps: u64,
}

/// So many happenings are too many.
const MOST: u64 = 400_000;

impl World {
    pub fn new(plan: &Plan, records: &[AccountRecord], plant: Option<Plant>, traced: bool) -> Self {
        let mut dice = Dice::new(plan.seed ^ 0x5eed);
        let devices = plan
            .machines
            .iter()
            .map(|machine| Device::new(machine, records, dice.word(), plant))
            .collect();
        let mut server = Server::new(plan.rules.clone(), START.0, &PEOPLE);
        server.is_lenient = plant == Some(Plant::ConfirmsTooMuch);
        server.vouches = plant == Some(Plant::WritesUnheard);
        server.rules.keeps_torn |= server.vouches;
        Self {
            now: Duration::ZERO,
            dice,
            server,
            devices,
            conns: BTreeMap::new(),
            next_conn: 0,
            latency: plan.latency,
            server_is_down: false,
            later: Vec::new(),
            truth: Truth::default(),
            set_back: Vec::new(),
            plant,
            trace: traced.then(Vec::new),
            steps: 0,
        }
    }

    /// How long an answer takes, at least.
    pub fn patience(&self) -> Duration {
        Duration::from_millis(500 + 2 * self.latency.1)
    }

    /// Writes down what happens.
    pub fn note(&mut self, what: impl FnOnce() -> String) {
        let now = self.now;
        if let Some(trace) = &mut self.trace {
            let mut line = format!("{:>9.3}  {}", now.as_secs_f64(), what());
            if let Some((at, _)) = line.char_indices().nth(420) {
                line.truncate(at);
            }
            trace.push(line);
        }
    }

    pub fn after(&mut self, time: Duration, what: Later) {
        self.later.push((self.now + time, what));
    }

    /// Time passes, and everything happens that is due meanwhile.
    ///
    /// # Errors
    /// When somebody was told what is not true.
    pub fn pass(&mut self, time: Duration) -> Result<(), String> {
        let end = self.now + time;
        loop {
            self.settle()?;
            let next = self.next().filter(|next| *next < end);
            self.steps += 1;
            if self.steps > MOST {
                return Err("it never comes to rest".into());
            }
            let at = next.unwrap_or(end).max(self.now);
            self.move_to(at);
            if next.is_none() {
                return self.settle();
            }
        }
    }

    /// When something is due next.
    fn next(&self) -> Option<Duration> {
        let pipes = self.conns.values().flat_map(|conn| {
            let is_awake = self.devices[conn.device].is_awake();
            [conn.up.next(), conn.down.next().filter(|_| is_awake)]
        });
        let timers = self
            .devices
            .iter()
            .filter(|device| device.is_awake())
            .map(|device| device.world.due().map(|due| self.now + due));
        let later = self.later.iter().map(|(at, _)| Some(*at));
        pipes
            .chain(timers)
            .chain(later)
            .chain([self.server.next_timeout()])
            .flatten()
            .min()
    }

    fn move_to(&mut self, at: Duration) {
        let passed = at - self.now;
        self.now = at;
        self.server.now = at;
        self.server.tick();
        for device in &mut self.devices {
            if device.is_awake() {
                device.world.pass(passed);
            } else if !device.is_alive {
                device.world.skip(passed);
            }
        }
        let (due, rest): (Vec<_>, Vec<_>) = std::mem::take(&mut self.later)
            .into_iter()
            .partition(|(due, _)| *due <= at);
        self.later = rest;
        for (_, what) in due {
            self.note(|| format!("{what:?}"));
            self.happen(what);
        }
    }

    pub fn happen(&mut self, what: Later) {
        match what {
            Later::ServerUp => self.server_is_down = false,
            Later::Wake(device) => self.wake(device),
            Later::Start(device) => self.devices[device].start(),
            Later::DiskWorks(device) => self.devices[device].disk.fails.set(false),
            Later::DiskGoesOn(device) => self.devices[device].disk.gate.open(),
            Later::LogIn(device) => self.log_in(device),
        }
    }

    pub fn wake(&mut self, device: usize) {
        let device = &mut self.devices[device];
        if let Some(since) = device.asleep_since.take() {
            device.world.sleep(self.now - since);
        }
    }

    /// Everything happens that can happen without time passing.
    fn settle(&mut self) -> Result<(), String> {
        loop {
            let mut is_busy = false;
            for number in 0..self.devices.len() {
                is_busy |= self.run(number)?;
            }
            is_busy |= self.carry();
            if !is_busy {
                break;
            }
        }
        match self.server.complaints.first() {
            Some(complaint) => Err(complaint.clone()),
            None => Ok(()),
        }
    }

    /// An engine does what it can do now.
    fn run(&mut self, number: usize) -> Result<bool, String> {
        let device = &mut self.devices[number];
        if !device.is_awake() {
            return Ok(false);
        }
        device.world.run();
        let mut is_busy = device.listen();
        let sockets = device.world.new_sockets();
        let claims = device
            .page
            .as_mut()
            .map(|page| std::mem::take(&mut page.claims));
        let is_away = self.now < device.away_until;
        for socket in sockets {
            is_busy = true;
            let mut conn = Conn::new(number, socket);
            let latency = self.dice.millis(self.latency.0, self.latency.1);
            let item = if is_away || self.server_is_down {
                Item::Gone
            } else {
                Item::Open
            };
            conn.down.push(self.now, latency * 2, item);
            self.conns.insert(self.next_conn, conn);
            self.next_conn += 1;
        }
        for claim in claims.unwrap_or_default() {
            self.hold_to(number, claim)?;
        }
        self.take_up(number);
        if self.devices[number].fuse.is_burnt() {
            is_busy = true;
            self.kill(number);
            // It may have died with that word, before it was stored.
            for (account, peer) in self.set_back.clone() {
                self.forget_reads(&account, &peer);
            }
        }
        Ok(is_busy)
    }

    /// What the client wrote is under way.
    fn take_up(&mut self, number: usize) {
        let (now, (least, most), plant) = (self.now, self.latency, self.plant);
        let mut lines = Vec::new();
        for (id, conn) in &mut self.conns {
            if conn.device != number || !conn.client_there {
                continue;
            }
            for frame in conn.socket.take_sent() {
                let frame = match plant {
                    Some(plant) => plant.up(frame),
                    None => frame,
                };
                if self.trace.is_some() {
                    let lost = if conn.is_dead { " (lost)" } else { "" };
                    lines.push(format!("{number}#{id} C: {frame}{lost}"));
                }
                if !conn.is_dead {
                    let latency = self.dice.millis(least, most);
                    conn.up.push(now, latency, Item::Frame(frame));
                }
            }
            if conn.socket.is_closed() {
                conn.client_there = false;
                if !conn.is_dead {
                    let latency = self.dice.millis(least, most);
                    conn.up.abandon(now);
                    conn.up.push(now, latency, Item::Gone);
                }
            }
        }
        for line in lines {
            self.note(|| line);
        }
    }

    /// The engine is dead.
    pub fn kill(&mut self, number: usize) {
        self.note(|| format!("{number} is dead"));
        self.take_up(number);
        let device = &mut self.devices[number];
        let down_for = device.down_for;
        device.die();
        for conn in self.conns.values_mut() {
            if conn.device == number && std::mem::take(&mut conn.client_there) && !conn.is_dead {
                let latency = self.dice.millis(self.latency.0, self.latency.1);
                conn.up.abandon(self.now);
                conn.up.push(self.now, latency, Item::Gone);
            }
        }
        self.after(down_for, Later::Start(number));
    }

    /// What has arrived is taken. True if anything has.
    fn carry(&mut self) -> bool {
        let mut is_busy = false;
        let now = self.now;
        let ids: Vec<ConnId> = self.conns.keys().copied().collect();
        for id in ids {
            loop {
                let conn = self.conns.get_mut(&id).unwrap();
                let is_awake = self.devices[conn.device].is_awake();
                if let Some(item) = conn.up.take(now) {
                    is_busy = true;
                    match item {
                        Item::Frame(frame) if conn.server_there => self.server.receive(id, &frame),
                        Item::Gone if std::mem::take(&mut conn.server_there) => {
                            self.server.lost(id)
                        }
                        _ => {}
                    }
                } else if is_awake && let Some(item) = conn.down.take(now) {
                    is_busy = true;
                    self.arrive(id, item);
                } else {
                    break;
                }
                self.speak();
            }
        }
        self.speak();
        for (account, peer) in std::mem::take(&mut self.server.set_back) {
            self.forget_reads(&account, &peer);
            self.set_back.push((account, peer));
        }
        self.conns.retain(|_, conn| !conn.is_over());
        is_busy
    }

    /// What a device had said before reached the server after another one's word. A device that is there tells it again (and
    /// one of ours would); where there is none, nobody knows of it any more.
    fn forget_reads(&mut self, account: &str, peer: &str) {
        let mut conns = self.conns.values();
        let is_watched = conns.any(|conn| {
            let mut logins = self.devices[conn.device].logins.iter();
            let is_there = conn.client_there && conn.server_there && !conn.is_dead;
            is_there && logins.any(|login| login.address.as_str() == account)
        });
        if !is_watched {
            let reads = self.truth.reads.iter_mut();
            let elsewhere = reads.filter(|read| read.device.is_none());
            elsewhere
                .filter(|read| read.account == account && read.peer == peer)
                .for_each(|read| read.is_sure = false);
        }
    }

    /// Something has arrived at a client.
    fn arrive(&mut self, id: ConnId, item: Item) {
        let conn = self.conns.get_mut(&id).unwrap();
        let number = conn.device;
        if !conn.client_there {
            return;
        }
        match item {
            Item::Open if self.server_is_down => {
                conn.client_there = false;
                conn.socket.cut();
            }
            Item::Open => {
                conn.server_there = true;
                self.server.open(id);
                conn.socket.accept();
            }
            Item::Frame(frame) => {
                let frame = match self.plant {
                    Some(plant) => plant.down(frame),
                    None => frame,
                };
                conn.socket.deliver(frame.clone());
                self.note(|| format!("{number}#{id} S: {frame}"));
            }
            Item::Gone => {
                conn.client_there = false;
                conn.socket.cut();
                self.note(|| format!("{number}#{id} is cut"));
            }
        }
    }

    /// What the server says is under way.
    fn speak(&mut self) {
        let (now, (least, most)) = (self.now, self.latency);
        while let Some((id, word)) = self.server.out.pop_front() {
            let Some(conn) = self.conns.get_mut(&id) else {
                continue;
            };
            if conn.is_dead {
                continue;
            }
            let latency = self.dice.millis(least, most);
            match word {
                Word::Frame(frame) => conn.down.push(now, latency, Item::Frame(frame)),
                Word::Close => {
                    conn.server_there = false;
                    conn.down.push(now, latency, Item::Gone);
                }
            }
        }
        for id in std::mem::take(&mut self.server.cuts) {
            if let Some(conn) = self.conns.get_mut(&id) {
                conn.server_there = false;
                conn.is_dead = true;
                let latency = self.dice.millis(least, most);
                conn.down.push(now, latency, Item::Gone);
            }
        }
    }

    /// Somebody was told something: it has to be true.
    fn hold_to(&mut self, number: usize, claim: Claim) -> Result<(), String> {
        self.truth
            .hold_to(&self.server, &self.devices[number], number, claim)
    }
}
