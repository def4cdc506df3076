//! Frames that kill engines: how one is known again.
//!
//! Why: what an engine did not outlive comes again, from the archive or from the server's own store, and would kill each
//! engine after it. What is left of the frame in hand is handed to the pages, which remember it and tell the next engine.

/// Attributes whose values differ from one delivery of the same stanza to the next.
const VOLATILE: [&str; 3] = [" id=", " queryid=", " to="];

/// The same for all deliveries of a stanza on one way (live, or out of the archive).
#[must_use]
pub fn fingerprint(frame: &str) -> u64 {
    // FNV-1a. Who can choose frames that look alike can already kill engines, and gains that they are skipped.
    let mut print = 0xcbf2_9ce4_8422_2325_u64;
    let mut rest = frame;
    while let Some(first) = rest.chars().next() {
        let named = VOLATILE.iter().find_map(|name| rest.strip_prefix(name));
        if let Some(value) = named {
            rest = after_quotes(value);
            continue;
        }
        let (char, behind) = rest.split_at(first.len_utf8());
        for byte in char.bytes() {
            print = (print ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        rest = behind;
    }
    print
}

/// What follows a quoted value.
fn after_quotes(text: &str) -> &str {
    let mut parts = match text.as_bytes().first() {
        Some(b'\'') => text.splitn(3, '\''),
        _ => text.splitn(3, '"'),
    };
    parts.nth(2).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stanza_that_comes_again_is_known_again() {
        let archived = |query: &str, to: &str, body: &str| {
            format!(
                "<message to='{to}' id=\"x{query}\"><result xmlns='urn:xmpp:mam:2' queryid='{query}' id='a1'>\
                 <message from='mallory@example.org' to='{to}'><body>{body}</body></message></result></message>"
            )
        };
        let first = fingerprint(&archived("q1", "romeo@example.org/one", "poison"));
        let again = fingerprint(&archived("q2", "romeo@example.org/two", "poison"));
        let other = fingerprint(&archived("q1", "romeo@example.org/one", "honey"));
        assert_eq!(first, again);
        assert_ne!(first, other);
    }

    #[test]
    fn every_other_character_counts_and_nothing_is_too_odd() {
        let all = [
            "",
            "x",
            "é",
            "è",
            "<a>",
            "<a b='1'/>",
            "<a b='2'/>",
            " id",
            "id=",
        ];
        for (at, one) in all.iter().enumerate() {
            for other in all.iter().skip(at + 1) {
                assert_ne!(fingerprint(one), fingerprint(other), "{one:?} {other:?}");
            }
        }
        for odd in [" id=", " id='", " id='x", " to=x", " id=é'"] {
            assert_eq!(fingerprint(odd), fingerprint(""), "{odd:?}");
        }
    }
}
