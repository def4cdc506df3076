//! Simplified Chinese: messages.

use crate::ui::i18n::timeline::Timeline;

pub const TIMELINE: Timeline = Timeline {};
