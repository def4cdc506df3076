//! The words of a message: from hostile plain text to blocks and spans that a view can build. No DOM here.
//!
//! [`parse`] understands XEP-0393 (message styling), XEP-0245 (`/me`), addresses that can be followed, and
//! messages of emoji alone.
//!
//! **Invariant:** nothing in a body is ever markup: what comes out is text, and addresses of five schemes.
//! **Invariant:** time is linear in the text, depth is bounded, and no text makes it panic.

pub mod block;
pub mod clean;
pub mod emoji;
pub mod fold;
pub mod link;
pub mod span;

use block::Block;
use fold::Fold;

/// What a body says, borrowed from it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Parsed<'a> {
    /// `/me …` (XEP-0245): the sender does something; the blocks say what.
    pub action: bool,
    /// Some emoji and nothing else: shown larger.
    pub jumbo: bool,
    /// The text, in order.
    pub blocks: Vec<Block<'a>>,
    /// There is more than the blocks show.
    pub folded: bool,
}

/// Parses a body as far as `fold` lets it be shown.
#[must_use]
pub fn parse(body: &str, fold: Fold) -> Parsed<'_> {
    // XEP-0245 §3: the command is exactly these four characters at the very beginning.
    let (action, text) = match body.strip_prefix("/me ") {
        Some(rest) => (true, rest),
        None => (false, body),
    };
    let (shown, folded) = fold.cut(text);
    Parsed {
        action,
        jumbo: !action && !folded && emoji::is_jumbo(shown),
        blocks: block::parse(shown),
        folded,
    }
}

/// The piece between two byte offsets; empty where they do not stand on characters.
pub(crate) fn piece(text: &str, from: usize, to: usize) -> &str {
    text.get(from..to).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ui::text::span::Span;

    fn span_text(spans: &[Span<'_>], into: &mut String) {
        for span in spans {
            match span {
                Span::Text(text) => into.push_str(text),
                Span::Link(link) => into.push_str(link.text),
                Span::Styled { sign, inside, .. } => {
                    into.push_str(sign);
                    span_text(inside, into);
                    into.push_str(sign);
                }
            }
        }
    }

    fn block_text(blocks: &[Block<'_>], into: &mut String) {
        for block in blocks {
            match block {
                Block::Lines(lines) => {
                    for line in lines {
                        span_text(line, into);
                        into.push('\n');
                    }
                }
                Block::Code(lines) => {
                    for line in lines {
                        into.push_str(line);
                        into.push('\n');
                    }
                }
                Block::Quote(inner) => block_text(inner, into),
            }
        }
    }

    fn text_of(body: &str) -> String {
        let mut text = String::new();
        block_text(&parse(body, Fold::Open).blocks, &mut text);
        text
    }

    #[test]
    fn me_is_an_action_only_with_a_space() {
        let parsed = parse("/me waves", Fold::Closed);
        assert!(parsed.action);
        assert_eq!(
            parsed.blocks,
            vec![Block::Lines(vec![vec![Span::Text("waves")]])]
        );
        assert!(!parse("/meow", Fold::Closed).action);
        assert!(!parse(" /me waves", Fold::Closed).action);
    }

    #[test]
    fn markup_stays_text() {
        let body = "<img src=x onerror=alert(1)> <svg/onload=alert(1)> \"><svg/onload=alert(/XSS/)";
        assert_eq!(text_of(body), format!("{body}\n"));
    }

    #[test]
    fn a_hostile_text_is_parsed_in_linear_time() {
        for body in [
            "*a ".repeat(70_000),
            "*_~".repeat(70_000),
            "a*".repeat(100_000),
            ">".repeat(200_000),
            "> ```\n".repeat(30_000),
            "http://".repeat(30_000),
            "mailto:".repeat(30_000),
            "xmpp:http://a@".repeat(15_000),
            format!("http://a{}", ")".repeat(200_000)),
            "www.".repeat(50_000),
            "\n".repeat(10_000),
            "`".repeat(200_000),
            "👨‍👩‍👧‍👦".repeat(2_000),
        ] {
            let start = std::time::Instant::now();
            let _ = parse(&body, Fold::Open);
            // Quadratic work on 200 KB would take minutes without optimisation.
            assert!(start.elapsed().as_secs() < 5, "{}", &body[..8]);
        }
    }

    proptest! {
        #[test]
        fn any_text_is_parsed_and_nothing_of_it_is_lost(body in "(?s)[ \\n>`*_~a-c:/@.é漢\u{202e}()\"]{0,120}|https?://[a-z@:.\"']{0,30}|\\PC{0,80}") {
            let markers = |c: &char| !c.is_whitespace() && *c != '>' && *c != '`' && *c != '*';
            let shown = text_of(&body);
            let tail = body.strip_prefix("/me ").unwrap_or(&body);
            // What follows the opening of a code block on its line is a label, not text.
            let labelled = tail.contains("```");
            if !labelled {
                prop_assert_eq!(
                    shown.chars().filter(markers).collect::<String>(),
                    tail.chars().filter(markers).collect::<String>()
                );
            }
            if !tail.contains('>') && !labelled {
                prop_assert_eq!(shown, format!("{tail}\n"));
            }
        }
    }
}
