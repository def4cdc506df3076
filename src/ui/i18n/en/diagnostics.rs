//! English: diagnostics: connection, log, XML console.

use crate::ui::i18n::diagnostics::Diagnostics;

pub const DIAGNOSTICS: Diagnostics = Diagnostics {};
