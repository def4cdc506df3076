//! Whether a message is worth a desktop notification, and which page shows it.

use crate::boundary::command::Attention;
use crate::entity::settings::Settings;

use super::ports::PageId;

/// A page, as far as notifications care.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Viewer {
    /// Which.
    pub page: PageId,
    /// How much attention it has.
    pub attention: Attention,
    /// It shows the conversation that the message belongs to.
    pub watches: bool,
}

/// The page that notifies the user: exactly one, or none when somebody is looking at that conversation.
#[must_use]
pub fn notifier(settings: &Settings, viewers: &[Viewer]) -> Option<PageId> {
    let seen = |viewer: &Viewer| viewer.watches && viewer.attention == Attention::Focused;
    if !settings.notifications || viewers.iter().any(seen) {
        return None;
    }
    // The page that people used last is the one that the click should bring back.
    viewers
        .iter()
        .max_by_key(|viewer| {
            (
                viewer.attention,
                viewer.watches,
                std::cmp::Reverse(viewer.page),
            )
        })
        .map(|viewer| viewer.page)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn viewer(page: u32, attention: Attention, watches: bool) -> Viewer {
        Viewer {
            page: PageId(page),
            attention,
            watches,
        }
    }

    fn on() -> Settings {
        Settings {
            notifications: true,
            ..Settings::default()
        }
    }

    #[test]
    fn who_looks_at_the_conversation_needs_no_notification() {
        let looking = [
            viewer(1, Attention::Hidden, false),
            viewer(2, Attention::Focused, true),
        ];
        assert_eq!(notifier(&on(), &looking), None);
        let elsewhere = [
            viewer(1, Attention::Hidden, true),
            viewer(2, Attention::Focused, false),
        ];
        assert_eq!(notifier(&on(), &elsewhere), Some(PageId(2)));
        let unfocused = [viewer(2, Attention::Visible, true)];
        assert_eq!(notifier(&on(), &unfocused), Some(PageId(2)));
    }

    #[test]
    fn exactly_one_page_notifies_and_none_if_the_user_said_so() {
        let hidden = [
            viewer(3, Attention::Hidden, false),
            viewer(1, Attention::Hidden, false),
        ];
        assert_eq!(notifier(&on(), &hidden), Some(PageId(1)));
        assert_eq!(notifier(&Settings::default(), &hidden), None);
        assert_eq!(notifier(&on(), &[]), None);
    }
}
