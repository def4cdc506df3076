//! A conversation: its header, its messages, and the composer.

use leptos::prelude::*;

use crate::ui::reactive::model::PeerKey;

/// A conversation, the whole middle pane.
#[component]
pub fn ConversationPane(
    /// With whom.
    peer: PeerKey,
) -> impl IntoView {
    let _ = peer;
}
