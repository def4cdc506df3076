//! Availability, told by shape as well as by colour.

use crate::ui::view::prelude::*;

use crate::entity::presence::Availability;

/// A dot, not shown where nothing is known. It says nothing to assistive technology: words stand beside it.
#[component]
pub fn PresenceDot(
    /// What it tells.
    #[prop(into)]
    availability: Signal<Availability>,
) -> impl IntoView {
    view! { <span class="presence-dot" data-availability=move || token(availability.get()) aria-hidden="true"></span> }
}

/// The availability as the style sheet calls it.
fn token(availability: Availability) -> Option<&'static str> {
    Some(match availability {
        Availability::Unknown => return None,
        Availability::Offline => "offline",
        Availability::ExtendedAway => "xa",
        Availability::Away => "away",
        Availability::DoNotDisturb => "dnd",
        Availability::Online | Availability::FreeToChat => "online",
    })
}
