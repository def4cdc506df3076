//! What assistive technology is told of the gaps of a timeline: that one is being filled, that it is, that it cannot be.
//!
//! **Invariant:** of each gap it is said once that it is being filled and once that it is, however many pages that takes; and what
//! is only scrolled away is not called filled.

use std::sync::Arc;

use crate::boundary::change::{GapState, Item, ItemKind};
use crate::entity::id::ItemId;
use crate::entity::message::Position;
use crate::entity::problem::Problem;

/// What is new of a gap.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum News {
    /// It is being filled.
    Loading,
    /// It is filled.
    Filled,
    /// It could not be filled now.
    Failed(Problem),
    /// What is missing is not to be had.
    Lost,
}

/// The gaps of a timeline, as far as somebody was told of them.
#[derive(Debug, Default)]
pub struct GapNews {
    known: Vec<Known>,
}

#[derive(Debug)]
struct Known {
    id: ItemId,
    at: Position,
    state: GapState,
    /// It was said that it is being filled, and nothing since.
    is_busy: bool,
    /// Anything was said of it: that it is there no more is said, too.
    is_told: bool,
    /// What followed it.
    next: Option<ItemId>,
}

impl GapNews {
    /// The timeline holds these items now, oldest first. Gives back what is to be said.
    pub fn note(&mut self, items: &[Arc<Item>]) -> Vec<News> {
        let mut news = Vec::new();
        let before = std::mem::take(&mut self.known);
        for known in &before {
            let is_there = items.iter().any(|item| item.id == known.id);
            if !is_there && known.is_told && known.is_closed(items) {
                news.push(News::Filled);
            }
        }
        for (at, item) in items.iter().enumerate() {
            let ItemKind::Gap(state) = &item.kind else {
                continue;
            };
            let before = before.iter().find(|known| known.id == item.id);
            let was_busy = before.is_some_and(|known| known.is_busy);
            let said = news.len();
            // What stood there when somebody came is no news, but for what is going on.
            let is_other = before.is_some_and(|known| known.state != *state);
            let is_busy = match state {
                GapState::Loading => {
                    news.extend((!was_busy).then_some(News::Loading));
                    true
                }
                GapState::Unknown => was_busy,
                GapState::Failed(problem) => {
                    news.extend(is_other.then(|| News::Failed(problem.clone())));
                    false
                }
                GapState::Lost => {
                    news.extend(is_other.then_some(News::Lost));
                    false
                }
            };
            self.known.push(Known {
                id: item.id,
                at: item.position,
                state: state.clone(),
                is_busy,
                is_told: before.is_some_and(|known| known.is_told) || news.len() > said,
                next: items.get(at + 1).map(|next| next.id),
            });
        }
        news
    }
}

impl Known {
    /// Whether the place where it stood is still among the items: it went, and nobody left it.
    fn is_closed(&self, items: &[Arc<Item>]) -> bool {
        let (Some(first), Some(last)) = (items.first(), items.last()) else {
            return false;
        };
        let is_within = first.position <= self.at && self.at <= last.position;
        // It had nothing before it, and brought nothing.
        is_within || self.next == Some(first.id)
    }
}

#[cfg(test)]
mod tests {
    use super::super::list::tests::message;
    use super::*;
    use crate::entity::time::Timestamp;

    fn gap(second: i64, state: GapState) -> Arc<Item> {
        let time = Timestamp(second * 1000);
        Arc::new(Item {
            id: ItemId(99),
            position: Position { time, tie: 0 },
            kind: ItemKind::Gap(state),
        })
    }

    fn says(second: i64) -> Arc<Item> {
        message(second, false, "a")
    }

    #[test]
    fn however_many_pages_it_takes_it_is_said_once_that_it_begins_and_once_that_it_is_over() {
        let mut news = GapNews::default();
        let mut said = Vec::new();
        let mut above = vec![says(90)];
        for at in [80, 70, 60] {
            for state in [GapState::Unknown, GapState::Loading] {
                let items = [&[says(1), gap(at, state)][..], &above].concat();
                said.extend(news.note(&items));
            }
            above.insert(0, says(at));
        }
        assert_eq!(said, [News::Loading]);
        let items = [&[says(1)][..], &above].concat();
        assert_eq!(news.note(&items), [News::Filled]);
        assert_eq!(news.note(&items), []);
    }

    #[test]
    fn a_failure_is_said_each_time_and_a_loss_once() {
        let mut news = GapNews::default();
        let mut note = |state| news.note(&[says(1), gap(5, state), says(9)]);
        let failed = || GapState::Failed(Problem::Offline);
        // It stood there before.
        assert_eq!(note(failed()), []);
        for _ in 0..2 {
            assert_eq!(note(GapState::Loading), [News::Loading]);
            assert_eq!(note(failed()), [News::Failed(Problem::Offline)]);
            assert_eq!(note(failed()), []);
            assert_eq!(note(GapState::Unknown), []);
        }
        // Nobody could even ask.
        assert_eq!(note(failed()), [News::Failed(Problem::Offline)]);
        assert_eq!(note(GapState::Lost), [News::Lost]);
        assert_eq!(note(GapState::Lost), []);
    }

    #[test]
    fn what_failed_may_be_filled_by_itself() {
        let mut news = GapNews::default();
        let both = [says(1), says(9)];
        let with = |state| [says(1), gap(5, state), says(9)];
        assert_eq!(news.note(&with(GapState::Unknown)), []);
        assert_eq!(news.note(&both), [], "nobody was told of it");
        news.note(&with(GapState::Unknown));
        let failed = news.note(&with(GapState::Failed(Problem::Offline)));
        assert_eq!(failed, [News::Failed(Problem::Offline)]);
        assert_eq!(news.note(&with(GapState::Unknown)), []);
        assert_eq!(news.note(&both), [News::Filled]);
    }

    #[test]
    fn what_is_scrolled_away_is_not_filled() {
        let mut news = GapNews::default();
        news.note(&[says(1), gap(5, GapState::Loading), says(9)]);
        assert_eq!(news.note(&[says(20), says(21)]), []);
        assert_eq!(news.note(&[]), []);
        // Back again, it is what it was; and with nothing before it, it may bring nothing.
        let items = [gap(5, GapState::Loading), says(9)];
        assert_eq!(news.note(&items), [News::Loading]);
        assert_eq!(news.note(&items[1..]), [News::Filled]);
    }
}
