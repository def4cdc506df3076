//! One engine for one database, whatever their builds and addresses: whoever comes later takes over.
//!
//! **Invariant:** only who holds the lock opens the database and runs the accounts. Who waits for it says so again and
//! again; who holds it and hears that from another engine ends its accounts in order and lets go. One that does not
//! answer (the system has put it to sleep) loses the lock, and must not go on when it wakes. One that has let go ends, and
//! its pages begin no other before their user says so: two that are open at the same time do not take turns for ever.

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

/// One engine among those of this origin. Two of the same build run where one site lies below two paths.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Claimant {
    build: String,
    /// Like no other's.
    instance: String,
}

impl Claimant {
    /// A new engine of a build.
    #[must_use]
    pub fn new(build: &str) -> Self {
        let random = js_sys::Number::from(js_sys::Math::random());
        let instance = random.to_string_with_radix(36);
        Self {
            build: build.to_owned(),
            instance: instance.map(String::from).unwrap_or_default(),
        }
    }

    /// Its build.
    #[must_use]
    pub fn build(&self) -> &str {
        &self.build
    }

    /// What it says. Builds before this one say their build alone, and hear that another build waits.
    fn said(&self) -> String {
        [&*self.build, " ", &*self.instance].concat()
    }

    fn heard(said: &str) -> Self {
        let (build, instance) = said.split_once(' ').unwrap_or((said, ""));
        Self {
            build: build.to_owned(),
            instance: instance.to_owned(),
        }
    }
}

/// Waits for the lock of that name, and takes it from an engine that does not let go for so long.
///
/// # Errors
/// [`NotHeld::NoLocks`]: then nothing can be known of other engines.
pub async fn accede(name: &str, us: &Claimant, patience: Duration) -> Result<Held, NotHeld> {
    let channel = BroadcastChannel::new(name).ok();
    let mut held = pin!(lock::acquire(name, Mode::Exclusive));
    let mut waited = Duration::ZERO;
    let outcome = loop {
        if let Some(channel) = &channel {
            // Our own text is never refused.
            let _ = channel.post_message(&us.said().into());
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

/// Waits until another engine waits for the lock of that name, and tells which.
pub async fn successor(name: &str, us: &Claimant) -> Claimant {
    let Ok(channel) = BroadcastChannel::new(name) else {
        return std::future::pending().await;
    };
    let (hear, mut heard) = unbounded();
    let on_message = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
        if let Some(said) = event.data().as_string() {
            // Whoever listens no more does not care.
            let _ = hear.unbounded_send(Claimant::heard(&said));
        }
    });
    channel.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    let other = loop {
        match heard.next().await {
            Some(other) if other != *us => break other,
            Some(_) => {}
            None => return std::future::pending().await,
        }
    };
    channel.set_onmessage(None);
    channel.close();
    other
}
