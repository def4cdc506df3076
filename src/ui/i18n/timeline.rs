//! Texts: messages.

use super::{Count, Fill2};

/// Texts: messages.
#[allow(missing_docs)]
pub struct Timeline {
    pub messages: &'static str,
    pub you: &'static str,
    pub new_messages: &'static str,
    pub sending: &'static str,
    pub sent: &'static str,
    pub delivered: &'static str,
    pub read: &'static str,
    pub failed: &'static str,
    pub delayed: &'static str,
    pub delayed_hint: &'static str,
    pub perhaps_arrived: &'static str,
    pub delete: &'static str,
    pub show_more: &'static str,
    pub gap: &'static str,
    pub gap_load: &'static str,
    pub gap_loading: &'static str,
    pub gap_filled: &'static str,
    pub gap_lost: &'static str,
    pub beginning: &'static str,
    pub empty: &'static str,
    pub empty_hint: &'static str,
    pub jump: &'static str,
    pub to_date: &'static str,
    pub date: &'static str,
    pub show: &'static str,
    pub other_day: Fill2,
    pub no_later_day: &'static str,
    pub no_date: &'static str,
    pub unread: Count,
}
