//! The pages: who is attached, who looks, who gets what.
//!
//! **Invariant:** a page gets its snapshot before any change, an answer goes only to the page that asked, and all
//! pages see the same changes in the same order.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use crate::boundary::change::{Change, ConsoleFrame, Reply, ToPage};
use crate::boundary::codec;
use crate::boundary::command::Attention;
use crate::entity::few::Few;
use crate::entity::id::{AccountId, RequestId};
use crate::entity::problem::Problem;
use crate::entity::settings::Settings;
use crate::entity::time::Timestamp;
use crate::model::Drained;

use super::log::Log;
use super::ports::{PageId, Pages};
use super::redact::redact;
use super::retirement::Successor;
use super::wire;

/// Who asked, and under which number.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Asker {
    /// The page.
    pub page: PageId,
    /// The page's number for it; zero wants no answer.
    pub request: RequestId,
}

/// The pages.
pub struct Hub {
    port: Rc<dyn Pages>,
    log: Log,
    pages: RefCell<Few<PageId, Page>>,
    settings: RefCell<Settings>,
    /// Which engine takes over, if one does.
    successor: Cell<Successor>,
}

#[derive(Debug, Default)]
struct Page {
    attention: Attention,
    /// The number of the first log line that it has not seen, if it watches the log.
    log_from: Option<u64>,
    console: bool,
}

impl Hub {
    pub(super) fn new(port: Rc<dyn Pages>, log: Log) -> Self {
        Self {
            port,
            log,
            pages: RefCell::default(),
            settings: RefCell::default(),
            successor: Cell::default(),
        }
    }

    /// A page of our build said hello: it is welcomed with a snapshot.
    pub(super) fn attach(&self, page: PageId, attention: Attention, snapshot: Vec<Change>) {
        self.pages.borrow_mut().insert(
            page,
            Page {
                attention,
                ..Page::default()
            },
        );
        self.port.post(page, codec::encode(&vec![ToPage::Welcome]));
        self.post(page, snapshot);
    }

    /// A page of another build said hello.
    pub(super) fn refuse(&self, page: PageId) {
        let other = vec![ToPage::OtherBuild(codec::BUILD.to_owned())];
        self.port.post(page, codec::encode(&other));
    }

    /// That engine takes over.
    pub(super) fn yield_to(&self, successor: Successor) {
        self.successor.set(successor);
    }

    /// A page is to know that another engine takes over.
    pub(super) fn send_away(&self, page: PageId) {
        match self.successor.get() {
            Successor::OtherBuild => self.refuse(page),
            Successor::Elsewhere => {
                let word = codec::encode(&vec![ToPage::Elsewhere]);
                self.port.post(page, word);
            }
        }
    }

    /// Another engine takes over: no page is ours any more.
    pub(super) fn send_all_away(&self) {
        for page in self.pages.take().keys() {
            self.send_away(*page);
        }
    }

    /// A page is gone. True if it was attached.
    pub(super) fn detach(&self, page: PageId) -> bool {
        self.pages.borrow_mut().remove(&page).is_some()
    }

    /// Whether a page has said hello.
    pub(super) fn is_attached(&self, page: PageId) -> bool {
        self.pages.borrow().contains_key(&page)
    }

    pub(super) fn set_attention(&self, page: PageId, attention: Attention) {
        if let Some(page) = self.pages.borrow_mut().get_mut(&page) {
            page.attention = attention;
        }
    }

    /// Everybody who is attached, and how much attention they have.
    pub(super) fn attentions(&self) -> Vec<(PageId, Attention)> {
        self.pages
            .borrow()
            .iter()
            .map(|(id, page)| (*id, page.attention))
            .collect()
    }

    /// Whether anybody sees a page.
    pub(super) fn is_looked_at(&self) -> bool {
        let pages = self.pages.borrow();
        pages
            .values()
            .any(|page| page.attention != Attention::Hidden)
    }

    /// The settings.
    pub(super) fn settings(&self) -> Settings {
        self.settings.borrow().clone()
    }

    pub(super) fn set_settings(&self, settings: Settings) {
        *self.settings.borrow_mut() = settings;
    }

    /// Sends changes to one page.
    pub(super) fn post(&self, page: PageId, changes: Vec<Change>) {
        for bytes in wire::pack(changes) {
            self.port.post(page, bytes);
        }
    }

    /// Sends changes to every page.
    pub(super) fn broadcast(&self, changes: Vec<Change>) {
        let pages: Vec<_> = self.pages.borrow().keys().copied().collect();
        for bytes in wire::pack(changes) {
            for page in &pages {
                self.port.post(*page, bytes.clone());
            }
        }
    }

    /// Sends what a model drained: to every page what all see, in one message with its own windows.
    pub(super) fn publish(&self, drained: Drained) {
        let Drained { shared, windows } = drained;
        if windows.is_empty() {
            return self.broadcast(shared);
        }
        let mut own: HashMap<u32, Vec<Change>> = HashMap::new();
        for (watch, change) in windows {
            own.entry(watch.page)
                .or_default()
                .push(Change::Timeline(watch.window, change));
        }
        let pages: Vec<_> = self.pages.borrow().keys().copied().collect();
        for page in pages {
            let mut changes = shared.clone();
            changes.append(&mut own.remove(&page.0).unwrap_or_default());
            self.post(page, changes);
        }
    }

    /// Answers whoever asked.
    pub(super) fn answer(&self, asker: Asker, outcome: Result<Reply, Problem>) {
        if asker.request != RequestId::default() && self.is_attached(asker.page) {
            self.post(asker.page, vec![Change::Answer(asker.request, outcome)]);
        }
    }

    /// A page begins to watch the log and the frames, or stops.
    pub(super) fn watch_diagnostics(&self, page: PageId, log: bool, console: bool) {
        if let Some(page) = self.pages.borrow_mut().get_mut(&page) {
            page.log_from = log.then(|| page.log_from.unwrap_or(0));
            page.console = console;
        }
        self.flush_log();
    }

    /// Sends new lines of the log to those who watch it.
    pub(super) fn flush_log(&self) {
        let mut due = Vec::new();
        for (id, page) in self.pages.borrow_mut().iter_mut() {
            if let Some(from) = page.log_from {
                let (lines, next) = self.log.since(from);
                page.log_from = Some(next);
                if !lines.is_empty() {
                    due.push((*id, lines));
                }
            }
        }
        for (page, lines) in due {
            self.post(page, vec![Change::Log(lines)]);
        }
    }

    /// Whether anybody watches the frames.
    pub(super) fn console_is_watched(&self) -> bool {
        self.pages.borrow().values().any(|page| page.console)
    }

    /// Shows frames to those who watch them.
    pub(super) fn show_frames(
        &self,
        account: AccountId,
        time: Timestamp,
        frames: &[(bool, String)],
    ) {
        let shown: Vec<_> = frames
            .iter()
            .map(|(sent, xml)| ConsoleFrame {
                account,
                time,
                sent: *sent,
                xml: redact(xml),
            })
            .collect();
        if shown.is_empty() {
            return;
        }
        let watching: Vec<_> = self
            .pages
            .borrow()
            .iter()
            .filter(|(_, page)| page.console)
            .map(|(id, _)| *id)
            .collect();
        for page in watching {
            self.post(page, vec![Change::Console(shown.clone())]);
        }
    }
}
