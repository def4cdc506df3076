//! The device's own database could not be read: what stands in its place until it can.
//!
//! **Invariant:** nothing is written to a disk of which nothing is known. Who logs in meanwhile is kept in memory, as with a
//! store that cannot be opened; when the disk is read after all, they go on with what it has of them.
//! **Invariant:** who logs out meanwhile is told, as long as it is so, that the disk may still have something of them; it
//! goes as soon as the disk can be read. An engine that ends before leaves it to the next one, which a page tells of it.

use std::rc::Rc;

use futures::FutureExt;

use crate::boundary::change::{Change, Reply};
use crate::boundary::command::AccountCommand;
use crate::entity::address::Address;
use crate::entity::id::AccountId;
use crate::entity::problem::Problem;
use crate::entity::settings::Settings;
use crate::store::{AccountRecord, Depot, Device, Standing, Store, StoreError, Stored};

use super::account::ToAccount;
use super::client::{Client, Failed};
use super::disk::{Retry, erase};
use super::hub::Asker;

/// A depot that was not read.
pub(super) struct Shut(pub(super) Rc<dyn Depot>);

fn unread<T: 'static>() -> Stored<'static, T> {
    std::future::ready(Err(StoreError::Unread)).boxed_local()
}

impl Depot for Shut {
    fn load(&self) -> Stored<'_, Device> {
        self.0.load()
    }

    fn put_account(&self, _: AccountRecord) -> Stored<'_, ()> {
        unread()
    }

    fn remove_account(&self, _: AccountId) -> Stored<'_, ()> {
        unread()
    }

    fn put_settings(&self, _: Settings) -> Stored<'_, ()> {
        unread()
    }

    fn open(&self, _: AccountId) -> Stored<'_, Rc<dyn Store>> {
        unread()
    }

    fn erase(&self, _: AccountId) -> Stored<'_, ()> {
        unread()
    }
}

/// Somebody who has logged out while the device could not be read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Left {
    pub(super) address: Address,
    pub(super) erase: bool,
}

impl Left {
    /// What is left of their record.
    fn strip(&self, record: &mut AccountRecord) {
        record.credentials = None;
        record.mechanism = None;
        record.standing = match (self.erase, record.standing) {
            (false, Standing::Here | Standing::LoggedOut) => Standing::LoggedOut,
            _ => Standing::Erased,
        };
    }
}

impl Client {
    /// Somebody has logged out whom the disk may know. It is told, and done as soon as the disk can be read.
    pub(super) fn leave_behind(&mut self, left: Left) {
        let before = self.device();
        self.left.push(left);
        self.tell_device(before);
        // It is tried at once; if it was read in between, once more.
        let disk = match self.retry.take() {
            Some((Failed::Load(disk), _)) => disk,
            _ => self.around.ports.depot.clone(),
        };
        let now = self.around.ports.clock.now();
        self.retry = Some((Failed::Load(disk), Retry::at_once(now)));
    }

    /// An engine before us has not come to it, and the disk may have logged them in again. No outcome, where the account answers.
    pub(super) async fn go_on_leaving(
        &mut self,
        asker: Asker,
        left: Left,
    ) -> Option<Result<Reply, Problem>> {
        if self.is_shut() {
            if !self.left.contains(&left) {
                self.leave_behind(left);
            }
            return Some(Err(Problem::LeftBehind));
        }
        let mut accounts = self.accounts.values();
        let here = accounts.find(|account| account.address.as_ref() == Some(&left.address));
        if let Some(account) = here {
            if !account.visible.get() {
                // Somebody logs in there just now, and the page knows soon whether that takes its wish back.
                return Some(Err(Problem::LeftBehind));
            }
            let log_out = AccountCommand::LogOut { erase: left.erase };
            account.send(ToAccount::Do(asker, log_out));
            return None;
        }
        let is_theirs = |record: &AccountRecord| left.erase && record.address == left.address;
        let Some(at) = self.kept.iter().position(is_theirs) else {
            return Some(Ok(Reply::Done));
        };
        let kept = self.kept.remove(at);
        let mut record = kept.clone();
        left.strip(&mut record);
        let depot = self.around.ports.depot.clone();
        let removed = match depot.put_account(record.clone()).await {
            Ok(()) => erase(&*depot, record.id).await,
            Err(error) => Err(error),
        };
        if removed.is_err() {
            // Whoever asks again is not to hear that nothing is left.
            self.kept.push(kept);
        }
        self.around.hub.broadcast(vec![self.remembered()]);
        Some(match removed {
            Ok(()) => Ok(Reply::Done),
            Err(_) => Err(Problem::NotRemoved),
        })
    }

    /// The disk can be read after all.
    pub(super) async fn read_device(&mut self, disk: Rc<dyn Depot>) -> Result<(), StoreError> {
        let mut device = disk.load().await?;
        for left in &self.left {
            let theirs = device.accounts.iter_mut();
            for record in theirs.filter(|record| record.address == left.address) {
                left.strip(record);
                disk.put_account(record.clone()).await?;
            }
        }
        if !self.chosen.is_empty() {
            for setting in &self.chosen {
                device.settings.set(setting.clone());
            }
            disk.put_settings(device.settings.clone()).await?;
        }
        tracing::info!("the disk works after all");
        self.left.clear();
        self.around.ports.depot = disk.clone();
        for account in self.accounts.values() {
            let known = device.accounts.iter().position(|record| {
                account.address.as_ref() == Some(&record.address)
                    && record.standing != Standing::Erased
            });
            let known = known.map(|at| device.accounts.remove(at));
            account.send(ToAccount::Device(disk.clone(), known));
        }
        self.start_on(device).await;
        let settings = Change::Settings(self.around.hub.settings());
        self.around.hub.broadcast(vec![settings]);
        // Whoever is here already begins anew.
        self.around.hub.broadcast(self.snapshot());
        Ok(())
    }
}
