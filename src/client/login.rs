//! First log-ins: who is asked, where, and what of an earlier time is still here.

use crate::boundary::command::LogIn;
use crate::entity::address::Address;
use crate::entity::endpoint::Endpoint;
use crate::entity::id::AccountId;
use crate::entity::problem::Problem;
use crate::store::{AccountRecord, Standing, StoreError};

use super::account::{Beginning, Login, ToAccount};
use super::client::Client;
use super::hub::Asker;
use super::ports::PageId;

impl Client {
    /// Logs in with an address that is new here, kept here, or waits for its password.
    pub(super) async fn log_in(&mut self, asker: Asker, login: LogIn) -> Result<(), Problem> {
        let typed = login.address.trim().trim_start_matches('@');
        let address = Address::parse(typed).map_err(|_| Problem::InvalidAddress)?;
        if address.local().is_none() && !login.anonymous {
            return Err(Problem::InvalidAddress);
        }
        let websocket = match &login.websocket {
            Some(text) => Some(Endpoint::parse(text)?.url().to_owned()),
            None => None,
        };
        // Who asks again does not wait for the first attempt.
        self.cancel_log_in(asker.page);
        let known = self
            .accounts
            .values()
            .find(|account| !login.anonymous && account.address.as_ref() == Some(&address));
        if let Some(known) = known {
            if !known.visible.get() {
                return Err(Problem::AlreadyLoggedIn);
            }
            known.send(ToAccount::LogIn(asker, login.password));
            return Ok(());
        }
        let kept = self
            .kept
            .iter()
            .find(|record| !login.anonymous && record.address == address);
        let (record, stored) = match kept.cloned() {
            Some(record) => {
                let stored = self.open(record.id).await;
                let record = AccountRecord {
                    // None is typed: it is looked for anew.
                    websocket,
                    mechanism: record.mechanism.clone().filter(|_| !login.weaker),
                    ..record
                };
                (record, Some(stored))
            }
            // Whether the disk knows them is not known.
            None => (
                AccountRecord {
                    id: self.fresh_id(),
                    address,
                    websocket,
                    credentials: None,
                    mechanism: None,
                    standing: Standing::Here,
                },
                (self.is_shut() && !login.anonymous).then_some(Err(StoreError::Unread)),
            ),
        };
        self.logins.insert(record.id, asker);
        self.begin(Beginning {
            record,
            login: Some(Login {
                asker,
                password: login.password,
                stay: login.stay,
                anonymous: login.anonymous,
            }),
            stored,
        });
        Ok(())
    }

    /// A page still shows these accounts: an engine has died that alone knew their passwords. They are there as they
    /// were, and wait for their people.
    pub(super) async fn bring_back(&mut self, shown: &[AccountId]) {
        let is_shown = |record: &AccountRecord| {
            shown.contains(&record.id) && record.standing == Standing::Here
        };
        let (back, kept): (Vec<_>, Vec<_>) = std::mem::take(&mut self.kept)
            .into_iter()
            .partition(is_shown);
        self.kept = kept;
        if back.is_empty() {
            return;
        }
        for record in back {
            let id = record.id;
            let stored = self.open(id).await;
            self.begin(Beginning {
                record,
                login: None,
                stored: Some(stored),
            });
            if let Some(account) = self.accounts.get(&id) {
                let snapshot = account.model.borrow().snapshot();
                self.around.hub.broadcast(snapshot);
            }
        }
        self.around.hub.broadcast(vec![self.remembered()]);
    }

    fn fresh_id(&self) -> AccountId {
        let [a, b, c, d, e, f, g, h, ..] = self.around.ports.entropy.seed();
        AccountId(u64::from_le_bytes([a, b, c, d, e, f, g, h]))
    }

    /// Gives up the first log-ins that a page began.
    pub(super) fn cancel_log_in(&mut self, page: PageId) {
        let logins = self.logins.iter();
        let theirs = logins.filter(|(_, owner)| owner.page == page);
        for id in theirs.map(|(id, _)| *id).collect::<Vec<_>>() {
            self.logins.remove(&id);
            if let Some(account) = self.accounts.remove(&id) {
                account.send(ToAccount::CancelLogIn);
            }
            self.set_device(Some(id), None);
        }
    }
}
