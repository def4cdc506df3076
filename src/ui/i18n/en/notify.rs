//! English: desktop notifications.

use crate::ui::i18n::notify::Notify;

pub const NOTIFY: Notify = Notify {
    offer: "A message came while you were elsewhere. Shall Waxwing tell you next time?",
    turn_on: "Turn on notifications",
    not_now: "Not now",
    refused: "The browser does not allow notifications here. You can change that in its settings for this site.",
    new_message: "New message",
};
