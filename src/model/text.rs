//! Hostile text made fit for one line: previews and names.
//!
//! **Invariant:** what comes out has no line break, no control character and no bidirectional control that could
//! reorder what stands around it.

/// The longest preview, in characters.
pub const PREVIEW: usize = 120;
/// The longest name, in characters.
pub const NAME: usize = 80;

/// One line of at most [`PREVIEW`] characters that says how a text begins.
#[must_use]
pub fn preview(text: &str) -> String {
    one_line(text, PREVIEW)
}

/// One line of at most [`NAME`] characters.
#[must_use]
pub fn name(text: &str) -> String {
    one_line(text, NAME)
}

/// One line of at most `limit` characters; what is cut off leaves an ellipsis.
fn one_line(text: &str, limit: usize) -> String {
    let mut line = String::with_capacity(text.len().min(limit.saturating_mul(4)));
    let mut count = 0_usize;
    // Where the line can be cut so that the ellipsis still fits and no cluster is torn.
    let mut cut = 0_usize;
    let mut space = false;
    let mut joined = false;
    for character in text.chars() {
        if character.is_whitespace() || is_control(character) {
            space |= !line.is_empty() && !is_bidi_control(character);
            continue;
        }
        if space {
            count += 1;
            if count < limit {
                cut = line.len();
            }
            line.push(' ');
            space = false;
        }
        if count >= limit {
            line.truncate(cut);
            line.push('…');
            return line;
        }
        if count < limit && !joined && !joins(character) {
            cut = line.len();
        }
        line.push(character);
        count += 1;
        joined = character == '\u{200D}';
    }
    line
}

fn is_control(character: char) -> bool {
    // C0, C1, bidirectional controls, and the separators that break lines.
    character.is_control()
        || is_bidi_control(character)
        || matches!(character, '\u{2028}' | '\u{2029}' | '\u{FEFF}')
}

/// Embeddings, overrides and isolates (UAX #9 §2). Marks (LRM, RLM, ALM) reorder nothing outside themselves.
fn is_bidi_control(character: char) -> bool {
    matches!(character, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Belongs to the character before it: joiners, variation selectors, combining marks, skin tones.
fn joins(character: char) -> bool {
    matches!(character,
        '\u{200D}' | '\u{0300}'..='\u{036F}' | '\u{20D0}'..='\u{20FF}' | '\u{FE00}'..='\u{FE0F}'
        | '\u{1F3FB}'..='\u{1F3FF}' | '\u{E0020}'..='\u{E007F}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preview_is_one_line() {
        assert_eq!(
            preview("  wherefore\r\n\tart \u{0}thou  "),
            "wherefore art thou"
        );
        assert_eq!(preview(""), "");
        assert_eq!(preview(" \n "), "");
    }

    #[test]
    fn a_preview_cannot_reorder_what_stands_around_it() {
        assert_eq!(preview("a\u{202E}b\u{2066}c\u{2028}d"), "abc d");
    }

    #[test]
    fn a_long_text_is_cut_with_an_ellipsis() {
        let line = preview(&"é".repeat(500));
        assert_eq!(line.chars().count(), PREVIEW);
        assert!(line.ends_with('…'));
        assert_eq!(preview(&"é".repeat(PREVIEW)), "é".repeat(PREVIEW));
        let words = preview(&"ab ".repeat(100));
        assert!(words.chars().count() <= PREVIEW && words.ends_with('…'));
    }

    #[test]
    fn a_cut_does_not_tear_an_emoji() {
        let text = format!(
            "{}👩\u{200D}🚀👩\u{200D}🚀👩\u{200D}🚀",
            "x".repeat(PREVIEW - 3)
        );
        let line = preview(&text);
        assert_eq!(line, format!("{}…", "x".repeat(PREVIEW - 3)));
    }
}
