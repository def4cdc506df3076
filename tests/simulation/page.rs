//! A page, and the person before it: what they were shown.

use std::collections::BTreeMap;

use waxwing::boundary::change::{Change, ConversationRow, Edge, Reply, ToPage};
use waxwing::boundary::codec;
use waxwing::boundary::command::{
    AccountCommand, Anchor, Attention, Command, TimelineRequest, ToEngine, Toward,
};
use waxwing::entity::address::Address;
use waxwing::entity::id::{AccountId, WindowId};
use waxwing::entity::message::{Delivery, Direction};
use waxwing::entity::problem::Problem;
use waxwing::platform::fake::FakePage;

use crate::support::Window;

/// What a person was told, and holds us to.
#[derive(Clone, Debug)]
pub enum Claim {
    /// That text is ours, and is kept: it is shown, or we said that it is done.
    Kept(String),
    /// That text has reached the server.
    Sent(AccountId, String),
    /// That text could not be sent.
    Failed(String),
    /// It is known to be read up to that text.
    Read(AccountId, Address, String),
    /// Something is shown twice.
    Twice(String),
}

pub struct Page {
    page: FakePage,
    pub window: Window,
    /// Each window has a number of its own: what is still said of the one before concerns nobody.
    number: u32,
    pub watched: Option<(AccountId, Address)>,
    pub rows: BTreeMap<(AccountId, String), ConversationRow>,
    /// What is wrong with the device.
    pub problem: Option<Problem>,
    /// What was asked and not answered, with what is told of it.
    asked: BTreeMap<u32, (Command, Option<Claim>)>,
    last: u32,
    pub logged_in: Vec<AccountId>,
    pub claims: Vec<Claim>,
}

impl Page {
    pub fn new(page: FakePage) -> Self {
        page.say(ToEngine::Hello {
            build: codec::BUILD.to_owned(),
            attention: Attention::Focused,
            accounts: Vec::new(),
            deadly: Vec::new(),
        });
        Self {
            page,
            window: Window::default(),
            number: 0,
            watched: None,
            rows: BTreeMap::new(),
            problem: None,
            asked: BTreeMap::new(),
            last: 0,
            logged_in: Vec::new(),
            claims: Vec::new(),
        }
    }

    /// Nobody looks.
    pub fn hide(&self) {
        let hidden = Command::Attention(Attention::Hidden);
        self.page.wish(0, hidden);
    }

    /// The engine died, and there is another one: what may be asked twice is.
    pub fn survive(self, page: FakePage) -> Self {
        let mut new = Self::new(page);
        new.last = self.last;
        for (request, (command, claim)) in self.asked {
            if let Some(again) = command.repeated() {
                new.page.wish(request, again.clone());
                new.asked.insert(request, (again, claim));
            }
        }
        if let Some((account, peer)) = self.watched {
            new.watch(account, peer, Anchor::Newest, 30);
        }
        new
    }

    pub fn ask(&mut self, command: Command, claim: Option<Claim>) {
        self.last += 1;
        self.page.wish(self.last, command.clone());
        self.asked.insert(self.last, (command, claim));
    }

    pub fn tell(&mut self, account: AccountId, command: AccountCommand) {
        self.ask(Command::Account(account, command), None);
    }

    pub fn watch(&mut self, account: AccountId, peer: Address, anchor: Anchor, count: u32) {
        self.wish(Command::Unwatch(WindowId(self.number)));
        self.window = Window::default();
        self.number += 1;
        self.watched = Some((account, peer.clone()));
        let request = TimelineRequest {
            account,
            conversation: peer,
            anchor,
            count,
        };
        self.page
            .wish(0, Command::Watch(WindowId(self.number), request));
    }

    fn wish(&self, command: Command) {
        self.page.wish(0, command);
    }

    /// Scrolls back.
    pub fn extend(&self) {
        self.wish(Command::Extend(WindowId(self.number), Toward::Older));
    }

    pub fn older(&self) -> &Edge {
        &self.window.older
    }

    pub fn unread(&self, account: AccountId, peer: &Address) -> u32 {
        let row = self.rows.get(&(account, peer.as_str().to_owned()));
        row.map_or(0, |row| row.unread)
    }

    /// Takes what the engine says. True if it said anything.
    pub fn listen(&mut self) -> bool {
        let words: Vec<ToPage> = self.page.take_messages().into_iter().flatten().collect();
        let is_news = !words.is_empty();
        for word in words {
            if let ToPage::Changes(changes) = word {
                changes.into_iter().for_each(|change| self.take(change));
            }
        }
        is_news
    }

    fn take(&mut self, change: Change) {
        match change {
            Change::Timeline(window, change) if window.0 == self.number => {
                self.window.apply(&change);
                self.look();
            }
            Change::Answer(request, outcome) => {
                let Some((_, claim)) = self.asked.remove(&request.0) else {
                    return;
                };
                match outcome {
                    Ok(Reply::Account(id)) => self.logged_in.push(id),
                    Ok(_) => self.claims.extend(claim),
                    Err(_) => {}
                }
            }
            Change::Clear => self.rows.clear(),
            Change::Conversations { account, put, gone } => {
                for peer in gone {
                    self.rows.remove(&(account, peer.as_str().to_owned()));
                }
                for row in put {
                    self.rows
                        .insert((account, row.peer.as_str().to_owned()), row);
                }
            }
            Change::AccountGone(account) => self.rows.retain(|(of, _), _| *of != account),
            Change::Device(problem) => self.problem = problem,
            _ => {}
        }
    }

    /// The person looks at the window.
    fn look(&mut self) {
        let Some((account, _)) = self.watched else {
            return;
        };
        let mut bodies: Vec<&str> = Vec::new();
        for message in &self.window.items {
            if bodies.contains(&message.body.as_str()) {
                self.claims.push(Claim::Twice(message.body.clone()));
            }
            bodies.push(&message.body);
            if message.direction == Direction::Outgoing {
                self.claims.push(Claim::Kept(message.body.clone()));
                match message.delivery {
                    Delivery::Sending | Delivery::Delayed(_) => {}
                    Delivery::Sent | Delivery::Delivered | Delivery::Read => {
                        self.claims.push(Claim::Sent(account, message.body.clone()));
                    }
                    Delivery::Failed(_) => self.claims.push(Claim::Failed(message.body.clone())),
                }
            }
        }
    }
}
