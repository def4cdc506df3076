//! The clock and the timers of a worker.

use std::time::Duration;

use futures::FutureExt;
use futures::future::LocalBoxFuture;
use wasm_bindgen::prelude::*;

use super::timer::sleep;
use crate::client::ports::{Clock, Timer};
use crate::entity::time::{Instant, Timestamp};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn performance_now() -> f64;
}

/// The clock and the timers of a worker.
#[derive(Clone, Copy, Debug, Default)]
pub struct WebClock;

impl Clock for WebClock {
    fn now(&self) -> Instant {
        // Whole milliseconds since 1970 fit for a quarter of a million years.
        #[allow(clippy::cast_possible_truncation)]
        let wall = js_sys::Date::now() as i64;
        Instant {
            monotonic: Duration::from_secs_f64(performance_now().max(0.0) / 1000.0),
            wall: Timestamp(wall),
        }
    }
}

impl Timer for WebClock {
    fn sleep_until(&self, at: Instant) -> LocalBoxFuture<'static, ()> {
        async move {
            loop {
                let left = at.since(Self.now());
                if left.is_zero() {
                    return;
                }
                sleep(left).await;
            }
        }
        .boxed_local()
    }
}
