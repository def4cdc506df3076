//! The engine: `client::Client` on `platform::web`, in a worker that `public/engine-loader.js` starts.

#[cfg(target_arch = "wasm32")]
mod engine {
    use wasm_bindgen_futures::spawn_local;
    use waxwing::client::Client;
    use waxwing::client::log::Log;
    use waxwing::platform::web;
    use waxwing::platform::web::lock::{self, Mode};

    /// Waits until no other engine of this build lives, then serves the pages as long as this worker does.
    pub fn run() {
        console_error_panic_hook::set_once();
        let log = Log::default();
        // Nobody else is there to set one.
        let _ = tracing::subscriber::set_global_default(log.subscriber());
        spawn_local(async move {
            // Held before the first word to a page: whoever waits for it learns of this engine's death. Where there are
            // no locks, nobody can wait.
            if let Ok(held) = lock::acquire(&lock::engine_lock(), Mode::Exclusive).await {
                held.for_ever();
            }
            Client::new(web::ports(), log).run().await;
        });
    }
}

fn main() {
    #[cfg(target_arch = "wasm32")]
    engine::run();
}
