//! References, line ends and white space (XML 1.0 §2.11, §3.3.3, §4.1).

use super::chars::is_legal;

/// Reads the reference that `text` begins with: the character it stands for and its length in bytes.
pub(super) fn reference(text: &str) -> Option<(char, usize)> {
    /// Long enough for leading zeros, short enough that a stray `&` costs nothing.
    const LONGEST: usize = 32;
    let window = text.as_bytes().get(..LONGEST).unwrap_or(text.as_bytes());
    let end = window.iter().position(|byte| *byte == b';')?;
    let found = match text.get(1..end)? {
        "lt" => '<',
        "gt" => '>',
        "amp" => '&',
        "apos" => '\'',
        "quot" => '"',
        name => {
            let (digits, radix) = match (name.strip_prefix("#x"), name.strip_prefix('#')) {
                (Some(digits), _) => (digits, 16),
                (None, Some(digits)) => (digits, 10),
                (None, None) => return None,
            };
            // `from_str_radix` takes a sign, XML does not.
            if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
                return None;
            }
            let code = u32::from_str_radix(digits, radix).ok()?;
            char::from_u32(code).filter(|c| is_legal(*c))?
        }
    };
    Some((found, end + 1))
}

/// Resolves references and line ends in character data (XML 1.0 §2.11, §4.6).
pub(in crate::xmpp) fn cook_text(raw: &str) -> String {
    cook(raw, |c| c)
}

/// Normalises an attribute's value (XML 1.0 §3.3.3): white space as written becomes a space, referenced white space stays.
pub(in crate::xmpp) fn cook_value(raw: &str) -> String {
    cook(raw, |c| if matches!(c, '\t' | '\n') { ' ' } else { c })
}

fn cook(raw: &str, literal: fn(char) -> char) -> String {
    let mut cooked = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(c) = rest.chars().next() {
        let len = match c {
            '&' => match reference(rest) {
                Some((found, len)) => {
                    cooked.push(found);
                    len
                }
                None => 1,
            },
            '\r' => {
                cooked.push(literal('\n'));
                if rest.starts_with("\r\n") { 2 } else { 1 }
            }
            c => {
                cooked.push(literal(c));
                c.len_utf8()
            }
        };
        rest = rest.get(len..).unwrap_or_default();
    }
    cooked
}
