//! Simplified Chinese: writing, and the emoji picker.

use crate::ui::i18n::composer::Composer;

pub const COMPOSER: Composer = Composer {};
