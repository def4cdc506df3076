//! The engine: `client::Client` on `platform::web`, in a worker that `public/engine-loader.js` starts.

#[cfg(target_arch = "wasm32")]
mod engine {
    use std::pin::pin;
    use std::time::Duration;

    use futures::future::{Either, select};
    use wasm_bindgen::prelude::*;
    use wasm_bindgen_futures::spawn_local;
    use waxwing::boundary::codec::BUILD;
    use waxwing::client::Client;
    use waxwing::client::log::Log;
    use waxwing::client::retirement::{Retirement, Successor, refuse_everybody};
    use waxwing::platform::web;
    use waxwing::platform::web::lock::{DATABASE_LOCK, Held};
    use waxwing::platform::web::succession::Claimant;
    use waxwing::platform::web::{succession, timer, witness};

    #[wasm_bindgen]
    extern "C" {
        /// Ends this worker.
        fn close();
        /// The build that the page has asked for.
        #[wasm_bindgen(thread_local_v2, js_name = waxwingBuild)]
        static ASKED: String;
    }

    /// For the loader, when we have trapped: where the frame in hand begins.
    #[wasm_bindgen]
    pub fn frame_address() -> usize {
        witness::address()
    }

    /// For the loader, when we have trapped: how many bytes the frame in hand has.
    #[wasm_bindgen]
    pub fn frame_length() -> usize {
        witness::length()
    }

    /// Serves the pages until this worker dies, or another engine takes over.
    pub fn run() {
        console_error_panic_hook::set_once();
        let log = Log::default();
        // Nobody else is there to set one.
        let _ = tracing::subscriber::set_global_default(log.subscriber());
        if ASKED.with(|asked| asked != BUILD) {
            return refuse_everybody(&web::ports().pages);
        }
        spawn_local(async move {
            let us = Claimant::new(BUILD);
            let held = succession::accede(DATABASE_LOCK, &us, succession::PATIENCE).await;
            let client = Client::new(web::ports(), log);
            let retirement = client.retirement();
            match &held {
                Ok(held) => {
                    select(pin!(client.run()), pin!(reign(&us, held, retirement))).await;
                }
                // Without locks nothing can be known of other engines.
                Err(_) => client.run().await,
            }
            // The next engine begins; what was posted to the pages is still delivered.
            drop(held);
            timer::sleep(Duration::ZERO).await;
            close();
        });
    }

    /// Ends only when the accounts are not ours any more.
    async fn reign(us: &Claimant, held: &Held, retirement: Retirement) {
        let successor = pin!(succession::successor(DATABASE_LOCK, us));
        if let Either::Left((next, lost)) = select(successor, pin!(held.ended())).await {
            retirement.in_order(if next.build() == us.build() {
                Successor::Elsewhere
            } else {
                Successor::OtherBuild
            });
            lost.await;
        }
        retirement.at_once();
    }
}

fn main() {
    #[cfg(target_arch = "wasm32")]
    engine::run();
}
