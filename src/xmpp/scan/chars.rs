//! Characters and names (XML 1.0 §2.2, §2.3; Namespaces in XML §3).

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

/// Namespaces in XML §3: a name without a colon.
pub(super) fn is_ncname(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(is_name_start) && chars.all(is_name_char)
}

fn is_name_start(c: char) -> bool {
    matches!(c,
        'A'..='Z' | 'a'..='z' | '_' | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}'
        | '\u{370}'..='\u{37D}' | '\u{37F}'..='\u{1FFF}' | '\u{200C}' | '\u{200D}' | '\u{2070}'..='\u{218F}'
        | '\u{2C00}'..='\u{2FEF}' | '\u{3001}'..='\u{D7FF}' | '\u{F900}'..='\u{FDCF}'
        | '\u{FDF0}'..='\u{FFFD}' | '\u{10000}'..='\u{EFFFF}')
}

fn is_name_char(c: char) -> bool {
    is_name_start(c)
        || matches!(c, '-' | '.' | '0'..='9' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}')
}

/// Whether XML 1.0 §2.2 allows the character.
pub(in crate::xmpp) fn is_legal(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..='\u{10FFFF}')
}
