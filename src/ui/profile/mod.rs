//! Who somebody is.

use leptos::prelude::*;

use crate::ui::reactive::model::PeerKey;

/// The details of a contact.
#[component]
pub fn ContactDetails(
    /// Whose.
    peer: PeerKey,
) -> impl IntoView {
    let _ = peer;
}
