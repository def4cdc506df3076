//! What a page of the archive holds: its items, in order, and where it begins and ends.
//!
//! **Invariant:** a page is bounded, whatever the server sends, and what is not kept lies at its far end: it is asked for
//! again. XEP-0313 §3.2: an archive is in the order of its times; a server that mixes a page up is put right.

use std::collections::VecDeque;

use minidom::Element;

use crate::entity::address::Address;
use crate::entity::id::ItemId;
use crate::entity::message::{Delivery, Direction, Message, Position};
use crate::entity::order;
use crate::entity::time::Timestamp;
use crate::event::{Spot, Stretch};
use crate::xmpp::cx::Cx;
use crate::xmpp::message::{content, envelope, ids};
use crate::xmpp::ns;
use crate::xmpp::stanza::stamp;
use crate::xmpp::stanza::text::direct_text;

/// How many items of one page are kept, whatever the server sends.
pub(super) const MOST: usize = 500;

/// The items of a page that came so far.
pub(super) struct Items {
    all: VecDeque<(Spot, Option<Message>)>,
    is_backward: bool,
    /// More came than is kept.
    pub(super) is_full: bool,
}

impl Items {
    pub(super) fn new(is_backward: bool) -> Self {
        Self {
            all: VecDeque::new(),
            is_backward,
            is_full: false,
        }
    }

    pub(super) fn push(&mut self, id: &str, time: Option<Timestamp>, message: Option<Message>) {
        if self.all.len() >= MOST {
            self.is_full = true;
            if !self.is_backward {
                return;
            }
            self.all.pop_front();
        }
        let id = id.to_owned();
        // What does not say when stands where it came.
        let before = self.all.back().and_then(|(spot, _)| spot.time);
        let time = time.or(before);
        self.all.push_back((Spot { id, time }, message));
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// What came of a page that has no end.
    pub(super) fn into_messages(self) -> Vec<Message> {
        let messages = self.all.into_iter().filter_map(|(_, message)| message);
        messages.collect()
    }

    /// The page that ends with that.
    pub(super) fn into_stretch(self, fin: &Element) -> Stretch {
        let Self { all, is_full, .. } = self;
        let mut all: Vec<_> = all.into();
        if !all.is_sorted_by_key(|(spot, _)| spot.time) {
            order::sort_by(&mut all, |a, b| a.0.time.cmp(&b.0.time));
        }
        let (places, messages): (Vec<_>, Vec<_>) = all.into_iter().unzip();
        // What was not kept is asked for again.
        let is_whole = !is_full;
        let named = |which| named(fin, which).filter(|_| is_whole);
        let spot = |named: Option<String>, else_it: Option<&Spot>| match named {
            Some(id) => {
                let known = places.iter().find(|spot| spot.id == id).cloned();
                Some(known.unwrap_or(Spot { id, time: None }))
            }
            None => else_it.cloned(),
        };
        Stretch {
            first: spot(named("first"), places.first()),
            last: spot(named("last"), places.last()),
            messages: messages.into_iter().flatten().collect(),
            is_complete: is_whole && is_complete(fin),
            places,
        }
    }
}

fn is_complete(fin: &Element) -> bool {
    matches!(fin.attr("complete"), Some("true" | "1"))
}

/// The archive id that the end of a page names as its first or last.
fn named(fin: &Element, which: &'static str) -> Option<String> {
    let set = fin.get_child("set", ns::RSM)?;
    let id = direct_text(set.get_child(which, ns::RSM)?);
    (!id.is_empty()).then_some(id)
}

/// When an item was archived.
pub(super) fn archived(result: &Element) -> Option<Timestamp> {
    let forwarded = result.get_child("forwarded", ns::FORWARD)?;
    let delay = forwarded.get_child("delay", ns::DELAY)?;
    stamp::parse(delay.attr("stamp")?)
}

/// Reads an item: a message of ours or to us, with text.
pub(super) fn read(cx: &mut Cx, id: &str, result: &Element) -> Option<Message> {
    let account = cx.account()?.clone();
    let forwarded = result.get_child("forwarded", ns::FORWARD)?;
    let inner = forwarded.get_child("message", ns::CLIENT)?;
    if !envelope::is_plain(inner) {
        return None;
    }
    let time = archived(result)?;
    let jid = |name: &str| inner.attr(name).map(Address::parse);
    let from = jid("from")?.ok()?;
    let to = match jid("to") {
        Some(to) => to.ok()?,
        None => account.clone(),
    };
    let (direction, peer) = if from == account {
        (Direction::Outgoing, to)
    } else if to == account {
        (Direction::Incoming, from)
    } else {
        return None;
    };
    let body = content::text(inner)?;
    let mut ids = ids::read(inner, None);
    ids.archive = Some(id.to_owned());
    Some(Message {
        id: ItemId(cx.random_u64()),
        position: Position { time, tie: 0 },
        conversation: peer,
        direction,
        time,
        body,
        ids,
        delivery: Delivery::Sent,
    })
}
