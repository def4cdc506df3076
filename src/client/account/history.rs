//! Windows on the history, which show what is stored at once; and what in it is unread.

use crate::boundary::change::Edge;
use crate::boundary::command::{Anchor, TimelineRequest, Toward};
use crate::entity::address::Address;
use crate::entity::conversation::{Conversation, History};
use crate::entity::message::{Message, Position};
use crate::entity::time::Instant;
use crate::model::timeline::{Ends, Watch, Window};
use crate::model::{after, before};
use crate::store::{From, PageQuery};

use super::Account;
use super::fold::is_incoming;
use super::turn::Work;

/// How many unread messages are counted.
pub(super) const COUNTED: u32 = 1_000;
/// How far we look for the first unread message beyond what a window shows.
pub(super) const LOOKED: u32 = 100;

impl Account {
    /// Opens a window: what is stored is shown at once.
    pub(super) async fn open_window(
        &mut self,
        now: Instant,
        watch: Watch,
        request: TimelineRequest,
        work: &mut Work,
    ) {
        let peer = request.conversation;
        let count = request.count.clamp(1, 200);
        let known = self.model.borrow().conversations.of(&peer).cloned();
        let known = known.unwrap_or_else(|| Conversation::new(peer.clone()));
        let unread_from = self.first_unread(&known).await;
        let anchor = match (request.anchor, unread_from) {
            (Anchor::At(position), _) | (Anchor::Unread, Some(position)) => Some(position),
            (Anchor::Newest, _) | (Anchor::Unread, None) => None,
        };
        let (messages, ends) = self.read_window(&known, anchor, count).await;
        let is_short = ends.older == Edge::Loading;
        let window = Window::new(peer.clone(), count, messages, ends, unread_from);
        self.model.borrow_mut().timelines.open(watch, window);
        // The first time, the newest page is fetched even if the window is full: who knows what is missing.
        if is_short || known.history == History::Unknown {
            self.ask_archive(now, &peer, work);
        }
    }

    /// What a window holds: so much around a place, or the newest.
    async fn read_window(
        &self,
        known: &Conversation,
        anchor: Option<Position>,
        count: u32,
    ) -> (Vec<Message>, Ends) {
        let peer = &known.peer;
        let (older, newer) = match anchor {
            None => (self.page(peer, From::Newest, count).await, None),
            Some(position) => {
                let older = self.page(peer, From::Before(position), count).await;
                let newer = self.page(peer, From::After(before(position)), count).await;
                (older, Some(newer))
            }
        };
        let older_edge = if is_full(&older, count) {
            Edge::More
        } else {
            self.beyond(&known.history)
        };
        let newer_edge = match &newer {
            Some(newer) if is_full(newer, count) => Edge::More,
            _ => Edge::End,
        };
        let mut messages = older;
        messages.extend(newer.unwrap_or_default());
        let ends = Ends {
            older: older_edge,
            newer: newer_edge,
        };
        (messages, ends)
    }

    /// What is stored is another thing now: windows are read anew, and stay where they are.
    pub(super) async fn reread_windows(&mut self) {
        let watched: Vec<_> = {
            let model = self.model.borrow();
            model.timelines.watched().map(|(watch, _)| watch).collect()
        };
        self.reread(watched).await;
    }

    async fn reread(&mut self, watched: Vec<Watch>) {
        for watch in watched {
            let (known, anchor, count) = {
                let mut model = self.model.borrow_mut();
                let Some(window) = model.timelines.window(watch) else {
                    continue;
                };
                let is_last = window.ends().newer == Edge::End;
                let anchor = window.oldest().filter(|_| !is_last);
                let count = window.count().saturating_add(window.held());
                let peer = window.conversation().clone();
                let known = model.conversations.of(&peer).cloned();
                let known = known.unwrap_or_else(|| Conversation::new(peer));
                (known, anchor, count)
            };
            let (messages, mut ends) = self.read_window(&known, anchor, count).await;
            if ends.older == Edge::Loading {
                // Nobody has asked yet: the page does when it needs more.
                ends.older = Edge::More;
            }
            let unread_from = self.first_unread(&known).await;
            if let Some(window) = self.model.borrow_mut().timelines.window(watch) {
                window.replace(messages, ends, unread_from);
            }
        }
    }

    /// Reads on beyond one end of a window.
    pub(super) async fn extend_window(
        &mut self,
        now: Instant,
        watch: Watch,
        toward: Toward,
        work: &mut Work,
    ) {
        let Some((peer, messages, is_full)) = self.read_on(watch, toward).await else {
            return;
        };
        let edge = match toward {
            _ if is_full => Edge::More,
            Toward::Newer => Edge::End,
            Toward::Older => self.beyond(&self.history_of(&peer)),
        };
        let ask = edge == Edge::Loading;
        if let Some(window) = self.model.borrow_mut().timelines.window(watch) {
            window.extend(toward, messages, edge);
        }
        if ask {
            self.ask_archive(now, &peer, work);
        }
    }

    /// What is stored beyond one end of a window, and whether there may be more. Another message may have the very position of
    /// the last one: those that have it are read once more.
    pub(super) async fn read_on(
        &self,
        watch: Watch,
        toward: Toward,
    ) -> Option<(Address, Vec<Message>, bool)> {
        let (peer, count, last) = {
            let mut model = self.model.borrow_mut();
            let window = model.timelines.window(watch)?;
            (
                window.conversation().clone(),
                window.count(),
                window.last(toward),
            )
        };
        let from = match (last, toward) {
            (None, _) => From::Newest,
            (Some((at, _)), Toward::Older) => From::Before(after(at)),
            (Some((at, _)), Toward::Newer) => From::After(before(at)),
        };
        let count = count.saturating_add(last.map_or(0, |(_, here)| here));
        let mut messages = self.page(&peer, from, count).await;
        let is_full = is_full(&messages, count);
        let mut model = self.model.borrow_mut();
        let window = model.timelines.window(watch)?;
        messages.retain(|message| !window.holds(message.id));
        Some((peer, messages, is_full))
    }

    /// The first message that was not seen yet.
    async fn first_unread(&self, known: &Conversation) -> Option<Position> {
        if known.unread == 0 {
            return None;
        }
        let after = From::After(known.read.unwrap_or_default());
        self.page(&known.peer, after, LOOKED)
            .await
            .iter()
            .find(|message| is_incoming(message))
            .map(|message| message.position)
    }

    /// Counts anew what is unread in conversations that were read in part; what cannot be counted, when it can be. Looks which
    /// message is the latest where some have moved.
    pub(super) async fn recount(&mut self) {
        let moved = std::mem::take(&mut self.moved);
        if moved.is_empty() && self.recount.is_empty() {
            return;
        }
        for peer in moved {
            self.refresh_latest(&peer).await;
            let stale = {
                let mut model = self.model.borrow_mut();
                let windows = model.timelines.of(&peer);
                let stale =
                    windows.filter_map(|(watch, window)| window.take_stale().then_some(watch));
                stale.collect()
            };
            self.reread(stale).await;
        }
        let peers: Vec<_> = self.recount.drain().collect();
        for peer in peers {
            let read = {
                let model = self.model.borrow();
                model.conversations.of(&peer).and_then(|known| known.read)
            };
            let unread = self.store.count_unread(peer.clone(), read, COUNTED).await;
            match self.readable(unread) {
                Some(unread) => {
                    let mut model = self.model.borrow_mut();
                    model.conversations.set_unread(&peer, unread);
                }
                None => self.count_later(peer),
            }
        }
        self.save_conversations().await;
    }

    /// The newest message may be another one now. What cannot be read is not absent: then it is looked for when it can be.
    pub(super) async fn refresh_latest(&mut self, peer: &Address) {
        let query = PageQuery {
            conversation: peer.clone(),
            from: From::Newest,
            count: 1,
        };
        if !self.reads(&query).await {
            return self.refresh_later(peer);
        }
        let newest = self.page(peer, From::Newest, 1).await;
        let mut model = self.model.borrow_mut();
        model.conversations.set_latest(peer, newest.first());
    }

    pub(super) async fn page(&self, peer: &Address, from: From, count: u32) -> Vec<Message> {
        let query = PageQuery {
            conversation: peer.clone(),
            from,
            count,
        };
        // A disk that fails to read shows nothing rather than an error in every window; the banner tells.
        self.store.page(query).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "history cannot be read");
            Vec::new()
        })
    }
}

fn is_full(messages: &[Message], count: u32) -> bool {
    u32::try_from(messages.len()).is_ok_and(|read| read >= count)
}
