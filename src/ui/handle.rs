//! The handle: how every component sends commands, asks, and watches. It comes from the context.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::future::Future;
use std::rc::Rc;

use crate::ui::view::prelude::*;
use futures::channel::oneshot;

use super::deadly;
use super::reactive::few::Few;
use super::reactive::model::{Collate, Model};
use super::reactive::window::WindowRows;
use crate::boundary::change::{Change, Reply, TimelineChange, ToPage};
use crate::boundary::codec;
use crate::boundary::command::{
    AccountCommand, Anchor, Attention, Command, TimelineRequest, ToEngine, Toward,
};
use crate::entity::id::{AccountId, RequestId, WindowId};
use crate::entity::problem::Problem;

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
    /// Another tab holds it, in a browser where only one can.
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
/// Looks at a window before it changes.
type Before = Rc<dyn Fn(&TimelineChange)>;

#[derive(Clone)]
struct Watched {
    request: TimelineRequest,
    rows: WindowRows,
    before: Option<Before>,
}

impl Inner {
    fn number(&self) -> u32 {
        let next = self.next.get().wrapping_add(1).max(1);
        self.next.set(next);
        next
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
    /// asked twice is asked again of the engine that comes in its place.
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

    /// Watches a part of a timeline until the current owner is cleaned up.
    #[must_use]
    pub fn watch(&self, request: TimelineRequest) -> Window {
        let window = Window {
            id: WindowId(self.inner().number()),
            rows: WindowRows::new(),
            handle: *self,
        };
        self.inner().windows.borrow_mut().insert(
            window.id,
            Watched {
                request: request.clone(),
                rows: window.rows,
                before: None,
            },
        );
        self.send(Command::Watch(window.id, request));
        on_cleanup(move || window.end());
        window
    }

    /// Listens to every change that concerns this page alone (log, console, notifications) until the current owner
    /// is cleaned up.
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

/// What the platform calls.
impl Handle {
    /// The page is shown again after it was put away. Where it had been told to wait for the user, it still waits.
    pub fn come_back(&self, link: Rc<dyn Link>) {
        match self.engine.get_untracked() {
            Engine::Failed(_) | Engine::OtherBuild | Engine::HeldByAnotherTab => {}
            Engine::Attaching | Engine::Attached | Engine::Restarting => self.attach(link),
        }
    }

    /// There is a new way to an engine, which has not answered yet: introduces this page, and keeps quiet until then.
    pub fn attach(&self, link: Rc<dyn Link>) {
        let inner = self.inner();
        *inner.link.borrow_mut() = Some(link.clone());
        // An engine that is started anew keeps its word on the screen until it is there.
        let before = self.engine.get_untracked();
        if before != Engine::Restarting && before != Engine::Attaching {
            self.set_engine.set(Engine::Attaching);
        }
        link.post(codec::encode(&vec![ToEngine::Hello {
            build: codec::BUILD.to_owned(),
            attention: inner.attention.get(),
            accounts: self
                .model
                .accounts
                .all()
                .into_iter()
                .map(|(id, _)| id)
                .collect(),
            deadly: deadly::known(),
        }]));
    }

    /// The way to the engine, before there is an engine: so that [`Handle::restart`] works.
    pub fn offer(&self, link: Rc<dyn Link>) {
        *self.inner().link.borrow_mut() = Some(link);
    }

    /// The engine is not, or no longer, to be had. What was asked is answered with a problem.
    pub fn detach(&self, state: Engine) {
        let comes_again = state == Engine::Restarting;
        if self.engine.get_untracked() != state {
            self.set_engine.set(state);
        }
        // Dropped, each of them ends its future; what is answered so is not carried out later.
        let inner = self.inner();
        let is_asked_again = |asked: &Asked| comes_again && asked.again.is_some();
        let (again, lost): (HashMap<_, _>, HashMap<_, _>) = inner
            .asked
            .take()
            .into_iter()
            .partition(|(_, asked)| is_asked_again(asked));
        let mut waiting = inner.waiting.borrow_mut();
        waiting.retain(|word| match word {
            ToEngine::Do(id, _) => !lost.contains_key(id) && !again.contains_key(id),
            _ => true,
        });
        let mut words: Vec<_> = again
            .iter()
            .filter_map(|(id, asked)| Some(ToEngine::Do(*id, asked.again.clone()?)))
            .collect();
        // In the order in which they were asked.
        words.sort_unstable_by_key(|word| match word {
            ToEngine::Do(id, _) => *id,
            _ => RequestId::default(),
        });
        waiting.extend(words);
        *inner.asked.borrow_mut() = again;
    }

    /// A message came from the engine.
    pub fn receive(&self, bytes: &[u8]) {
        let Ok(words) = codec::decode::<Vec<ToPage>>(bytes) else {
            self.detach(Engine::OtherBuild);
            return;
        };
        for word in words {
            match word {
                ToPage::Welcome => self.welcome(),
                ToPage::OtherBuild(_) => self.detach(Engine::OtherBuild),
                ToPage::Changes(changes) => {
                    for change in changes {
                        self.apply(change);
                    }
                }
            }
        }
        self.model.settle();
    }

    fn welcome(&self) {
        self.set_engine.set(Engine::Attached);
        let inner = self.inner();
        // What an engine that died knew of this page; one that is new does not mind to hear it first.
        let mut words: Vec<ToEngine> = Vec::new();
        let (log, console) = inner.diagnostics.get();
        let waiting = inner.waiting.take();
        for (id, watched) in inner.windows.borrow().iter() {
            let is_new = waiting
                .iter()
                .any(|word| matches!(word, ToEngine::Do(_, Command::Watch(new, _)) if new == id));
            if !is_new {
                let watch = Command::Watch(*id, watched.request.clone());
                words.push(ToEngine::Do(RequestId::default(), watch));
            }
        }
        if log || console {
            let watch = Command::WatchDiagnostics { log, console };
            words.push(ToEngine::Do(RequestId::default(), watch));
        }
        words.extend(waiting);
        let link = inner.link.borrow().clone();
        if let (Some(link), false) = (link, words.is_empty()) {
            link.post(codec::encode(&words));
        }
    }

    fn apply(&self, change: Change) {
        let inner = self.inner();
        match change {
            Change::Answer(id, answer) => {
                let asked = inner.asked.borrow_mut().remove(&id);
                if let Some(asked) = asked {
                    // Who asked may be gone: then nobody wants to know.
                    let _nobody = asked.answer.send(answer);
                }
            }
            Change::Timeline(id, change) => {
                let watched = inner.windows.borrow().get(&id).cloned();
                if let Some(watched) = watched {
                    if let Some(before) = watched.before {
                        before(&change);
                    }
                    watched.rows.apply(change);
                }
            }
            Change::Notify(_) | Change::Log(_) | Change::Console(_) => {
                let listeners = inner.listeners.borrow().clone();
                for (_, listener) in listeners {
                    listener(&change);
                }
            }
            change => self.model.apply(change),
        }
    }
}

/// A watched window. A copy is the same window.
#[derive(Clone, Copy)]
pub struct Window {
    /// What it holds, as signals.
    pub rows: WindowRows,
    id: WindowId,
    handle: Handle,
}

impl Window {
    /// Asks for more at one end.
    pub fn extend(&self, toward: Toward) {
        self.handle.send(Command::Extend(self.id, toward));
    }

    /// Moves it elsewhere in the same timeline.
    pub fn show(&self, anchor: Anchor) {
        let request = {
            let inner = self.handle.inner();
            let mut windows = inner.windows.borrow_mut();
            let Some(watched) = windows.get_mut(&self.id) else {
                return;
            };
            watched.request.anchor = anchor;
            watched.request.clone()
        };
        self.handle.send(Command::Watch(self.id, request));
    }

    /// Calls `look` with each change before the rows are told of it: the moment to measure where things are.
    pub fn before_change(&self, look: impl Fn(&TimelineChange) + 'static) {
        let inner = self.handle.inner();
        if let Some(watched) = inner.windows.borrow_mut().get_mut(&self.id) {
            watched.before = Some(Rc::new(look));
        }
    }

    fn end(&self) {
        let inner = self.handle.inner();
        let ended = inner.windows.borrow_mut().remove(&self.id);
        if ended.is_some() {
            self.handle.send(Command::Unwatch(self.id));
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
