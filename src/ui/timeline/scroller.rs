//! Puts the rows that are near into the page, measures them, and keeps the place.
//!
//! **Invariant:** nobody else writes `scrollTop` of the log; where it goes, [`super::policy`] decides.

use std::collections::HashMap;
use std::ops::Range;

use leptos::prelude::document;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, Node};

use super::days::Days;
use super::drawn::Drawn;
use super::layout::{Heights, Layout};
use super::list::{Held, Key, Part, Row, RowKind, moved, rows};
use super::make::attribute;
use super::message_row::Shared;
use super::policy::Policy;
use crate::boundary::change::{Edge, GapState, ItemKind};
use crate::boundary::command::Toward;
use crate::entity::id::ItemId;
use crate::entity::message::{Direction, Message, Position};
use crate::ui::browser::pixels;
use crate::ui::reactive::few::Few;
use crate::ui::text::fold::Fold;

/// So often heights that were guessed wrong may ask for other rows within one frame.
const ROUNDS: usize = 4;

/// The parts of the page that a timeline is made of.
pub(super) struct Stage {
    /// Scrolls; `role="log"`.
    pub log: HtmlElement,
    /// As high as all rows.
    pub spacer: HtmlElement,
    /// Holds the rows that are there.
    pub window: HtmlElement,
}

/// What a frame found out.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Found {
    /// More is needed before the oldest item.
    pub older: bool,
    /// More is needed after the newest item.
    pub newer: bool,
    /// The newest message of the other that is seen to its end, and where it stands.
    pub seen: Option<(ItemId, Position)>,
    /// A gap is near that nobody has filled: which, where it stands, and from which end it is read.
    pub gap: Option<(ItemId, Position, Toward)>,
    /// The view holds on to the end, and the end is the present.
    pub at_end: bool,
    /// Somebody scrolls: when that is over, another frame puts things straight.
    pub unsettled: bool,
}

/// See the module.
pub(super) struct Scroller {
    stage: Stage,
    shared: Shared,
    policy: Policy,
    heights: Heights,
    layout: Layout,
    rows: Vec<Row>,
    drawn: Vec<Drawn>,
    folds: Few<ItemId, Fold>,
    /// What was last told to the page: spacer, offset of the window, count and first number for `aria-*`.
    told: (f64, f64),
    numbered: Option<(i64, usize)>,
    present: bool,
    complete: bool,
    /// Heights may have changed without us.
    doubtful: bool,
    /// The day of which the labels speak.
    today: i64,
    days: Days,
}

impl Scroller {
    pub(super) fn new(stage: Stage, shared: Shared) -> Self {
        Self {
            stage,
            shared,
            policy: Policy::default(),
            heights: Heights::default(),
            layout: Layout::default(),
            rows: Vec::new(),
            drawn: Vec::new(),
            folds: Few::default(),
            told: (-1.0, -1.0),
            numbered: None,
            present: false,
            complete: false,
            doubtful: true,
            today: 0,
            days: Days::default(),
        }
    }

    /// The window holds something else.
    pub(super) fn hold(&mut self, held: &Held<'_>) {
        let today = crate::ui::i18n::local_day(crate::ui::i18n::now());
        if self.today != today {
            self.today = today;
            self.redraw();
        }
        let days = &mut self.days;
        let rows = rows(held, |time| days.of(time));
        self.follow(&moved(&self.rows, &rows));
        self.rows = rows;
        self.heights.trim(&self.rows);
        self.present = *held.newer == Edge::End;
        self.complete = self.present && *held.older == Edge::End;
        self.numbered = None;
        self.lay_out();
    }

    /// Items have other places: their rows are the same, measured and drawn, and what is looked at stays.
    fn follow(&mut self, moved: &HashMap<Key, Key>) {
        if moved.is_empty() {
            return;
        }
        self.heights.follow(moved);
        self.policy.follow(moved);
        let mut gone = Vec::new();
        let mut drawn: Vec<Drawn> = Vec::with_capacity(self.drawn.len());
        for mut row in std::mem::take(&mut self.drawn) {
            if let Some(key) = moved.get(&row.row.key) {
                row.row.key = *key;
            }
            // One that came before another and comes after it now is drawn anew.
            let is_next = drawn.last().is_none_or(|last| last.row.key < row.row.key);
            if is_next { &mut drawn } else { &mut gone }.push(row);
        }
        self.drawn = drawn;
        self.leave(&gone);
    }

    /// The other is called differently.
    pub(super) fn rename(&mut self, name: String) {
        if self.shared.name != name {
            self.shared.name = name;
            self.redraw();
        }
    }

    fn redraw(&mut self) {
        for drawn in self.drawn.drain(..) {
            drawn.element.remove();
        }
    }

    /// Shows the newest, and stays there.
    pub(super) fn jump(&mut self) {
        self.policy.jump();
    }

    /// Sizes changed, of the log (the window of the browser, the keyboard) or of the rows, which are now so high
    /// together (fonts came). What we did ourselves is no news.
    pub(super) fn resized(&mut self, rows: f64) {
        let view = f64::from(self.stage.log.client_height());
        let width = f64::from(self.stage.window.client_width());
        let expected = self.drawn_height() + 2.0 * self.heights.pad();
        self.doubtful |= (rows - expected).abs() > 1.0
            || (view - self.policy.view()).abs() > 0.5
            || self.heights.is_other_width(width);
    }

    /// How high the rows are that are in the page, as far as is known.
    fn drawn_height(&self) -> f64 {
        match (self.drawn.first(), self.drawn.last()) {
            (Some(first), Some(last)) => {
                let first = self.layout.index(&first.row.key);
                let last = self.layout.index(&last.row.key);
                self.layout.top(last + 1) - self.layout.top(first)
            }
            _ => 0.0,
        }
    }

    /// `scroll` fired. Says whether a person did that.
    pub(super) fn scrolled(&mut self) -> bool {
        let top = f64::from(self.stage.log.scroll_top());
        // Where the log has become higher at its end, the browser has scrolled; of the height we are told only after that.
        let view = f64::from(self.stage.log.client_height());
        if view >= 1.0 {
            self.policy.set_view(view);
        }
        self.policy.scrolled(&self.layout, top, self.present)
    }

    /// Puts everything in its place. `moving`: a person scrolls right now.
    pub(super) fn frame(&mut self, moving: bool) -> Found {
        let view = f64::from(self.stage.log.client_height());
        if view < 1.0 {
            // Not shown at all: nothing can be measured, and nothing is seen.
            self.doubtful = true;
            return Found::default();
        }
        self.policy.set_view(view);
        if self.doubtful {
            self.heights
                .set_width(f64::from(self.stage.window.client_width()));
            self.lay_out();
        }
        let unread = self.rows.iter().find(|row| row.kind == RowKind::Unread);
        self.policy.open(&self.layout, unread.map(|row| row.key));
        for _ in 0..ROUNDS {
            self.policy.settle(&self.layout, moving);
            let needed = self.policy.needed(&self.layout);
            if self.draw(needed) {
                self.numbered = None;
            } else if !self.doubtful {
                break;
            }
            self.doubtful = false;
            if !self.measure() {
                break;
            }
            self.lay_out();
        }
        let top = self.policy.settle(&self.layout, moving);
        self.place(top, view);
        self.number();
        self.found()
    }

    fn lay_out(&mut self) {
        self.layout = Layout::new(&self.rows, &self.heights);
    }

    /// Makes the page hold exactly these rows. Says whether anything changed.
    fn draw(&mut self, needed: Range<usize>) -> bool {
        let mut changed = false;
        let mut old = std::mem::take(&mut self.drawn).into_iter().peekable();
        let wanted = self.rows.get(needed).unwrap_or_default();
        let mut drawn = Vec::with_capacity(wanted.len());
        let mut gone = Vec::new();
        for row in wanted {
            while let Some(before) = old.next_if(|other| other.row.key < row.key) {
                gone.push(before);
            }
            if let Some(mut same) = old.next_if(|other| other.row.key == row.key) {
                if same.row == *row || same.follow(row, &self.shared) {
                    // What a delivery mark says may change the height: a failure has a line of its own.
                    changed |= same.row != *row;
                    same.row = row.clone();
                    drawn.push(same);
                    continue;
                }
                self.heights.forget(&row.key);
                gone.push(same);
            }
            changed = true;
            if let Some(made) = Drawn::new(row, &self.shared, &self.folds) {
                let next: Option<&Node> = old.peek().map(|next| next.element.as_ref());
                let before = next.or(None);
                let _never = self.stage.window.insert_before(&made.element, before);
                drawn.push(made);
            }
        }
        gone.extend(old);
        changed |= !gone.is_empty();
        self.drawn = drawn;
        self.leave(&gone);
        changed
    }

    /// Removes rows. If one of them had the focus, its heir takes it: otherwise the keyboard would be lost.
    fn leave(&self, gone: &[Drawn]) {
        if gone.is_empty() {
            return;
        }
        let focused = document()
            .active_element()
            .filter(|element| self.stage.window.contains(Some(element)));
        for drawn in gone {
            if let Some(focused) = &focused
                && drawn.element.contains(Some(focused))
            {
                let options = web_sys::FocusOptions::new();
                options.set_prevent_scroll(true);
                let heir = self.heir(&drawn.row);
                let heir = heir.as_ref().unwrap_or(&self.stage.log);
                let _never = heir.focus_with_options(&options);
            }
            drawn.element.remove();
        }
    }

    /// What takes the focus of a row that goes, if not the log: of a gap, its button as it is now, or the gap itself.
    fn heir(&self, row: &Row) -> Option<HtmlElement> {
        let gap = gap_of(row, false)?.0;
        let is_it = |drawn: &&Drawn| gap_of(&drawn.row, false).is_some_and(|(id, _)| id == gap);
        let element = &self.drawn.iter().find(is_it)?.element;
        let button = element.query_selector("button").ok().flatten();
        button.unwrap_or_else(|| element.clone()).dyn_into().ok()
    }

    /// Measures the rows that are in the page. Says whether any height is news.
    fn measure(&mut self) -> bool {
        let mut news = false;
        let mut below = None;
        for drawn in self.drawn.iter().rev() {
            let place = drawn.element.get_bounding_client_rect();
            let top = place.top();
            let height = below.map_or_else(|| place.height(), |below| below - top);
            below = Some(top);
            news |= self.heights.measure(&drawn.row, height);
        }
        if let Some(first) = below {
            let window = self.stage.window.get_bounding_client_rect().top();
            news |= self.heights.set_pad(first - window);
        }
        news
    }

    /// Tells the page how high everything is, where the rows stand, and where to look.
    fn place(&mut self, top: f64, view: f64) {
        let first = self
            .drawn
            .first()
            .map_or(0, |first| self.layout.index(&first.row.key));
        let height = self.policy.base() + self.layout.height();
        // Few messages stand at the lower edge, where the next will come.
        let lift = (view - self.layout.height()).max(0.0);
        let offset = self.policy.base() + self.layout.top(first) - self.heights.pad() + lift;
        if (self.told.0 - height).abs() > 0.05 {
            set(&self.stage.spacer, "block-size", height);
            self.told.0 = height;
        }
        if (self.told.1 - offset).abs() > 0.05 {
            let style = self.stage.window.style();
            let _never = style.set_property("translate", &["0 ", &pixels(offset)].concat());
            self.told.1 = offset;
        }
        if (f64::from(self.stage.log.scroll_top()) - top).abs() >= 1.0 {
            self.stage.log.scroll_to_with_x_and_y(0.0, top);
        }
    }

    /// Numbers the messages that are in the page, for assistive technology.
    fn number(&mut self) {
        let is_item = |row: &&Row| matches!(row.key, Key::At(.., Part::Item));
        let first = self.drawn.first().map(|first| first.row.key);
        let before = self
            .rows
            .iter()
            .take_while(|row| Some(row.key) != first)
            .filter(is_item)
            .count();
        let count = if self.complete {
            let count = self.rows.iter().filter(is_item).count();
            i64::try_from(count).unwrap_or(-1)
        } else {
            // Nobody knows how many there are.
            -1
        };
        let numbered = Some((count, before));
        if self.numbered == numbered {
            return;
        }
        self.numbered = numbered;
        let count = count.to_string();
        let items = self.drawn.iter().filter(|drawn| is_item(&&drawn.row));
        for (number, drawn) in (before + 1..).zip(items) {
            attribute(&drawn.element, "aria-posinset", &number.to_string());
            attribute(&drawn.element, "aria-setsize", &count);
        }
    }

    fn found(&self) -> Found {
        let (older, newer) = self.policy.hungry(&self.layout);
        let seen = self.rows.get(self.policy.seen(&self.layout));
        let seen = seen.unwrap_or_default().iter().rev().find_map(|row| {
            let message = message_of(row)?;
            (message.direction == Direction::Incoming).then_some((message.id, message.position))
        });
        let near = self.rows.get(self.policy.needed(&self.layout));
        let gap = near.unwrap_or_default().iter().find_map(|row| {
            let (id, at) = gap_of(row, true)?;
            Some((id, at, self.policy.reads(&row.key)))
        });
        Found {
            older,
            newer,
            seen,
            gap,
            at_end: self.present && self.policy.is_at_end(),
            unsettled: self.policy.base().abs() > 0.0,
        }
    }

    /// The message in whose row an element is.
    pub(super) fn message_at(&self, element: &Element) -> Option<ItemId> {
        let drawn = self
            .drawn
            .iter()
            .find(|drawn| drawn.element.contains(Some(element)))?;
        Some(drawn.message.as_ref()?.id)
    }

    /// The gap in whose row an element is, and from which end it is read.
    pub(super) fn gap_at(&self, element: &Element) -> Option<(ItemId, Toward)> {
        let mut drawn = self.drawn.iter();
        let drawn = drawn.find(|drawn| drawn.element.contains(Some(element)))?;
        let (id, _) = gap_of(&drawn.row, false)?;
        Some((id, self.policy.reads(&drawn.row.key)))
    }

    /// Goes to the item of that place.
    pub(super) fn aim(&mut self, at: Position) {
        self.policy.aim(Key::At(at, ItemId(0), Part::Day));
    }

    /// Shows more of a long message.
    pub(super) fn unfold(&mut self, id: ItemId) {
        let fold = self.folds.get(&id).copied().unwrap_or_default();
        self.folds.insert(id, fold.next());
        if let Some(at) = self
            .drawn
            .iter()
            .position(|drawn| drawn.message.as_ref().is_some_and(|row| row.id == id))
        {
            let old = self.drawn.remove(at);
            self.policy.keep(&self.layout, old.row.key);
            self.heights.forget(&old.row.key);
            self.leave(&[old]);
            self.doubtful = true;
        }
    }
}

/// The gap that a row shows, and its place; with `unasked`, only one that nobody has asked for.
fn gap_of(row: &Row, unasked: bool) -> Option<(ItemId, Position)> {
    match (&row.kind, row.key) {
        (RowKind::Gap(id, state), Key::At(at, ..)) if !unasked || *state == GapState::Unknown => {
            Some((*id, at))
        }
        _ => None,
    }
}

fn message_of(row: &Row) -> Option<&Message> {
    match &row.kind {
        RowKind::Message { item, .. } => match &item.kind {
            ItemKind::Message(message) => Some(message),
            ItemKind::Gap(_) => None,
        },
        _ => None,
    }
}

fn set(element: &HtmlElement, property: &str, length: f64) {
    let _never = element.style().set_property(property, &pixels(length));
}
