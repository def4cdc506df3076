//! Parts of timelines that are watched.

use std::rc::Rc;

use super::Handle;
use crate::boundary::change::TimelineChange;
use crate::boundary::command::{Anchor, Command, TimelineRequest, Toward};
use crate::entity::id::{ItemId, WindowId};
use crate::ui::reactive::window::WindowRows;
use crate::ui::view::prelude::*;

/// A watched window. A copy is the same window.
#[derive(Clone, Copy)]
pub struct Window {
    /// What it holds, as signals.
    pub rows: WindowRows,
    pub(super) id: WindowId,
    handle: Handle,
}

impl Handle {
    /// Watches a part of a timeline until the current owner is cleaned up.
    #[must_use]
    pub fn watch(&self, request: TimelineRequest) -> Window {
        let window = Window {
            id: WindowId(self.inner().number()),
            rows: WindowRows::new(),
            handle: *self,
        };
        self.inner().windows.borrow_mut().insert(
            window.id,
            Watched {
                request: request.clone(),
                rows: window.rows,
                before: None,
            },
        );
        self.send(Command::Watch(window.id, request));
        on_cleanup(move || window.end());
        window
    }
}

impl Window {
    /// Asks for more at one end.
    pub fn extend(&self, toward: Toward) {
        self.handle.send(Command::Extend(self.id, toward));
    }

    /// Asks for what is missing in a gap, from one of its ends on.
    pub fn fill(&self, gap: ItemId, toward: Toward) {
        self.handle.send(Command::Fill(self.id, gap, toward));
    }

    /// Moves it elsewhere in the same timeline.
    pub fn show(&self, anchor: Anchor) {
        let request = {
            let inner = self.handle.inner();
            let mut windows = inner.windows.borrow_mut();
            let Some(watched) = windows.get_mut(&self.id) else {
                return;
            };
            watched.request.anchor = anchor;
            watched.request.clone()
        };
        self.handle.send(Command::Watch(self.id, request));
    }

    /// Calls `look` with each change before the rows are told of it: the moment to measure where things are.
    pub fn before_change(&self, look: impl Fn(&TimelineChange) + 'static) {
        let inner = self.handle.inner();
        if let Some(watched) = inner.windows.borrow_mut().get_mut(&self.id) {
            watched.before = Some(Rc::new(look));
        }
    }

    fn end(&self) {
        let inner = self.handle.inner();
        let ended = inner.windows.borrow_mut().remove(&self.id);
        if ended.is_some() {
            self.handle.send(Command::Unwatch(self.id));
        }
    }
}

/// Looks at a window before it changes.
type Before = Rc<dyn Fn(&TimelineChange)>;

#[derive(Clone)]
pub(super) struct Watched {
    pub(super) request: TimelineRequest,
    pub(super) rows: WindowRows,
    pub(super) before: Option<Before>,
}
