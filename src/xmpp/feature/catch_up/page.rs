//! What a page teaches: its messages' places, how far the archive is known with it, and which page follows.

use crate::entity::archive::Cursor;
use crate::entity::id::ItemId;
use crate::entity::message::Message;
use crate::event::{Since, Spot, Stretch};
use crate::xmpp::cx::Cx;
use crate::xmpp::message::order::{Order, place_above};

use super::known::{self, Known};
use super::{CatchUp, From, PAGES};

/// So many conversations are shown on a device that knows nothing, or those of so many messages.
const CONVERSATIONS: usize = 20;
/// See [`CONVERSATIONS`].
const MESSAGES: usize = 500;

impl CatchUp {
    /// Takes a page that came; where the next one begins is told with it.
    pub(super) fn on_page(
        &mut self,
        cx: &mut Cx,
        order: &mut Order,
        from: From,
        mut page: Stretch,
    ) {
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
