//! Waking up later, by the timers of a worker or of a window.

use std::time::Duration;

use futures::channel::oneshot;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(callback: &JsValue, milliseconds: i32) -> i32;

    #[wasm_bindgen(js_name = clearTimeout)]
    fn clear_timeout(timer: i32);
}

/// Stops its timer when it is dropped.
struct Running(i32);

impl Drop for Running {
    fn drop(&mut self) {
        clear_timeout(self.0);
    }
}

/// Ends after that time, or a little later. Browsers count at most 24 days.
pub async fn sleep(time: Duration) {
    let milliseconds = time.as_micros().div_ceil(1000);
    let (wake, woken) = oneshot::channel::<()>();
    let callback = Closure::once(move || drop(wake));
    let _running = Running(set_timeout(
        callback.as_ref(),
        i32::try_from(milliseconds).unwrap_or(i32::MAX),
    ));
    // The channel carries nothing: its end is the signal.
    let _ = woken.await;
}
