//! The pipeline of messages, in order: envelope → content → ids; and the way out.
//!
//! **Invariant:** parsed payload by payload: an unknown or broken child never hides the text.

pub mod content;
pub mod envelope;
pub mod ids;
pub mod order;
pub mod outgoing;

use jid::Jid;
use minidom::Element;

use crate::entity::address::Address;
use crate::entity::id::ItemId;
use crate::entity::message::{Delivery, Direction, Message, Position};
use crate::event::{Event, MessageEvent};

use super::cx::Cx;
use super::feature::Features;
use super::trust::Sender;
use envelope::Envelope;

/// A message came.
pub(super) fn on_message(
    cx: &mut Cx,
    features: &mut Features,
    from: Option<&Jid>,
    stanza: &Element,
) {
    let sender = Sender::of(from, cx, &features.roster);
    match envelope::open(stanza, sender) {
        Envelope::ArchiveItem(result) => features.archive.on_item(cx, result),
        Envelope::Error => features.outbox.on_error(cx, from, stanza),
        Envelope::Plain => on_plain(cx, features, from, sender, stanza),
        Envelope::Dropped(why) => tracing::debug!(why, "message dropped"),
    }
}

fn on_plain(
    cx: &mut Cx,
    features: &mut Features,
    from: Option<&Jid>,
    sender: Sender,
    stanza: &Element,
) {
    let (Some(account), Some(body)) = (cx.account().cloned(), content::text(stanza)) else {
        return;
    };
    let peer = from.map_or_else(|| account.clone(), Jid::to_bare);
    let delay = envelope::delay(stanza, sender, &account, cx.now.wall);
    let trusted = features.disco.keeps_ids_clean().then_some(&account);
    let position = Position {
        time: delay.trusted.unwrap_or(cx.now.wall),
        tie: features.order.next_live(cx.now.wall),
    };
    let id = ItemId(cx.random_u64());
    cx.emit(Event::Message(MessageEvent::Received(Message {
        id,
        position,
        conversation: Address::from(&peer),
        direction: Direction::Incoming,
        time: delay.shown.unwrap_or(cx.now.wall),
        body,
        ids: ids::read(stanza, trusted),
        delivery: Delivery::Sent,
    })));
}
