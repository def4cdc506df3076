//! What people, networks and machines do in a run.

use std::time::Duration;

use waxwing::boundary::command::{AccountCommand, Anchor, Command, LogIn};
use waxwing::entity::address::Address;
use waxwing::entity::id::ItemId;
use waxwing::entity::message::Direction;
use waxwing::entity::secret::Secret;

use crate::dice::Dice;
use crate::net::Conn;
use crate::oracle::{Read, Said};
use crate::page::Claim;
use crate::plan::Act;
use crate::server::Written;
use crate::support::PASSWORD;
use crate::world::{Later, PEOPLE, World};

impl World {
    /// It happens.
    pub fn act(&mut self, act: &Act, seed: u64) {
        let mut dice = Dice::new(seed);
        self.note(|| format!("{act:?}"));
        match *act {
            Act::Write { device, count } => self.write(device, count, &mut dice),
            Act::Look { device, at_unread } => {
                let anchor = if at_unread {
                    Anchor::Unread
                } else {
                    Anchor::Newest
                };
                self.look(device, anchor, &mut dice);
            }
            Act::ScrollBack { device } => {
                if let Some(page) = &self.devices[device].page {
                    page.extend();
                }
            }
            Act::Read { device, all } => self.read(device, all, &mut dice),
            Act::Retry { device } => self.retry(device),
            Act::LogOut {
                device,
                erase,
                back,
            } => self.log_out(device, erase, back),
            Act::Elsewhere { count } => {
                for _ in 0..count {
                    self.write_elsewhere(&mut dice);
                }
            }
            Act::ReadElsewhere => self.read_elsewhere(&mut dice),
            Act::Forge => self.forge(&mut dice),
            Act::Cut {
                device,
                client,
                server,
            } => self.cut(device, client, server),
            Act::Hold {
                device,
                up,
                down,
                time,
            } => {
                let until = self.now + time;
                let of_device =
                    |conn: &&mut Conn| conn.device == device && conn.client_there && !conn.is_dead;
                for conn in self.conns.values_mut().filter(of_device) {
                    if up {
                        conn.up.hold(until);
                    }
                    if down {
                        conn.down.hold(until);
                    }
                }
            }
            Act::Away { device, time } => {
                self.devices[device].away_until = self.now + time;
                self.cut(device, Duration::ZERO, dice.millis(0, 60_000));
            }
            Act::Restart { memory, time } => {
                self.server.restart(memory);
                self.server_is_down = true;
                for conn in self.conns.values_mut() {
                    conn.cut(
                        &mut dice,
                        self.now,
                        Duration::from_millis(1),
                        Duration::ZERO,
                    );
                    conn.server_there = false;
                }
                self.after(time, Later::ServerUp);
            }
            Act::Expire { memory } => {
                self.server.rules.memory = memory;
                self.server.hurry_expiry();
            }
            Act::Crash {
                device,
                outputs,
                page_lives,
                time,
            } => {
                let device = &mut self.devices[device];
                // What memory alone holds dies with it.
                if device.is_alive && device.is_sound() {
                    device.page_lives = page_lives;
                    device.down_for = time;
                    device.fuse.light(outputs);
                }
            }
            Act::Sleep { device, time } => {
                if self.devices[device].is_awake() {
                    self.devices[device].asleep_since = Some(self.now);
                    self.after(time, Later::Wake(device));
                }
            }
            Act::DiskFails { device, time } => {
                let machine = &self.devices[device];
                if machine.is_alive {
                    machine.fuse.put_out();
                    machine.disk.fails.set(true);
                    self.after(time, Later::DiskWorks(device));
                }
            }
            Act::DiskWaits { device, time } => {
                self.devices[device].disk.gate.shut();
                self.after(time, Later::DiskGoesOn(device));
            }
            Act::Page(fault) => self.server.page_faults.push_back(fault),
        }
    }

    /// Somebody else than that, mostly a person with Waxwing; sometimes nobody at all.
    fn other(dice: &mut Dice, own: &str, may_be_nobody: bool) -> Address {
        if may_be_nobody && dice.chance(4) {
            return Address::parse("nobody@example.org").unwrap();
        }
        let others: Vec<&str> = PEOPLE.into_iter().filter(|name| *name != own).collect();
        let name = if dice.chance(70) {
            others[0]
        } else {
            *dice.pick(&others).unwrap()
        };
        Address::parse(name).unwrap()
    }

    fn write(&mut self, device: usize, count: usize, dice: &mut Dice) {
        let first = self.truth.said.len();
        let machine = &mut self.devices[device];
        let at = dice.below(machine.logins.len());
        let login = &machine.logins[at];
        let (account, id, is_in) = (login.address.clone(), login.id, login.is_in);
        let Some(page) = machine.page.as_mut().filter(|_| is_in) else {
            return;
        };
        let to = Self::other(dice, account.as_str(), true);
        for number in 0..count {
            let body = format!("d{device}.{}", first + number);
            let command = AccountCommand::SendMessage {
                to: to.clone(),
                body: body.clone(),
                id: ItemId(dice.word()),
                again: false,
            };
            page.ask(
                Command::Account(id, command),
                Some(Claim::Kept(body.clone())),
            );
            self.truth.said.push(Said {
                body,
                device,
                account: account.as_str().to_owned(),
                to: to.as_str().to_owned(),
                is_kept: false,
                is_excused: false,
            });
        }
    }

    fn look(&mut self, device: usize, anchor: Anchor, dice: &mut Dice) {
        let machine = &mut self.devices[device];
        let at = dice.below(machine.logins.len());
        let (id, own) = (machine.logins[at].id, machine.logins[at].address.clone());
        if let Some(page) = &mut machine.page {
            let peer = Self::other(dice, own.as_str(), false);
            page.watch(id, peer, anchor, 10);
        }
    }

    fn read(&mut self, device: usize, all: bool, dice: &mut Dice) {
        let Some(page) = &mut self.devices[device].page else {
            return;
        };
        let incoming: Vec<_> = page
            .window
            .items
            .iter()
            .filter(|message| message.direction == Direction::Incoming)
            .collect();
        let message = if all {
            incoming.last()
        } else {
            dice.pick(&incoming)
        };
        let (Some(message), Some((account, peer))) = (message, page.watched.clone()) else {
            return;
        };
        let claim = Claim::Read(account, peer.clone(), message.body.clone());
        let own = self.devices[device]
            .logins
            .iter()
            // Who is not logged in is shown a form.
            .find(|login| login.id == account && login.is_in);
        let Some(own) = own.map(|login| login.address.as_str().to_owned()) else {
            return;
        };
        let page = self.devices[device].page.as_mut().unwrap();
        let message = page
            .window
            .items
            .iter()
            .find(|known| matches!(&claim, Claim::Read(_, _, body) if *body == known.body));
        let read = AccountCommand::mark_read(message.unwrap());
        let position = message.unwrap().position;
        let seen = page.window.items.iter();
        let seen = seen.filter(|known| known.position <= position);
        let seen = seen.map(|seen| (device, peer.as_str().to_owned(), seen.body.clone()));
        self.truth.seen.extend(seen);
        if let Claim::Read(_, _, body) = &claim {
            self.truth.reads.push(Read {
                device: Some(device),
                account: own,
                peer: peer.as_str().to_owned(),
                body: body.clone(),
                is_sure: false,
            });
        }
        page.ask(Command::Account(account, read), Some(claim));
    }

    pub fn retry(&mut self, device: usize) {
        let machine = &mut self.devices[device];
        if let Some(page) = &mut machine.page {
            for login in &machine.logins {
                page.tell(login.id, AccountCommand::Reconnect);
            }
        }
    }

    fn log_out(&mut self, device: usize, erase: bool, back: Duration) {
        let machine = &mut self.devices[device];
        if !machine.is_sound() || !machine.is_alive {
            return;
        }
        let login = &mut machine.logins[0];
        let Some(page) = machine.page.as_mut().filter(|_| login.is_in) else {
            return;
        };
        page.tell(login.id, AccountCommand::LogOut { erase });
        // What is begun now may not be kept any more.
        login.is_in = false;
        if erase {
            login.is_new = true;
            let own = login.address.as_str();
            let said = self.truth.said.iter_mut();
            let (server, reads) = (&self.server.accounts[own], &mut self.truth.reads);
            for said in said.filter(|said| said.device == device && said.account == own) {
                said.is_excused = true;
                // Who wrote it has read what was there, though nobody else may ever see it.
                let mut archive = server.archive.iter();
                let newest = archive.rfind(|entry| entry.peer == said.to);
                reads.extend(newest.map(|newest| Read {
                    device: Some(device),
                    account: said.account.clone(),
                    peer: said.to.clone(),
                    body: newest.written.body.clone(),
                    is_sure: false,
                }));
            }
            // What was read, and our account was not told of yet, nobody else may ever hear of, either.
            let place = |id: &str| server.archive.iter().position(|known| known.id == id);
            for read in reads
                .iter_mut()
                .filter(|read| read.device == Some(device) && read.account == own)
            {
                let mut known = server.archive.iter();
                let up_to = known.position(|known| known.written.body == read.body);
                let told = server.displayed.get(&read.peer);
                let told = told.and_then(|told| place(told));
                read.is_sure &= up_to.is_some() && up_to <= told;
            }
        }
        self.after(back, Later::LogIn(device));
    }

    pub fn log_in(&mut self, device: usize) {
        let machine = &mut self.devices[device];
        let Some(page) = machine.page.as_mut() else {
            return;
        };
        for login in machine.logins.iter().filter(|login| !login.is_in) {
            let login = LogIn {
                address: login.address.as_str().to_owned(),
                password: Secret::new(PASSWORD.to_owned()),
                websocket: Some("wss://example.org/ws".into()),
                stay: true,
                anonymous: false,
                weaker: false,
            };
            page.ask(Command::LogIn(login), None);
        }
    }

    fn write_elsewhere(&mut self, dice: &mut Dice) {
        let from = *dice.pick(&PEOPLE).unwrap();
        let to = Self::other(dice, from, false);
        self.truth.elsewhere += 1;
        let number = self.truth.elsewhere;
        self.server.route(
            Written {
                from: format!("{from}/phone"),
                to: to.as_str().to_owned(),
                // Some clients use the same names again.
                id: Some(format!("p{}", if dice.chance(30) { 7 } else { number })),
                origin: dice.chance(50).then(|| format!("o{number}")),
                body: format!("phone.{number}"),
                forged: None,
            },
            None,
        );
    }

    fn read_elsewhere(&mut self, dice: &mut Dice) {
        let own = *dice.pick(&PEOPLE[..2]).unwrap();
        let archive = &self.server.accounts[own].archive;
        let incoming: Vec<_> = archive
            .iter()
            .filter(|entry| entry.written.to == own)
            .collect();
        let recent = &incoming[incoming.len().saturating_sub(5)..];
        let Some(entry) = dice.pick(recent).map(|entry| (*entry).clone()) else {
            return;
        };
        // Who reads there knows how far was read before.
        let before = self.server.accounts[own].displayed.get(&entry.peer);
        let place = |id: &str| archive.iter().position(|known| known.id == id);
        if before.is_some_and(|before| place(before) >= place(&entry.id)) {
            return;
        }
        self.truth.reads.push(Read {
            device: None,
            account: own.to_owned(),
            peer: entry.peer.clone(),
            body: entry.written.body.clone(),
            is_sure: true,
        });
        self.server.flag(own, &entry.peer, &entry.id);
    }

    /// Mallory calls a message what somebody's archive calls another one.
    fn forge(&mut self, dice: &mut Dice) {
        let to = *dice.pick(&PEOPLE[..2]).unwrap();
        let known = dice.pick(&self.server.accounts[to].archive);
        let Some(id) = known.map(|entry| entry.id.clone()) else {
            return;
        };
        let by = *dice.pick(&["mallory@example.org", to]).unwrap();
        self.truth.elsewhere += 1;
        let number = self.truth.elsewhere;
        self.server.route(
            Written {
                from: "mallory@example.org/m".into(),
                to: to.to_owned(),
                id: Some(format!("f{number}")),
                origin: None,
                body: format!("forged.{number}"),
                forged: Some((by.to_owned(), id)),
            },
            None,
        );
    }

    fn cut(&mut self, device: usize, client: Duration, server: Duration) {
        for (id, conn) in &mut self.conns {
            if conn.device == device && conn.cut(&mut self.dice, self.now, client, server) {
                self.server.on_torn(*id);
            }
        }
    }
}
