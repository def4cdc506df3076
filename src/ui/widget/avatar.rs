//! A person as a disc: initials on a colour of their own.

use crate::ui::view::prelude::*;
use sha1::{Digest, Sha1};

use super::presence_dot::PresenceDot;
use crate::entity::presence::Availability;
use crate::ui::browser::uppercase;

/// A disc with initials. It says nothing to assistive technology: the name stands beside it.
#[component]
pub fn Avatar(
    /// The address, which decides the colour: a name that two people share does not make them look alike.
    address: String,
    /// The name, of which the initials are shown.
    #[prop(into)]
    name: Signal<String>,
    /// `s`, `l` or `xl`; the usual size without.
    #[prop(optional)]
    size: Option<&'static str>,
    /// With a dot that tells the availability.
    #[prop(optional, into)]
    availability: Option<Signal<Availability>>,
) -> impl IntoView {
    let hue = hue(&address).to_string();
    view! {
        <span class="avatar" data-size=size style:--hue=hue aria-hidden="true">
            {move || name.with(|name| initials(name))}
            {availability
                .map(|availability| {
                    view! {
                        <span class="avatar__presence">
                            <PresenceDot availability />
                        </span>
                    }
                })}
        </span>
    }
}

/// XEP-0392 §5.1: the hue of an address, in degrees.
fn hue(address: &str) -> u32 {
    let digest = Sha1::digest(address.as_bytes());
    let number = digest
        .iter()
        .take(2)
        .rev()
        .fold(0_u32, |sum, byte| sum * 256 + u32::from(*byte));
    number * 360 / 65_536
}

/// The first letters of the first two words, or the first character where a script has no words.
fn initials(name: &str) -> String {
    let first = |word: &str| word.chars().find(|c| c.is_alphanumeric());
    let mut words = name
        .split(|c: char| c.is_whitespace() || "._-@".contains(c))
        .filter_map(first);
    let mut out = String::new();
    for letter in words.by_ref().take(2) {
        // Han, kana and Hangul letters are wide: one of them fills the disc.
        if !out.is_empty() && (letter as u32) >= 0x2E80 {
            break;
        }
        out.push(letter);
        if (letter as u32) >= 0x2E80 {
            break;
        }
    }
    uppercase(&out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_are_short_in_every_script() {
        for (name, expected) in [
            ("Juliet Capulet", "JC"),
            ("romeo", "R"),
            ("romeo.montague", "RM"),
            ("朱丽叶 卡普莱特", "朱"),
            ("R 朱", "R"),
            ("", ""),
            ("***", ""),
            ("ßa", "SS"),
        ] {
            assert_eq!(initials(name), expected, "{name}");
        }
    }

    /// XEP-0392 §13.2, test vectors.
    #[test]
    fn the_hue_is_that_of_the_specification() {
        for (text, degrees) in [
            ("Romeo", 327),
            ("juliet@capulet.lit", 209),
            ("😺", 331),
            ("council", 359),
        ] {
            assert_eq!(hue(text), degrees, "{text}");
        }
    }
}
