//! Where a message stands that comes live, until a page of the archive tells of it.
//!
//! **Invariant:** after all that was heard before it, whatever the clocks say: ours, the server's, or one that was set meanwhile.

use crate::entity::address::Address;
use crate::entity::message::{Message, Position};
use crate::entity::time::Timestamp;
use crate::store::From;
use crate::xmpp::message::order::STEP;

use super::Account;
use super::fold::is_incoming;
use super::outbox::is_written_here;

/// So many of the newest messages are looked through for one that was not written here.
const NEWEST: u32 = 20;

impl Account {
    /// The place of a message that was just heard.
    pub(super) async fn place_heard(&mut self, now: Timestamp, message: &Message) -> Position {
        let mut place = if message.position.time >= now {
            self.after_all(&message.conversation, message.position)
        } else {
            match self.after_its_second(message).await {
                // Nobody has read it yet, whatever the clocks say.
                place
                    if is_incoming(message)
                        && Some(place) <= self.read_of(&message.conversation) =>
                {
                    self.after_heard(message).await
                }
                place => place,
            }
        };
        // What a server sends again in a session that was cut bears the time when it was first sent; what came before that on
        // a slow network bears the later time when it arrived. It was sent after that all the same.
        if self.resumed {
            place = behind(self.streamed_of(&message.conversation), place);
        }
        self.streamed.insert(message.conversation.clone(), place);
        place
    }

    /// What a server held back came after what it did not hold back, and it often tells whole seconds only.
    async fn after_its_second(&self, message: &Message) -> Position {
        let place = message.position;
        let second = place.time.0.div_euclid(1_000);
        let is_of_it = |other: &Position| other.time.0.div_euclid(1_000) == second;
        let streamed = self.streamed_of(&message.conversation).filter(is_of_it);
        if streamed.is_some() || self.latest_of(&message.conversation) < Some(place) {
            return behind(streamed, place);
        }
        let end = Position {
            time: Timestamp(second.saturating_add(1).saturating_mul(1_000)),
            tie: 0,
        };
        let known = self.page(&message.conversation, From::Before(end), 1).await;
        let known = known.first().map(|known| known.position);
        behind(known.filter(is_of_it), place)
    }

    /// After all that was heard, and all that was read; what was written here since may come after it.
    async fn after_heard(&self, message: &Message) -> Position {
        let (peer, place) = (&message.conversation, message.position);
        if self.latest_of(peer) < Some(place) {
            return place;
        }
        let newest = self.page(peer, From::Newest, NEWEST).await;
        let mut heard = newest.iter().rev();
        let heard = heard.find(|known| !is_written_here(known));
        let heard = heard.map(|heard| heard.position);
        behind(
            heard.max(self.streamed_of(peer)).max(self.read_of(peer)),
            place,
        )
    }

    /// What is live comes last, whatever the clock did meanwhile.
    pub(super) fn after_all(&self, conversation: &Address, place: Position) -> Position {
        behind(self.latest_of(conversation), place)
    }

    fn latest_of(&self, conversation: &Address) -> Option<Position> {
        let model = self.model.borrow();
        let known = model.conversations.of(conversation)?;
        known.latest.as_ref().map(|latest| latest.position)
    }

    /// The last that came in this session.
    fn streamed_of(&self, conversation: &Address) -> Option<Position> {
        self.streamed.get(conversation).copied()
    }
}

/// A place, or one behind the other, if that is not before it.
fn behind(other: Option<Position>, place: Position) -> Position {
    match other {
        Some(other) if other >= place => Position {
            time: other.time,
            tie: place.tie.max(other.tie.saturating_add(STEP)),
        },
        _ => place,
    }
}
