//! What is archived late, below what is known by then.
//!
//! ejabberd gives a message its name in the archive when it is sent, and archives it when the session for which it is has taken
//! it. One whose socket is dead waits fifteen seconds with each message, and another session has caught up meanwhile: the name
//! is older than the cursor then, and no page that begins there holds it. So in each session there is a second look when all
//! that must be over: backward from the top to the place that was known when the session began, or to what was so old then that
//! it must have been archived; then what came since the top, which nobody may have told us. Where no session lasts that long,
//! one that finds too much in doubt looks as it begins: all but the end of that must have been archived.
//!
//! **Invariant:** what may be missing below the cursor is looked for, be it by a later session: where to begin is stored
//! ([`Reach::doubt`]) with the first page that moves the top, until that look is done. Nothing is in doubt where nothing was
//! missed. The look has no timer of its own: whatever wakes us next will do.
//!
//! [`Reach::doubt`]: crate::entity::archive::Reach::doubt

use std::time::Duration;

use crate::entity::time::Timestamp;
use crate::event::Stretch;
use crate::xmpp::cx::Cx;
use crate::xmpp::feature::archive::Archive;

use super::known::Known;
use super::{CatchUp, From, PAGES, Step};

/// After how long in a session that is: seven waits of fifteen seconds were seen.
pub(super) const LATE: Duration = Duration::from_secs(150);
/// From so much before that place on: the server's clock may be set.
const MARGIN: Duration = Duration::from_secs(120);
/// What is so much older than the newest has been archived: forty of those waits.
const LONG: Duration = Duration::from_secs(600);

impl Known {
    /// Since when something may have been archived late.
    pub(super) fn doubt(&self) -> Option<Timestamp> {
        self.reach.doubt.map(|doubt| doubt - MARGIN)
    }

    /// The end of what was archived by the time that the top was.
    pub(super) fn settled(&self) -> Option<Timestamp> {
        self.top().map(|top| top.time - LONG)
    }

    /// Whether a session before the one that began with that place known has left much in doubt.
    fn is_overdue(&self, begun: Option<Timestamp>) -> bool {
        let doubt = self.reach.doubt.filter(|doubt| Some(*doubt) < begun);
        doubt.is_some_and(|doubt| self.settled().is_some_and(|settled| settled - LONG > doubt))
    }
}

impl CatchUp {
    /// Looks for what was archived late, when it is time.
    pub(super) fn look_again(&mut self, cx: &mut Cx, archive: &mut Archive) {
        let Some((at, begun)) = self.late else { return };
        let is_due = at.monotonic <= cx.now.monotonic;
        let has_id = self.known.top().is_some_and(|top| top.id.is_some());
        let can_look = has_id && self.known.reach.doubt.is_some() && self.known.gap().is_none();
        let is_wanted = is_due || can_look && self.known.is_overdue(begun);
        if !is_wanted || !matches!(self.step, Step::Done(_)) || !cx.is_connected() {
            return;
        }
        if is_due {
            self.late = None;
        }
        if can_look {
            self.forget_progress();
            self.ask(cx, archive, From::Late);
        } else {
            self.begin(cx, archive);
        }
    }

    /// A page of what was known, but for what was archived late. Gives back what comes next.
    pub(super) fn on_late(&mut self, known: &mut Known, page: &Stretch) -> From {
        let is_met = page.is_complete || known.doubt().is_none_or(|from| page.begins_before(from));
        let first = page.first.as_ref().map(|first| first.id.clone());
        let leads_on = first.is_some() && first != self.first && self.pages < PAGES;
        self.first = first;
        if leads_on && !is_met {
            return From::Late;
        }
        self.settle(known);
        From::Id
    }

    /// The top moves: what was known as the session began, or as much later as it must have been archived, is in doubt from
    /// there on. What an earlier session has left in doubt stays so.
    pub(super) fn doubt(&mut self, known: &mut Known) {
        let begun = self.late.and_then(|(_, begun)| begun);
        if known.reach.doubt.is_none() || known.reach.doubt == self.doubt {
            known.reach.doubt = begun.max(known.settled().filter(|_| begun.is_some()));
            self.doubt = known.reach.doubt;
        }
    }

    /// It was looked for all that is in doubt. What this session has missed may come later still.
    pub(super) fn settle(&self, known: &mut Known) {
        let settled = known.settled().filter(|_| self.late.is_some());
        known.reach.doubt = known.reach.doubt.max(settled).filter(|_| settled.is_some());
    }
}
