//! One window: a stretch of one timeline that one page watches.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::boundary::change::{Edge, GapState, Item, ItemKind, TimelineChange};
use crate::boundary::command::Toward;
use crate::entity::address::Address;
use crate::entity::id::ItemId;
use crate::entity::message::{Message, Position};
use crate::entity::order;
use crate::model::gaps::Shown;

/// A window never holds more than this many times its count.
const MOST: usize = 8;

/// What lies beyond both ends.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Ends {
    /// Before the oldest item.
    pub older: Edge,
    /// After the newest item.
    pub newer: Edge,
}

/// A stretch of one timeline.
#[derive(Debug)]
pub struct Window {
    conversation: Address,
    count: usize,
    items: BTreeMap<(Position, ItemId), Message>,
    places: HashMap<ItemId, Position>,
    ends: Ends,
    unread_from: Option<Position>,
    fresh: bool,
    put: HashSet<ItemId>,
    gone: HashSet<ItemId>,
    ends_changed: bool,
    /// What lies between its items may not be here: it is to be read anew.
    stale: bool,
    /// The gaps that the page was told of.
    gaps: Vec<Shown>,
}

impl Window {
    /// A window that holds these messages. `count` is how many are asked for at a time.
    #[must_use]
    pub fn new(
        conversation: Address,
        count: u32,
        messages: Vec<Message>,
        ends: Ends,
        unread_from: Option<Position>,
    ) -> Self {
        let mut window = Self {
            conversation,
            count: usize::try_from(count).unwrap_or(usize::MAX).clamp(1, 500),
            items: BTreeMap::new(),
            places: HashMap::new(),
            ends,
            unread_from,
            fresh: true,
            put: HashSet::new(),
            gone: HashSet::new(),
            ends_changed: false,
            stale: false,
            gaps: Vec::new(),
        };
        for message in messages {
            window.insert(message);
        }
        window
    }

    /// Of whose timeline it is a part.
    #[must_use]
    pub fn conversation(&self) -> &Address {
        &self.conversation
    }

    /// How many are asked for at a time.
    #[must_use]
    pub fn count(&self) -> u32 {
        u32::try_from(self.count).unwrap_or(u32::MAX)
    }

    /// How many items it holds.
    #[must_use]
    pub fn held(&self) -> u32 {
        u32::try_from(self.items.len()).unwrap_or(u32::MAX)
    }

    /// The messages that it holds, oldest first.
    pub fn messages(&self) -> impl Iterator<Item = &Message> {
        self.items.values()
    }

    /// Where a message stands, if it holds it.
    #[must_use]
    pub fn place_of(&self, id: ItemId) -> Option<Position> {
        self.places.get(&id).copied()
    }

    /// The place of the oldest item.
    #[must_use]
    pub fn oldest(&self) -> Option<Position> {
        self.items.first_key_value().map(|((at, _), _)| *at)
    }

    /// The place of the newest item.
    #[must_use]
    pub fn newest(&self) -> Option<Position> {
        self.items.last_key_value().map(|((at, _), _)| *at)
    }

    /// The position of the last item toward one end, and how many items stand there.
    #[must_use]
    pub fn last(&self, toward: Toward) -> Option<(Position, u32)> {
        let at = match toward {
            Toward::Older => self.oldest(),
            Toward::Newer => self.newest(),
        }?;
        let there = (at, ItemId(0))..=(at, ItemId(u64::MAX));
        let count = self.items.range(there).count();
        Some((at, u32::try_from(count).unwrap_or(u32::MAX)))
    }

    /// Whether it holds that message.
    #[must_use]
    pub fn holds(&self, id: ItemId) -> bool {
        self.places.contains_key(&id)
    }

    /// What lies beyond its ends.
    #[must_use]
    pub fn ends(&self) -> &Ends {
        &self.ends
    }

    /// What lies beyond one end is another thing now.
    pub fn set_edge(&mut self, toward: Toward, edge: Edge) {
        let place = match toward {
            Toward::Older => &mut self.ends.older,
            Toward::Newer => &mut self.ends.newer,
        };
        if *place != edge {
            *place = edge;
            self.ends_changed = true;
        }
    }

    /// Adds what was read beyond one end; lets go at the other end what is too much.
    pub fn extend(&mut self, toward: Toward, messages: Vec<Message>, edge: Edge) {
        for message in messages {
            self.insert(message);
        }
        self.set_edge(toward, edge);
        self.let_go(match toward {
            Toward::Older => Toward::Newer,
            Toward::Newer => Toward::Older,
        });
    }

    /// Holds these messages instead, without losing those that stay.
    pub fn replace(&mut self, messages: Vec<Message>, ends: Ends, unread_from: Option<Position>) {
        let stay: HashSet<_> = messages.iter().map(|message| message.id).collect();
        let places: Vec<_> = self.items.keys().copied().collect();
        for place in places.into_iter().filter(|(_, id)| !stay.contains(id)) {
            self.drop_item(place);
        }
        for message in messages {
            self.insert(message);
        }
        self.ends = ends;
        self.unread_from = unread_from;
        self.ends_changed = true;
        self.let_go(Toward::Older);
    }

    /// A message of this timeline is there, or is different. It is shown if it lies within the window, or just
    /// beyond an end behind which nothing else can be.
    pub fn put(&mut self, message: &Message) {
        let known = self.places.get(&message.id).copied();
        if let Some(from) = known.filter(|from| *from != message.position) {
            if self.unread_from == Some(from) {
                self.unread_from = Some(message.position);
                self.ends_changed = true;
            }
            // What else lies at its new place may not be here.
            let others = self.items.keys().filter(|(_, id)| *id != message.id);
            let (oldest, newest) = (others.clone().next(), others.clone().next_back());
            let is_within = self.ends.older == Edge::End
                || oldest.is_some_and(|(oldest, _)| *oldest < message.position);
            let is_within = is_within
                && (self.ends.newer == Edge::End
                    || newest.is_some_and(|(newest, _)| message.position < *newest));
            self.stale |= !is_within;
        }
        if known.is_some() || self.reaches((message.position, message.id)) {
            self.insert(message.clone());
            self.let_go(Toward::Older);
        }
    }

    /// Whether it is to be read anew, since it was asked last.
    pub fn take_stale(&mut self) -> bool {
        std::mem::take(&mut self.stale)
    }

    /// Changes an item if it is here; `change` says whether it did.
    pub fn update(&mut self, id: ItemId, change: impl FnOnce(&mut Message) -> bool) {
        let place = self.places.get(&id).map(|position| (*position, id));
        let Some(message) = place.and_then(|place| self.items.get_mut(&place)) else {
            return;
        };
        if change(message) {
            self.put.insert(id);
        }
    }

    /// A message is gone.
    pub fn remove(&mut self, id: ItemId) {
        if let Some(position) = self.places.get(&id).copied() {
            self.drop_item((position, id));
        }
    }

    /// Takes what the page does not know yet, where these are the gaps of the conversation.
    pub fn drain(&mut self, gaps: &[Shown]) -> Option<TimelineChange> {
        let gaps = self.gaps_within(gaps);
        let changed = self.fresh || self.ends_changed || gaps != self.gaps;
        if !changed && self.put.is_empty() && self.gone.is_empty() {
            return None;
        }
        let before = std::mem::replace(&mut self.gaps, gaps);
        let clear = std::mem::take(&mut self.fresh);
        self.ends_changed = false;
        let mut places: Vec<_> = self
            .put
            .drain()
            .filter_map(|id| Some((*self.places.get(&id)?, id)))
            .collect();
        order::sort(&mut places);
        let messages = places.iter().filter_map(|place| self.items.get(place));
        let mut put: Vec<_> = messages
            .map(|message| Item {
                id: message.id,
                position: message.position,
                kind: ItemKind::Message(message.clone()),
            })
            .collect();
        let is_new = |gap: &&Shown| clear || !before.contains(gap);
        put.extend(self.gaps.iter().filter(is_new).map(|gap| Item {
            id: gap.id,
            position: gap.at,
            kind: ItemKind::Gap(gap.state.clone()),
        }));
        let mut gone: Vec<_> = self.gone.drain().collect();
        let stays = |gap: &Shown| self.gaps.iter().any(|other| other.id == gap.id);
        gone.extend(before.iter().filter(|gap| !stays(gap)).map(|gap| gap.id));
        if clear {
            gone.clear();
        }
        order::sort(&mut gone);
        Some(TimelineChange {
            clear,
            gone,
            put,
            older: self.ends.older.clone(),
            newer: self.ends.newer.clone(),
            unread_from: self.unread_from,
        })
    }

    /// The gaps that are shown: those with something before and behind. Before the oldest item is more at any rate, unless a
    /// conversation had begun with nothing when a gap opened; what is lost leaves no hole where nothing follows.
    fn gaps_within(&self, gaps: &[Shown]) -> Vec<Shown> {
        let (oldest, newest) = (self.oldest(), self.newest());
        let is_within = |gap: &&Shown| {
            let at_end = self.ends.newer == Edge::End && gap.state != GapState::Lost;
            (self.ends.older == Edge::End || oldest.is_some_and(|oldest| oldest < gap.at))
                && (at_end || newest.is_some_and(|newest| gap.at < newest))
        };
        gaps.iter().filter(is_within).cloned().collect()
    }

    fn reaches(&self, place: (Position, ItemId)) -> bool {
        let (oldest, newest) = (self.items.first_key_value(), self.items.last_key_value());
        let after_oldest = oldest.is_some_and(|(oldest, _)| place > *oldest);
        let before_newest = newest.is_some_and(|(newest, _)| place < *newest);
        (after_oldest || self.ends.older == Edge::End)
            && (before_newest || self.ends.newer == Edge::End)
            || self.items.is_empty() && self.ends.newer == Edge::End
    }

    fn insert(&mut self, message: Message) {
        let (id, position) = (message.id, message.position);
        if let Some(before) = self.places.insert(id, position)
            && before != position
        {
            self.items.remove(&(before, id));
        }
        let known = self.items.insert((position, id), message);
        if known.is_some() && known.as_ref() == self.items.get(&(position, id)) {
            return;
        }
        self.gone.remove(&id);
        self.put.insert(id);
    }

    /// Keeps the window within its bound.
    fn let_go(&mut self, toward: Toward) {
        let most = self.count.saturating_mul(MOST);
        while self.items.len() > most {
            let last = match toward {
                Toward::Older => self.items.first_key_value(),
                Toward::Newer => self.items.last_key_value(),
            };
            let Some(place) = last.map(|(place, _)| *place) else {
                return;
            };
            self.drop_item(place);
            self.set_edge(toward, Edge::More);
        }
    }

    fn drop_item(&mut self, place: (Position, ItemId)) {
        if self.items.remove(&place).is_some() {
            let id = place.1;
            self.places.remove(&id);
            self.put.remove(&id);
            self.gone.insert(id);
        }
    }
}
