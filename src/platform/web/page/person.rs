//! The person in front of the page: whether they see it, whether they do something, whether there is a network.

use std::cell::Cell;

use wasm_bindgen::prelude::*;
use web_sys::{AddEventListenerOptions, Event, EventTarget, VisibilityState, Window};

use crate::boundary::command::Attention;

/// What happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Happened {
    /// The page is seen, or no longer, or has the keyboard.
    Attention(Attention),
    /// The person did something; told at most once every 20 seconds.
    Activity,
    /// The browser says that the network came (`true`) or went.
    Network(bool),
    /// The page goes away.
    Hidden,
    /// It came back as it was, out of the browser's memory.
    Shown,
}

/// Milliseconds between two `Activity`s.
const QUIET: f64 = 20_000.0;

/// Whether people see the page now.
#[must_use]
pub fn attention() -> Attention {
    let Some(document) = web_sys::window().and_then(|window| window.document()) else {
        return Attention::Hidden;
    };
    if document.visibility_state() != VisibilityState::Visible {
        Attention::Hidden
    } else if document.has_focus() == Ok(true) {
        Attention::Focused
    } else {
        Attention::Visible
    }
}

/// Tells everything to `tell`, as long as the page lives.
pub fn follow(window: &Window, tell: impl Fn(Happened) + Clone + 'static) {
    let on = |name: &str, what: fn(&Event) -> Option<Happened>| {
        let tell = tell.clone();
        listen(window, name, move |event| {
            if let Some(happened) = what(event) {
                tell(happened);
            }
        });
    };
    on("focus", |_| Some(Happened::Attention(attention())));
    on("blur", |_| Some(Happened::Attention(attention())));
    on("online", |_| Some(Happened::Network(true)));
    on("offline", |_| Some(Happened::Network(false)));
    on("pagehide", |_| Some(Happened::Hidden));
    on("pageshow", |event| {
        // Only a page out of the back-forward cache was hidden before.
        let event = event.dyn_ref::<web_sys::PageTransitionEvent>()?;
        event.persisted().then_some(Happened::Shown)
    });
    if let Some(document) = window.document() {
        let tell = tell.clone();
        listen(&document, "visibilitychange", move |_| {
            tell(Happened::Attention(attention()));
        });
    }
    let last = std::rc::Rc::new(Cell::new(f64::NEG_INFINITY));
    for name in ["pointerdown", "pointermove", "keydown", "wheel"] {
        let (tell, last) = (tell.clone(), last.clone());
        listen(window, name, move |event| {
            let now = event.time_stamp();
            if now - last.get() >= QUIET {
                last.set(now);
                tell(Happened::Activity);
            }
        });
    }
}

fn listen(target: &EventTarget, name: &str, hear: impl Fn(&Event) + 'static) {
    let closure = Closure::<dyn Fn(Event)>::new(move |event: Event| hear(&event));
    let options = AddEventListenerOptions::new();
    options.set_passive(true);
    options.set_capture(true);
    let _never = target.add_event_listener_with_callback_and_add_event_listener_options(
        name,
        closure.as_ref().unchecked_ref(),
        &options,
    );
    // As long as the page lives.
    closure.forget();
}
