//! What must not stand in a text: characters that XML forbids, and those that nobody sees.

use std::borrow::Cow;

/// Whether XML 1.0 allows a character (production 2); a stanza with another ends the stream.
#[must_use]
pub fn is_legal(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

/// Bidirectional controls, spaces of no width, and separators that only break lines. Not the joiners, which
/// emoji and several scripts need.
#[must_use]
pub fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{61c}'
            | '\u{ad}'
            | '\u{200b}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
    )
}

/// A text as it may be sent: line ends are `\n`, forbidden characters are gone.
#[must_use]
pub fn legal(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_legal) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut after_return = false;
    for c in text.chars() {
        match c {
            '\r' => out.push('\n'),
            '\n' if after_return => {}
            c if is_legal(c) => out.push(c),
            _ => {}
        }
        after_return = c == '\r';
    }
    Cow::Owned(out)
}

/// One line of at most `most` characters, for places outside the page (notifications, the title): no control
/// and no invisible characters, white space collapsed.
#[must_use]
pub fn one_line(text: &str, most: usize) -> String {
    let mut out = String::new();
    let mut length = 0;
    let mut space = false;
    for c in text.chars() {
        if c.is_whitespace() || matches!(c, '\u{2028}' | '\u{2029}') {
            space = length > 0;
            continue;
        }
        if c.is_control() || is_invisible(c) {
            continue;
        }
        let needed = 1 + usize::from(space);
        if length + needed > most {
            out.push('…');
            break;
        }
        if space {
            out.push(' ');
        }
        out.push(c);
        length += needed;
        space = false;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    // G11
    #[test]
    fn what_xml_forbids_is_removed() {
        assert_eq!(legal("a\u{0}b\u{b}c\u{fffe}d\u{1f}"), "abcd");
        assert_eq!(legal("a\r\nb\rc\n\td"), "a\nb\nc\n\td");
        assert!(matches!(legal("plain\ntext 👍"), Cow::Borrowed(_)));
    }

    // E21
    #[test]
    fn a_notification_is_one_line() {
        assert_eq!(
            one_line("Bank\n\n\u{202e}Verified\u{2028}x", 40),
            "Bank Verified x"
        );
        assert_eq!(one_line(&"x".repeat(10_000), 5), "xxxxx…");
        assert_eq!(one_line("  a  ", 5), "a");
    }
}
