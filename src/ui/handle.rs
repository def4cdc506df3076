//! The handle: how every component sends commands, asks, and watches. It comes from the context.

mod platform;
mod window;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::future::Future;
use std::rc::Rc;

use crate::ui::view::prelude::*;
use futures::channel::oneshot;

use super::reactive::few::Few;
use super::reactive::model::{Collate, Model, PeerKey};
use crate::boundary::change::{Change, Reply};
use crate::boundary::codec;
use crate::boundary::command::{AccountCommand, Attention, Command, ToEngine};
use crate::entity::account::Connection;
use crate::entity::id::{AccountId, RequestId, WindowId};
use crate::entity::order;
use crate::entity::presence::Presence;
use crate::entity::problem::Problem;
use window::Watched;

pub use window::Window;

/// The way to the engine, made by a platform.
pub trait Link {
    /// Sends one message to the engine that this link leads to.
    fn post(&self, bytes: Vec<u8>);
    /// Starts the engine anew, or takes it over from another tab; [`Handle::attach`] follows.
    fn restart(&self);
}

/// How this page and the engine stand.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Engine {
    /// It has not answered yet.
    #[default]
    Attaching,
    /// It answered; the model is, or will soon be, what it says.
    Attached,
    /// It died, and is being started anew. What the model holds may be outdated.
    Restarting,
    /// It could not be started: the reason, for those who can read it.
    Failed(String),
    /// It is of another build than this page.
    OtherBuild,
    /// Another tab holds it, in a browser where only one can; or one below another path of the origin, which has an engine of
    /// its own.
    HeldByAnotherTab,
}

/// Sends, asks, watches. A copy is the same handle.
#[derive(Clone, Copy)]
pub struct Handle {
    /// What every page knows.
    pub model: Model,
    /// How this page and the engine stand.
    pub engine: ReadSignal<Engine>,
    set_engine: WriteSignal<Engine>,
    inner: StoredValue<Rc<Inner>>,
}

#[derive(Default)]
struct Inner {
    link: RefCell<Option<Rc<dyn Link>>>,
    /// What was said while there was no link.
    waiting: RefCell<Vec<ToEngine>>,
    attention: Cell<Attention>,
    next: Cell<u32>,
    asked: RefCell<HashMap<RequestId, Asked>>,
    windows: RefCell<Few<WindowId, Watched>>,
    listeners: RefCell<Vec<(u32, Listener)>>,
    diagnostics: Cell<(bool, bool)>,
}

/// A question, and who waits for its answer.
struct Asked {
    answer: oneshot::Sender<Result<Reply, Problem>>,
    /// What is asked again of an engine that comes in the place of one that died.
    again: Option<Command>,
}

type Listener = Rc<dyn Fn(&Change)>;

impl Inner {
    fn number(&self) -> u32 {
        let next = self.next.get().wrapping_add(1).max(1);
        self.next.set(next);
        next
    }

    /// What nobody has answered yet and may be asked twice, in the order in which it was asked.
    fn again(&self) -> Vec<(RequestId, Command)> {
        let asked = self.asked.borrow();
        let again = asked.iter();
        let again = again.filter_map(|(id, asked)| Some((*id, asked.again.clone()?)));
        let mut again: Vec<_> = again.collect();
        order::sort_by(&mut again, |(one, _), (other, _)| one.cmp(other));
        again
    }

    fn tell(&self, change: &Change) {
        let listeners = self.listeners.borrow().clone();
        for (_, listener) in listeners {
            listener(change);
        }
    }

    /// What was said already, and may be said twice, waits once more: before what was not said yet.
    fn wait_again(&self) {
        let mut waiting = self.waiting.borrow_mut();
        let waits = |id| {
            let mut waiting = waiting.iter();
            waiting.any(|word| matches!(word, ToEngine::Do(other, _) if *other == id))
        };
        let again = self.again().into_iter().filter(|(id, _)| !waits(*id));
        let mut words: Vec<_> = again
            .map(|(id, command)| ToEngine::Do(id, command))
            .collect();
        words.append(&mut waiting);
        *waiting = words;
    }
}

impl Handle {
    /// A handle without a link. Belongs to the owner that is current.
    #[must_use]
    pub fn new(collate: Collate) -> Self {
        let (engine, set_engine) = signal(Engine::default());
        Self {
            model: Model::new(collate),
            engine,
            set_engine,
            inner: StoredValue::new(Rc::default()),
        }
    }

    fn inner(&self) -> Rc<Inner> {
        // The handle belongs to the root; it is gone only when the whole page is.
        self.inner.try_get_value().unwrap_or_default()
    }

    /// Sends a command that needs no answer.
    pub fn send(&self, command: Command) {
        self.say(ToEngine::Do(RequestId::default(), command));
    }

    /// Sends a command, and gives its answer. It is sent at once, also when the future is never awaited.
    ///
    /// # Errors
    /// The problem that the engine found, or [`Problem::Internal`] if it died meanwhile. What does no more when it is
    /// asked twice waits, and is asked again of the engine that comes in its place.
    pub fn ask(&self, command: Command) -> impl Future<Output = Result<Reply, Problem>> + 'static {
        let inner = self.inner();
        let (answer, answered) = oneshot::channel();
        let id = RequestId(inner.number());
        let again = command.repeated();
        let asked = Asked { answer, again };
        inner.asked.borrow_mut().insert(id, asked);
        self.say(ToEngine::Do(id, command));
        async move { answered.await.unwrap_or(Err(Problem::Internal)) }
    }

    /// Sends a command that concerns one account, and needs no answer.
    pub fn account(&self, account: AccountId, command: AccountCommand) {
        self.send(Command::Account(account, command));
    }

    /// Sends a command that concerns one account, and gives its answer.
    ///
    /// # Errors
    /// See [`Handle::ask`].
    pub fn ask_account(
        &self,
        account: AccountId,
        command: AccountCommand,
    ) -> impl Future<Output = Result<Reply, Problem>> + 'static {
        self.ask(Command::Account(account, command))
    }

    /// Listens to every change that concerns this page alone (log, console, notifications), and to accounts that go, until
    /// the current owner is cleaned up.
    pub fn listen(&self, listener: impl Fn(&Change) + 'static) {
        let inner = self.inner();
        let number = inner.number();
        inner
            .listeners
            .borrow_mut()
            .push((number, Rc::new(listener)));
        let handle = *self;
        on_cleanup(move || {
            let inner = handle.inner();
            inner
                .listeners
                .borrow_mut()
                .retain(|(other, _)| *other != number);
        });
    }

    /// Asks for log lines, and with `console` for every frame; they come to those who [`listen`](Self::listen).
    pub fn watch_diagnostics(&self, log: bool, console: bool) {
        self.inner().diagnostics.set((log, console));
        self.send(Command::WatchDiagnostics { log, console });
    }

    /// Tells the engine whether people see this page, if that is news.
    pub fn attention(&self, attention: Attention) {
        if self.inner().attention.replace(attention) != attention {
            self.send(Command::Attention(attention));
        }
    }

    /// Tells the engine that this page goes away.
    pub fn goodbye(&self) {
        let link = self.inner().link.borrow().clone();
        if let Some(link) = link {
            link.post(codec::encode(&vec![ToEngine::Goodbye]));
        }
    }

    /// Starts the engine anew, or takes it over from another tab.
    pub fn restart(&self) {
        let link = self.inner().link.borrow().clone();
        if let Some(link) = link {
            link.restart();
        }
    }

    /// How somebody can be reached. Nothing is known of that while their account has no session: what was heard before may be
    /// long over. Follows what it depends on.
    #[must_use]
    pub fn presence(&self, peer: &PeerKey) -> Presence {
        let contact = self.model.contacts.arc_row(peer).get();
        match contact.filter(|_| self.has_session(peer.account)) {
            Some(row) => row.presence.clone(),
            None => Presence::default(),
        }
    }

    /// Whether an account has a session. Follows that.
    #[must_use]
    pub fn has_session(&self, account: AccountId) -> bool {
        let row = self.model.accounts.arc_row(&account).get();
        let is_online = row.is_some_and(|row| row.connection == Connection::Online);
        is_online && self.engine.with(|engine| *engine == Engine::Attached)
    }

    /// Whether the engine hears at once what is said.
    #[must_use]
    pub fn is_attached(&self) -> bool {
        self.engine.try_get_untracked() == Some(Engine::Attached)
    }

    fn say(&self, word: ToEngine) {
        let inner = self.inner();
        let link = if self.is_attached() {
            inner.link.borrow().clone()
        } else {
            None
        };
        match link {
            Some(link) => link.post(codec::encode(&vec![word])),
            // Kept until the engine says welcome.
            None => inner.waiting.borrow_mut().push(word),
        }
    }
}

/// The handle of this page.
#[must_use]
pub fn use_handle() -> Handle {
    expect_context()
}

#[cfg(test)]
mod tests;
