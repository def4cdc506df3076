//! Messages on their way out: composed → stored → shown → sent.
//!
//! **Invariant:** a message is in the store before it is on the wire, with the identity and the place that it keeps. The
//! page chooses the identity: what it asks for again, because an engine died before it answered, is sent once, and not at all
//! if somebody has deleted it meanwhile.

use crate::boundary::change::Reply;
use crate::client::hub::Asker;
use crate::entity::address::Address;
use crate::entity::id::ItemId;
use crate::entity::message::{Delivery, Direction, Message, MessageIds, Position};
use crate::entity::problem::Problem;
use crate::entity::time::Instant;
use crate::event::{Event, MessageEvent};
use crate::store::Name;
use crate::xmpp::engine::{Input, Wish};
use rand_chacha::rand_core::Rng;

use super::Account;
use super::turn::Work;

/// The longest message, in bytes on the wire: what servers take in one stanza.
const LONGEST: usize = 48 * 1024;
/// Where the ties of live messages begin (`xmpp::message::order`), and how many a millisecond has.
const LIVE: u64 = 1 << 63;
const PER_MILLISECOND: u64 = 1024;

/// How many bytes a text has on the wire.
fn escaped(text: &str) -> usize {
    let length = |byte| match byte {
        b'<' | b'>' => 4,
        b'&' => 5,
        b'"' | b'\'' => 6,
        _ => 1,
    };
    text.bytes().map(length).sum()
}

/// Whether a message was written here, and not on another of our devices.
pub(super) fn is_written_here(message: &Message) -> bool {
    let named = message.ids.origin.as_deref();
    message.direction == Direction::Outgoing && named == Some(wire_name(message.id).as_str())
}

/// What a message is called on the wire, whichever engine sends it.
fn wire_name(id: ItemId) -> String {
    format!("{:016x}", id.0)
}

/// A message as a page asks for it: [`AccountCommand::SendMessage`].
///
/// [`AccountCommand::SendMessage`]: crate::boundary::command::AccountCommand::SendMessage
#[derive(Debug)]
pub(super) struct Asked {
    pub to: Address,
    pub body: String,
    pub id: ItemId,
    pub again: bool,
}

impl Account {
    /// Composes a message and hands it to the core; it is committed before it is transmitted.
    pub(super) async fn compose(
        &mut self,
        now: Instant,
        asker: Asker,
        asked: Asked,
        work: &mut Work,
    ) {
        let Asked {
            to,
            body,
            mut id,
            again,
        } = asked;
        if body.trim().is_empty() {
            return work.answers.push((asker, Ok(Reply::Done)));
        }
        if escaped(&body) > LONGEST {
            return work.answers.push((asker, Err(Problem::TooLong)));
        }
        // Another page has shown it, and was told to delete it.
        if again && self.deleted.contains(&id) {
            return work.answers.push((asker, Ok(Reply::Done)));
        }
        // The same message, asked for of an engine that has lost its disk, too, is the same to whoever has it already.
        let mut name = wire_name(id);
        let known = match self.outbox.get(&id) {
            Some(known) => Some(known.clone()),
            None if again => self.find_sent(&to, id, &body).await,
            None => None,
        };
        // Without the disk nobody knows whether it was sent.
        let in_doubt = again && known.is_none() && self.failed.is_some();
        match known {
            Some(known) if known.direction == Direction::Outgoing && known.body == body => {
                return work.answers.push((asker, Ok(Reply::Done)));
            }
            // Chosen twice: not by chance.
            Some(_) => {
                id = ItemId(self.random.next_u64());
                name = wire_name(id);
            }
            None => {}
        }
        let position = self.place(now, &to);
        let message = Message {
            id,
            position,
            conversation: to,
            direction: Direction::Outgoing,
            time: now.wall,
            body,
            ids: MessageIds {
                stanza: Some(name.clone()),
                origin: Some(name),
                archive: None,
            },
            delivery: Delivery::Sending,
        };
        // In the batch of the message: what was sent does not come back as a draft.
        self.draft_is_sent(&message.conversation, &message.body);
        work.facts
            .push(Event::Message(MessageEvent::Composed(message.clone())));
        let wish = if in_doubt {
            Wish::SendAgain(message)
        } else {
            Wish::Send(message)
        };
        self.handle(now, Input::Wish(wish), work);
        work.answers.push((asker, Ok(Reply::Done)));
    }

    /// Sends a refused message again, under its old name: whoever has it after all does not show it twice.
    pub(super) async fn retry(
        &mut self,
        now: Instant,
        asker: Asker,
        conversation: Address,
        id: ItemId,
        work: &mut Work,
    ) {
        match self.refused(&conversation, id).await {
            Some(mut message) => {
                message.delivery = Delivery::Sending;
                work.facts.push(Event::Message(MessageEvent::Delivery {
                    conversation,
                    id,
                    delivery: Delivery::Sending,
                }));
                self.handle(now, Input::Wish(Wish::Send(message)), work);
                work.answers.push((asker, Ok(Reply::Done)));
            }
            // It is gone, or on its way already: nothing to do.
            None => work.answers.push((asker, Ok(Reply::Done))),
        }
    }

    /// Removes a refused message from this device.
    pub(super) async fn delete(
        &mut self,
        now: Instant,
        asker: Asker,
        conversation: Address,
        id: ItemId,
        work: &mut Work,
    ) {
        if self.refused(&conversation, id).await.is_some() {
            let wish = Wish::Withdraw(conversation.clone(), id);
            self.handle(now, Input::Wish(wish), work);
            self.deleted.insert(id);
            work.facts
                .push(Event::Message(MessageEvent::Deleted { conversation, id }));
        }
        work.answers.push((asker, Ok(Reply::Done)));
    }

    /// What a page asks for again: under its identity, or as the archive has shown it to an engine that knew no better.
    async fn find_sent(
        &mut self,
        conversation: &Address,
        id: ItemId,
        body: &str,
    ) -> Option<Message> {
        let names = vec![Name::Item(id), Name::Origin(wire_name(id))];
        let found = self.find(conversation.clone(), names).await;
        let mut found = self.readable(found)?;
        let is_copy = |message: &Message| {
            message.direction == Direction::Outgoing
                && message.ids.origin.as_deref() == Some(&wire_name(id))
                && message.body == body
        };
        let at = found.iter().position(|message| message.id == id);
        let at = at.or_else(|| found.iter().position(is_copy))?;
        Some(found.swap_remove(at))
    }

    async fn item(&mut self, conversation: &Address, id: ItemId) -> Option<Message> {
        match self.outbox.get(&id) {
            Some(message) => Some(message.clone()),
            None => self.find_item(conversation, id).await,
        }
    }

    async fn refused(&mut self, conversation: &Address, id: ItemId) -> Option<Message> {
        let message = self.item(conversation, id).await?;
        let refused = matches!(message.delivery, Delivery::Failed(_) | Delivery::Delayed(_));
        refused.then_some(message)
    }

    /// After everything that is there.
    fn place(&mut self, now: Instant, conversation: &Address) -> Position {
        let ms = u64::try_from(now.wall.0).unwrap_or_default();
        let tie = LIVE.saturating_add(ms.saturating_mul(PER_MILLISECOND).min(LIVE / 2));
        // Half of a millisecond's ties are for what comes, half for what we write.
        self.composed = (tie + PER_MILLISECOND / 2).max(self.composed.saturating_add(1));
        let natural = Position {
            time: now.wall,
            tie: self.composed,
        };
        let mut position = self.after_all(conversation, natural);
        // Two messages of one turn: the first is not folded yet.
        position.tie = position.tie.max(self.composed);
        self.composed = position.tie;
        position
    }
}
