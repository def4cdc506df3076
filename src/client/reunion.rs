//! What memory was told while the disk could not be opened, and what the disk holds, as one.
//!
//! **Invariant:** nothing that the disk holds and nothing that was shown is lost, and nothing is doubled: a message that the
//! disk has under one of its names keeps the disk's identity and place. The outcome is the same however often it is asked
//! for: a disk that fails in the middle is told all of it again.

mod met;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};

use crate::entity::address::Address;
use crate::entity::archive::Gaps;
use crate::entity::conversation::{Conversation, Displayed, Flagged, History};
use crate::entity::message::{Message, Position};
use crate::entity::presence::OwnPresence;
use crate::store::{Batch, Op, Snapshot, Store, StoreError};
use crate::xmpp::message::order::is_live;

use super::merge;
use met::Met;

/// Where a conversation of which nothing was known counts as read, and how far it really was read since.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Guess {
    /// The newest message of the first page: nobody can say what of it was missed.
    pub read: Position,
    /// As the user said.
    pub really: Option<Position>,
}

/// What is to be written to a disk that holds this much, so that it holds everything. The disk knows what of the guesses
/// is true.
///
/// # Errors
/// What the disk says; nothing was written.
pub async fn reunite(
    told: Batch,
    guesses: &HashMap<Address, Guess>,
    disk: &dyn Store,
    held: &Snapshot,
) -> Result<Batch, StoreError> {
    let mut known = known(&told, disk).await?;
    let has_roster = told.ops.iter().any(|op| matches!(op, Op::PutRoster(_)));
    let mut batch = Batch::default();
    let mut met: HashMap<Address, Met> = HashMap::new();
    let mut conversations = Vec::new();
    for op in told.ops {
        match op {
            Op::PutMessage(message) => {
                let met = met.entry(message.conversation.clone()).or_default();
                let (to_have, before) = unite(&mut known, message.clone());
                let place = (to_have.id, to_have.position);
                met.note(&message, place, before, held.cursor.as_ref());
                batch.push(Op::PutMessage(to_have));
            }
            Op::PutConversation(told) => conversations.push(told),
            // What was pushed is nothing without the roster that it changed: the server is asked for what is new since the
            // disk's.
            Op::PutContact(..) | Op::RemoveContact(..) if !has_roster => {}
            // Each session says it, whether or not it was chosen.
            Op::PutPresence(presence) if presence == OwnPresence::default() => {}
            // Memory began with nothing: what lies between the disk's cursor and its own, neither knows.
            Op::PutCursor(_) if held.cursor.is_some() => {}
            Op::PutGaps(told) => batch.push(Op::PutGaps(join_gaps(held, told))),
            Op::PutRoster(_)
            | Op::PutContact(..)
            | Op::RemoveContact(..)
            | Op::RemoveMessage(..)
            | Op::PutCaps(..)
            | Op::PutPresence(_)
            | Op::PutCursor(_)
            | Op::Trust(_) => batch.push(op),
        }
    }
    for mut told in conversations {
        let peer = told.peer.clone();
        let met = met.remove(&peer).unwrap_or_default();
        let mut before = held.conversations.iter();
        let before = before.find(|held| held.peer == peer).cloned();
        let guess = guesses.get(&peer).filter(|of| told.read == Some(of.read));
        if let Some(guess) = guess {
            told.read = guess.really;
        }
        let told = met.moved(told);
        let mut joined = match before {
            Some(before) => join(met.held(before), told, &met),
            None => told,
        };
        if let (None, Some(guess)) = (joined.read, guess) {
            joined.read = match held.cursor {
                // What came before the disk's last session was not missed.
                Some(_) => met.seen(),
                None => Some(guess.read),
            };
        }
        // Counted after this is written; by the next engine, if this one dies before that.
        let latest = joined.latest.as_ref().map(|latest| latest.position);
        joined.unread = joined.unread.max(u32::from(joined.read < latest));
        batch.push(Op::PutConversation(joined));
    }
    Ok(batch)
}

/// What is to be written to a disk whose conversations we know, but which could not be asked for the messages that it has;
/// and with whom it has some of them under another identity.
///
/// # Errors
/// What the disk says; nothing was written.
pub async fn recognise(
    told: Batch,
    disk: &dyn Store,
) -> Result<(Batch, HashSet<Address>), StoreError> {
    let mut known = known(&told, disk).await?;
    let mut batch = Batch::default();
    let mut doubled = HashSet::new();
    for op in told.ops {
        batch.push(match op {
            Op::PutMessage(message) => {
                let id = message.id;
                let message = unite(&mut known, message).0;
                if message.id != id {
                    doubled.insert(message.conversation.clone());
                }
                Op::PutMessage(message)
            }
            op => op,
        });
    }
    Ok((batch, doubled))
}

/// A message that memory was told, as the disk is to have it; and where the disk had it, if it did.
fn unite(
    known: &mut HashMap<Address, Vec<Message>>,
    message: Message,
) -> (Message, Option<Position>) {
    let known = known.get_mut(&message.conversation);
    let known = known.and_then(|known| {
        let is_it = known.iter().position(|known| known.id == message.id);
        let at = is_it.or_else(|| known.iter().position(|known| merge::same(known, &message)));
        at.and_then(|at| known.get_mut(at))
    });
    match known {
        // Asked for once more by a page: what memory knows of it is newer.
        Some(known) if known.id == message.id => (message, Some(known.position)),
        Some(known) => {
            let before = known.position;
            merge::learn(known, &message);
            // A page of the archive has told of it meanwhile.
            if is_live(before) && !is_live(message.position) {
                known.position = message.position;
            }
            (known.clone(), Some(before))
        }
        None => (message, None),
    }
}

/// The conversations that were written, with their unread messages counted anew: neither could count them all.
///
/// # Errors
/// What the disk says.
pub async fn recount(written: &Batch, disk: &dyn Store, limit: u32) -> Result<Batch, StoreError> {
    let mut batch = Batch::default();
    for op in &written.ops {
        if let Op::PutConversation(joined) = op {
            let count = disk.count_unread(joined.peer.clone(), joined.read, limit);
            let unread = count.await?;
            batch.push(Op::PutConversation(Conversation {
                unread,
                ..joined.clone()
            }));
        }
    }
    Ok(batch)
}

/// What the disk has under any name of what memory was told.
async fn known(
    told: &Batch,
    disk: &dyn Store,
) -> Result<HashMap<Address, Vec<Message>>, StoreError> {
    let mut names: HashMap<Address, Vec<_>> = HashMap::new();
    for message in messages(told) {
        let names = names.entry(message.conversation.clone()).or_default();
        names.extend(message.names());
    }
    let mut known = HashMap::new();
    for (conversation, names) in names {
        let found = disk.find(conversation.clone(), names).await?;
        known.insert(conversation, found);
    }
    Ok(known)
}

fn messages(told: &Batch) -> impl Iterator<Item = &Message> {
    told.ops.iter().filter_map(|op| match op {
        Op::PutMessage(message) => Some(message),
        _ => None,
    })
}

/// One conversation, as both knew it.
fn join(held: Conversation, told: Conversation, met: &Met) -> Conversation {
    let has_read = met.oldest.is_some_and(|oldest| told.read >= Some(oldest));
    let at = |conversation: &Conversation| {
        let latest = conversation.latest.as_ref();
        latest.map(|latest| latest.position)
    };
    let is_newer = at(&told) >= at(&held);
    Conversation {
        open: told.open || held.open,
        draft: if told.draft.is_empty() {
            held.draft
        } else {
            told.draft
        },
        // Where memory begins, everything before counts as read there: but it did not know what was before.
        read: if has_read {
            told.read.max(held.read)
        } else {
            held.read.or(told.read)
        },
        latest: if is_newer { told.latest } else { held.latest },
        history: match told.history {
            History::Unknown => held.history,
            // Without a gap between them the archive goes on where the disk ends; else where memory ends, and what the disk
            // has is found there once more.
            History::Before(_) if met.overlaps => held.history,
            history => history,
        },
        displayed: Displayed {
            flagged: newer(told.displayed.flagged, held.displayed.flagged.as_ref()),
            owed: told.displayed.owed || held.displayed.owed,
        },
        ..told
    }
}

/// The gaps of both. Memory began with nothing: those of the whole archive that it knows lie between the disk's cursor and
/// its own, and are met again from the disk's on.
fn join_gaps(held: &Snapshot, told: Gaps) -> Gaps {
    let mut joined = held.gaps.clone();
    if held.cursor.is_none() {
        joined.all = told.all;
    }
    let own = told.own.into_iter().filter(|own| own.within.is_none());
    for own in own {
        if joined.own.iter().all(|known| known.gap.id != own.gap.id) {
            joined.own.push(own);
        }
    }
    joined
}

/// What was flagged last.
fn newer(told: Option<Flagged>, held: Option<&Flagged>) -> Option<Flagged> {
    let at = |flagged: Option<&Flagged>| flagged.map(|flagged| flagged.position);
    if at(told.as_ref()) >= at(held) {
        told
    } else {
        held.cloned()
    }
}
