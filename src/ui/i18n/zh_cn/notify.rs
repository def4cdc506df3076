//! Simplified Chinese: desktop notifications.

use crate::ui::i18n::notify::Notify;

pub const NOTIFY: Notify = Notify {};
