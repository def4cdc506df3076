//! What moves a timeline: changes of its window, scrolling, sizes, focus. All of it ends in a frame.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use crate::ui::view::prelude::*;
use web_sys::Element;

use super::gap_news::{GapNews, News};
use super::list::Held;
use super::other_row;
use super::scroller::{Found, Scroller};
use crate::boundary::change::{Edge, Item, ItemKind};
use crate::boundary::command::{AccountCommand, Anchor, Toward};
use crate::entity::id::ItemId;
use crate::entity::message::{Delivery, Direction, Message, Position};
use crate::ui::browser;
use crate::ui::handle::{Handle, Window};
use crate::ui::i18n::Texts;
use crate::ui::reactive::model::PeerKey;
use crate::ui::text::clean::one_line;

/// So long after the last `scroll` event the motion is over, in milliseconds.
const MOTION: f64 = 150.0;
/// What was seen is told to the engine at most so often.
const TELL: Duration = Duration::from_millis(200);

/// One timeline at work.
pub(super) struct Drive {
    pub handle: Handle,
    pub peer: PeerKey,
    pub window: Window,
    texts: &'static Texts,
    /// The view holds on to the newest message.
    pub at_end: RwSignal<bool>,
    /// What assistive technology is told of a message that came.
    pub said: RwSignal<String>,
    /// What it is told of the gaps.
    gaps: RefCell<GapNews>,
    scroller: RefCell<Scroller>,
    /// Something is to be drawn.
    stale: Cell<bool>,
    /// Something was drawn, and the frame that shows it is not over.
    paced: Cell<bool>,
    changed: Cell<bool>,
    scrolled_at: Cell<f64>,
    /// Asked for older, for newer items; not answered yet.
    asked: Cell<(bool, bool)>,
    /// The gap that was asked for last, and where it stood.
    asked_gap: Cell<Option<(ItemId, Position)>>,
    /// Where to go as soon as that is there.
    aim: Cell<Option<Position>>,
    newest: Cell<Option<(Position, ItemId)>>,
    seen: Cell<Option<(ItemId, Position)>>,
    told: Cell<Option<(ItemId, Position)>>,
    telling: Cell<bool>,
}

impl Drive {
    pub(super) fn new(
        handle: Handle,
        peer: PeerKey,
        window: Window,
        texts: &'static Texts,
        scroller: Scroller,
        (at_end, said): (RwSignal<bool>, RwSignal<String>),
    ) -> Rc<Self> {
        Rc::new(Self {
            handle,
            peer,
            window,
            texts,
            at_end,
            said,
            gaps: RefCell::default(),
            scroller: RefCell::new(scroller),
            stale: Cell::new(false),
            paced: Cell::new(false),
            changed: Cell::new(false),
            scrolled_at: Cell::new(f64::MIN),
            asked: Cell::new((false, false)),
            asked_gap: Cell::new(None),
            aim: Cell::new(None),
            newest: Cell::new(None),
            seen: Cell::new(None),
            told: Cell::new(None),
            telling: Cell::new(false),
        })
    }

    /// The window holds something else: many changes, one frame.
    pub(super) fn changed(self: &Rc<Self>) {
        self.changed.set(true);
        self.asked.set((false, false));
        self.asked_gap.set(None);
        self.schedule();
        if self.is_just_written() {
            // Whoever pressed Enter waits for it.
            let drive = Rc::downgrade(self);
            queue_microtask(move || {
                let _drawn = drive.upgrade().is_some_and(|drive| drive.draw());
            });
        }
    }

    /// The other is called differently.
    pub(super) fn rename(self: &Rc<Self>, name: String) {
        if let Ok(mut scroller) = self.scroller.try_borrow_mut() {
            scroller.rename(name);
        }
        self.schedule();
    }

    /// What comes first is drawn as soon as what came with it is known, for the very next frame of the browser: waiting for
    /// that frame to begin would cost one. What comes before that frame is over is drawn once for all, in the next.
    pub(super) fn schedule(self: &Rc<Self>) {
        self.stale.set(true);
        if self.paced.replace(true) {
            return;
        }
        let drive = Rc::downgrade(self);
        queue_microtask(move || {
            let Some(drive) = drive.upgrade() else { return };
            drive.draw();
            drive.pace();
        });
    }

    /// Draws at each frame, until there is one before which nothing was scheduled.
    fn pace(self: &Rc<Self>) {
        let drive = Rc::downgrade(self);
        request_animation_frame(move || {
            let Some(drive) = drive.upgrade() else { return };
            if drive.draw() {
                drive.pace();
            } else {
                drive.paced.set(false);
            }
        });
    }

    /// Draws what was scheduled. Says whether anything was.
    fn draw(self: &Rc<Self>) -> bool {
        let stale = self.stale.take();
        if stale {
            self.frame();
        }
        stale
    }

    /// `scroll` fired: the browser waits with painting until this is done.
    pub(super) fn scrolled(self: &Rc<Self>) {
        let by_person = match self.scroller.try_borrow_mut() {
            Ok(mut scroller) => self.catch_up(&mut scroller),
            Err(_) => false,
        };
        if by_person {
            self.frame();
        }
    }

    /// Learns where a person has scrolled to. Says whether anybody did.
    fn catch_up(&self, scroller: &mut Scroller) -> bool {
        let by_person = scroller.scrolled();
        if by_person {
            self.scrolled_at.set(now());
            self.asked.set((false, false));
        }
        by_person
    }

    /// Shows the newest message, wherever the view is.
    pub(super) fn jump(self: &Rc<Self>) {
        if self.at_end.get_untracked() {
            // Browsers keep other work waiting for a frame that a key has asked for: what the key has sent, too.
            return;
        }
        if self.window.rows.newer.get_untracked() != Edge::End {
            self.window.show(Anchor::Newest);
        }
        if let Ok(mut scroller) = self.scroller.try_borrow_mut() {
            scroller.jump();
        }
        self.scrolled_at.set(f64::MIN);
        self.schedule();
    }

    /// Shows the message of that place.
    pub(super) fn go_to(self: &Rc<Self>, at: Position) {
        self.aim.set(Some(at));
        self.window.show(Anchor::At(at));
    }

    fn frame(self: &Rc<Self>) {
        let Ok(mut scroller) = self.scroller.try_borrow_mut() else {
            return;
        };
        // The event `scroll` may come only after this frame: where the person is now counts.
        self.catch_up(&mut scroller);
        if self.changed.take() {
            self.gather(&mut scroller);
        }
        let moving = now() - self.scrolled_at.get() < MOTION;
        let found = scroller.frame(moving);
        drop(scroller);
        self.act(&found);
    }

    /// Takes what the window holds over into rows.
    fn gather(&self, scroller: &mut Scroller) {
        let rows = self.window.rows;
        if !rows.known.get_untracked() {
            return;
        }
        let order = rows.order.get_untracked();
        let items: Vec<Arc<Item>> = order.iter().filter_map(|id| rows.items.peek(id)).collect();
        let (older, newer) = (rows.older.get_untracked(), rows.newer.get_untracked());
        self.tell_gaps(&items);
        self.greet(items.last(), newer == Edge::End, scroller);
        let is_there = |at: &Position| items.iter().any(|item| item.position == *at);
        if let Some(at) = self.aim.get().filter(is_there) {
            self.aim.set(None);
            scroller.aim(at);
        }
        scroller.hold(&Held {
            items: &items,
            older: &older,
            newer: &newer,
            unread_from: rows.unread_from.get_untracked(),
        });
    }

    /// The newest item is a message that somebody wrote here just now.
    fn is_just_written(&self) -> bool {
        let rows = self.window.rows;
        let last = rows.order.get_untracked().last().copied();
        last.and_then(|id| rows.items.peek(&id))
            .is_some_and(|last| {
                let is_new = self
                    .newest
                    .get()
                    .is_some_and(|before| before < (last.position, last.id) && before.1 != last.id);
                is_new
                    && matches!(&last.kind, ItemKind::Message(message) if message.is_being_sent())
            })
    }

    /// A message came at the end: one's own is shown at once, another's is announced.
    fn greet(&self, last: Option<&Arc<Item>>, at_present: bool, scroller: &mut Scroller) {
        let Some(last) = last else { return };
        let before = self.newest.replace(Some((last.position, last.id)));
        // One that has another place is the same.
        let is_new =
            before.is_some_and(|before| before < (last.position, last.id) && before.1 != last.id);
        let ItemKind::Message(Message {
            direction,
            delivery,
            body,
            ..
        }) = &last.kind
        else {
            return;
        };
        if !is_new || !at_present {
            return;
        }
        match direction {
            Direction::Outgoing if *delivery == Delivery::Sending => scroller.jump(),
            Direction::Outgoing => {}
            Direction::Incoming => {
                let name = self.handle.model.name_now(&self.peer);
                self.said.set([&name, ": ", &one_line(body, 300)].concat());
            }
        }
    }

    /// What becomes of the gaps is said as it is written in them.
    fn tell_gaps(&self, items: &[Arc<Item>]) {
        let Ok(mut gaps) = self.gaps.try_borrow_mut() else {
            return;
        };
        let t = &self.texts.timeline;
        for news in gaps.note(items) {
            self.said.set(match news {
                News::Loading => t.gap_loading.to_owned(),
                News::Filled => t.gap_filled.to_owned(),
                News::Lost => t.gap_lost.to_owned(),
                News::Failed(problem) => other_row::failed_gap(&problem, self.texts),
            });
        }
    }

    fn act(self: &Rc<Self>, found: &Found) {
        if self.at_end.get_untracked() != found.at_end {
            self.at_end.set(found.at_end);
        }
        let rows = self.window.rows;
        let (older, newer) = self.asked.get();
        if found.older && !older && rows.older.get_untracked() == Edge::More {
            self.asked.set((true, self.asked.get().1));
            self.window.extend(Toward::Older);
        }
        if found.newer && !newer && rows.newer.get_untracked() == Edge::More {
            self.asked.set((self.asked.get().0, true));
            self.window.extend(Toward::Newer);
        }
        if let Some((gap, at, toward)) = found.gap
            && self.asked_gap.get() != Some((gap, at))
        {
            self.asked_gap.set(Some((gap, at)));
            self.window.fill(gap, toward);
        }
        if found.unsettled {
            self.later(Duration::from_millis(160), |drive| drive.frame());
        }
        self.seen.set(found.seen);
        self.tell();
    }

    /// Tells the engine what was seen: only while somebody looks, which an open page alone does not mean.
    pub(super) fn tell(self: &Rc<Self>) {
        // Not only what is newer: places change when the archive tells where a message belongs.
        let Some(seen) = self
            .seen
            .get()
            .filter(|seen| self.told.get() != Some(*seen))
        else {
            return;
        };
        if self.telling.get() || !is_looked_at() {
            return;
        }
        self.telling.set(true);
        self.told.set(Some(seen));
        let (id, at) = seen;
        let command = AccountCommand::MarkRead(self.peer.address.clone(), id, at);
        self.handle.account(self.peer.account, command);
        self.later(TELL, |drive| {
            drive.telling.set(false);
            drive.tell();
        });
    }

    /// The person goes elsewhere: what was seen last is told at once, and not when it would be its turn.
    pub(super) fn leave(self: &Rc<Self>) {
        self.telling.set(false);
        self.tell();
    }

    fn later(self: &Rc<Self>, after: Duration, what: impl Fn(&Rc<Self>) + 'static) {
        let drive = Rc::downgrade(self);
        set_timeout(
            move || {
                if let Some(drive) = drive.upgrade() {
                    what(&drive);
                }
            },
            after,
        );
    }

    /// A button or link in a row was pressed. Says whether that is done with.
    pub(super) fn pressed(self: &Rc<Self>, target: &Element) -> Pressed {
        let Ok(Some(button)) = target.closest("[data-action]") else {
            return Pressed::Nothing;
        };
        let action = button.get_attribute("data-action").unwrap_or_default();
        let message = self.scroller.borrow().message_at(&button);
        let address = self.peer.address.clone();
        let command = match (action.as_str(), message) {
            ("older", _) => {
                self.window.extend(Toward::Older);
                return Pressed::Done;
            }
            ("newer", _) => {
                self.window.extend(Toward::Newer);
                return Pressed::Done;
            }
            ("gap", _) => {
                let gap = self.scroller.borrow().gap_at(&button);
                if let Some((gap, toward)) = gap {
                    self.window.fill(gap, toward);
                }
                return Pressed::Done;
            }
            ("xmpp", _) => {
                return Pressed::Link(button.get_attribute("href").unwrap_or_default());
            }
            ("more", Some(id)) => {
                self.scroller.borrow_mut().unfold(id);
                self.schedule();
                return Pressed::Done;
            }
            ("retry", Some(id)) => AccountCommand::RetryMessage(address, id),
            ("delete", Some(id)) => AccountCommand::DeleteMessage(address, id),
            _ => return Pressed::Nothing,
        };
        Pressed::Wish(command)
    }

    /// Follows the sizes of the log and of its rows, until the owner that is current is cleaned up.
    pub(super) fn observe(self: &Rc<Self>, log: &Element, window: &Element) {
        let drive = Rc::downgrade(self);
        let rows = window.clone();
        browser::on_resize(&[log, window], move || {
            let Some(drive) = drive.upgrade() else { return };
            if let Ok(mut scroller) = drive.scroller.try_borrow_mut() {
                let height = rows.get_bounding_client_rect().height();
                scroller.resized(height);
            }
            drive.frame();
        });
    }
}

/// What became of a click.
pub(super) enum Pressed {
    /// It was for nobody here.
    Nothing,
    /// It is done.
    Done,
    /// The engine is to do this.
    Wish(AccountCommand),
    /// An `xmpp:` link.
    Link(String),
}

/// Whether somebody looks: the page is seen, and has the keyboard.
fn is_looked_at() -> bool {
    let document = document();
    !document.hidden() && document.has_focus().unwrap_or(false)
}

fn now() -> f64 {
    window().performance().map_or(0.0, |clock| clock.now())
}
