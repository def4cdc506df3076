//! Characters and names (XML 1.0 §2.2, §2.3; Namespaces in XML §3).

use minidom::rxml::NcNameStr;

/// Bytes that need no second look in character data, in an attribute's value, in a name, and at its start.
pub(super) const PLAIN_TEXT: u8 = 1;
pub(super) const PLAIN_VALUE: u8 = 2;
pub(super) const NAME: u8 = 4;
pub(super) const NAME_START: u8 = 8;

static CLASSES: [u8; 256] = classes();

#[inline]
pub(super) fn class_of(byte: u8) -> u8 {
    CLASSES.get(usize::from(byte)).copied().unwrap_or_default()
}

#[allow(clippy::indexing_slicing)] // Evaluated by the compiler: a wrong index would not build.
const fn classes() -> [u8; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let b = byte as u8;
        let mut class = 0;
        if b >= 0x20 && b != 0xEF && b != b'<' && b != b'&' {
            if b != b']' {
                class |= PLAIN_TEXT;
            }
            if b != b'"' && b != b'\'' {
                class |= PLAIN_VALUE;
            }
        }
        if b == b'\t' || b == b'\n' {
            class |= PLAIN_TEXT;
        }
        if b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.') || b >= 0x80 {
            class |= NAME;
        }
        if b.is_ascii_alphabetic() || b == b'_' {
            class |= NAME_START;
        }
        table[byte] = class;
        byte += 1;
    }
    table
}

/// Namespaces in XML §3: a name without a colon. The tree's own opinion: it refuses a few letters that XML allows, and an
/// element with such a name could never be written again.
pub(super) fn is_ncname(name: &str) -> bool {
    <&NcNameStr>::try_from(name).is_ok()
}

/// Whether XML 1.0 §2.2 allows the character.
pub(in crate::xmpp) fn is_legal(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..='\u{10FFFF}')
}
