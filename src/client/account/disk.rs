//! The account's disk: what is written, and what is done when it fails.
//!
//! **Invariant:** nothing that was shown is lost while we live; it is written as soon as the disk takes it, and until
//! then people are told.

use std::rc::Rc;

use crate::client::disk::{Retry, problem};
use crate::client::fallback::Fallback;
use crate::client::reunion::{recount, reunite};
use crate::entity::time::Instant;
use crate::store::{Batch, Snapshot, Store, StoreError};

use super::history::COUNTED;
use super::past::Past;
use super::{Account, FromAccount};

/// A disk that failed, and what keeps its place.
pub(super) struct Failed {
    fallback: Rc<Fallback>,
    retry: Retry,
    /// The account's record is to be written, too.
    record: bool,
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
        // One transaction can fail alone.
        let Err(_) = self.store.commit(batch.clone()).await else {
            return;
        };
        let disk = self.store.clone();
        self.disk_fails(&error, Some(disk));
        let kept = self.store.commit(batch).await;
        debug_assert!(kept.is_ok(), "memory does not fail");
    }

    /// Memory takes over from the disk, or from one that could not be opened.
    pub(super) fn disk_fails(&mut self, error: &StoreError, disk: Option<Rc<dyn Store>>) {
        tracing::warn!(%error, "the disk fails");
        if self.failed.is_none() {
            let fallback = Rc::new(Fallback::new(disk));
            self.store = fallback.clone();
            self.failed = Some(Failed {
                fallback,
                retry: Retry::new(self.now()),
                record: false,
            });
        }
        (self.around.up)(FromAccount::Disk(self.id, Some(problem(error))));
    }

    /// The server knows us: from now on there is something to keep.
    pub(super) async fn open_store(&mut self) {
        if !self.fresh || self.opened || self.anonymous {
            return;
        }
        self.opened = true;
        match self.around.ports.depot.open(self.id).await {
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

    /// When the disk is tried again.
    pub(super) fn disk_timeout(&self) -> Option<Instant> {
        self.failed.as_ref().map(|failed| failed.retry.at())
    }

    /// Tries the disk again, if it is time: what memory holds is written in one piece. What the disk holds is learnt then, if
    /// it was never read.
    pub(super) async fn retry_disk(&mut self, now: Instant) {
        let Some(mut failed) = self.failed.take_if(|failed| failed.retry.is_due(now)) else {
            return;
        };
        match self.restore(&failed).await {
            Ok((disk, held)) => {
                tracing::info!("the disk works again");
                self.store = disk;
                (self.around.up)(FromAccount::Disk(self.id, None));
                if let Some(held) = held {
                    self.remember(held).await;
                }
            }
            Err(error) => {
                failed.retry.again(now);
                self.failed = Some(failed);
                (self.around.up)(FromAccount::Disk(self.id, Some(problem(&error))));
            }
        }
    }

    /// There is no later: what memory alone holds is written now, or never.
    pub(super) async fn last_chance(&mut self) {
        if let Some(at) = self.disk_timeout() {
            self.retry_disk(at).await;
        }
    }

    /// Writes what memory was told. What the disk holds now comes with it, if it was never read.
    async fn restore(
        &self,
        failed: &Failed,
    ) -> Result<(Rc<dyn Store>, Option<Snapshot>), StoreError> {
        let depot = &self.around.ports.depot;
        let disk = match failed.fallback.disk() {
            Some(disk) => disk,
            None => depot.open(self.id).await?,
        };
        let held = if self.past == Past::Unread {
            let held = disk.load().await?;
            let told = reunite(failed.fallback.pending(), &*disk, &held).await?;
            disk.commit(told.clone()).await?;
            let counted = recount(&told, &*disk, &held, COUNTED).await?;
            disk.commit(counted).await?;
            Some(disk.load().await?)
        } else {
            disk.commit(failed.fallback.pending()).await?;
            None
        };
        if failed.record {
            depot.put_account(self.record.clone()).await?;
        }
        Ok((disk, held))
    }
}
