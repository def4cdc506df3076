//! A slow way between the client and the server: latency, jitter, little bandwidth, stalls (fault F05). Nothing is lost, and
//! nothing overtakes.

use std::collections::VecDeque;
use std::time::Duration;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use waxwing::platform::fake::FakeSocket;

/// How long each frame takes at least, and how much longer at most.
const LATENCY: u64 = 2_000;
/// See [`LATENCY`].
const JITTER: i64 = 1_000;
/// 20 kbit/s, in bytes a millisecond.
const BYTES: f64 = 2.5;
/// One frame of so many stalls.
const STALLS: u32 = 20;
/// For so long, with all that are behind it.
const STALL: u64 = 3_000;

/// Both ways.
pub struct Slow {
    random: ChaCha8Rng,
    now: Duration,
    up: Way,
    down: Way,
}

#[derive(Default)]
struct Way {
    /// Until when what was sent before takes the line.
    busy: Duration,
    under_way: VecDeque<(Duration, FakeSocket, String)>,
}

impl Slow {
    pub fn new(seed: u64) -> Self {
        Self {
            random: ChaCha8Rng::seed_from_u64(seed),
            now: Duration::ZERO,
            up: Way::default(),
            down: Way::default(),
        }
    }

    /// Time has passed.
    pub fn set_now(&mut self, now: Duration) {
        self.now = now;
    }

    /// The client sent something.
    pub fn send(&mut self, socket: &FakeSocket, frame: String) {
        self.up.push(&mut self.random, self.now, socket, frame);
    }

    /// The server sent something.
    pub fn deliver(&mut self, socket: &FakeSocket, frame: String) {
        self.down.push(&mut self.random, self.now, socket, frame);
    }

    /// What has arrived at the server by now.
    pub fn arrived(&mut self) -> Vec<(FakeSocket, String)> {
        self.up.take(self.now)
    }

    /// What has arrived at the client by now.
    pub fn delivered(&mut self) -> Vec<(FakeSocket, String)> {
        self.down.take(self.now)
    }
}

impl Way {
    fn push(&mut self, random: &mut ChaCha8Rng, now: Duration, socket: &FakeSocket, frame: String) {
        let takes = Duration::from_secs_f64(frame.len() as f64 / BYTES / 1_000.0);
        self.busy = self.busy.max(now) + takes;
        if random.next_u32().is_multiple_of(STALLS) {
            self.busy += Duration::from_millis(STALL);
        }
        let jitter = i64::from(random.next_u32() % 2_001) - JITTER;
        let late = Duration::from_millis(LATENCY.saturating_add_signed(jitter));
        let before = self.under_way.back().map(|(at, ..)| *at);
        let at = (self.busy + late).max(before.unwrap_or_default());
        self.under_way.push_back((at, socket.clone(), frame));
    }

    fn take(&mut self, now: Duration) -> Vec<(FakeSocket, String)> {
        let here = self.under_way.partition_point(|(at, ..)| *at <= now);
        let here = self.under_way.drain(..here);
        here.map(|(_, socket, frame)| (socket, frame)).collect()
    }
}
