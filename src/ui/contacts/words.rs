//! What a presence means, in words.

use crate::entity::presence::{Availability, Presence};
use crate::ui::i18n::{Format, Texts};

/// The availability in a word: "Away".
#[must_use]
pub fn availability(texts: &Texts, availability: Availability) -> &'static str {
    let text = &texts.contacts;
    match availability {
        Availability::Unknown => text.unknown,
        Availability::Offline => text.offline,
        Availability::ExtendedAway => text.extended_away,
        Availability::Away => text.away,
        Availability::DoNotDisturb => text.do_not_disturb,
        Availability::Online => text.online,
        Availability::FreeToChat => text.free_to_chat,
    }
}

/// The presence in a line: what they say, else how they can be reached, with when they were last seen if they are gone.
#[must_use]
pub fn presence(texts: &Texts, format: &Format, presence: &Presence) -> String {
    let word = availability(texts, presence.availability);
    let gone = presence.availability <= Availability::Away;
    match (&presence.status, presence.last_seen) {
        (Some(status), _) if !status.trim().is_empty() => {
            texts.contacts.said.with(&word, &status.trim())
        }
        (_, Some(seen)) if gone => {
            let ago = format.ago(seen);
            texts
                .contacts
                .said
                .with(&word, &texts.contacts.last_seen.with(&ago))
        }
        _ => word.to_owned(),
    }
}
