//! Room on a disk that is full: old messages that the server's archive has, too, are removed first.
//!
//! **Invariant:** no hole that nobody knows of. A full disk takes nothing but removals: so before messages go, what
//! conversations say of their history is doubted, and where it ends is written down as soon as there is room; by the next
//! engine, if need be, which finds the oldest message that the archive has, too.
//!
//! **Invariant:** what exists nowhere else, what nobody has read, and the newest of each conversation stay.

use crate::entity::address::Address;
use crate::entity::conversation::{Conversation, History};
use crate::entity::message::{Delivery, Message, Position};
use crate::entity::time::Timestamp;
use crate::store::{Batch, From, Op, PageQuery, Snapshot, Store, StoreError};

/// So many messages of each conversation stay.
const KEPT: u32 = 200;
/// So many are looked at in one go.
const STRIDE: u32 = 500;

/// What a store holds, read once; conversations whose history is in doubt learn where it ends.
///
/// # Errors
/// What the store says.
pub async fn load(store: &dyn Store) -> Result<Snapshot, StoreError> {
    let mut held = store.load().await?;
    if held.skipped > 0 {
        tracing::warn!(records = held.skipped, "what cannot be read is left out");
    }
    if !held.doubted {
        return Ok(held);
    }
    held.doubted = false;
    let mut batch = Batch::default();
    for known in &mut held.conversations {
        if goes_on(&known.history) {
            let history = end_of(store, &known.peer).await?;
            if known.history != history {
                known.history = history;
                batch.push(Op::PutConversation(known.clone()));
            }
        }
    }
    batch.push(Op::Trust(true));
    if let Err(error) = store.commit(batch).await {
        // It is found out again the next time.
        tracing::debug!(%error, "where histories end cannot be written down");
    }
    Ok(held)
}

/// What was removed, and where the history of these conversations ends now.
#[derive(Debug, Default)]
pub struct Room {
    /// The messages.
    pub removed: Vec<Message>,
    /// The ends: to be written down together with [`Op::Trust`].
    pub ends: Vec<(Address, History)>,
}

/// Makes room: removes old messages of these conversations.
///
/// # Errors
/// What the store says; what was removed until then is in doubt, and found out when it is read the next time.
pub async fn make(
    store: &dyn Store,
    of: &[Conversation],
    room: &mut Room,
) -> Result<(), StoreError> {
    let can_be_had = |known: &&Conversation| known.history != History::Unsupported;
    for known in of.iter().filter(can_be_had) {
        let peer = &known.peer;
        let newest = page(store, peer, From::Newest, KEPT).await?;
        let Some(end) = newest.iter().find(|message| is_archived(message)) else {
            continue;
        };
        // Nothing goes that was not read.
        if !is_full(&newest, KEPT) || known.read < Some(end.position) {
            continue;
        }
        let before = room.removed.len();
        let mut edge = end.position;
        loop {
            let old = page(store, peer, From::Before(edge), STRIDE).await?;
            let Some(oldest) = old.first() else { break };
            edge = oldest.position;
            let is_last = !is_full(&old, STRIDE);
            let gone: Vec<_> = old.into_iter().filter(is_archived).collect();
            if !gone.is_empty() {
                let removals = gone.iter().map(|message| {
                    let conversation = message.conversation.clone();
                    Op::RemoveMessage(conversation, message.id)
                });
                let ops = [Op::Trust(false)].into_iter().chain(removals).collect();
                store.commit(Batch { ops }).await?;
                room.removed.extend(gone);
            }
            if is_last {
                break;
            }
        }
        let is_shorter = room.removed.len() > before && goes_on(&known.history);
        if let (Some(id), true) = (&end.ids.archive, is_shorter) {
            let end = History::Before(id.clone());
            room.ends.push((peer.clone(), end));
        }
    }
    Ok(())
}

/// Whether the archive is asked for what is older than that alone. Where nothing is known of it, it is asked for all.
pub(super) fn goes_on(history: &History) -> bool {
    matches!(history, History::Complete | History::Before(_))
}

/// Whether the server has it, too.
fn is_archived(message: &Message) -> bool {
    message.ids.archive.is_some() && message.delivery != Delivery::Sending
}

/// Where the history of a conversation ends: at the oldest message that the archive has, too.
pub(super) async fn end_of(store: &dyn Store, peer: &Address) -> Result<History, StoreError> {
    let mut edge = Position {
        time: Timestamp(i64::MIN),
        tie: 0,
    };
    loop {
        let oldest = page(store, peer, From::After(edge), STRIDE).await?;
        if let Some(id) = oldest
            .iter()
            .find_map(|message| message.ids.archive.clone())
        {
            return Ok(History::Before(id));
        }
        match oldest.last() {
            Some(last) if is_full(&oldest, STRIDE) => edge = last.position,
            _ => return Ok(History::Unknown),
        }
    }
}

async fn page(
    store: &dyn Store,
    peer: &Address,
    from: From,
    count: u32,
) -> Result<Vec<Message>, StoreError> {
    let query = PageQuery {
        conversation: peer.clone(),
        from,
        count,
    };
    store.page(query).await
}

fn is_full(messages: &[Message], count: u32) -> bool {
    u32::try_from(messages.len()).is_ok_and(|read| read >= count)
}
