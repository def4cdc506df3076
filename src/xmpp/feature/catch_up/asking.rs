//! How a page is asked for.

use crate::entity::archive::Cursor;
use crate::entity::time::Timestamp;
use crate::xmpp::cx::Cx;
use crate::xmpp::feature::archive::{Archive, Place, Purpose, Wanted};

use super::{CatchUp, From, Step};

/// How many items are asked for at a time.
const PAGE: u32 = 100;
/// How many of the newest, on a device that knows nothing yet.
const NEWEST: u32 = 50;

impl CatchUp {
    /// Begins at the top.
    pub(super) fn begin(&mut self, cx: &mut Cx, archive: &mut Archive) {
        let from = match self.known.top() {
            Some(Cursor { id: Some(_), .. }) => From::Id,
            Some(top) if *top == Cursor::BEGINNING => From::Beginning,
            Some(_) => From::Time,
            None => From::Newest,
        };
        self.forget_progress();
        self.begun = self.known.top().cloned();
        self.ask(cx, archive, from);
    }

    /// Nothing was asked for yet.
    pub(super) fn forget_progress(&mut self) {
        self.told = None;
        self.is_timeless = false;
        self.is_forward = false;
        self.is_forgetful = false;
        self.passed.clear();
        (self.first, self.messages) = (None, 0);
        self.peers.clear();
        self.pages = 0;
        self.unanswered = 0;
        self.live = 0;
        self.doubt = None;
    }

    pub(super) fn ask(&mut self, cx: &mut Cx, archive: &mut Archive, from: From) {
        self.step = Step::Asked(from);
        archive.ask(cx, Purpose::CatchUp, self.wanted(from));
    }

    fn wanted(&self, from: From) -> Wanted {
        let top = self.known.top();
        let id = top.and_then(|top| top.id.clone());
        // Before the beginning there is nothing.
        let known = |cursor: &Cursor| Some(cursor.time).filter(|time| *time > Timestamp::default());
        let time = top.and_then(known).filter(|_| !self.is_timeless);
        let at = |place, since, count| Wanted {
            place,
            since,
            until: None,
            count,
        };
        match (from, id) {
            (From::Newest, _) => at(Place::Newest, None, NEWEST),
            (From::Id, Some(id)) => at(Place::After(id), None, PAGE),
            (From::Time, _) => at(Place::Oldest, time, PAGE),
            (From::Head, _) => at(Place::Newest, time, PAGE),
            (From::Gap, _) => {
                let Some(gap) = self.known.gap() else {
                    return at(Place::Newest, time, PAGE);
                };
                let since = known(&gap.after).filter(|_| !self.is_timeless);
                match gap.before.id.clone() {
                    Some(id) => at(Place::Before(id), since, PAGE),
                    None => Wanted {
                        until: Some(gap.before.time.next_second()),
                        ..at(Place::Newest, since, PAGE)
                    },
                }
            }
            (From::Late, id) => {
                let before = self.first.clone().or(id).map(Place::Before);
                let since = self
                    .known
                    .doubt()
                    .filter(|time| *time > Timestamp::default());
                at(before.unwrap_or_default(), since, PAGE)
            }
            (From::Earlier, _) => {
                let before = self.first.clone().map(Place::Before);
                at(before.unwrap_or_default(), None, PAGE)
            }
            (From::Beginning | From::Id, _) => at(Place::Oldest, None, PAGE),
        }
    }
}
