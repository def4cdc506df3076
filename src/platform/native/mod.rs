//! The ports made of native sockets: the client against real servers, in tests.
//!
//! **Invariant:** it is made for loopback, and has no TLS: `wss:` and `https:` addresses are refused as if nobody
//! answered. It runs on one thread, inside a `tokio::task::LocalSet`.

mod http;
mod page;
mod transport;

use std::rc::Rc;
use std::time::{Duration, SystemTime};

use futures::FutureExt;
use futures::future::LocalBoxFuture;

use crate::client::ports::{Clock, Entropy, Ports, Spawn, Timer, Witness};
use crate::entity::time::{Instant, Timestamp};
use crate::store::Depot;

pub use http::NativeHttp;
pub use page::{NativePage, NativePages};
pub use transport::NativeTransport;

/// All ports, with pages that a test holds, and something to keep things in.
#[must_use]
pub fn ports(pages: Rc<NativePages>, depot: Rc<dyn Depot>) -> Ports {
    let system = Rc::new(System::default());
    Ports {
        transport: Rc::new(NativeTransport),
        http: Rc::new(NativeHttp),
        clock: system.clone(),
        timer: system.clone(),
        entropy: system.clone(),
        pages,
        witness: system.clone(),
        spawn: system,
        depot,
    }
}

/// The system's clock, timers, randomness and tasks.
#[derive(Clone, Copy, Debug)]
pub struct System {
    start: std::time::Instant,
}

impl Default for System {
    fn default() -> Self {
        Self {
            start: std::time::Instant::now(),
        }
    }
}

impl Clock for System {
    fn now(&self) -> Instant {
        let wall = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        Instant {
            monotonic: self.start.elapsed(),
            wall: Timestamp::default() + wall,
        }
    }
}

impl Timer for System {
    fn sleep_until(&self, at: Instant) -> LocalBoxFuture<'static, ()> {
        // Longer than anybody waits, where the sum would overflow.
        let year = Duration::from_secs(365 * 24 * 3600);
        tokio::time::sleep(at.since(self.now()).min(year)).boxed_local()
    }
}

impl Entropy for System {
    fn seed(&self) -> [u8; 32] {
        let mut seed = [0; 32];
        if getrandom::fill(&mut seed).is_err() {
            // To go on with numbers that can be guessed would be worse than to end.
            std::process::abort();
        }
        seed
    }
}

impl Witness for System {
    fn hold(&self, _: &str) {}
    fn let_go(&self) {}
}

impl Spawn for System {
    fn spawn(&self, future: LocalBoxFuture<'static, ()>) {
        tokio::task::spawn_local(future);
    }
}
