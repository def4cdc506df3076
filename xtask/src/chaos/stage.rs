//! Where the chaos takes place: a server, two people at browsers, and a third with a foreign client.

use std::time::Duration;

use super::seat::Seat;
use crate::browser::Driver;
use crate::ejabberd::{self, Ejabberd};
use crate::error::Result;
use crate::foreign::Foreign;
use crate::prosody::{self, Prosody};

pub const DOMAIN: &str = "localhost";
pub const PASSWORD: &str = "a wall of orchard";

/// After so long a lost session cannot be resumed.
pub const MEMORY: Duration = Duration::from_secs(4);

/// A server, whichever it is.
pub enum Software {
    Prosody(Prosody),
    Ejabberd(Ejabberd),
}

/// Does the same with either.
macro_rules! either {
    ($software:expr, $server:ident => $what:expr) => {
        match $software {
            Software::Prosody($server) => $what,
            Software::Ejabberd($server) => $what,
        }
    };
}

impl Software {
    /// Starts one with three people, of whom it forgets lost sessions soon.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start(name: super::Server) -> Result<Self> {
        let software = match name {
            super::Server::Prosody => Self::Prosody(Prosody::start(prosody::Options {
                hibernation: MEMORY,
                ..prosody::Options::default()
            })?),
            super::Server::Ejabberd => Self::Ejabberd(Ejabberd::start(ejabberd::Options {
                hibernation: MEMORY,
                durable: true,
                // Salted once: with another salt for each log-in, nobody could be logged in again without their password.
                scram_only: true,
                ..ejabberd::Options::default()
            })?),
        };
        for user in ["romeo", "juliet", "mallory"] {
            either!(&software, server => server.register(user, PASSWORD)?);
        }
        Ok(software)
    }

    pub fn path(&self) -> &'static str {
        match self {
            Self::Prosody(_) => "/xmpp-websocket",
            Self::Ejabberd(_) => "/ws",
        }
    }

    pub fn http_port(&self) -> u16 {
        either!(self, server => server.http_port)
    }

    pub fn c2s_port(&self) -> u16 {
        either!(self, server => server.c2s_port)
    }

    pub fn kill(&mut self) {
        either!(self, server => server.kill());
    }

    pub fn stop(&mut self) {
        either!(self, server => server.stop());
    }

    pub fn restart(&mut self) {
        either!(self, server => server.restart().unwrap());
    }

    pub fn log(&self) -> String {
        either!(self, server => server.log())
    }
}

/// See the module.
pub struct Stage {
    // The order matters: browsers first, the server last.
    pub seats: [Seat; 2],
    pub mallory: Foreign,
    /// What mallory heard in sessions before this one.
    pub heard: Vec<String>,
    _driver: Driver,
    pub server: Software,
}

impl Stage {
    /// Sets it.
    ///
    /// # Errors
    /// When something does not start.
    pub fn set(server: super::Server, seed: u64) -> Result<Self> {
        let server = Software::start(server)?;
        let driver = Driver::start();
        let mut people = ["romeo", "juliet", "mallory"].map(|user| enter(user, &server));
        for (one, other) in [(0, 1), (0, 2), (1, 2)] {
            let (left, right) = people.split_at_mut(other);
            left[one].befriend(&mut right[0]);
        }
        let [_, _, mallory] = people;
        let romeo = Seat::take("romeo", &driver, &server, seed)?;
        let juliet = Seat::take("juliet", &driver, &server, seed + 1)?;
        Ok(Self {
            seats: [romeo, juliet],
            mallory,
            heard: Vec::new(),
            _driver: driver,
            server,
        })
    }

    /// Everything that mallory's client was told, in order.
    pub fn inbox(&mut self) -> Vec<String> {
        let mut all = self.heard.clone();
        all.extend(self.mallory.heard());
        all
    }

    /// Mallory's client starts again; what it heard is kept.
    pub fn mallory_again(&mut self) {
        self.heard = self.inbox();
        self.mallory = enter("mallory", &self.server);
    }

    /// What the server has archived for somebody: who wrote to whom, and what.
    pub fn archive(&self, user: &str) -> Vec<[String; 3]> {
        enter(user, &self.server).archive()
    }
}

/// Logs somebody in with a foreign client.
pub fn enter(user: &str, server: &Software) -> Foreign {
    Foreign::log_in(&format!("{user}@{DOMAIN}"), PASSWORD, server.c2s_port())
}
