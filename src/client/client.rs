//! The client: accounts, pages, and the one inbox where what concerns them all comes together.
//!
//! **Invariant:** two builds never talk to each other; a page hears nothing before it said hello, and nothing but its
//! leave once we retire.

use std::rc::Rc;

use futures::StreamExt;
use futures::channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use futures::future::{Either, join_all, select};

use crate::boundary::change::Change;
use crate::boundary::codec::BUILD;
use crate::boundary::command::ToEngine;
use crate::entity::few::Few;
use crate::entity::id::AccountId;
use crate::entity::problem::Problem;
use crate::entity::settings::Setting;
use crate::entity::time::Instant;
use crate::store::{AccountRecord, Depot, Device, Standing};

use super::account::{
    Account, Beginning, FromAccount, Handle, Opened, SLEPT, Surroundings, ToAccount, drift,
};
use super::disk::{Retry, erase, problem};
use super::hub::{Asker, Hub};
use super::idle::{Idle, Looked};
use super::log::Log;
use super::ports::{PageEvent, PageId, Ports};
use super::registration::ToRegistration;
use super::retirement::Retirement;
use super::room;
use super::shut::{Left, Shut};
use super::wire;

/// The client.
pub struct Client {
    pub(super) around: Surroundings,
    inbox: UnboundedReceiver<ToClient>,
    retirement: Retirement,
    /// Another engine takes over, and waits until then at most.
    pub(super) retiring: Option<Instant>,
    pub(super) accounts: Few<AccountId, Handle>,
    /// First log-ins under way, and who asked for them.
    pub(super) logins: Few<AccountId, Asker>,
    /// Accounts that are kept but not logged in, the oldest first.
    pub(super) kept: Vec<AccountRecord>,
    pub(super) registration: Option<(PageId, UnboundedSender<ToRegistration>)>,
    idle: Idle,
    looked: Looked,
    /// The difference between wall clock and monotonic clock.
    drift: i64,
    /// Whose writes fail: an account's, or our own.
    pub(super) device: Few<Option<AccountId>, Problem>,
    /// Our own are tried again.
    pub(super) retry: Option<(Failed, Retry)>,
    /// Who has logged out while the device could not be read.
    pub(super) left: Vec<Left>,
    /// The settings that somebody has chosen here.
    pub(super) chosen: Vec<Setting>,
}

/// What of our own the disk did not take.
pub(super) enum Failed {
    /// It gave us nothing to begin with; it itself.
    Load(Rc<dyn Depot>),
    /// The settings.
    Settings,
}

/// What comes in.
enum ToClient {
    Page(PageEvent),
    Account(FromAccount),
    Retire,
}

impl Client {
    /// A client on these ports. `log` is what the diagnostics show.
    #[must_use]
    pub fn new(ports: Ports, log: Log) -> Self {
        let (sender, inbox) = unbounded();
        let up = {
            let sender = sender.clone();
            Rc::new(move |event| {
                let _ = sender.unbounded_send(ToClient::Account(event));
            })
        };
        let retire = {
            let sender = sender.clone();
            move || {
                // A client that has ended needs no telling.
                let _ = sender.unbounded_send(ToClient::Retire);
            }
        };
        ports.pages.listen(Box::new(move |event| {
            let _ = sender.unbounded_send(ToClient::Page(event));
        }));
        let hub = Rc::new(Hub::new(ports.pages.clone(), log.clone()));
        let retirement = Retirement::new(retire, hub.clone());
        let now = ports.clock.now();
        let idle = Idle::new(now);
        let around = Surroundings {
            ports,
            hub,
            log,
            up,
            breaker: Rc::default(),
            language: None,
        };
        Self {
            around,
            inbox,
            retirement,
            retiring: None,
            accounts: Few::default(),
            logins: Few::default(),
            kept: Vec::new(),
            registration: None,
            idle,
            looked: Looked::default(),
            drift: drift(now),
            device: Few::default(),
            retry: None,
            left: Vec::new(),
            chosen: Vec::new(),
        }
    }

    /// How it is told that another engine takes over.
    #[must_use]
    pub fn retirement(&self) -> Retirement {
        self.retirement.clone()
    }

    /// Runs until another engine takes over.
    pub async fn run(mut self) {
        self.start().await;
        loop {
            let input = match self.deadline() {
                Some(at) => {
                    let sleep = self.around.ports.timer.sleep_until(at);
                    match select(self.inbox.next(), sleep).await {
                        Either::Left((input, _)) => input,
                        Either::Right(_) => None,
                    }
                }
                None => self.inbox.next().await,
            };
            let now = self.around.ports.clock.now();
            self.around.log.set_now(now.wall);
            self.notice_sleep(now);
            if let Some(since) = self.idle.on_tick(now) {
                self.tell_all(|| ToAccount::Idle(Some(since)));
            }
            self.retry_disk(now).await;
            match input {
                Some(ToClient::Page(event)) => self.on_page(event).await,
                Some(ToClient::Account(event)) => self.on_account(event),
                Some(ToClient::Retire) => self.retire(now),
                None => {}
            }
            if let Some(looked) = self.looked.on_tick(now, self.around.hub.is_looked_at()) {
                self.tell_all(|| ToAccount::Looked(looked));
            }
            if self.is_retired(now) {
                // Not before: what a page asked until now is answered.
                return self.around.hub.send_all_away();
            }
            self.around.hub.flush_log();
        }
    }

    /// The next moment at which something is due by itself.
    fn deadline(&self) -> Option<Instant> {
        let retry = self.retry.as_ref().map(|(_, retry)| retry.at());
        let (idle, looked) = (self.idle.poll_timeout(), self.looked.poll_timeout());
        [idle, looked, retry, self.retiring]
            .into_iter()
            .flatten()
            .min()
    }

    async fn start(&mut self) {
        match self.around.ports.depot.load().await {
            Ok(device) => {
                if device.skipped > 0 {
                    tracing::warn!(records = device.skipped, "what cannot be read is left out");
                }
                self.start_on(device).await;
            }
            Err(error) => {
                tracing::warn!(%error, "nothing can be kept on this device");
                let disk = self.around.ports.depot.clone();
                self.around.ports.depot = Rc::new(Shut(disk.clone()));
                let retry = Retry::new(self.around.ports.clock.now());
                self.retry = Some((Failed::Load(disk), retry));
                self.set_device(None, Some(problem(&error)));
                self.start_on(Device::default()).await;
            }
        }
    }

    /// Starts the accounts that can log in by themselves.
    pub(super) async fn start_on(&mut self, device: Device) {
        self.around.language.clone_from(&device.settings.language);
        self.around.hub.set_settings(device.settings);
        let (erased, known): (Vec<_>, Vec<_>) = device
            .accounts
            .into_iter()
            .partition(|record| record.standing == Standing::Erased);
        for record in erased {
            self.erase(record.id);
        }
        let logs_in = |record: &AccountRecord| {
            record.credentials.is_some() && record.standing == Standing::Here
        };
        let (start, kept): (Vec<_>, Vec<_>) = known.into_iter().partition(logs_in);
        self.kept = kept;
        let stores = join_all(start.iter().map(|record| self.open(record.id))).await;
        for (record, stored) in start.into_iter().zip(stores) {
            self.begin(Beginning {
                record,
                login: None,
                stored: Some(stored),
            });
        }
    }

    /// An engine before us did not come to the end of it. Nobody waits for that.
    fn erase(&self, id: AccountId) {
        let depot = self.around.ports.depot.clone();
        self.around.ports.spawn.spawn(Box::pin(async move {
            if let Err(error) = erase(&*depot, id).await {
                tracing::warn!(%error, "what is to be erased is still there");
            }
        }));
    }

    pub(super) async fn open(&self, id: AccountId) -> Opened {
        let store = self.around.ports.depot.open(id).await?;
        let snapshot = room::load(&*store).await?;
        Ok((store, snapshot))
    }

    pub(super) fn begin(&mut self, beginning: Beginning) {
        let id = beginning.record.id;
        let (account, handle) = Account::new(self.around.clone(), beginning);
        if !self.looked.told() {
            handle.send(ToAccount::Looked(false));
        }
        self.accounts.insert(id, handle);
        self.around.ports.spawn.spawn(Box::pin(account.run()));
    }

    async fn on_page(&mut self, event: PageEvent) {
        match event {
            PageEvent::Gone(page) => self.on_gone(page),
            PageEvent::Message(page, bytes) => {
                for word in wire::unpack(&bytes) {
                    match word {
                        // Whoever waits for an answer is told when we are gone.
                        ToEngine::Do(..) if self.retiring.is_some() => {}
                        ToEngine::Hello { .. } if self.retiring.is_some() => {
                            self.around.hub.send_away(page);
                        }
                        ToEngine::Hello { build, .. } if build != BUILD => {
                            tracing::info!("a page of another build");
                            self.around.hub.refuse(page);
                        }
                        ToEngine::Hello {
                            attention,
                            accounts,
                            deadly,
                            ..
                        } => {
                            self.around.breaker.learn(&deadly);
                            self.bring_back(&accounts).await;
                            let snapshot = self.snapshot();
                            let before = self.around.hub.is_looked_at();
                            self.around.hub.attach(page, attention, snapshot);
                            self.on_looked_at(before);
                            self.on_activity();
                        }
                        ToEngine::Goodbye => self.on_gone(page),
                        ToEngine::Do(request, command) => {
                            if self.around.hub.is_attached(page) {
                                self.on_command(Asker { page, request }, command).await;
                            }
                        }
                    }
                }
            }
        }
    }

    /// Everything that every page shows.
    pub(super) fn snapshot(&self) -> Vec<Change> {
        let mut changes = vec![
            Change::Clear,
            Change::Settings(self.around.hub.settings()),
            Change::Device(self.device()),
            self.remembered(),
        ];
        for account in self.accounts.values() {
            if account.visible.get() {
                changes.extend(account.model.borrow().snapshot());
            }
        }
        changes.push(Change::Ready);
        changes
    }

    pub(super) fn remembered(&self) -> Change {
        let addresses = self.kept.iter().rev();
        Change::Remembered(addresses.map(|record| record.address.clone()).collect())
    }

    /// Somebody looks at a page; nobody did, perhaps.
    pub(super) fn on_looked_at(&self, before: bool) {
        if !before && self.around.hub.is_looked_at() {
            self.tell_all(|| ToAccount::Seen);
        }
    }

    /// The first sign of life after a sleep is heard by all accounts: whose timers slept, too, would notice later.
    fn notice_sleep(&mut self, now: Instant) {
        let drift = drift(now);
        if drift.saturating_sub(self.drift) > SLEPT {
            self.tell_all(|| ToAccount::Woke);
        }
        self.drift = drift;
    }

    /// Somebody is there.
    pub(super) fn on_activity(&mut self) {
        if self.idle.on_activity(self.around.ports.clock.now()) {
            self.tell_all(|| ToAccount::Idle(None));
        }
    }

    fn on_gone(&mut self, page: PageId) {
        if self.around.hub.detach(page) {
            self.cancel_log_in(page);
            self.cancel_registration(page);
            self.tell_all(|| ToAccount::PageGone(page));
        }
    }

    fn on_account(&mut self, event: FromAccount) {
        match event {
            FromAccount::LoggedIn(id) => {
                self.logins.remove(&id);
                self.kept.retain(|record| record.id != id);
                self.around.hub.broadcast(vec![self.remembered()]);
            }
            FromAccount::LogInFailed(id, asker) => {
                // Unless a new attempt has taken its place already.
                if self.logins.get(&id) == Some(&asker) {
                    self.logins.remove(&id);
                    self.accounts.remove(&id);
                }
                self.set_device(Some(id), None);
            }
            FromAccount::LoggedOut { id, kept, unread } => {
                let handle = self.accounts.remove(&id);
                self.set_device(Some(id), None);
                let address = handle.and_then(|handle| handle.address);
                match address.filter(|_| unread) {
                    Some(address) => {
                        let erase = kept.is_none();
                        self.leave_behind(Left { address, erase });
                    }
                    None => self.kept.extend(kept),
                }
                self.around
                    .hub
                    .broadcast(vec![Change::AccountGone(id), self.remembered()]);
            }
            FromAccount::Disk(id, problem) => {
                // A log-in that was given up has no disk any more.
                if self.accounts.contains_key(&id) {
                    self.set_device(Some(id), problem);
                }
            }
            FromAccount::Retired(id) => {
                self.accounts.remove(&id);
            }
        }
    }

    /// Whether the device could not be read.
    pub(super) fn is_shut(&self) -> bool {
        matches!(self.retry, Some((Failed::Load(_), _)))
    }

    pub(super) fn tell_all(&self, word: impl Fn() -> ToAccount) {
        for account in self.accounts.values() {
            account.send(word());
        }
    }
}
