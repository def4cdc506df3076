//! What is archived late, below what is known by then.
//!
//! ejabberd gives a message its name in the archive when it is sent, and archives it when the session for which it is has taken
//! it. One whose socket is dead waits fifteen seconds with each message, and another session has caught up meanwhile: the name
//! is older than the cursor then, and no page that begins there holds it. So in each session there is a second look when all
//! that must be over: backward from the top to the place that was known when the session began, or to what was so old then that
//! it must have been archived; then what came since the top, which nobody may have told us. Where no session lasts that long,
//! and where a long one has brought the cursor up to what came live, there is such a look as soon as too much is in doubt: all
//! but the end of that must have been archived.
//!
//! What is archived later still, a session that lives on does not learn, and needs not: it has heard it live, in the order in
//! which it came. The next one looks, and has the archive's order: first what is in doubt of what it has missed itself; then,
//! from where it began, what was in doubt before. What lies between is fetched twice only where that session is cut before it
//! has looked: the one after it does not know where the other began.
//!
//! **Invariant:** what may be missing below the cursor is looked for, be it by a later session: where to begin is stored
//! ([`Reach::doubt`]) with the first page that moves the top, until that look is done. Nothing is in doubt where nothing was
//! missed. The look has no timer of its own: whatever wakes us next will do.
//!
//! [`Reach::doubt`]: crate::entity::archive::Reach::doubt

use std::time::Duration;

use crate::entity::archive::Cursor;
use crate::entity::time::{Instant, Timestamp};
use crate::event::Stretch;
use crate::xmpp::cx::Cx;
use crate::xmpp::feature::archive::Archive;

use super::known::Known;
use super::{CatchUp, From, PAGES, Step};

/// After how long in a session that is: seven waits of fifteen seconds were seen.
pub(super) const LATE: Duration = Duration::from_secs(150);
/// From so much before that place on: the server's clock may be set.
const MARGIN: Duration = Duration::from_secs(120);
/// How often an archive may fail to answer it.
pub(super) const REFUSALS: u32 = 3;
/// What is so much older than the newest has been archived: forty of those waits.
const LONG: Duration = Duration::from_secs(600);

/// The look of a session.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum Late {
    /// To be taken then, or as soon after that as something wakes us.
    At(Instant),
    /// All that came with the first catch-up has been archived.
    UnderWay,
    /// There is no session, or it was taken.
    #[default]
    Over,
    /// The archive does not answer it: there is no other in this session.
    Refused,
}

impl Late {
    /// That of a session in which the archive is asked now for the first time.
    pub(super) fn after(now: Instant) -> Self {
        Self::At(now + LATE)
    }

    /// What it is to wait for begins now.
    pub(super) fn put_off(&mut self, now: Instant) {
        if let Self::At(_) = self {
            *self = Self::after(now);
        }
    }
}

impl Known {
    /// Since when something may have been archived late.
    pub(super) fn doubt(&self) -> Option<Timestamp> {
        self.reach.doubt.map(|doubt| doubt - MARGIN)
    }

    /// The end of what was archived by the time that the top was.
    fn settled(&self) -> Option<Timestamp> {
        self.top().map(|top| top.time - LONG)
    }

    /// Whether what was caught up before the catch-up that began there has left much in doubt.
    fn is_overdue(&self, begun: Option<&Cursor>) -> bool {
        let begun = begun.map(|begun| begun.time);
        let doubt = self.reach.doubt.filter(|doubt| Some(*doubt) < begun);
        doubt.is_some_and(|doubt| self.settled().is_some_and(|settled| settled - LONG > doubt))
    }
}

impl CatchUp {
    /// Whether the look of this session is still to come, or under way.
    #[must_use]
    pub fn looks_again(&self) -> bool {
        matches!(self.late, Late::At(_) | Late::UnderWay)
    }

    /// Looks for what was archived late, when it is time.
    pub(super) fn look_again(&mut self, cx: &mut Cx, archive: &mut Archive) {
        let is_due = matches!(self.late, Late::At(at) if at.monotonic <= cx.now.monotonic);
        let has_id = self.known.top().is_some_and(|top| top.id.is_some());
        let can_look = has_id && self.known.reach.doubt.is_some() && self.known.gap().is_none();
        let is_overdue = self.late != Late::Refused && self.known.is_overdue(self.begun.as_ref());
        let is_wanted = is_due || can_look && is_overdue;
        if !is_wanted || !matches!(self.step, Step::Done(_)) || !cx.is_connected() {
            return;
        }
        if is_due {
            self.late = Late::UnderWay;
        } else {
            // What comes after this look has its time, too.
            self.late.put_off(cx.now);
        }
        if can_look {
            self.forget_progress();
            self.ask(cx, archive, From::Late);
        } else {
            self.late = Late::Over;
            self.begin(cx, archive);
        }
    }

    /// A page of what was known, but for what was archived late. Gives back what comes next.
    pub(super) fn on_late(&mut self, known: &mut Known, page: &Stretch) -> From {
        let begins_before = |from: Option<Timestamp>| {
            page.is_complete || from.is_none_or(|from| page.begins_before(from))
        };
        let first = page.first.as_ref().map(|first| first.id.clone());
        let leads_on = first.is_some() && first != self.first && self.pages < PAGES;
        self.first = first;
        if !leads_on || begins_before(known.doubt()) {
            self.settle(known);
            return From::Id;
        }
        // What lies between came with the last catch-up, and had been archived by then.
        let doubt = known.reach.doubt;
        let is_between = |begun: &mut Cursor| {
            begun.id.is_some() && doubt < Some(begun.time) && !page.begins_before(begun.time)
        };
        if begins_before(known.settled().map(|settled| settled - MARGIN))
            && let Some(begun) = self.begun.take_if(is_between)
        {
            self.first = begun.id;
        }
        From::Late
    }

    /// The top moves: what was known as this catch-up began, or as much later as it must have been archived, is in doubt from
    /// there on. What was in doubt before stays so.
    pub(super) fn doubt(&mut self, known: &mut Known) {
        let (Some(begun), Some(top)) = (&self.begun, known.top()) else {
            return;
        };
        // Where a clock was set back, what was known before is later than what is new.
        let begun = Some(begun.time).filter(|begun| *begun <= top.time);
        let before = known.reach.doubt.filter(|doubt| *doubt <= top.time);
        if *top != Cursor::BEGINNING && (before.is_none() || before == self.doubt) {
            known.reach.doubt = known.settled().max(begun);
            self.doubt = known.reach.doubt;
        }
    }

    /// It was looked for all that is in doubt. Unless that was long after it was archived, more may come later still.
    pub(super) fn settle(&mut self, known: &mut Known) {
        let is_over = self.late == Late::UnderWay;
        known.reach.doubt = known.reach.doubt.max(known.settled()).filter(|_| !is_over);
        self.begun = known.top().cloned();
        if is_over {
            self.late = Late::Over;
        }
    }
}
