//! Pages that a test holds, and waits at.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use futures::StreamExt;
use futures::channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};

use crate::boundary::change::ToPage;
use crate::boundary::codec;
use crate::boundary::command::{Attention, Command, ToEngine};
use crate::client::ports::{PageEvent, PageId, Pages, Sink};
use crate::entity::id::RequestId;

/// Who is told.
type Hear = Rc<dyn Fn(PageEvent)>;

/// All pages.
#[derive(Default)]
pub struct NativePages {
    sink: RefCell<Option<Hear>>,
    pages: RefCell<BTreeMap<PageId, UnboundedSender<Vec<u8>>>>,
    last: Cell<u32>,
}

impl NativePages {
    /// A new page; it has said nothing yet.
    #[must_use]
    pub fn add(self: &Rc<Self>) -> NativePage {
        let id = PageId(self.last.get().wrapping_add(1));
        self.last.set(id.0);
        let (post, posted) = unbounded();
        self.pages.borrow_mut().insert(id, post);
        NativePage {
            id,
            posted,
            pages: self.clone(),
        }
    }

    fn tell(&self, event: PageEvent) {
        let sink = self.sink.borrow().clone();
        if let Some(sink) = sink {
            sink(event);
        }
    }
}

impl Pages for NativePages {
    fn listen(&self, events: Sink<PageEvent>) {
        *self.sink.borrow_mut() = Some(Rc::from(events));
    }

    fn post(&self, page: PageId, bytes: Vec<u8>) {
        if let Some(page) = self.pages.borrow().get(&page) {
            // A page that was dropped hears nothing.
            let _ = page.unbounded_send(bytes);
        }
    }
}

/// A page. Dropping it is its death.
pub struct NativePage {
    id: PageId,
    posted: UnboundedReceiver<Vec<u8>>,
    pages: Rc<NativePages>,
}

impl NativePage {
    /// Says hello, as a page of this build.
    pub fn hello(&self, attention: Attention) {
        self.say(ToEngine::Hello {
            build: codec::BUILD.to_owned(),
            attention,
            accounts: Vec::new(),
            deadly: Vec::new(),
        });
    }

    /// Wishes something.
    pub fn wish(&self, request: u32, command: Command) {
        self.say(ToEngine::Do(RequestId(request), command));
    }

    /// Says something.
    pub fn say(&self, word: ToEngine) {
        let bytes = codec::encode(&vec![word]);
        self.pages.tell(PageEvent::Message(self.id, bytes));
    }

    /// Waits for the next message to it. A message that does not decode is an empty one.
    pub async fn hear(&mut self) -> Vec<ToPage> {
        match self.posted.next().await {
            Some(bytes) => codec::decode(&bytes).unwrap_or_default(),
            // The other end lives as long as this page.
            None => std::future::pending().await,
        }
    }
}

impl Drop for NativePage {
    fn drop(&mut self) {
        self.pages.pages.borrow_mut().remove(&self.id);
        self.pages.tell(PageEvent::Gone(self.id));
    }
}
