//! Catch-up: pages of the whole archive, merged with what is stored.
//!
//! **Invariant:** the messages of a page and its cursor are one batch; the core hears of it when that is committed, and only
//! then asks on.
//!
//! **Invariant:** no hole. Let *reached* be the cursor. Of every conversation, all that the archive holds between what its
//! [`History`] says (`Before` that id; the beginning, if `Complete`) and *reached* is stored:
//! - a page of catch-up holds all there is between the old cursor and the new one, of every conversation;
//! - a page of history begins at the newest message, which is not older than *reached*, or where the last one ended;
//! - a conversation that is heard of for the first time in a page of catch-up begins there: `Before` its first message;
//! - earlier pages, on a device that knew nothing, each end where the one told before begins;
//! - one that was `Unknown` and has messages from elsewhere stays so, and its newest page is asked for when it is opened.
//!
//! What came live lies beyond *reached*, with holes before it perhaps, until catch-up has passed it: the next session
//! begins at the cursor again, however long we were away.
//!
//! [`History`]: crate::entity::conversation::History

use std::collections::HashMap;

use futures::future::join_all;

use crate::entity::address::Address;
use crate::entity::archive::Cursor;
use crate::entity::message::{Direction, Message};
use crate::entity::time::Timestamp;
use crate::event::{ArchiveEvent, Event, Since};
use crate::store::{Batch, Op};

use super::Account;
use super::fold::{NEWS, is_incoming};
use super::turn::{Later, Work};

impl Account {
    /// Merges a page of the whole archive with what is stored.
    pub(super) async fn on_missed(
        &mut self,
        now: Timestamp,
        messages: Vec<Message>,
        cursor: Option<Cursor>,
        since: Since,
        batch: &mut Batch,
        work: &mut Work,
    ) {
        let pages = by_conversation(messages);
        let looks = pages.iter().map(|(peer, page)| self.stored(peer, page));
        // One look per conversation, and all of them at once.
        let stored = join_all(looks).await;
        for ((peer, page), stored) in pages.into_iter().zip(stored) {
            let stored = self.readable(stored).unwrap_or_default();
            let floor = self.caught_up.get(&peer).copied();
            let floor = floor.filter(|_| since != Since::Earlier);
            let (fresh, floor) = self.merge(page, &stored, floor, batch);
            if let (Some(floor), true) = (floor, since != Since::Earlier) {
                self.caught_up.insert(peer.clone(), floor);
            }
            if self.displayed.is_missing(&peer) {
                work.later.push_back(Later::Seek(peer.clone()));
            }
            if fresh
                .iter()
                .any(|message| message.direction == Direction::Outgoing)
            {
                // Another device sent it: what came after it is all that may be unread.
                self.recount.insert(peer.clone());
            }
            let page = ArchiveEvent::Missed {
                messages: fresh.clone(),
                cursor: None,
                since,
            };
            match since {
                Since::Never | Since::Earlier => self.show_page(&peer, page),
                Since::Cursor => self.model.borrow_mut().apply(&Event::Archive(page)),
            }
            if since == Since::Cursor {
                let read = self.read_of(&peer);
                let news = fresh.into_iter().filter(|message| {
                    is_incoming(message)
                        // Where our clock is behind, everything lies before us: that makes it no news.
                        && now.0.abs_diff(message.time.0) < NEWS.unsigned_abs()
                        && read.is_none_or(|read| message.position > read)
                });
                work.news.extend(news);
            }
        }
        let kept = cursor.clone().filter(|_| self.keeps_cursor());
        batch.ops.extend(kept.map(Op::PutCursor));
        work.later.push_back(Later::CaughtUp(cursor));
    }
}

/// The messages of each conversation, in their order.
fn by_conversation(messages: Vec<Message>) -> Vec<(Address, Vec<Message>)> {
    let mut index: HashMap<Address, usize> = HashMap::new();
    let mut pages: Vec<(Address, Vec<Message>)> = Vec::new();
    for message in messages {
        let at = *index
            .entry(message.conversation.clone())
            .or_insert(pages.len());
        match pages.get_mut(at) {
            Some((_, page)) => page.push(message),
            None => pages.push((message.conversation.clone(), vec![message])),
        }
    }
    pages
}
