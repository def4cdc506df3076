//! One engine for one database, whatever their builds: whoever comes later takes over.
//!
//! **Invariant:** only who holds the lock opens the database and runs the accounts. Who waits for it says so again and
//! again; who holds it and hears that from another build ends its accounts in order and lets go. One that does not
//! answer (the system has put it to sleep) loses the lock, and must not go on when it wakes.

use std::pin::pin;
use std::time::Duration;

use futures::StreamExt;
use futures::channel::mpsc::unbounded;
use futures::future::{Either, select};
use wasm_bindgen::prelude::*;
use web_sys::{BroadcastChannel, MessageEvent};

use super::lock::{self, Held, Mode, NotHeld};
use super::timer::sleep;

/// How often a waiting engine says that it waits.
const AGAIN: Duration = Duration::from_millis(500);

/// How long the other engine may take to let go: longer than its accounts may take to come to their end.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// Waits for the lock of that name, and takes it from an engine that does not let go for so long.
///
/// # Errors
/// [`NotHeld::NoLocks`]: then nothing can be known of other engines.
pub async fn accede(name: &str, build: &str, patience: Duration) -> Result<Held, NotHeld> {
    let channel = BroadcastChannel::new(name).ok();
    let mut held = pin!(lock::acquire(name, Mode::Exclusive));
    let mut waited = Duration::ZERO;
    let outcome = loop {
        if let Some(channel) = &channel {
            // Our own text is never refused.
            let _ = channel.post_message(&build.into());
        }
        match select(held, pin!(sleep(AGAIN))).await {
            Either::Left((outcome, _)) => break outcome,
            Either::Right((_, waiting)) => held = waiting,
        }
        waited += AGAIN;
        if waited >= patience {
            tracing::warn!("the engine before this one does not let go");
            break lock::acquire(name, Mode::Steal).await;
        }
    };
    if let Some(channel) = channel {
        channel.close();
    }
    outcome
}

/// Waits until an engine of another build waits for the lock of that name.
pub async fn successor(name: &str, build: &str) {
    let Ok(channel) = BroadcastChannel::new(name) else {
        return std::future::pending().await;
    };
    let (hear, mut heard) = unbounded();
    let on_message = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
        // Whoever listens no more does not care.
        let _ = hear.unbounded_send(event.data().as_string());
    });
    channel.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    while let Some(said) = heard.next().await {
        if said.is_some_and(|other| other != build) {
            break;
        }
    }
    channel.set_onmessage(None);
    channel.close();
}
