//! Whether a text is a few emoji and nothing else.

/// More than so many are text like any other.
const MOST: usize = 6;
/// One emoji is at most this long: a family of four with skin tones.
const LONGEST: usize = 60;

/// Whether a text is one to six emoji, with nothing but spaces between.
#[must_use]
pub fn is_jumbo(text: &str) -> bool {
    let text = text.trim();
    if text.is_empty() || text.len() > MOST * LONGEST {
        return false;
    }
    let mut count = 0;
    let mut joined = false;
    let mut flag_open = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let is_flag = matches!(c, '\u{1f1e6}'..='\u{1f1ff}');
        match c {
            ' ' | '\n' => {}
            '\u{200d}' if count > 0 => joined = true,
            // Variation selector, skin tones, tags of regional flags, enclosing keycap.
            '\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}' | '\u{e0020}'..='\u{e007f}' | '\u{20e3}'
                if count > 0 => {}
            '0'..='9' | '#' | '*' => {
                // A keycap: the sign, perhaps a selector, and the cap.
                chars.next_if_eq(&'\u{fe0f}');
                if chars.next_if_eq(&'\u{20e3}').is_none() {
                    return false;
                }
                count += 1;
            }
            _ if is_flag && flag_open => {
                flag_open = false;
                continue;
            }
            _ if is_flag => {
                flag_open = true;
                count += 1;
                continue;
            }
            _ if is_pictograph(c) || (is_symbol(c) && chars.peek() == Some(&'\u{fe0f}')) => {
                count += usize::from(!joined);
                joined = false;
            }
            _ => return false,
        }
        flag_open = false;
    }
    (1..=MOST).contains(&count)
}

/// Shown as an emoji by itself.
fn is_pictograph(c: char) -> bool {
    matches!(c,
        '\u{1f000}'..='\u{1f1e5}' | '\u{1f200}'..='\u{1faff}'
        | '\u{231a}' | '\u{231b}' | '\u{23e9}'..='\u{23f3}' | '\u{25fd}' | '\u{25fe}'
        | '\u{2614}' | '\u{2615}' | '\u{2648}'..='\u{2653}' | '\u{267f}' | '\u{2693}' | '\u{26a1}'
        | '\u{26aa}' | '\u{26ab}' | '\u{26bd}' | '\u{26be}' | '\u{26c4}' | '\u{26c5}' | '\u{26ce}'
        | '\u{26d4}' | '\u{26ea}' | '\u{26f2}' | '\u{26f3}' | '\u{26f5}' | '\u{26fa}' | '\u{26fd}'
        | '\u{2705}' | '\u{270a}' | '\u{270b}' | '\u{2728}' | '\u{274c}' | '\u{274e}'
        | '\u{2753}'..='\u{2757}' | '\u{2764}' | '\u{2795}'..='\u{2797}' | '\u{27b0}' | '\u{2b1b}' | '\u{2b1c}'
        | '\u{2b50}' | '\u{2b55}')
}

/// Shown as one with a variation selector after it.
fn is_symbol(c: char) -> bool {
    matches!(c, '\u{a9}' | '\u{ae}' | '\u{203c}'..='\u{3299}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_emoji_are_jumbo() {
        for text in [
            "👍",
            "👍🏽",
            "❤️",
            "❤",
            "👨‍👩‍👧‍👦 😀",
            "🇩🇪🇨🇳",
            "1️⃣",
            "☀️",
            "🏴󠁧󠁢󠁥󠁮󠁧󠁿",
            "🏳️‍🌈",
            " 😀 ",
        ] {
            assert!(is_jumbo(text), "{text}");
        }
    }

    #[test]
    fn text_and_crowds_are_not() {
        for text in [
            "",
            "ok 👍",
            "1",
            "#",
            "*",
            "漢",
            "😀😀😀😀😀😀😀",
            "\u{200d}",
            "\u{fe0f}",
            &"👨‍👩‍👧‍👦".repeat(2_000),
        ] {
            assert!(!is_jumbo(text), "{text}");
        }
    }
}
