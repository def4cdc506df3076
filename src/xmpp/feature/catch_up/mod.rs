//! XEP-0313: catch-up: what we missed in all conversations, a page at a time, beside what is live; the newest first.
//!
//! **Invariant:** the cursor is the newest *contiguous* archive id. It moves by pages of catch-up alone, never by a live
//! message: that one may have come before what was missed, and servers archive what they do not send to us. What comes
//! twice for that reason is merged by whoever stores it.
//!
//! First a page from the newest known place on: after a short absence that is all. If it is not, the newest page of all comes
//! next, whoever waits for it; what lies between is a gap, which is filled backward, page by page, until the place below it
//! is met. So it goes with the gaps that a session before this one has left.
//!
//! **Invariant:** the next page is asked for when this one is committed, and its cursor and gaps with it; a session that is
//! cut off in between is followed by one that goes on exactly there. A resumed session (XEP-0198) misses nothing, and its
//! requests are still answered.
//!
//! A device that knows nothing begins with the newest page and its cursor. Pages before that follow until there is a list of
//! conversations to show; they move no cursor. Who is cut off meanwhile has a shorter list.
//!
//! **Invariant:** it ends: a page that leads nowhere, or where we were before, is the last one, and there are at most
//! `PAGES` of them.
//!
//! | file | what it does |
//! |---|---|
//! | `mod.rs` | which page follows which, and what each teaches |
//! | `known.rs` | how far the archive is known |
//! | `asking.rs` | how a page is asked for |
//! | `late.rs` | what was archived late, below what is known |

mod asking;
mod known;
mod late;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::time::Duration;

use crate::entity::address::Address;
use crate::entity::archive::{Cursor, Reach};
use crate::entity::id::ItemId;
use crate::entity::message::Message;
use crate::entity::time::{Instant, Timestamp};
use crate::event::{ArchiveEvent, Event, Since, Spot, Stretch};
use crate::xmpp::cx::Cx;
use crate::xmpp::message::order::{Order, place_above};

use super::archive::{Archive, Caught};
use known::Known;
use late::{Late, REFUSALS};

/// So many conversations are shown on such a device, or those of so many messages.
const CONVERSATIONS: usize = 20;
/// See [`CONVERSATIONS`].
const MESSAGES: usize = 500;
/// How many pages follow each other at most.
const PAGES: u32 = 1_000;
/// How long an archive that cannot answer now is left alone; twice as long each time.
const PAUSE: Duration = Duration::from_secs(10);
/// How often that doubles.
const DOUBLINGS: u32 = 6;
/// After how many live messages the cursor is brought up to them, and how long after the last time at least.
const OFTEN: u32 = 200;
/// See [`OFTEN`].
const SELDOM: Duration = Duration::from_secs(60);

/// Catch-up of one account.
#[derive(Debug, Default)]
pub struct CatchUp {
    /// As it is stored.
    known: Known,
    /// As it will be, when what was told last is stored.
    told: Option<Known>,
    step: Step,
    /// The server did not take a time.
    is_timeless: bool,
    /// Nor does it know which page is the newest: pages are read forward.
    is_forward: bool,
    /// Nor can it go on before a place that it told itself: pages of gaps are found by time.
    is_forgetful: bool,
    /// Where pages ended so far, or began, if they were read backward.
    passed: HashSet<String>,
    /// On a device that knows nothing yet: where the oldest page began, with whom it is so far, and in how many messages.
    first: Option<String>,
    peers: HashSet<Address>,
    messages: usize,
    pages: u32,
    /// How often it could not be had.
    unanswered: u32,
    /// How many live messages came meanwhile.
    live: u32,
    /// The look for what was archived late, in this session.
    late: Late,
    /// What was known when this catch-up began, and what it has put in doubt.
    begun: Option<Cursor>,
    doubt: Option<Timestamp>,
}

#[derive(Debug, Default)]
enum Step {
    /// There is no session, or it is not ready.
    #[default]
    Offline,
    /// The roster is there, and our presence is out: whatever people look at first.
    Online,
    /// A page is asked for.
    Asked(From),
    /// A page is told, and not committed yet.
    Told { more: Option<From> },
    /// To be asked for then.
    Waiting(Instant, From),
    /// All is known, since then.
    Done(Instant),
    /// There is no archive.
    Nothing,
}

/// From where on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum From {
    /// From the id of the newest known place.
    Id,
    /// From its time: its id was forgotten, or never known.
    Time,
    /// From the first of all.
    Beginning,
    /// The newest page: more was missed than one page holds.
    Head,
    /// The end of the newest gap.
    Gap,
    /// Before the top, where all is known but what was archived late.
    Late,
    /// The newest page, on a device that knows nothing.
    Newest,
    /// Before that.
    Earlier,
}

impl CatchUp {
    /// Begins with what was stored.
    #[must_use]
    pub fn new(cursor: Option<Cursor>, reach: Reach) -> Self {
        Self {
            known: Known { cursor, reach },
            ..Self::default()
        }
    }

    /// Up to where the archive is known, by its own clock.
    #[must_use]
    pub fn floor(&self) -> Option<Timestamp> {
        self.known.cursor.as_ref().map(|cursor| cursor.time)
    }

    /// The archive id after which the messages of the page come that was told last, until it is stored; before which, if that is
    /// a second look.
    #[must_use]
    pub fn caught_up_to(&self, since: Since) -> Option<&str> {
        let place = match since {
            Since::Cursor | Since::Never | Since::Late => self.known.top(),
            Since::Gap => self.known.gap().map(|gap| &gap.after),
            Since::Earlier => None,
        };
        place.and_then(|place| place.id.as_deref())
    }

    /// The session is ready, and its first screen can be drawn.
    pub fn on_online(&mut self, cx: &mut Cx, archive: &mut Archive, has_archive: Option<bool>) {
        if matches!(self.step, Step::Offline) {
            self.step = Step::Online;
            self.on_known(cx, archive, has_archive);
        }
    }

    /// Our account said whether it has an archive.
    pub fn on_known(&mut self, cx: &mut Cx, archive: &mut Archive, has_archive: Option<bool>) {
        match (&self.step, has_archive) {
            (Step::Online, Some(true)) => {
                self.late = Late::after(cx.now);
                self.begin(cx, archive);
            }
            (Step::Online, Some(false)) => self.step = Step::Nothing,
            _ => {}
        }
    }

    /// The session is over.
    pub fn on_ended(&mut self) {
        self.step = Step::Offline;
        self.late = Late::Over;
    }

    /// A message came live.
    pub fn on_live(&mut self, cx: &mut Cx, archive: &mut Archive) {
        self.live = self.live.saturating_add(1);
        if let Step::Done(at) = self.step
            && self.live >= OFTEN
            && cx.now.since(at) >= SELDOM
            && !self.looks_again()
        {
            self.begin(cx, archive);
        }
        self.look_again(cx, archive);
    }

    /// A page came, or did not.
    pub fn on_caught(
        &mut self,
        cx: &mut Cx,
        archive: &mut Archive,
        order: &mut Order,
        caught: Caught,
    ) {
        let Step::Asked(from) = self.step else {
            return tracing::debug!("a page that nobody waits for");
        };
        match (caught, from) {
            // An archive of which more was missed than one page holds has a newest one.
            (Caught::Page(page), From::Head) if page.first.is_none() && !page.is_complete => {
                self.on_forgotten(cx, archive, From::Head);
            }
            (Caught::Page(page), from) => {
                self.unanswered = 0;
                self.pages = self.pages.saturating_add(1);
                self.on_page(cx, order, from, page);
            }
            (Caught::Nothing, From::Earlier) => self.step = Step::Done(cx.now),
            (Caught::Nothing, _) if self.known.cursor.is_none() => self.step = Step::Nothing,
            // A look for what may be there can wait for another session.
            (Caught::NotNow | Caught::Nothing, From::Late) if self.unanswered >= REFUSALS => {
                self.late = Late::Refused;
                self.step = Step::Done(cx.now);
            }
            // An archive that was read before, and that our account says it has, is in trouble.
            (Caught::NotNow | Caught::Nothing, from) => {
                let pause = PAUSE * 2_u32.pow(self.unanswered.min(DOUBLINGS));
                self.unanswered = self.unanswered.saturating_add(1);
                self.step = Step::Waiting(cx.now + pause, from);
            }
            (Caught::Forgotten, from) => self.on_forgotten(cx, archive, from),
        }
    }

    fn on_page(&mut self, cx: &mut Cx, order: &mut Order, from: From, mut page: Stretch) {
        let mut known = self.known.clone();
        let mut messages = std::mem::take(&mut page.messages);
        let now = cx.now.wall;
        let (since, more) = match from {
            From::Id | From::Time | From::Beginning => {
                order.place_missed(now, &mut messages);
                let more = self.on_next(cx, &mut known, from, &page);
                (Since::Cursor, more)
            }
            From::Head => {
                on_head(cx, order, &mut known, &page, &mut messages);
                (Since::Cursor, known.gap().map(|_| From::Gap))
            }
            From::Gap => {
                if let Some(free) = known.ties() {
                    place_above(free, &mut messages);
                }
                self.on_filled(&mut known, &page);
                (Since::Gap, known.gap().map(|_| From::Gap))
            }
            From::Late => {
                order.place_missed(now, &mut messages);
                (Since::Late, Some(self.on_late(&mut known, &page)))
            }
            From::Newest => {
                order.place_missed(now, &mut messages);
                let place = |spot: Option<&Spot>| spot.map(|spot| known::place(spot, None));
                let top = place(page.last.as_ref()).unwrap_or(Cursor::BEGINNING);
                // What lies before that page is history.
                let first = page.places.iter().find(|spot| spot.time.is_some());
                self.begun = Some(place(first).unwrap_or_else(|| top.clone()));
                known.advance(top);
                (Since::Never, self.earlier(&page, &messages))
            }
            From::Earlier => {
                order.place_page(now, &mut messages);
                (Since::Earlier, self.earlier(&page, &messages))
            }
        };
        let more = more.filter(|_| self.pages < PAGES);
        self.tell(cx, messages, known, since, more);
    }

    /// A page that begins at the top.
    fn on_next(
        &mut self,
        cx: &mut Cx,
        known: &mut Known,
        from: From,
        page: &Stretch,
    ) -> Option<From> {
        let top = known.top().cloned();
        // XEP-0313 §4.3.1: what the server has forgotten may be more than the place that it was asked for.
        if let (From::Time, Some(top), Some(first)) = (from, &top, &page.first)
            && page.has_forgotten(top)
        {
            let id = ItemId(cx.random_u64());
            known.note_lost(id, known::place(first, Some(top)));
        }
        let reached = self.reached(from, page.last.as_ref(), top.as_ref());
        let leads_on = reached.is_some();
        if let Some(reached) = reached {
            known.advance(reached);
        }
        if page.is_complete || page.places.is_empty() && !leads_on {
            known.gap().map(|_| From::Gap)
        } else if self.is_forward {
            leads_on.then_some(From::Id)
        } else {
            Some(From::Head)
        }
    }

    /// A page that ends where the newest gap does.
    fn on_filled(&mut self, known: &mut Known, page: &Stretch) {
        let Some(gap) = known.gap().cloned() else {
            return;
        };
        let first = page.first.as_ref();
        if page.is_complete && page.has_forgotten(&gap.after) {
            if let Some(first) = first {
                known.narrow(Some(known::place(first, Some(&gap.before))));
            }
            return known.lose();
        }
        if known::reaches(page, &gap.after) || first.is_none() {
            return known.narrow(None);
        }
        let is_new = |first: &&Spot| {
            gap.before.id.as_ref() != Some(&first.id) && self.passed.insert(first.id.clone())
        };
        match first.filter(is_new) {
            Some(first) => {
                let place = known::place(first, Some(&gap.before));
                let id = place.id.filter(|_| !self.is_forgetful);
                known.narrow(Some(Cursor { id, ..place }));
            }
            // The same again would never end.
            None => known.lose(),
        }
    }

    /// The server does not know the place, or does not understand how we name it.
    fn on_forgotten(&mut self, cx: &mut Cx, archive: &mut Archive, from: From) {
        match from {
            From::Id => {
                if let Some(begun) = &mut self.begun {
                    begun.id = None;
                }
                self.ask(cx, archive, From::Time);
            }
            // XEP-0313 servers know `start`; one that refuses it has the newest page at least.
            From::Time => {
                self.is_timeless = true;
                self.ask(cx, archive, From::Head);
            }
            From::Head if !self.is_timeless => {
                self.is_timeless = true;
                self.ask(cx, archive, From::Head);
            }
            From::Head if !self.is_forward => {
                self.is_forward = true;
                let has_id = self.known.top().is_some_and(|top| top.id.is_some());
                let from = if has_id { From::Id } else { From::Beginning };
                self.ask(cx, archive, from);
            }
            From::Gap => {
                let mut known = self.known.clone();
                match known.gap().map(|gap| gap.before.clone()) {
                    Some(Cursor { id: Some(id), time }) if !self.is_timeless => {
                        self.is_forgetful |= self.passed.contains(&id);
                        known.narrow(Some(Cursor { id: None, time }));
                    }
                    _ => known.lose(),
                }
                let more = known.gap().map(|_| From::Gap);
                self.tell(cx, Vec::new(), known, Since::Gap, more);
            }
            From::Late => {
                let mut known = self.known.clone();
                self.settle(&mut known);
                self.tell(cx, Vec::new(), known, Since::Late, Some(From::Id));
            }
            From::Earlier => self.step = Step::Done(cx.now),
            From::Head | From::Beginning | From::Newest => self.step = Step::Nothing,
        }
    }

    /// Tells of a page, if it brought anything.
    fn tell(
        &mut self,
        cx: &mut Cx,
        messages: Vec<Message>,
        mut known: Known,
        since: Since,
        more: Option<From>,
    ) {
        if known.top() != self.known.top() {
            self.doubt(&mut known);
        }
        let is_news = known != self.known || since == Since::Never;
        if messages.is_empty() && !is_news && more.is_none() {
            self.step = Step::Done(cx.now);
            return;
        }
        let cursor = known.cursor.clone();
        let cursor = cursor.filter(|_| known.cursor != self.known.cursor || since == Since::Never);
        let reach = (known.reach != self.known.reach).then(|| known.reach.clone());
        self.told = Some(known);
        self.step = Step::Told { more };
        cx.emit(Event::Archive(ArchiveEvent::Missed {
            messages,
            cursor,
            reach,
            since,
        }));
    }

    /// What was told last is stored.
    pub fn on_committed(&mut self, cx: &mut Cx, archive: &mut Archive) {
        if let Some(told) = self.told.take() {
            self.known = told;
        }
        match self.step {
            Step::Told { more: Some(from) } => self.ask(cx, archive, from),
            Step::Told { more: None } => self.step = Step::Done(cx.now),
            _ => {}
        }
    }

    /// Asks again what could not be had, when it is time.
    pub fn on_tick(&mut self, cx: &mut Cx, archive: &mut Archive) {
        if let Step::Waiting(at, from) = self.step
            && at.monotonic <= cx.now.monotonic
        {
            self.late.put_off(cx.now);
            self.ask(cx, archive, from);
        }
        self.look_again(cx, archive);
    }

    /// Whether everything is there that was missed, as far as it can be had; but for gaps, which are being filled.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        match self.step {
            Step::Asked(from) | Step::Waiting(_, from) => {
                matches!(from, From::Gap | From::Late)
            }
            Step::Done(_) | Step::Nothing => true,
            _ => false,
        }
    }

    /// Whether a page is asked for, or is about to be.
    #[must_use]
    pub fn is_under_way(&self) -> bool {
        matches!(self.step, Step::Online | Step::Asked(_) | Step::Told { .. })
    }

    /// The newest place that is known.
    #[must_use]
    pub fn top(&self) -> Option<&Cursor> {
        self.known.top()
    }

    /// When to call [`CatchUp::on_tick`].
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        match self.step {
            Step::Waiting(at, _) => Some(at),
            _ => None,
        }
    }

    /// The time of a message that our server held back, as far as it can be believed: what was sent before the cursor is
    /// known, so nobody who forges the server's delay gets in between what was read long ago.
    #[must_use]
    pub fn clamp(&self, held: Timestamp) -> Timestamp {
        match self.known.top() {
            Some(top) => held.max(top.time),
            None => held,
        }
    }

    /// Whether what lies before a page is asked for, too: a list of conversations is wanted.
    fn earlier(&mut self, page: &Stretch, messages: &[Message]) -> Option<From> {
        self.messages = self.messages.saturating_add(messages.len());
        let peers = messages.iter().map(|message| message.conversation.clone());
        self.peers.extend(peers);
        let first = page.first.as_ref().map(|first| first.id.clone());
        let leads_on = first.is_some() && first != self.first && !messages.is_empty();
        self.first = first;
        let few = self.peers.len() < CONVERSATIONS && self.messages < MESSAGES;
        (leads_on && few && !page.is_complete).then_some(From::Earlier)
    }

    /// How far we come with a page that ends there; nowhere if we were there before.
    fn reached(&mut self, from: From, last: Option<&Spot>, top: Option<&Cursor>) -> Option<Cursor> {
        let last = last?;
        let is_old = from == From::Id && top.is_some_and(|top| top.id.as_ref() == Some(&last.id));
        if is_old || !self.passed.insert(last.id.clone()) {
            return None;
        }
        Some(known::place(last, top))
    }
}

/// The newest page, after one that did not reach it.
fn on_head(
    cx: &mut Cx,
    order: &mut Order,
    known: &mut Known,
    page: &Stretch,
    messages: &mut [Message],
) {
    let now = cx.now.wall;
    let top = known.top().cloned();
    let (Some(first), Some(last), Some(top)) = (&page.first, &page.last, top) else {
        return order.place_missed(now, messages);
    };
    let (first, last) = (
        known::place(first, Some(&top)),
        known::place(last, Some(&top)),
    );
    if known::reaches(page, &top) {
        order.place_missed(now, messages);
        known.advance(last);
    } else {
        let free = order.place_island(now, messages);
        known.part(ItemId(cx.random_u64()), free, first, last);
    }
}
