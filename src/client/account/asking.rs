//! The archive (XEP-0313) is asked for history where the store ends, and windows that wait for it read on.
//!
//! **Invariant:** an edge says what is known: `End` only where nothing can lie beyond, `Failed` where something may.

use crate::boundary::change::Edge;
use crate::boundary::command::Toward;
use crate::entity::address::Address;
use crate::entity::conversation::History;
use crate::entity::message::Position;
use crate::entity::problem::Problem;
use crate::entity::time::Instant;
use crate::model::timeline::Watch;
use crate::store::From;
use crate::xmpp::engine::{Input, Wish};

use super::turn::{Later, Work};
use super::{Account, Phase};

/// How many messages are asked of the archive at a time, at least.
const PAGE: u32 = 50;
/// How many pages in a row may bring nothing new before somebody must ask again.
const FRUITLESS: u32 = 20;

impl Account {
    /// A page of the archive was merged: windows that waited for it read on.
    pub(super) async fn refill(
        &mut self,
        now: Instant,
        peer: &Address,
        fruitful: bool,
        work: &mut Work,
    ) {
        let rounds = self.asking.remove(peer).unwrap_or_default();
        let history = self.history_of(peer);
        let is_stuck = self.note_forgotten(peer, &history, fruitful).await;
        let waiting: Vec<Watch> = self
            .model
            .borrow_mut()
            .timelines
            .of(peer)
            .filter(|(_, window)| window.ends().older == Edge::Loading)
            .map(|(watch, _)| watch)
            .collect();
        let mut again = false;
        for watch in waiting {
            let Some((_, messages, is_full)) = self.read_on(watch, Toward::Older).await else {
                continue;
            };
            let edge = if is_full {
                Edge::More
            } else {
                match self.beyond(&history) {
                    // Nothing came of it: ask on, but not for ever. Otherwise the page asks when it needs more.
                    Edge::Loading if messages.is_empty() && !fruitful => {
                        if is_stuck || rounds >= FRUITLESS {
                            Edge::Failed(Problem::Fruitless)
                        } else {
                            again = true;
                            Edge::Loading
                        }
                    }
                    Edge::Loading => Edge::More,
                    edge => edge,
                }
            };
            if let Some(window) = self.model.borrow_mut().timelines.window(watch) {
                window.extend(Toward::Older, messages, edge);
            }
        }
        if again {
            self.ask_archive(now, peer, work);
            self.asking.insert(peer.clone(), rounds.saturating_add(1));
        }
    }

    /// An archive that has forgotten a place, and whose newest page brings nothing, is asked by time: it may not be able to go on
    /// before any place. Says whether that leads nowhere, too.
    async fn note_forgotten(&mut self, peer: &Address, history: &History, fruitful: bool) -> bool {
        let Some(until) = self.forgotten.get(peer).copied() else {
            return false;
        };
        match (until, history) {
            // Its newest page is asked for first.
            (None, History::Unknown) => return false,
            (None, _) if fruitful => {
                self.forgotten.remove(peer);
                return false;
            }
            _ => {}
        }
        let oldest = self.page(peer, From::After(Position::default()), 1).await;
        let next = oldest.first().map(|message| message.time.next_second());
        self.forgotten.insert(peer.clone(), next);
        !fruitful && until.is_some() && next >= until
    }

    /// A page could not be had.
    pub(super) fn on_page_failed(&mut self, peer: &Address, problem: &Problem) {
        self.asking.remove(peer);
        self.shortened.remove(peer);
        let mut model = self.model.borrow_mut();
        for (_, window) in model.timelines.of(peer) {
            if window.ends().older == Edge::Loading {
                window.set_edge(Toward::Older, Edge::Failed(problem.clone()));
            }
        }
    }

    /// We are online: what is watched and could not be had is asked for again.
    pub(super) fn ask_for_watched(&mut self, now: Instant, work: &mut Work) {
        let mut peers: Vec<Address> = Vec::new();
        {
            let mut model = self.model.borrow_mut();
            for (watch, peer) in model.timelines.all_watched() {
                let unknown = model
                    .conversations
                    .of(&peer)
                    .is_none_or(|known| known.history == History::Unknown);
                let Some(window) = model.timelines.window(watch) else {
                    continue;
                };
                let failed = matches!(window.ends().older, Edge::Failed(_));
                if failed {
                    window.set_edge(Toward::Older, Edge::Loading);
                }
                if (failed || unknown) && !peers.contains(&peer) {
                    peers.push(peer);
                }
            }
        }
        for peer in peers {
            self.ask_archive(now, &peer, work);
        }
    }

    /// Asks the archive for the next older page of a conversation, unless that is under way.
    pub(super) fn ask_archive(&mut self, now: Instant, peer: &Address, work: &mut Work) {
        if !matches!(self.phase, Phase::Online) || self.asking.contains_key(peer) {
            return;
        }
        let before = match self.history_of(peer) {
            // What was missed is no history: it is unread, and its order is that of catch-up.
            History::Unknown if !self.engine.is_caught_up() => {
                self.is_behind = true;
                return;
            }
            History::Unknown => None,
            History::Before(id) => Some(id),
            History::Complete | History::Unsupported => return,
        };
        let until = self.forgotten.get(peer).copied().flatten();
        self.asking.insert(peer.clone(), 0);
        let wish = Wish::History {
            conversation: peer.clone(),
            before: before.filter(|_| until.is_none()),
            until,
            count: PAGE,
        };
        self.handle(now, Input::Wish(wish), work);
    }

    /// That there is no archive is said of one session: the next one has its own word.
    pub(super) fn note_archive(&mut self, now: Instant, work: &mut Work) {
        let is_online = matches!(self.phase, Phase::Online);
        if self.is_archived || !is_online || self.engine.has_archive() != Some(true) {
            return;
        }
        self.is_archived = true;
        let is_news = self.model.borrow_mut().note_archive();
        if is_news {
            self.ask_for_watched(now, work);
        }
    }

    /// What waited for catch-up is asked for now, if that is done.
    pub(super) fn ask_when_caught_up(&mut self, now: Instant, work: &mut Work) {
        if !self.is_behind || !self.engine.is_caught_up() {
            return;
        }
        self.is_behind = false;
        self.ask_for_watched(now, work);
        let mut model = self.model.borrow_mut();
        for (watch, peer) in model.timelines.all_watched() {
            let window = model.timelines.window(watch);
            if window.is_some_and(|window| window.ends().older == Edge::Loading)
                && !self.asking.contains_key(&peer)
            {
                work.later.push_back(Later::Refill(peer, false));
            }
        }
    }

    /// The session is over: nothing waits for catch-up any more.
    pub(super) fn give_up_waiting(&mut self) {
        if std::mem::take(&mut self.is_behind) {
            let mut model = self.model.borrow_mut();
            let watched: Vec<Watch> = model.timelines.watched().map(|(watch, _)| watch).collect();
            for watch in watched {
                if let Some(window) = model.timelines.window(watch)
                    && window.ends().older == Edge::Loading
                {
                    window.set_edge(Toward::Older, Edge::Failed(Problem::Offline));
                }
            }
        }
    }

    /// What lies before the oldest stored message.
    pub(super) fn beyond(&self, history: &History) -> Edge {
        match (history, &self.phase) {
            (History::Complete | History::Unsupported, _) => Edge::End,
            (History::Unknown | History::Before(_), Phase::Online) => Edge::Loading,
            (History::Unknown | History::Before(_), _) => Edge::Failed(Problem::Offline),
        }
    }

    pub(super) fn history_of(&self, peer: &Address) -> History {
        let model = self.model.borrow();
        let known = model.conversations.of(peer);
        known.map_or(History::Unknown, |known| known.history.clone())
    }
}
