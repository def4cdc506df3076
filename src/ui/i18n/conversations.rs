//! Texts: the list of conversations.

use super::Count;

/// Texts: the list of conversations.
#[allow(missing_docs)]
pub struct Conversations {
    pub conversations: &'static str,
    pub new_conversation: &'static str,
    pub settings: &'static str,
    pub search: &'static str,
    pub lists: &'static str,
    pub draft: &'static str,
    /// Before the preview of an own message.
    pub you: &'static str,
    pub unread: Count,
    pub nothing_found: &'static str,
    pub empty_title: &'static str,
    pub empty_text: &'static str,
    pub start_one: &'static str,
}
