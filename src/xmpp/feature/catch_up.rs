//! XEP-0313: catch-up: what we missed in all conversations, from the cursor on, a page at a time, beside what is live.
//!
//! **Invariant:** the cursor is the newest *contiguous* archive id. It moves by pages of catch-up alone, never by a live
//! message: that one may have come before what was missed, and servers archive what they do not send to us. What comes
//! twice for that reason is merged by whoever stores it.
//!
//! **Invariant:** the next page is asked for when this one is committed, and its cursor with it; a session that is cut
//! off in between is followed by one that goes on exactly there. A resumed session (XEP-0198) misses nothing, and its
//! requests are still answered.
//!
//! **Invariant:** it ends: a page that leads nowhere, or where we were before, is the last one, and there are at most
//! [`PAGES`] of them.

use std::collections::HashSet;
use std::time::Duration;

use crate::entity::archive::Cursor;
use crate::entity::time::{Instant, Timestamp};
use crate::event::{ArchiveEvent, Event, Since};
use crate::xmpp::cx::Cx;

use super::archive::{Archive, Caught, Place, Purpose, Wanted};

/// How many items are asked for at a time.
const PAGE: u32 = 100;
/// How many of the newest, on a device that knows nothing yet.
const NEWEST: u32 = 50;
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
    cursor: Option<Cursor>,
    step: Step,
    since: Option<Since>,
    /// Where pages ended so far.
    passed: HashSet<String>,
    pages: u32,
    /// How often it could not be had.
    unanswered: u32,
    /// How many live messages came meanwhile.
    live: u32,
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
    Told { more: bool },
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
    /// From the id of the cursor.
    Id,
    /// From the time of the cursor: its id was forgotten.
    Time,
    /// From the first of all.
    Beginning,
    /// Only the newest page.
    Newest,
}

impl CatchUp {
    /// Begins with the cursor that was stored.
    #[must_use]
    pub fn new(cursor: Option<Cursor>) -> Self {
        Self {
            cursor,
            ..Self::default()
        }
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
            (Step::Online, Some(true)) => self.begin(cx, archive),
            (Step::Online, Some(false)) => self.step = Step::Nothing,
            _ => {}
        }
    }

    /// The session is over.
    pub fn on_ended(&mut self) {
        self.step = Step::Offline;
    }

    /// A message came live.
    pub fn on_live(&mut self, cx: &mut Cx, archive: &mut Archive) {
        self.live = self.live.saturating_add(1);
        if let Step::Done(at) = self.step
            && self.live >= OFTEN
            && cx.now.since(at) >= SELDOM
        {
            self.begin(cx, archive);
        }
    }

    /// A page came, or did not.
    pub fn on_caught(&mut self, cx: &mut Cx, archive: &mut Archive, caught: Caught) {
        let Step::Asked(from) = self.step else {
            return tracing::debug!("a page that nobody waits for");
        };
        match (caught, from) {
            (
                Caught::Page {
                    messages,
                    last,
                    is_complete,
                },
                _,
            ) => {
                self.unanswered = 0;
                self.pages = self.pages.saturating_add(1);
                let cursor = self.reached(from, last);
                let more = from != From::Newest && !is_complete && cursor.is_some();
                if messages.is_empty() && cursor.is_none() {
                    self.step = Step::Done(cx.now);
                    return;
                }
                let more = more && self.pages < PAGES;
                self.step = Step::Told { more };
                cx.emit(Event::Archive(ArchiveEvent::Missed {
                    messages,
                    cursor,
                    since: self.since.unwrap_or(Since::Cursor),
                }));
            }
            (Caught::NotNow, from) => {
                let pause = PAUSE * 2_u32.pow(self.unanswered.min(DOUBLINGS));
                self.unanswered = self.unanswered.saturating_add(1);
                self.step = Step::Waiting(cx.now + pause, from);
            }
            (Caught::Forgotten, From::Id) => self.ask(cx, archive, From::Time),
            // XEP-0313 servers know `start`; should one refuse it, the whole archive is better than a gap in it. What we
            // find so is history: it says nothing of when we were away.
            (Caught::Forgotten, From::Time) => {
                self.since = Some(Since::Never);
                self.ask(cx, archive, From::Beginning);
            }
            (Caught::Forgotten | Caught::Nothing, _) => self.step = Step::Nothing,
        }
    }

    /// What was told last is stored.
    pub fn on_committed(&mut self, cx: &mut Cx, archive: &mut Archive, cursor: Option<Cursor>) {
        if cursor.is_some() {
            self.cursor = cursor;
        }
        match self.step {
            Step::Told { more: true } => self.ask(cx, archive, From::Id),
            Step::Told { more: false } => self.step = Step::Done(cx.now),
            _ => {}
        }
    }

    /// Asks again what could not be had, when it is time.
    pub fn on_tick(&mut self, cx: &mut Cx, archive: &mut Archive) {
        if let Step::Waiting(at, from) = self.step
            && at.monotonic <= cx.now.monotonic
        {
            self.ask(cx, archive, from);
        }
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
        match &self.cursor {
            Some(cursor) => held.max(cursor.time),
            None => held,
        }
    }

    fn begin(&mut self, cx: &mut Cx, archive: &mut Archive) {
        let (from, since) = match &self.cursor {
            Some(Cursor { id: Some(_), .. }) => (From::Id, Since::Cursor),
            Some(Cursor { id: None, .. }) => (From::Beginning, Since::Cursor),
            None => (From::Newest, Since::Never),
        };
        self.since = Some(since);
        self.passed.clear();
        self.pages = 0;
        self.unanswered = 0;
        self.live = 0;
        self.ask(cx, archive, from);
    }

    fn ask(&mut self, cx: &mut Cx, archive: &mut Archive, from: From) {
        let id = self.cursor.as_ref().and_then(|cursor| cursor.id.clone());
        let time = self.cursor.as_ref().map(|cursor| cursor.time);
        let (place, since, count) = match (from, id) {
            (From::Newest, _) => (Place::Newest, None, NEWEST),
            (From::Id, Some(id)) => (Place::After(id), None, PAGE),
            (From::Time, _) => (Place::Oldest, time, PAGE),
            (From::Beginning | From::Id, _) => (Place::Oldest, None, PAGE),
        };
        self.step = Step::Asked(from);
        let wanted = Wanted {
            place,
            since,
            count,
        };
        archive.ask(cx, Purpose::CatchUp, wanted);
    }

    /// How far we come with a page that ends there; nowhere if we were there before.
    fn reached(&mut self, from: From, last: Option<(String, Option<Timestamp>)>) -> Option<Cursor> {
        let Some((id, time)) = last else {
            return (from == From::Newest).then_some(Cursor::BEGINNING);
        };
        let before = self.cursor.as_ref();
        let is_old = from == From::Id && before.is_some_and(|old| old.id.as_ref() == Some(&id));
        if is_old || !self.passed.insert(id.clone()) {
            return None;
        }
        // Where the time is not known, an earlier one does no harm.
        let time = time.or(before.map(|old| old.time)).unwrap_or_default();
        Some(Cursor { id: Some(id), time })
    }
}
