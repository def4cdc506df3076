//! Which day it is at a time.

use std::collections::HashMap;

use crate::entity::time::Timestamp;
use crate::ui::i18n::local_day;

/// The day of each time, where the user is: asked of the browser once for each quarter of an hour, which is what
/// all offsets of time zones are multiples of.
#[derive(Default)]
pub(super) struct Days(HashMap<i64, i64>);

impl Days {
    /// The day of that time.
    pub(super) fn of(&mut self, time: Timestamp) -> i64 {
        let quarter = time.0.div_euclid(15 * 60_000);
        *self.0.entry(quarter).or_insert_with(|| local_day(time))
    }
}
