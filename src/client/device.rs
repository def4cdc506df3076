//! This device: the settings, and what people are told when the disk fails.
//!
//! **Invariant:** what the disk does not take is told until it does, and is written then.

use std::mem::discriminant;

use crate::boundary::change::{Change, Reply};
use crate::entity::id::AccountId;
use crate::entity::problem::Problem;
use crate::entity::settings::Setting;
use crate::entity::time::Instant;
use crate::store::StoreError;

use super::client::{Client, Failed};
use super::disk::{Retry, problem};

impl Client {
    /// Changes a setting, whether or not it can be kept.
    pub(super) async fn set(&mut self, setting: Setting) -> Result<Reply, Problem> {
        let mut settings = self.around.hub.settings();
        settings.set(setting.clone());
        let is_other = |other: &Setting| discriminant(other) != discriminant(&setting);
        self.chosen.retain(is_other);
        self.chosen.push(setting);
        self.around.language.clone_from(&settings.language);
        self.around.hub.set_settings(settings.clone());
        self.around
            .hub
            .broadcast(vec![Change::Settings(settings.clone())]);
        let kept = self.around.ports.depot.put_settings(settings).await;
        match kept {
            Ok(()) => {
                if matches!(self.retry, Some((Failed::Settings, _))) {
                    self.retry = None;
                    self.set_device(None, None);
                }
                Ok(Reply::Done)
            }
            Err(error) => {
                tracing::warn!(%error, "the settings cannot be kept");
                let now = self.around.ports.clock.now();
                self.retry
                    .get_or_insert_with(|| (Failed::Settings, Retry::new(now)));
                self.set_device(None, Some(problem(&error)));
                Err(problem(&error))
            }
        }
    }

    /// Tries again what the disk did not take, if it is time.
    pub(super) async fn retry_disk(&mut self, now: Instant) {
        let is_due = |(_, retry): &mut (Failed, Retry)| retry.is_due(now);
        let Some((failed, mut retry)) = self.retry.take_if(is_due) else {
            return;
        };
        let before = self.device();
        match self.try_again(&failed).await {
            Ok(()) => {
                self.device.remove(&None);
            }
            Err(error) => {
                retry.again(now);
                self.retry = Some((failed, retry));
                self.device.insert(None, problem(&error));
            }
        }
        self.tell_device(before);
    }

    async fn try_again(&mut self, failed: &Failed) -> Result<(), StoreError> {
        match failed {
            Failed::Settings => {
                let settings = self.around.hub.settings();
                self.around.ports.depot.put_settings(settings).await
            }
            Failed::Load(disk) => self.read_device(disk.clone()).await,
        }
    }

    /// What is wrong with this device: first of all, what of somebody who has logged out may still be there.
    pub(super) fn device(&self) -> Option<Problem> {
        let left = self.left.first().map(|_| Problem::LeftBehind);
        left.or_else(|| self.device.values().next().cloned())
    }

    /// An account's writes, or our own, fail for that reason, or work (`None`).
    pub(super) fn set_device(&mut self, whose: Option<AccountId>, problem: Option<Problem>) {
        let before = self.device();
        match problem {
            Some(problem) => self.device.insert(whose, problem),
            None => self.device.remove(&whose),
        };
        self.tell_device(before);
    }

    /// Tells the pages what is wrong with this device, if that was something else before.
    pub(super) fn tell_device(&self, before: Option<Problem>) {
        let device = self.device();
        if device != before {
            self.around.hub.broadcast(vec![Change::Device(device)]);
        }
    }
}
