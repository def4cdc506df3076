//! English: what is said everywhere: buttons, days, states.

use crate::ui::i18n::Fill2;
use crate::ui::i18n::common::Common;

pub const COMMON: Common = Common {
    today: "Today",
    yesterday: "Yesterday",
    back: "Back",
    cancel: "Cancel",
    close: "Close",
    save: "Save",
    retry: "Retry",
    loading: "Loading…",
    and: Fill2("{0}, {1}"),
};
