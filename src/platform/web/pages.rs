//! The pages: the ports that `public/engine-loader.js` took, and hands over.
//!
//! **Invariant:** both ways a message is one `Uint8Array`, and its buffer goes over: nothing is copied twice. What
//! is something else is not for us.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use js_sys::{Array, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use web_sys::{Event, MessageEvent, MessagePort};

use crate::client::ports::{PageEvent, PageId, Pages, Sink};

/// The pages that are attached.
pub struct WebPages(Rc<Inner>);

#[derive(Default)]
struct Inner {
    ports: RefCell<BTreeMap<PageId, Port>>,
    last: Cell<u32>,
    sink: RefCell<Option<Rc<dyn Fn(PageEvent)>>>,
}

struct Port {
    port: MessagePort,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_close: Closure<dyn FnMut(Event)>,
}

impl WebPages {
    /// No pages yet: they are taken over by [`Pages::listen`], and what they say waits in their ports until then.
    #[must_use]
    pub fn new() -> Self {
        Self(Rc::default())
    }
}

impl Default for WebPages {
    fn default() -> Self {
        Self::new()
    }
}

impl Inner {
    fn report(&self, event: PageEvent) {
        let sink = self.sink.borrow().clone();
        if let Some(sink) = sink {
            sink(event);
        }
    }

    fn add(self: &Rc<Self>, port: MessagePort) {
        let page = PageId(self.last.get().wrapping_add(1));
        self.last.set(page.0);
        let inner = Rc::downgrade(self);
        let on_message = Closure::new(move |event: MessageEvent| {
            let bytes = event.data().dyn_into::<Uint8Array>();
            if let (Some(inner), Ok(bytes)) = (inner.upgrade(), bytes) {
                inner.report(PageEvent::Message(page, bytes.to_vec()));
            }
        });
        let inner = Rc::downgrade(self);
        // Where the browser has no such event, the page's own goodbye must do.
        let on_close = Closure::new(move |_: Event| {
            if let Some(inner) = inner.upgrade() {
                let gone = inner.ports.borrow_mut().remove(&page);
                if gone.is_some() {
                    inner.report(PageEvent::Gone(page));
                }
            }
        });
        let _ = port.add_event_listener_with_callback("close", on_close.as_ref().unchecked_ref());
        // Setting `onmessage` starts the port.
        port.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        self.ports.borrow_mut().insert(
            page,
            Port {
                port,
                _on_message: on_message,
                _on_close: on_close,
            },
        );
    }
}

impl Pages for WebPages {
    fn listen(&self, events: Sink<PageEvent>) {
        *self.0.sink.borrow_mut() = Some(Rc::from(events));
        let scope = js_sys::global();
        let inner = Rc::clone(&self.0);
        // As long as the engine lives.
        let on_port = Closure::<dyn FnMut(MessagePort)>::new(move |port| inner.add(port));
        let on_port = on_port.into_js_value();
        let _ = Reflect::set(&scope, &"waxwingOnPort".into(), &on_port);
        let waiting = Reflect::get(&scope, &"waxwingPorts".into());
        if let Ok(Ok(waiting)) = waiting.map(JsCast::dyn_into::<Array>) {
            for port in waiting.iter() {
                self.0.add(port.unchecked_into());
            }
            waiting.set_length(0);
        }
    }

    fn post(&self, page: PageId, bytes: Vec<u8>) {
        if let Some(page) = self.0.ports.borrow().get(&page) {
            let bytes = Uint8Array::from(&bytes[..]);
            let transfer = Array::of1(&bytes.buffer());
            // Our own bytes are never refused.
            let _ = page.port.post_message_with_transferable(&bytes, &transfer);
        }
    }
}
