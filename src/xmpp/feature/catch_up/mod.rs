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
//! | `mod.rs` | which page is asked for, and when |
//! | `page.rs` | what each teaches, and which follows |
//! | `known.rs` | how far the archive is known |
//! | `asking.rs` | how a page is asked for |
//! | `late.rs` | what was archived late, below what is known |

mod asking;
mod known;
mod late;
mod page;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::time::Duration;

use crate::entity::address::Address;
use crate::entity::archive::{Cursor, Reach};
use crate::entity::message::Message;
use crate::entity::time::{Instant, Timestamp};
use crate::event::{ArchiveEvent, Event, Since};
use crate::xmpp::cx::Cx;
use crate::xmpp::message::order::Order;

use super::archive::{Archive, Caught};
use known::Known;
use late::{Late, REFUSALS};

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
}
