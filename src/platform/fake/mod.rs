//! A world of its own: a clock that stands until it is told to go, sockets that a test holds at the other end, pages
//! that say what they are told. Everything is decided by the test, so hours pass in milliseconds.

mod page;
mod socket;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;
use std::time::Duration;

use futures::FutureExt;
use futures::channel::oneshot;
use futures::executor::{LocalPool, LocalSpawner};
use futures::future::LocalBoxFuture;
use futures::task::LocalSpawnExt;

use crate::client::ports::{
    Clock, Entropy, Http, HttpError, HttpRequest, HttpResponse, PageId, Ports, Spawn, Timer,
    Witness,
};
use crate::entity::time::{Instant, Timestamp};
use crate::store::Depot;

pub use page::FakePage;
use page::FakePages;
pub use socket::FakeSocket;
use socket::FakeTransport;

/// Every world begins at this moment: 2026-01-01T00:00:00Z.
pub const START: Timestamp = Timestamp(1_767_225_600_000);

/// A world.
pub struct World {
    pool: LocalPool,
    inner: Rc<Inner>,
    transport: Rc<FakeTransport>,
    pages: Rc<FakePages>,
}

struct Inner {
    spawner: LocalSpawner,
    monotonic: Cell<Duration>,
    /// How far the wall clock was set off.
    jump: Cell<i64>,
    timers: RefCell<BTreeMap<(Duration, u64), oneshot::Sender<()>>>,
    count: Cell<u64>,
    /// How many timers have gone off.
    woken: Cell<usize>,
    documents: RefCell<HashMap<String, Result<HttpResponse, HttpError>>>,
    /// Every frame that was in hand.
    held: RefCell<Vec<String>>,
    in_hand: Cell<bool>,
}

impl Default for World {
    fn default() -> Self {
        let pool = LocalPool::new();
        let inner = Inner {
            spawner: pool.spawner(),
            monotonic: Cell::default(),
            jump: Cell::default(),
            timers: RefCell::default(),
            count: Cell::default(),
            woken: Cell::default(),
            documents: RefCell::default(),
            held: RefCell::default(),
            in_hand: Cell::default(),
        };
        Self {
            pool,
            inner: Rc::new(inner),
            transport: Rc::default(),
            pages: Rc::default(),
        }
    }
}

impl World {
    /// The same world, later: everything that ran is gone, but clock and randomness go on.
    #[must_use]
    pub fn later(self) -> Self {
        let later = Self::default();
        later.inner.monotonic.set(self.inner.monotonic.get());
        later.inner.jump.set(self.inner.jump.get());
        later.inner.count.set(self.inner.count.get());
        later
    }

    /// The ports of this world, with something to keep things in.
    #[must_use]
    pub fn ports(&self, depot: Rc<dyn Depot>) -> Ports {
        Ports {
            transport: self.transport.clone(),
            http: self.inner.clone(),
            clock: self.inner.clone(),
            timer: self.inner.clone(),
            entropy: self.inner.clone(),
            pages: self.pages.clone(),
            witness: self.inner.clone(),
            spawn: self.inner.clone(),
            depot,
        }
    }

    /// Runs something beside the rest.
    pub fn spawn(&self, future: impl Future<Output = ()> + 'static) {
        self.inner.spawn(Box::pin(future));
    }

    /// Lets everything happen that can happen without time passing.
    pub fn run(&mut self) {
        self.pool.run_until_stalled();
    }

    /// Lets time pass; what is due meanwhile happens in order.
    pub fn pass(&mut self, time: Duration) {
        self.run();
        let end = self.inner.monotonic.get().saturating_add(time);
        loop {
            let first = {
                let mut timers = self.inner.timers.borrow_mut();
                // Those who do not wait any more are forgotten.
                timers.retain(|_, waker| !waker.is_canceled());
                match timers.first_key_value() {
                    Some(((at, _), _)) if *at <= end => timers.pop_first(),
                    _ => None,
                }
            };
            let Some(((at, _), waker)) = first else { break };
            self.inner.monotonic.set(self.inner.monotonic.get().max(at));
            self.inner.woken.set(self.inner.woken.get() + 1);
            let _ = waker.send(());
            self.run();
        }
        self.inner.monotonic.set(end);
        self.run();
    }

    /// How many timers have gone off so far.
    #[must_use]
    pub fn woken(&self) -> usize {
        self.inner.woken.get()
    }

    /// In how long the next timer is due that somebody waits for.
    #[must_use]
    pub fn due(&self) -> Option<Duration> {
        let timers = self.inner.timers.borrow();
        let mut waiting = timers.iter().filter(|(_, waker)| !waker.is_canceled());
        let ((at, _), _) = waiting.next()?;
        Some(at.saturating_sub(self.inner.monotonic.get()))
    }

    /// Time passes while everybody is busy: nobody has noticed yet.
    pub fn skip(&mut self, time: Duration) {
        let end = self.inner.monotonic.get().saturating_add(time);
        self.inner.monotonic.set(end);
    }

    /// Lets the machine sleep: the wall clock goes on, timers do not.
    pub fn sleep(&mut self, time: Duration) {
        let jump = i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
        self.inner
            .jump
            .set(self.inner.jump.get().saturating_add(jump));
    }

    /// Sets the wall clock by so many milliseconds.
    pub fn set_clock(&mut self, by: i64) {
        self.inner
            .jump
            .set(self.inner.jump.get().saturating_add(by));
    }

    /// The moment it is.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.inner.now()
    }

    /// Puts a document at an address.
    pub fn put_document(&self, url: &str, body: &str) {
        let response = HttpResponse {
            status: 200,
            final_url: url.to_owned(),
            body: body.as_bytes().to_vec(),
        };
        self.inner
            .documents
            .borrow_mut()
            .insert(url.to_owned(), Ok(response));
    }

    /// The frames that were in hand since the last call. None is any more.
    #[must_use]
    pub fn take_held(&self) -> Vec<String> {
        debug_assert!(!self.inner.in_hand.get());
        self.inner.held.take()
    }

    /// The sockets opened since the last call.
    #[must_use]
    pub fn new_sockets(&self) -> Vec<FakeSocket> {
        self.transport.take_new()
    }

    /// A new page; it has said nothing yet.
    #[must_use]
    pub fn new_page(&self) -> FakePage {
        let count = self.inner.next();
        self.pages
            .add(PageId(u32::try_from(count).unwrap_or(u32::MAX)))
    }
}

impl Inner {
    fn next(&self) -> u64 {
        let next = self.count.get().saturating_add(1);
        self.count.set(next);
        next
    }
}

impl Clock for Inner {
    fn now(&self) -> Instant {
        let monotonic = self.monotonic.get();
        let wall = START + monotonic;
        Instant {
            monotonic,
            wall: Timestamp(wall.0.saturating_add(self.jump.get())),
        }
    }
}

impl Timer for Inner {
    fn sleep_until(&self, at: Instant) -> LocalBoxFuture<'static, ()> {
        if at.monotonic <= self.monotonic.get() {
            return async {}.boxed_local();
        }
        let (sender, receiver) = oneshot::channel();
        self.timers
            .borrow_mut()
            .insert((at.monotonic, self.next()), sender);
        receiver.map(|_| ()).boxed_local()
    }
}

impl Entropy for Inner {
    fn seed(&self) -> [u8; 32] {
        let mut seed = [7; 32];
        for (to, from) in seed.iter_mut().zip(self.next().to_le_bytes()) {
            *to = from;
        }
        seed
    }
}

impl Witness for Inner {
    fn hold(&self, frame: &str) {
        self.in_hand.set(true);
        self.held.borrow_mut().push(frame.to_owned());
    }

    fn let_go(&self) {
        self.in_hand.set(false);
    }
}

impl Spawn for Inner {
    fn spawn(&self, future: LocalBoxFuture<'static, ()>) {
        // Only a pool that is gone refuses, and with it everything that could ask.
        let _ = self.spawner.spawn_local(future);
    }
}

impl Http for Inner {
    fn fetch(
        &self,
        request: HttpRequest,
    ) -> LocalBoxFuture<'static, Result<HttpResponse, HttpError>> {
        let answer = self.documents.borrow().get(&request.url).cloned();
        async move { answer.unwrap_or(Err(HttpError::Network)) }.boxed_local()
    }

    fn answers(&self, url: &str) -> LocalBoxFuture<'static, bool> {
        let answers = self.documents.borrow().contains_key(url);
        async move { answers }.boxed_local()
    }
}
