//! Pages that say what they are told.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use crate::boundary::change::{Change, ToPage};
use crate::boundary::codec;
use crate::boundary::command::{Attention, Command, ToEngine};
use crate::client::ports::{PageEvent, PageId, Pages, Sink};
use crate::entity::id::RequestId;

#[derive(Default)]
pub(super) struct FakePages {
    state: Rc<RefCell<State>>,
}

#[derive(Default)]
struct State {
    sink: Option<Rc<dyn Fn(PageEvent)>>,
    received: HashMap<PageId, Vec<Vec<u8>>>,
}

impl FakePages {
    pub(super) fn add(&self, id: PageId) -> FakePage {
        self.state.borrow_mut().received.insert(id, Vec::new());
        FakePage {
            id,
            state: self.state.clone(),
        }
    }
}

impl Pages for FakePages {
    fn listen(&self, events: Sink<PageEvent>) {
        self.state.borrow_mut().sink = Some(Rc::from(events));
    }

    fn post(&self, page: PageId, bytes: Vec<u8>) {
        if let Some(received) = self.state.borrow_mut().received.get_mut(&page) {
            received.push(bytes);
        }
    }
}

/// A page.
pub struct FakePage {
    /// Its number.
    pub id: PageId,
    state: Rc<RefCell<State>>,
}

impl FakePage {
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
        self.tell(PageEvent::Message(self.id, codec::encode(&vec![word])));
    }

    /// Is gone without a word.
    pub fn vanish(&self) {
        self.state.borrow_mut().received.remove(&self.id);
        self.tell(PageEvent::Gone(self.id));
    }

    /// What was sent to it since the last call, message by message.
    #[must_use]
    pub fn take_messages(&self) -> Vec<Vec<ToPage>> {
        let mut state = self.state.borrow_mut();
        let received = state.received.get_mut(&self.id);
        received
            .map(std::mem::take)
            .unwrap_or_default()
            .iter()
            .filter_map(|bytes| codec::decode(bytes).ok())
            .collect()
    }

    /// The changes sent to it since the last call.
    #[must_use]
    pub fn take_changes(&self) -> Vec<Change> {
        self.take_messages()
            .into_iter()
            .flatten()
            .flat_map(|message| match message {
                ToPage::Changes(changes) => changes,
                ToPage::Welcome | ToPage::OtherBuild(_) | ToPage::Elsewhere => Vec::new(),
            })
            .collect()
    }

    fn tell(&self, event: PageEvent) {
        let sink = self.state.borrow().sink.clone();
        if let Some(sink) = sink {
            sink(event);
        }
    }
}
