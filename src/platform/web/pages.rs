//! The pages: the ports that `public/engine-loader.js` took, and hands over.
//!
//! **Invariant:** both ways a message is one `Uint8Array`, and its buffer goes over: nothing is copied twice. Only a
//! page's first text is something else: the name of a Web Lock that the page holds as long as it lives, because no
//! browser tells of a port whose other end died.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::{Array, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::{MessageEvent, MessagePort};

use super::lock::{self, Mode};
use crate::client::ports::{PageEvent, PageId, Pages, Sink};
use crate::entity::few::Few;

/// Who is told.
type Hear = Rc<dyn Fn(PageEvent)>;

/// The pages that are attached.
pub struct WebPages(Rc<Inner>);

#[derive(Default)]
struct Inner {
    ports: RefCell<Few<PageId, Port>>,
    last: Cell<u32>,
    sink: RefCell<Option<Hear>>,
}

struct Port {
    port: MessagePort,
    on_message: Closure<dyn FnMut(MessageEvent)>,
    /// Its death is waited for.
    watched: Cell<bool>,
}

impl Drop for Port {
    fn drop(&mut self) {
        self.port.set_onmessage(None);
        self.port.close();
    }
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
            if let Some(inner) = inner.upgrade() {
                inner.received(page, event.data());
            }
        });
        let port = Port {
            port,
            on_message,
            watched: Cell::new(false),
        };
        // Setting `onmessage` starts the port.
        let on_message = port.on_message.as_ref().unchecked_ref();
        port.port.set_onmessage(Some(on_message));
        self.ports.borrow_mut().insert(page, port);
    }

    fn received(self: &Rc<Self>, page: PageId, data: JsValue) {
        match data.dyn_into::<Uint8Array>() {
            Ok(bytes) => self.report(PageEvent::Message(page, bytes.to_vec())),
            Err(other) => {
                let name = other.as_string();
                let ports = self.ports.borrow();
                let port = ports.get(&page);
                if let (Some(name), Some(port)) = (name, port)
                    && !port.watched.replace(true)
                {
                    spawn_local(Rc::clone(self).watch(page, name));
                }
            }
        }
    }

    /// Waits for a page's death: its lock is free then.
    async fn watch(self: Rc<Self>, page: PageId, lock: String) {
        if lock::acquire(&lock, Mode::Shared).await.is_ok() {
            let gone = self.ports.borrow_mut().remove(&page);
            if gone.is_some() {
                self.report(PageEvent::Gone(page));
            }
        }
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
