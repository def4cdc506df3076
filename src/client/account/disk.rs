//! The account's disk: what is written, and what is done when it fails.
//!
//! **Invariant:** nothing that was shown is lost while we live; it is written as soon as the disk takes it, and until
//! then people are told. What somebody has removed is not written again: it is remembered, and what the server has is asked
//! for once more.

use std::cell::Cell;
use std::collections::HashSet;
use std::rc::Rc;

use futures::FutureExt;

use crate::client::disk::{Retry, problem};
use crate::client::fallback::Fallback;
use crate::client::merge::Seen;
use crate::client::reunion::{recognise, recount, reunite};
use crate::client::room::{self, Room};
use crate::entity::address::Address;
use crate::entity::message::Message;
use crate::entity::time::Instant;
use crate::store::{AccountRecord, Batch, Depot, Name, Op, PageQuery, Snapshot, Store, StoreError};

use super::history::COUNTED;
use super::past::Past;
use super::{Account, FromAccount, Phase, ToAccount};

/// A disk that failed, and what keeps its place.
pub(super) struct Failed {
    fallback: Rc<Fallback>,
    retry: Retry,
    /// It is being opened.
    opening: Option<Opening>,
    /// The account's record is to be written, too.
    record: bool,
    /// There is nothing to try again: somebody has removed what was stored.
    is_removed: bool,
    /// With whom it could not be counted what is unread.
    uncounted: HashSet<Address>,
    /// With whom nobody knows which message is the latest.
    unsettled: HashSet<Address>,
}

/// What becomes of opening a disk.
type Opening = Rc<Cell<Option<Result<Rc<dyn Store>, StoreError>>>>;

impl Failed {
    fn is_due(&self, now: Instant) -> bool {
        if self.is_removed {
            return false;
        }
        match &self.opening {
            None => self.retry.is_due(now),
            Some(opening) => {
                let outcome = opening.take();
                let is_known = outcome.is_some();
                opening.set(outcome);
                is_known
            }
        }
    }
}

impl Account {
    /// Writes a batch. When the disk fails, memory takes over.
    pub(super) async fn commit(&mut self, batch: Batch) {
        if batch.is_empty() {
            return;
        }
        let Err(error) = self.store.commit(batch.clone()).await else {
            return;
        };
        if error == StoreError::Full {
            let disk = self.store.clone();
            self.make_room(&*disk).await;
        }
        // One transaction can fail alone.
        let Err(error) = self.store.commit(batch.clone()).await else {
            return;
        };
        let disk = self.store.clone();
        self.disk_fails(&error, Some(disk));
        let kept = self.store.commit(batch).await;
        debug_assert!(kept.is_ok(), "memory does not fail");
    }

    /// Old messages that the server has, too, make room for what it does not have yet.
    async fn make_room(&mut self, disk: &dyn Store) {
        if self.past == Past::Unread {
            return;
        }
        let conversations = self.model.borrow().unwatched();
        let mut made = Room::default();
        if let Err(error) = room::make(disk, &conversations, &mut made).await {
            tracing::debug!(%error, "there is no room to be made");
        }
        if made.removed.is_empty() {
            return;
        }
        tracing::info!(messages = made.removed.len(), "the disk is full: made room");
        for message in &made.removed {
            self.seen.forget(message);
        }
        let unsaved = {
            let conversations = &mut self.model.borrow_mut().conversations;
            for (peer, end) in &made.ends {
                conversations.set_history(peer, end);
            }
            conversations.take_unsaved()
        };
        let ops = unsaved.into_iter().map(Op::PutConversation);
        let batch = Batch {
            ops: ops.chain([Op::Trust(true)]).collect(),
        };
        if let Err(error) = self.store.commit(batch.clone()).await {
            let disk = self.store.clone();
            self.disk_fails(&error, Some(disk));
            let kept = self.store.commit(batch).await;
            debug_assert!(kept.is_ok(), "memory does not fail");
        }
    }

    /// What is stored under these names.
    pub(super) async fn find(
        &self,
        conversation: Address,
        names: Vec<Name>,
    ) -> Result<Vec<Message>, StoreError> {
        match self.store.find(conversation.clone(), names.clone()).await {
            Ok(found) => Ok(found),
            // One transaction can fail alone.
            Err(_) => self.store.find(conversation, names).await,
        }
    }

    /// What was read. What cannot be read is not absent: memory takes over, and the disk is told nothing before it shows
    /// what it has.
    pub(super) fn readable<T>(&mut self, read: Result<T, StoreError>) -> Option<T> {
        match read {
            Ok(read) => Some(read),
            Err(error) => {
                let disk = self.store.clone();
                self.disk_fails(&error, Some(disk));
                None
            }
        }
    }

    /// What is unread with somebody is counted when the disk works again.
    pub(super) fn count_later(&mut self, peer: Address) {
        if let Some(failed) = &mut self.failed {
            failed.uncounted.insert(peer);
        }
    }

    /// Whether everything can be read that this asks for, also what only the disk has.
    pub(super) async fn reads(&mut self, query: &PageQuery) -> bool {
        let Some(failed) = &self.failed else {
            let read = self.store.page(query.clone()).await;
            return self.readable(read).is_some();
        };
        match failed.fallback.disk() {
            Some(disk) => disk.page(query.clone()).await.is_ok(),
            // What somebody has removed is nowhere else.
            None => failed.is_removed,
        }
    }

    /// Which message with somebody is the latest is found out when the disk works again.
    pub(super) fn refresh_later(&mut self, peer: &Address) {
        if let Some(failed) = &mut self.failed {
            failed.unsettled.insert(peer.clone());
        }
    }

    /// Memory takes over from the disk, or from one that could not be opened.
    pub(super) fn disk_fails(&mut self, error: &StoreError, disk: Option<Rc<dyn Store>>) {
        tracing::warn!(%error, "the disk fails");
        let is_removed = *error == StoreError::Removed;
        if self.failed.is_none() {
            let fallback = Rc::new(Fallback::new(disk.filter(|_| !is_removed)));
            self.store = fallback.clone();
            self.failed = Some(Failed {
                fallback,
                retry: Retry::new(self.now()),
                opening: None,
                record: false,
                is_removed,
                uncounted: HashSet::new(),
                unsettled: HashSet::new(),
            });
            if is_removed {
                self.forget();
            }
        }
        (self.around.up)(FromAccount::Disk(self.id, Some(problem(error))));
    }

    /// Nothing is stored any more but what the windows show, and what the server does not have: the archive is asked for the
    /// rest.
    fn forget(&mut self) {
        self.seen = Seen::default();
        let mut left = self.model.borrow_mut().forget();
        let ours = self.outbox.values();
        left.extend(ours.filter(|own| own.delivery.is_ours_alone()).cloned());
        for message in &left {
            self.seen.note(message);
        }
        let ops = left.into_iter().map(Op::PutMessage).collect();
        let kept = self.store.commit(Batch { ops }).now_or_never();
        debug_assert!(matches!(kept, Some(Ok(()))), "memory does not fail or wait");
    }

    /// The device is known after all: we go on with what it has of us, which is learnt as soon as it is open.
    pub(super) fn on_device(
        &mut self,
        now: Instant,
        depot: Rc<dyn Depot>,
        known: Option<AccountRecord>,
    ) {
        self.around.ports.depot = depot;
        if let Some(known) = known {
            // What we are called here stays: pages know us by that.
            self.record.id = known.id;
        }
        if let Some(failed) = &mut self.failed {
            // Whoever is still on the way in has nothing to write.
            failed.record |= !self.anonymous && !matches!(self.phase, Phase::LoggingIn(_));
            failed.retry = Retry::new(now);
            failed.retry.hurry(now);
        }
    }

    /// The server knows us: from now on there is something to keep.
    pub(super) async fn open_store(&mut self) {
        if !self.fresh || self.opened || self.anonymous {
            return;
        }
        self.opened = true;
        match self.around.ports.depot.open(self.record.id).await {
            Ok(store) => self.store = store,
            Err(error) => self.disk_fails(&error, None),
        }
    }

    /// Writes the account's record.
    pub(super) async fn put_record(&mut self) {
        let record = self.record.clone();
        if let Err(error) = self.around.ports.depot.put_account(record).await {
            let disk = self.store.clone();
            self.disk_fails(&error, Some(disk));
            if let Some(failed) = &mut self.failed {
                failed.record = true;
            }
        }
    }

    /// When the disk is tried again, unless that is under way.
    pub(super) fn disk_timeout(&self) -> Option<Instant> {
        let failed = self.failed.as_ref().filter(|failed| !failed.is_removed)?;
        failed.opening.is_none().then(|| failed.retry.at())
    }

    /// Tries the disk again, if it is time: what memory holds is written in one piece. What the disk holds is learnt then, if
    /// it was never read. Nobody waits for one that takes its time to open.
    pub(super) async fn retry_disk(&mut self, now: Instant) {
        let Some(mut failed) = self.failed.take_if(|failed| failed.is_due(now)) else {
            return;
        };
        let opened = match (failed.fallback.disk(), failed.opening.take()) {
            (Some(disk), _) => Some(Ok(disk)),
            (None, Some(opening)) => opening.take(),
            (None, None) => None,
        };
        match opened {
            Some(opened) => self.reopened(now, failed, opened).await,
            None => {
                failed.opening = Some(self.open_disk());
                self.failed = Some(failed);
            }
        }
    }

    /// There is no later: what memory alone holds is written now, or never.
    pub(super) async fn last_chance(&mut self) {
        if let Some(failed) = self.failed.take_if(|failed| !failed.is_removed) {
            let opened = match failed.fallback.disk() {
                Some(disk) => Ok(disk),
                None => self.around.ports.depot.open(self.record.id).await,
            };
            self.reopened(self.now(), failed, opened).await;
        }
    }

    /// Opens the disk beside all else; whether it could is told by [`ToAccount::Disk`].
    fn open_disk(&self) -> Opening {
        let opening = Opening::default();
        let (depot, id) = (self.around.ports.depot.clone(), self.record.id);
        let (outcome, inbox) = (Rc::downgrade(&opening), self.to_us.clone());
        self.around.ports.spawn.spawn(Box::pin(async move {
            // Opening makes it anew: what was erased meanwhile stays erased.
            if outcome.strong_count() == 0 {
                return;
            }
            let opened = depot.open(id).await;
            if let Some(outcome) = outcome.upgrade() {
                outcome.set(Some(opened));
            }
            // An account that is over hears nothing more.
            let _ = inbox.unbounded_send(ToAccount::Disk);
        }));
        opening
    }

    async fn reopened(
        &mut self,
        now: Instant,
        mut failed: Failed,
        opened: Result<Rc<dyn Store>, StoreError>,
    ) {
        let mut restored = self.restore(&failed, &opened).await;
        if let (Ok(disk), Err(StoreError::Full)) = (&opened, &restored) {
            self.make_room(&**disk).await;
            restored = self.restore(&failed, &opened).await;
        }
        match restored {
            Ok((disk, restored)) => {
                tracing::info!("the disk works again");
                self.store = disk;
                (self.around.up)(FromAccount::Disk(self.id, None));
                self.recount.extend(failed.uncounted);
                let unread = self.model.borrow().conversations.unread_peers();
                self.recount.extend(unread);
                match restored {
                    Restored::Read(held) => self.remember(*held).await,
                    Restored::Known(doubled) if doubled.is_empty() => {}
                    Restored::Known(doubled) => {
                        self.recount.extend(doubled);
                        self.reread_windows().await;
                    }
                }
                for peer in failed.unsettled {
                    self.refresh_latest(&peer).await;
                }
                self.save_conversations().await;
                self.seek_all().await;
            }
            Err(error) => {
                failed.is_removed = error == StoreError::Removed;
                failed.retry.again(now);
                self.failed = Some(failed);
                (self.around.up)(FromAccount::Disk(self.id, Some(problem(&error))));
            }
        }
    }

    /// Writes what memory was told.
    async fn restore(
        &self,
        failed: &Failed,
        opened: &Result<Rc<dyn Store>, StoreError>,
    ) -> Result<(Rc<dyn Store>, Restored), StoreError> {
        let store = opened.clone()?;
        let disk = &*store;
        let told = failed.fallback.pending();
        let restored = if self.past == Past::Unread {
            let held = room::load(disk).await?;
            let told = reunite(told, &self.blind.guesses, disk, &held).await?;
            disk.commit(told.clone()).await?;
            let counted = recount(&told, disk, COUNTED).await?;
            disk.commit(counted).await?;
            Restored::Read(Box::new(disk.load().await?))
        } else {
            let (told, doubled) = recognise(told, disk).await?;
            disk.commit(told).await?;
            Restored::Known(doubled)
        };
        if failed.record {
            let record = self.record.clone();
            self.around.ports.depot.put_account(record).await?;
        }
        Ok((store, restored))
    }
}

/// What comes of a disk that works again.
enum Restored {
    /// It was never read before: what it holds now.
    Read(Box<Snapshot>),
    /// It was; with whom there are messages that could not be known again while it failed.
    Known(HashSet<Address>),
}
