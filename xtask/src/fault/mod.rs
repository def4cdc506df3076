//! A network that fails on purpose: a TCP proxy on loopback between a browser's WebSocket and a real server, which knows
//! frames. What it does is told by its owner, call by call; chance is drawn from the seed alone.
//!
//! ```no_run
//! use std::time::Duration;
//! use xtask::fault::{Ends, FaultProxy, Trap, Way};
//!
//! # fn main() -> xtask::Result<()> {
//! let proxy = FaultProxy::start(5280, 7)?;
//! // The browser is told to use this address.
//! let url = proxy.url("/xmpp-websocket");
//! // The next acknowledgement is lost, and the connection with it.
//! proxy.set(Trap::Lose { way: Way::Down, text: "<a ".into(), ends: Ends::Both });
//! assert!(proxy.await_strike(Duration::from_secs(20)));
//! // Nothing comes through, and nobody is told.
//! proxy.go_dark();
//! proxy.mend();
//! println!("{}", proxy.told(50));
//! # Ok(())
//! # }
//! ```
//!
//! **Invariant:** within one connection nothing is reordered, and nothing follows what was lost: TCP would not do that,
//! either.

mod evidence;
mod frames;
mod relay;
mod terms;

pub use evidence::{Entry, What};
pub use terms::{Door, Ends, Shape, Trap, Way};

use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::error::{Context, Result};
use relay::Shared;
use terms::Terms;

/// A running proxy. Dropping it cuts its connections.
#[derive(Debug)]
pub struct FaultProxy {
    /// Its port on loopback.
    pub port: u16,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl FaultProxy {
    /// Stands before the server at a port of loopback. `seed` decides about jitter.
    ///
    /// # Errors
    /// When there is no port or no thread.
    pub fn start(upstream: u16, seed: u64) -> Result<Self> {
        let what = || "start the fault proxy".into();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context(what)?;
        listener.set_nonblocking(true).context(what)?;
        let port = listener.local_addr().context(what)?.port();
        let shared = Arc::new(Shared::new(upstream, seed));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .context(what)?;
        let work = relay::accept(listener, Arc::clone(&shared));
        let thread = std::thread::Builder::new()
            .name("fault proxy".into())
            .spawn(move || runtime.block_on(work))
            .context(what)?;
        Ok(Self {
            port,
            shared,
            thread: Some(thread),
        })
    }

    /// The WebSocket address that a browser is to use for a path of the server.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("ws://localhost:{}{path}", self.port)
    }

    /// Resets all connections that are there. `ends`: who is told.
    pub fn cut(&self, ends: Ends) {
        self.tell(&format!("cut {ends:?}"), |terms| {
            terms.cuts = terms.opened;
            terms.cut_ends = ends;
        });
    }

    /// Sets a trap: it strikes once, in whichever connection comes into it first.
    pub fn set(&self, trap: Trap) {
        self.tell(&format!("set {trap:?}"), |terms| terms.traps.push(trap));
    }

    /// How many traps have struck so far.
    #[must_use]
    pub fn strikes(&self) -> u32 {
        self.shared.terms.borrow().strikes
    }

    /// Waits until no trap is set any more, and says whether that came about.
    #[must_use]
    pub fn await_strike(&self, patience: Duration) -> bool {
        self.wait(patience, |proxy| {
            proxy.shared.terms.borrow().traps.is_empty()
        })
    }

    /// The connections that are there are black holes this way from now on: what goes in is lost, and nobody is told. They
    /// stay so after a [`Self::mend`].
    pub fn swallow(&self, way: Way) {
        self.tell(&format!("swallow {way}"), |terms| {
            let opened = terms.opened;
            *terms.holes.of_mut(way) = opened;
        });
    }

    /// Holds back what goes this way until the [`Self::mend`], then all of it comes: a network that is away for a moment.
    pub fn stall(&self, way: Way) {
        self.tell(&format!("stall {way}"), |terms| {
            *terms.stalled.of_mut(way) = true;
        });
    }

    /// The network is gone without a word: connections that are there swallow everything, new ones get no answer before the
    /// [`Self::mend`].
    pub fn go_dark(&self) {
        self.swallow(Way::Up);
        self.swallow(Way::Down);
        self.door(Door::Silent);
    }

    /// What happens to new connections.
    pub fn door(&self, door: Door) {
        self.tell(&format!("door {door:?}"), |terms| terms.door = door);
    }

    /// How fast and in which pieces it goes this way.
    pub fn shape(&self, way: Way, shape: Shape) {
        self.tell(&format!("{way} {shape:?}"), |terms| {
            *terms.shapes.of_mut(way) = shape;
        });
    }

    /// Ends connections over which nothing went for so long, as reverse proxies do; or never.
    pub fn idle_limit(&self, limit: Option<Duration>) {
        self.tell(&format!("idle limit {limit:?}"), |terms| terms.idle = limit);
    }

    /// The network is good again: all but the connections that have become black holes.
    pub fn mend(&self) -> Instant {
        self.tell("mend", |terms| {
            *terms = Terms {
                opened: terms.opened,
                cuts: terms.cuts,
                cut_ends: terms.cut_ends,
                holes: terms.holes,
                strikes: terms.strikes,
                left: terms.left,
                ..Terms::default()
            };
        });
        Instant::now()
    }

    /// How many connections there were so far.
    #[must_use]
    pub fn opened(&self) -> u32 {
        self.shared.terms.borrow().opened
    }

    /// All that happened for which the function holds.
    #[must_use]
    pub fn filter(&self, fits: impl Fn(&Entry) -> bool) -> Vec<Entry> {
        self.shared.evidence.filter(fits)
    }

    /// What happened at or after a moment.
    #[must_use]
    pub fn since(&self, moment: Instant) -> Vec<Entry> {
        self.shared.evidence.filter(|entry| entry.at >= moment)
    }

    /// The first thing at or after a moment for which the function holds.
    #[must_use]
    pub fn first(&self, moment: Instant, fits: impl Fn(&Entry) -> bool) -> Option<Entry> {
        self.shared
            .evidence
            .first(|entry| entry.at >= moment && fits(entry))
    }

    /// When a piece with this text had gone through this way, at or after a moment.
    #[must_use]
    pub fn passed(&self, moment: Instant, way: Way, text: &str) -> Option<Instant> {
        let passed = self.first(moment, |entry| {
            matches!(&entry.what, What::Passed(one, said) if *one == way && said.contains(text))
        });
        passed.map(|entry| entry.at)
    }

    /// Waits until a piece with this text has gone through, and says when that was.
    #[must_use]
    pub fn await_passed(
        &self,
        moment: Instant,
        way: Way,
        text: &str,
        patience: Duration,
    ) -> Option<Instant> {
        self.wait(patience, |proxy| proxy.passed(moment, way, text).is_some());
        self.passed(moment, way, text)
    }

    /// Waits until somebody has asked for the server after a moment, and says when that was.
    #[must_use]
    pub fn await_opened(&self, moment: Instant, patience: Duration) -> Option<Instant> {
        let opened = |proxy: &Self| proxy.first(moment, |entry| entry.what == What::Opened);
        self.wait(patience, |proxy| opened(proxy).is_some());
        opened(self).map(|entry| entry.at)
    }

    /// The last entries, one a line: what a failure prints.
    #[must_use]
    pub fn told(&self, count: usize) -> String {
        let all = self.shared.evidence.filter(|_| true);
        let from = all.len().saturating_sub(count);
        let lines: Vec<String> = all.iter().skip(from).map(ToString::to_string).collect();
        lines.join("\n")
    }

    /// Adds a line of one's own to what happened.
    pub fn remark(&self, what: &str) {
        self.shared.evidence.note(0, What::Told(what.to_owned()));
    }

    fn tell(&self, what: &str, change: impl FnOnce(&mut Terms)) {
        self.remark(what);
        self.shared.terms.send_modify(change);
    }

    fn wait(&self, patience: Duration, done: impl Fn(&Self) -> bool) -> bool {
        let deadline = Instant::now() + patience;
        loop {
            if done(self) {
                return true;
            }
            if Instant::now() > deadline {
                return false;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        self.shared.terms.send_modify(|terms| terms.closed = true);
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

/// The terms, as a connection sees them.
type Watched = watch::Receiver<Terms>;
