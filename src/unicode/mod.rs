//! What we ask of Unicode's big tables: normalisation, and which domain names exist.
//!
//! Browsers carry these tables anyway, so the engine asks them there (`web`); elsewhere two crates hold them (`native`).
//! In the program they would take a fifth of what goes over the wire, for text that few addresses hold:
//! plain ASCII is answered here.
//!
//! A layer of its own below all others, because both addresses and passwords stand on it.

#[cfg(not(target_arch = "wasm32"))]
mod native;
mod punycode;
#[cfg(target_arch = "wasm32")]
mod web;

#[cfg(not(target_arch = "wasm32"))]
use native as platform;
#[cfg(target_arch = "wasm32")]
use web as platform;

/// The longest label of a domain name, and the longest name, in ASCII (RFC 1035 §2.3.4).
const LONGEST_LABEL: usize = 63;
const LONGEST_NAME: usize = 253;

/// Normalisation form KC.
#[must_use]
pub fn nfkc(text: &str) -> String {
    if text.is_ascii() {
        text.to_owned()
    } else {
        platform::nfkc(text)
    }
}

/// Whether the text names a host, after UTS 46 (not transitional, with hyphens and lengths checked). An address made of
/// numbers is none.
#[must_use]
pub fn is_domain(name: &str) -> bool {
    if name.contains(is_never_in_a_name) {
        return false;
    }
    let plain = name.is_ascii() && !name.split('.').any(is_encoded);
    if plain {
        is_ascii_domain(name)
    } else {
        is_encodable(name, platform::to_ascii)
    }
}

/// Whether the name has one form in ASCII, and that says what the name says.
///
/// Browsers let A-labels pass that are no Punycode, or that nothing is encoded to; so each is decoded here, and the name must
/// be encoded to itself again. An A-label of characters that are newer than the browser is refused.
fn is_encodable(name: &str, to_ascii: impl Fn(&str) -> Option<String>) -> bool {
    // What is ASCII in disguise would be undone with the rest of an URL, like a full-width per cent sign.
    if platform::nfkc(name).contains(is_never_in_a_name) {
        return false;
    }
    let Some(ascii) = to_ascii(name) else {
        return false;
    };
    if ascii.contains(is_never_in_a_name) || !is_ascii_domain(&ascii) {
        return false;
    }
    let labels: Option<Vec<String>> = ascii.split('.').map(decode).collect();
    labels.is_some_and(|labels| {
        let allowed = |label: &String| !has_misplaced_hyphen(label) && !label.contains(DISPUTED);
        labels.iter().all(allowed) && to_ascii(&labels.join(".")) == Some(ascii)
    })
}

/// Joiners may stand only between certain letters (RFC 5892 A.1, A.2), which not every browser checks; signs made of `=`, `<`
/// and `>` are letters to some and forbidden to others. No name needs them.
const DISPUTED: [char; 5] = ['\u{200c}', '\u{200d}', '≠', '≮', '≯'];

/// What the label says.
fn decode(label: &str) -> Option<String> {
    match label.strip_prefix("xn--") {
        Some(code) => punycode::decode(code),
        None => Some(label.to_owned()),
    }
}

/// RFC 1034 §3.5 has letters, digits and hyphens; names of machines have underscores too.
fn is_never_in_a_name(c: char) -> bool {
    c.is_ascii() && !c.is_ascii_alphanumeric() && !"-._".contains(c)
}

/// Whether the name, in ASCII, is short enough and has its hyphens where they may be.
fn is_ascii_domain(name: &str) -> bool {
    name.len() <= LONGEST_NAME
        && name.split('.').all(|label| {
            (1..=LONGEST_LABEL).contains(&label.len())
                && (is_encoded(label) || !has_misplaced_hyphen(label))
        })
}

/// Whether the label is an A-label (RFC 5890 §2.3.2.1), which says in ASCII what is not.
fn is_encoded(label: &str) -> bool {
    label
        .as_bytes()
        .first_chunk()
        .is_some_and(|prefix: &[u8; 4]| prefix.eq_ignore_ascii_case(b"xn--"))
}

/// UTS 46 §4.1, V2 and V3: no hyphen at either end, nor as third and fourth character.
fn has_misplaced_hyphen(label: &str) -> bool {
    label.starts_with('-') || label.ends_with('-') || label.chars().skip(2).take(2).eq("--".chars())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// As Chromium does it: ASCII passes.
    fn credulous(name: &str) -> Option<String> {
        if name.is_ascii() {
            Some(name.to_ascii_lowercase())
        } else {
            platform::to_ascii(name)
        }
    }

    #[test]
    fn a_credulous_browser_is_not_believed() {
        let good = [
            "xn--bcher-kva.example",
            "XN--BCHER-KVA.example",
            "xn--strae-oqa.de",
            "bücher.example",
        ];
        for name in good {
            assert!(is_encodable(name, credulous) && is_domain(name), "{name}");
        }
        let bad = [
            // No Punycode, nothing, or ASCII in disguise.
            "xn--bcher-kv",
            "xn--",
            "xn--a",
            "xn--abc-",
            "xn---",
            "xn--999999999",
            // Not the one form of what they say: a full-width letter, an open diaeresis, a ligature, an ideographic dot.
            "xn--ph7c",
            "xn--a-ccb",
            "xn--jm6c",
            "xn--ab-r13a",
            "xn--xn---epa",
            // Hyphens, a leading mark, mixed directions, a joiner, a sign, private use.
            "xn----bga",
            "xn--abc--dpa",
            "xn--ab---epa",
            "xn--a-wbb",
            "xn--a-zhc",
            "xn--a-0hc",
            "xn--1-0hc",
            "xn--ab-m1t",
            "xn--11b2ezcw70k",
            "xn--gdh",
            "xn--0y0c",
        ];
        for name in bad.map(|label| format!("{label}.example")) {
            assert!(!is_encodable(&name, credulous), "{name}");
            assert!(!is_domain(&name), "{name}");
        }
    }
    proptest! {
        #[test]
        fn belief_in_labels_changes_nothing(name in "(xn--[a-z0-9]{0,3}-?[a-z0-9]{0,6}|[a-zé☃-]{1,4}|[.]){1,4}") {
            prop_assert_eq!(is_encodable(&name, credulous), is_encodable(&name, platform::to_ascii));
        }

        #[test]
        fn what_is_encoded_is_decoded(label in "[a-z]{0,5}\\PC{1,9}") {
            let one = |ascii: &String| !ascii.contains('.');
            if let Some(ascii) = platform::to_ascii(&label).filter(one) {
                let decoded = decode(&ascii);
                prop_assert_eq!(decoded.and_then(|label| platform::to_ascii(&label)), Some(ascii));
            }
        }
    }
}
