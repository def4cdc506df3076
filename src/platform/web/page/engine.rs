//! The way to the engine: a SharedWorker, or a dedicated worker under a lock where the browser has none.
//!
//! **Invariant:** an engine that dies is started anew, ever more slowly, and one that dies again and again is not; one
//! that never says a word is dead. Messages are `Uint8Array`s both ways; what the loader itself says is an object, and
//! the page's one text is the name of a lock.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use js_sys::{Array, Object, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::{MessageChannel, MessageEvent, MessagePort, SharedWorker, Worker};

use super::super::lock::{self, Held, Mode, NotHeld};
use super::super::timer::sleep;
use super::deaths::Deaths;
use crate::boundary::codec::BUILD;

/// What the page hears of the engine.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Heard {
    /// There is a new way to it; it may not be there yet, but will get what is posted.
    Opened,
    /// It says something.
    Said(Vec<u8>),
    /// It died, or could not be started, and is started anew.
    Died,
    /// It has trapped with this frame in hand, and will be dead in a moment. All pages hear of it, each by the same name.
    Trapped {
        /// The engine's name, like no other's.
        engine: String,
        /// The frame.
        frame: String,
    },
    /// It cannot be started: why.
    Failed(String),
    /// Another tab runs it, and only one can.
    HeldByAnotherTab,
}

/// The way to the engine.
pub struct Engine {
    hear: Box<dyn Fn(Heard)>,
    way: RefCell<Option<Way>>,
    tab: RefCell<Option<Rc<Held>>>,
    /// Counts the ways: what concerns an old one is no news.
    number: Cell<u32>,
    deaths: RefCell<Deaths>,
    /// Why it is about to end, in its loader's words.
    reason: RefCell<Option<String>>,
    /// This page has no engine any more.
    is_over: Cell<bool>,
}

struct Way {
    port: MessagePort,
    /// Held as long as this way is open: so the engine learns of its end, whatever ends it.
    _alive: Rc<RefCell<Option<Held>>>,
    worker: Option<Worker>,
    /// The browser tells of no failure to somebody whom nobody knows any more.
    _shared: Option<SharedWorker>,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_error: Closure<dyn FnMut(web_sys::Event)>,
}

impl Drop for Way {
    fn drop(&mut self) {
        self.port.set_onmessage(None);
        self.port.close();
        if let Some(worker) = &self.worker {
            worker.terminate();
        }
    }
}

/// How long the loader, a small file, may take until its first word. If it is still under way then, nothing is lost: a
/// shared worker of that name is joined, not begun again. A browser does not tell of one that was joined when it failed.
const PATIENCE: Duration = Duration::from_secs(10);

/// What is missing when an engine has never said a word.
const LOADER: &str = "engine-loader.js";

impl Engine {
    /// Starts the engine, or finds the one that runs. What happens is told to `hear`, never before this returns.
    pub fn start(hear: impl Fn(Heard) + 'static) -> Rc<Self> {
        let engine = Rc::new(Self {
            hear: Box::new(hear),
            way: RefCell::default(),
            tab: RefCell::default(),
            number: Cell::new(0),
            deaths: RefCell::default(),
            reason: RefCell::default(),
            is_over: Cell::new(false),
        });
        let starting = engine.clone();
        spawn_local(async move { starting.open(Mode::IfAvailable).await });
        engine
    }

    /// Sends a message.
    pub fn post(&self, bytes: &[u8]) {
        let bytes = Uint8Array::from(bytes);
        if let Some(way) = &*self.way.borrow() {
            // Not copied once more: the buffer goes over.
            let _never = way
                .port
                .post_message_with_transferable(&bytes, &Array::of1(&bytes.buffer()));
        }
    }

    /// Leaves it for good: it is of another build.
    pub fn leave(&self) {
        self.is_over.set(true);
        self.release();
    }

    /// Lets it go: another one serves the accounts. Nothing but [`Engine::restart`] begins one for this page again.
    pub fn release(&self) {
        self.close();
        let tab = self.tab.take();
        drop(tab);
    }

    /// Starts it anew, or takes it over from the tab that runs it.
    pub fn restart(self: &Rc<Self>) {
        self.deaths.borrow_mut().forget();
        let engine = self.clone();
        spawn_local(async move { engine.open(Mode::Steal).await });
    }

    async fn open(self: Rc<Self>, mode: Mode) {
        if Reflect::has(&js_sys::global(), &"SharedWorker".into()) == Ok(true) {
            self.open_shared();
            return;
        }
        if self.tab.borrow().is_none() {
            match lock::acquire(lock::TAB_LOCK, mode).await {
                Ok(held) => self.hold(held),
                // Without locks nothing can be known of other tabs.
                Err(NotHeld::NoLocks) => {}
                Err(NotHeld::Taken) => {
                    (self.hear)(Heard::HeldByAnotherTab);
                    return;
                }
            }
        }
        self.open_dedicated();
    }

    /// Runs the engine until another tab takes it over.
    fn hold(self: &Rc<Self>, held: Held) {
        let held = Rc::new(held);
        *self.tab.borrow_mut() = Some(held.clone());
        let engine = self.clone();
        spawn_local(async move {
            if held.ended().await && !engine.is_over.get() {
                engine.tab.borrow_mut().take();
                engine.close();
                (engine.hear)(Heard::HeldByAnotherTab);
            }
        });
    }

    fn open_shared(self: &Rc<Self>) {
        let options = web_sys::WorkerOptions::new();
        options.set_name(&["waxwing-", BUILD].concat());
        match SharedWorker::new_with_worker_options(&address(), &options) {
            Ok(worker) => {
                let mut way = self.way(worker.port(), None);
                worker.set_onerror(Some(way._on_error.as_ref().unchecked_ref()));
                way._shared = Some(worker);
                self.opened(way);
            }
            Err(error) => (self.hear)(Heard::Failed(text(&error))),
        }
    }

    fn open_dedicated(self: &Rc<Self>) {
        let made = Worker::new(&address()).and_then(|worker| Ok((worker, MessageChannel::new()?)));
        match made {
            Ok((worker, channel)) => {
                let theirs = channel.port2();
                let message = Object::new();
                let _always_true = Reflect::set(&message, &"port".into(), &theirs);
                let _never = worker.post_message_with_transfer(&message, &Array::of1(&theirs));
                let way = self.way(channel.port1(), Some(worker.clone()));
                worker.set_onerror(Some(way._on_error.as_ref().unchecked_ref()));
                self.opened(way);
            }
            Err(error) => (self.hear)(Heard::Failed(text(&error))),
        }
    }

    fn way(self: &Rc<Self>, port: MessagePort, worker: Option<Worker>) -> Way {
        let number = self.number.get().wrapping_add(1);
        self.number.set(number);
        let engine = Rc::downgrade(self);
        let heard = Rc::new(Cell::new(false));
        self.clone().await_word(number, heard.clone());
        let on_message = Closure::new(move |event: MessageEvent| {
            let Some(engine) = engine.upgrade() else {
                return;
            };
            if engine.number.get() != number {
                return;
            }
            let is_first = !heard.replace(true);
            engine.received(number, is_first, &event.data());
        });
        let engine = Rc::downgrade(self);
        // The loader cannot be loaded; or, in a dedicated worker alone, the engine has trapped.
        let on_error = Closure::new(move |event: web_sys::Event| {
            event.prevent_default();
            if let Some(engine) = engine.upgrade() {
                engine.died(number, LOADER);
            }
        });
        port.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        port.start();
        Way {
            _alive: alive(port.clone()),
            port,
            worker,
            _shared: None,
            _on_message: on_message,
            _on_error: on_error,
        }
    }

    fn opened(&self, way: Way) {
        let old = self.way.replace(Some(way));
        drop(old);
        (self.hear)(Heard::Opened);
    }

    fn close(&self) {
        self.number.set(self.number.get().wrapping_add(1));
        let old = self.way.take();
        drop(old);
    }

    fn received(self: &Rc<Self>, number: u32, is_first: bool, data: &JsValue) {
        if let Some(bytes) = data.dyn_ref::<Uint8Array>() {
            (self.hear)(Heard::Said(bytes.to_vec()));
            return;
        }
        let text = |name: &str| Reflect::get(data, &name.into()).ok()?.as_string();
        if let (Some(engine), Some(frame)) = (text("engine"), text("frame")) {
            (self.hear)(Heard::Trapped { engine, frame });
        }
        let failed = text("failed");
        let is_news = is_first || failed.is_some();
        if failed.is_some() {
            *self.reason.borrow_mut() = failed;
        }
        // From its first word on it holds its lock. If it has failed, another one cannot begin before it has ended.
        if let (Some(lock), true) = (text("here"), is_news) {
            self.clone().watch(number, lock);
        }
    }

    /// Waits for its first word.
    fn await_word(self: Rc<Self>, number: u32, heard: Rc<Cell<bool>>) {
        spawn_local(async move {
            sleep(PATIENCE).await;
            if !heard.get() {
                self.died(number, LOADER);
            }
        });
    }

    /// Waits for its death.
    fn watch(self: Rc<Self>, number: u32, lock: String) {
        spawn_local(async move {
            let held = lock::acquire(&lock, Mode::Shared).await;
            let has_failed = self.reason.borrow().is_some();
            if held.is_ok() || has_failed {
                drop(held);
                self.died(number, "engine.wasm");
            }
        });
    }

    /// It died, or never lived: it is started anew, unless it dies again and again.
    fn died(self: &Rc<Self>, number: u32, of: &str) {
        if self.number.get() != number {
            return;
        }
        self.close();
        let number = self.number.get();
        let reason = self.reason.take();
        let now = Duration::from_secs_f64(js_sys::Date::now().max(0.0) / 1000.0);
        let wait = self.deaths.borrow_mut().on_death(now);
        let Some(wait) = wait else {
            (self.hear)(Heard::Failed(reason.unwrap_or_else(|| of.to_owned())));
            return;
        };
        (self.hear)(Heard::Died);
        let engine = self.clone();
        spawn_local(async move {
            sleep(wait).await;
            if engine.number.get() == number {
                engine.open(Mode::IfAvailable).await;
            }
        });
    }
}

/// Takes a lock that nobody else has, and tells the engine its name.
fn alive(port: MessagePort) -> Rc<RefCell<Option<Held>>> {
    let alive = Rc::new(RefCell::new(None));
    let holder = Rc::downgrade(&alive);
    spawn_local(async move {
        let random = js_sys::Number::from(js_sys::Math::random()).to_string_with_radix(36);
        let Ok(random) = random.map(String::from) else {
            return;
        };
        let name = ["waxwing-page-", &random].concat();
        if let Ok(held) = lock::acquire(&name, Mode::Exclusive).await
            && let Some(holder) = holder.upgrade()
        {
            *holder.borrow_mut() = Some(held);
            let _never = port.post_message(&name.into());
        }
    });
    alive
}

/// The engine's loader, of our build.
fn address() -> String {
    [LOADER, "?v=", BUILD].concat()
}

fn text(error: &JsValue) -> String {
    js_sys::Error::from(error.clone()).message().into()
}
