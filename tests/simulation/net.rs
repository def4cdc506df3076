//! The network: frames under way, each direction in order, slower or faster, held up, or lost with their connection.

use std::collections::VecDeque;
use std::time::Duration;

use waxwing::platform::fake::FakeSocket;

use crate::dice::Dice;

/// What is under way.
pub enum Item {
    /// The connection is made.
    Open,
    Frame(String),
    /// The other end is gone.
    Gone,
}

/// One direction.
#[derive(Default)]
pub struct Pipe {
    queue: VecDeque<(Duration, Item)>,
    held_until: Duration,
}

impl Pipe {
    pub fn push(&mut self, now: Duration, latency: Duration, item: Item) {
        let last = self.queue.back().map_or(Duration::ZERO, |(at, _)| *at);
        let at = (now + latency).max(last).max(self.held_until);
        self.queue.push_back((at, item));
    }

    /// Nothing arrives before then.
    pub fn hold(&mut self, until: Duration) {
        self.held_until = self.held_until.max(until);
        for (at, _) in &mut self.queue {
            *at = (*at).max(until);
        }
    }

    /// The connection was given up: what is held up on it never arrives. (A server that took it much later would have taken
    /// what was asked of it and sent again since. Whoever has it twice then knows it by its origin-id.)
    pub fn abandon(&mut self, now: Duration) {
        if self.held_until > now {
            self.queue.clear();
        }
    }

    /// The network is well again.
    pub fn heal(&mut self, now: Duration) {
        self.held_until = Duration::ZERO;
        for (at, _) in &mut self.queue {
            *at = (*at).min(now);
        }
    }

    pub fn next(&self) -> Option<Duration> {
        self.queue.front().map(|(at, _)| *at)
    }

    pub fn take(&mut self, now: Duration) -> Option<Item> {
        self.queue.front().filter(|(at, _)| *at <= now)?;
        self.queue.pop_front().map(|(_, item)| item)
    }

    /// Of what is under way so much still arrives; the frame in whose middle the cable was cut is lost as a whole.
    pub fn cut(&mut self, arrives: usize) {
        self.queue.truncate(arrives);
    }

    pub fn len(&self) -> usize {
        self.queue.len()
    }
}

/// A connection.
pub struct Conn {
    pub device: usize,
    pub socket: FakeSocket,
    pub up: Pipe,
    pub down: Pipe,
    /// The client believes in it, or will.
    pub client_there: bool,
    /// The server does.
    pub server_there: bool,
    /// Nothing goes on it any more, whatever both believe.
    pub is_dead: bool,
}

impl Conn {
    pub fn new(device: usize, socket: FakeSocket) -> Self {
        Self {
            device,
            socket,
            up: Pipe::default(),
            down: Pipe::default(),
            client_there: true,
            server_there: false,
            is_dead: false,
        }
    }

    pub fn is_over(&self) -> bool {
        !self.client_there && !self.server_there
    }

    /// The cable is cut. Each side notices when it does. True if that was within what the client wrote.
    pub fn cut(
        &mut self,
        dice: &mut Dice,
        now: Duration,
        client_notices: Duration,
        server_notices: Duration,
    ) -> bool {
        if std::mem::replace(&mut self.is_dead, true) {
            return false;
        }
        let mut is_torn = false;
        for (pipe, notices) in [
            (&mut self.down, client_notices),
            (&mut self.up, server_notices),
        ] {
            pipe.abandon(now);
            let arrives = dice.below(pipe.len() + 1);
            // The second way is up.
            is_torn = arrives < pipe.len();
            pipe.cut(arrives);
            pipe.push(now, notices, Item::Gone);
        }
        is_torn
    }
}
