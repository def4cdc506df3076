//! Attempts, the first log-in, the end of sessions, and logging out.
//!
//! **Invariant:** never two attempts at a time. A failed first log-in leaves nothing stored; a log-out leaves no secret.

use crate::boundary::change::Reply;
use crate::client::disk::erase;
use crate::client::farewell::Farewell;
use crate::client::hub::Asker;
use crate::client::link::Target;
use crate::entity::account::{Connection, Step};
use crate::entity::endpoint::Endpoint;
use crate::entity::problem::Problem;
use crate::entity::secret::Secret;
use crate::entity::time::Instant;
use crate::event::Next;
use crate::store::{AccountRecord, Standing, StoreError};
use crate::xmpp::engine::{Credentials, Input, Wish};

use super::catch_up::Ahead;
use super::turn::Work;
use super::{Account, FromAccount, Phase};

impl Account {
    /// Begins an attempt.
    pub(super) fn attempt(&mut self, now: Instant) {
        if let Some((location, tried @ false)) = &mut self.location
            && self.engine.has_session()
        {
            // Once: the way that is known leads to the session, too.
            *tried = true;
            let target = Target::At(location.clone());
            return self.go(now, target);
        }
        match Target::of(&self.record) {
            Ok(target) => self.go(now, target),
            Err(problem) => self.stop(problem),
        }
    }

    fn go(&mut self, now: Instant, target: Target) {
        let step = match target {
            Target::At(_) => Step::Opening,
            Target::Domain(_) => Step::Discovering,
        };
        self.set_connection(Connection::Connecting(step));
        if !matches!(self.phase, Phase::LoggingIn(_) | Phase::Connecting { .. }) {
            self.phase = Phase::Connecting { asker: None };
        }
        self.link.connect(now, target);
    }

    /// Goes elsewhere from now on, if it went there.
    pub(super) fn replace_websocket(
        &mut self,
        now: Instant,
        from: &str,
        to: &str,
        work: &mut Work,
    ) -> Result<(), Problem> {
        let to = Endpoint::parse(to)?;
        if self.record.websocket.as_deref() != Some(from.trim()) || self.retiring {
            return Ok(());
        }
        self.record.websocket = Some(to.url().to_owned());
        work.record = true;
        if self.link.is_open() {
            // The session is taken up again there.
            self.link.shut();
            self.handle(now, Input::Closed, work);
        } else if self.keys.is_some() {
            self.attempt(now);
        }
        Ok(())
    }

    /// The password, typed again.
    pub(super) fn on_password(
        &mut self,
        now: Instant,
        asker: Asker,
        password: Secret,
        work: &mut Work,
    ) {
        let credentials = Credentials::Password(password);
        match &self.phase {
            Phase::Online | Phase::LoggingIn(_) => {
                work.answers.push((asker, Err(Problem::AlreadyLoggedIn)));
            }
            Phase::Connecting { .. } => {
                self.handle(now, Input::Wish(Wish::Credentials(credentials)), work);
                self.phase = Phase::Connecting { asker: Some(asker) };
            }
            Phase::Waiting(_) | Phase::Stopped => {
                self.handle(now, Input::Wish(Wish::Credentials(credentials)), work);
                self.phase = Phase::Connecting { asker: Some(asker) };
                self.attempt(now);
            }
        }
    }

    /// There is a session: nothing of the log-in can fail any more. The pages make room for the contacts while the server
    /// gathers them.
    pub(super) async fn on_bound(&mut self, work: &mut Work) {
        // Given up in the same breath: there is nobody to appear to.
        if let Phase::LoggingIn(asker) = self.phase
            && !self.over
        {
            self.phase = Phase::Connecting { asker: None };
            work.record = true;
            self.keep_record(work).await;
            self.appear();
            work.answers.push((asker, Ok(Reply::Account(self.id))));
        }
    }

    /// Everything works.
    pub(super) fn on_online(&mut self, now: Instant, work: &mut Work) {
        self.backoff.on_online(now);
        if let Some((_, tried)) = &mut self.location {
            *tried = false;
        }
        let before = std::mem::replace(&mut self.phase, Phase::Online);
        if let Phase::Connecting { asker: Some(asker) } = before {
            work.answers.push((asker, Ok(Reply::Account(self.id))));
        }
        self.forget_failed_gaps();
        self.ask_for_watched(now, work);
        self.displayed.hurry(now);
        // Counts are stored after what changes them: an engine that died in between left the count before.
        let model = self.model.borrow();
        self.recount.extend(model.conversations.unread_peers());
    }

    /// From now on the pages see the account.
    fn appear(&mut self) {
        self.visible.set(true);
        (self.around.up)(FromAccount::LoggedIn(self.id));
        let mut model = self.model.borrow_mut();
        // The snapshot holds everything that is different, too.
        let windows = model.drain().windows;
        self.around.hub.broadcast(model.snapshot());
        self.around.hub.publish(crate::model::Drained {
            shared: Vec::new(),
            windows,
        });
    }

    /// The session, or the attempt, is over.
    pub(super) async fn on_ended(
        &mut self,
        now: Instant,
        problem: Problem,
        next: Next,
        work: &mut Work,
    ) {
        self.link.shut();
        // Nobody looks at a wheel that turns until there is a socket again.
        for peer in std::mem::take(&mut self.asking).into_keys() {
            self.on_page_failed(&peer, &Problem::Offline);
        }
        self.ahead = Ahead::default();
        self.give_up_waiting();
        if self.retiring || self.over {
            return;
        }
        let moved = match &next {
            Next::Move(url) => Some(Endpoint::parse(url)),
            Next::Retry | Next::Anew | Next::Stop => None,
        };
        if next == Next::Anew && matches!(self.phase, Phase::Online | Phase::Connecting { .. }) {
            return self.attempt(now);
        }
        if let Some(Ok(endpoint)) = moved {
            if matches!(self.phase, Phase::Online) {
                self.phase = Phase::Connecting { asker: None };
            }
            return self.go(now, Target::At(endpoint));
        }
        match std::mem::replace(&mut self.phase, Phase::Stopped) {
            Phase::LoggingIn(asker) => {
                work.answers.push((asker, Err(problem)));
                self.vanish().await;
                (self.around.up)(FromAccount::LogInFailed(self.id, asker));
            }
            Phase::Connecting { asker } => self.wait_or_stop(now, problem, &next, asker, work),
            Phase::Online => self.wait_or_stop(now, problem, &next, None, work),
            waiting => self.phase = waiting,
        }
    }

    pub(super) fn stop(&mut self, problem: Problem) {
        self.phase = Phase::Stopped;
        self.set_connection(Connection::Failed(problem));
    }

    pub(super) fn set_connection(&self, connection: Connection) {
        self.model.borrow_mut().session.set_connection(connection);
    }

    /// The log-in is given up by who asked for it: nobody waits for an answer. Was it too late, it is undone. What a
    /// failing disk keeps of it shows at the next start.
    pub(super) async fn give_up(&mut self, now: Instant, work: &mut Work) {
        if matches!(self.phase, Phase::LoggingIn(_)) {
            return self.vanish().await;
        }
        if !self.fresh {
            self.last_chance().await;
        }
        let (kept, removed) = self.remove_secrets(self.fresh).await;
        let unread = removed == Err(StoreError::Unread);
        let _erased = self.end(now, kept, unread, work).await;
    }

    /// Another engine takes over: the session is ended properly, so that the server has one of us at a time (but for one
    /// whose socket was gone already, which ends when the server has waited long enough). What it has not confirmed is in
    /// the store; the other engine asks the archive before it sends that again.
    pub(super) async fn retire(&mut self, now: Instant, work: &mut Work) {
        self.retiring = true;
        if matches!(self.phase, Phase::LoggingIn(_)) {
            return self.vanish().await;
        }
        self.tell_displayed(now, work).await;
        self.last_chance().await;
        self.handle(now, Input::Wish(Wish::Close), work);
        self.transmit(now, work);
        if !self.link.is_open() {
            self.link.shut();
        }
    }

    /// Nothing is left of a log-in that failed, neither here nor at the server.
    async fn vanish(&mut self) {
        self.link.shut();
        self.over = true;
        self.say_farewell();
        if self.opened && self.fresh {
            // Nothing that waits for the disk opens it again. There was no session: what cannot be erased is empty.
            self.failed = None;
            if let Err(error) = self.around.ports.depot.erase(self.record.id).await {
                tracing::debug!(%error, "an empty store is left");
            }
        }
    }

    /// Writes the account's record, if it is different and to be kept at all.
    pub(super) async fn keep_record(&mut self, work: &mut Work) {
        let logging_in = matches!(self.phase, Phase::LoggingIn(_));
        if !work.record || logging_in || self.anonymous || self.over {
            return;
        }
        work.record = false;
        self.record.credentials = self.keys.clone().filter(|_| self.stay);
        self.record.standing = Standing::Here;
        self.put_record().await;
    }

    /// Removes the secrets and ends the session; removes the history, too, if wished. Where the secrets cannot be
    /// removed, the account stays as it is: nobody is to believe that they are gone. Of a device that was never read nobody
    /// knows if it has any: there the session ends, and the client tells that, until it is done, and does it.
    pub(super) async fn log_out(
        &mut self,
        now: Instant,
        asker: Asker,
        erase: bool,
        work: &mut Work,
    ) {
        self.tell_displayed(now, work).await;
        if !erase {
            self.last_chance().await;
        }
        let (kept, removed) = self.remove_secrets(erase).await;
        // Where nothing secret was kept, and nothing is to go, it does not matter whether the disk works.
        let matters = !self.anonymous && (erase || self.record.credentials.is_some());
        let unread = removed == Err(StoreError::Unread);
        let removed = removed.or_else(|error| match error {
            // What somebody else has removed is gone.
            StoreError::Removed | StoreError::Unread => Ok(()),
            error => Err(error),
        });
        if let (Err(error), true) = (removed, matters) {
            tracing::warn!(%error, "the secrets cannot be removed");
            return work.answers.push((asker, Err(Problem::NotRemoved)));
        }
        let outcome = match self.end(now, kept, unread, work).await {
            Ok(()) if unread => Err(Problem::LeftBehind),
            Ok(()) => Ok(Reply::Done),
            Err(_) => Err(Problem::NotRemoved),
        };
        work.answers.push((asker, outcome));
    }

    /// Writes the record without secrets; what is kept of it. The record first: with that one nothing can log in, and where
    /// all is to go, it says so until all is gone.
    async fn remove_secrets(&self, erase: bool) -> (Option<AccountRecord>, Result<(), StoreError>) {
        if self.anonymous {
            // Nothing was ever written.
            return (None, Ok(()));
        }
        let standing = if erase {
            Standing::Erased
        } else {
            Standing::LoggedOut
        };
        let record = AccountRecord {
            credentials: None,
            // Whoever logs in anew, with the password, begins anew.
            mechanism: None,
            standing,
            ..self.record.clone()
        };
        let done = self.around.ports.depot.put_account(record.clone()).await;
        ((!erase).then_some(record), done)
    }

    /// Ends the session and this account; without a record its history goes, too. `unread`: the device was never read, and
    /// nothing is removed from it yet.
    async fn end(
        &mut self,
        now: Instant,
        kept: Option<AccountRecord>,
        unread: bool,
        work: &mut Work,
    ) -> Result<(), StoreError> {
        self.handle(now, Input::Wish(Wish::Close), work);
        self.transmit(now, work);
        self.link.shut();
        self.over = true;
        self.visible.set(false);
        self.say_farewell();
        let erased = if kept.is_some() || unread || self.anonymous {
            // Of a device that is not read yet the client erases it.
            Ok(())
        } else {
            // Nothing that waits for the disk opens it again.
            self.failed = None;
            erase(&*self.around.ports.depot, self.record.id).await
        };
        let id = self.id;
        (self.around.up)(FromAccount::LoggedOut { id, kept, unread });
        erased
    }

    /// Gives back what the server gave us.
    fn say_farewell(&mut self) {
        if let Some(keys) = self.keys.take() {
            Farewell::say(&self.around, &self.record, keys);
        }
    }
}
