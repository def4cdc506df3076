//! XEP-0393 §5.2: the spans of a line: strong, emphasis, strike-through, preformatted; and links between them.

use super::link::{self, Link};
use super::piece;

/// A piece of a line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Span<'a> {
    /// Plain.
    Text(&'a str),
    /// Can be followed.
    Link(Link<'a>),
    /// Styled by two directives.
    Styled {
        /// How.
        style: Style,
        /// The directive, which stays visible (§6).
        sign: &'a str,
        /// What it styles; plain text only if preformatted.
        inside: Vec<Self>,
    },
}

/// What a directive does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Style {
    /// `*`
    Strong,
    /// `_`
    Emphasis,
    /// `~`
    Strike,
    /// `` ` ``
    Mono,
}

impl Style {
    const ALL: [Self; 4] = [Self::Strong, Self::Emphasis, Self::Strike, Self::Mono];

    fn of(sign: char) -> Option<Self> {
        Self::ALL.into_iter().find(|style| style.sign() == sign)
    }

    /// The directive.
    #[must_use]
    pub fn sign(self) -> char {
        match self {
            Self::Strong => '*',
            Self::Emphasis => '_',
            Self::Strike => '~',
            Self::Mono => '`',
        }
    }
}

/// Parses one line.
#[must_use]
pub fn parse(line: &str) -> Vec<Span<'_>> {
    if line.is_empty() {
        return Vec::new();
    }
    let links = link::find(line);
    let parser = Line {
        closers: closers(line, &links),
        links,
        text: line,
    };
    parser.between(0, line.len())
}

struct Line<'a> {
    text: &'a str,
    /// Where links are, in order.
    links: Vec<Link<'a>>,
    /// Where each directive may close, in order (§5.2: not after white space). Not within a link.
    closers: [Vec<usize>; 4],
}

fn closers(line: &str, links: &[Link<'_>]) -> [Vec<usize>; 4] {
    let mut closers: [Vec<usize>; 4] = Default::default();
    let mut links = links.iter().peekable();
    let mut before = None;
    for (at, c) in line.char_indices() {
        while links.next_if(|link| link.end() <= at).is_some() {}
        let in_link = links.peek().is_some_and(|link| link.start <= at);
        let can_close = !in_link && before.is_some_and(|c: char| !c.is_whitespace());
        if let (true, Some(style)) = (can_close, Style::of(c))
            && let Some(list) = closers.get_mut(style as usize)
        {
            list.push(at);
        }
        before = Some(c);
    }
    closers
}

impl<'a> Line<'a> {
    /// The spans between two offsets. Depth is bounded by the four directives: none can stand within itself.
    fn between(&self, from: usize, to: usize) -> Vec<Span<'a>> {
        let mut spans = Vec::new();
        let mut plain_from = from;
        let mut at = from;
        // §5.2: at the beginning, after white space, or after another directive that opened.
        let mut may_open = true;
        while let Some(c) = piece(self.text, at, to).chars().next() {
            let opened = Style::of(c)
                .filter(|_| may_open)
                .and_then(|style| Some((style, self.closer(style, at, to)?)));
            may_open = c.is_whitespace();
            let Some((style, close)) = opened else {
                at += c.len_utf8();
                continue;
            };
            self.plain(plain_from, at, &mut spans);
            let inside = match style {
                Style::Mono => vec![Span::Text(piece(self.text, at + 1, close))],
                _ => self.between(at + 1, close),
            };
            spans.push(Span::Styled {
                style,
                sign: piece(self.text, at, at + 1),
                inside,
            });
            at = close + 1;
            plain_from = at;
        }
        self.plain(plain_from, to, &mut spans);
        spans
    }

    /// Where the directive at `open` closes, if it opens at all.
    fn closer(&self, style: Style, open: usize, end: usize) -> Option<usize> {
        let next = piece(self.text, open + 1, end).chars().next()?;
        // Nothing between two directives is no span.
        if next.is_whitespace() || next == style.sign() {
            return None;
        }
        let list = self.closers.get(style as usize)?;
        let after = list.partition_point(|at| *at <= open);
        list.get(after).copied().filter(|at| *at < end)
    }

    /// Plain text, and the links in it.
    fn plain(&self, mut from: usize, to: usize, spans: &mut Vec<Span<'a>>) {
        let first = self.links.partition_point(|link| link.start < from);
        for link in self.links.iter().skip(first) {
            if link.end() > to {
                break;
            }
            if from < link.start {
                spans.push(Span::Text(piece(self.text, from, link.start)));
            }
            spans.push(Span::Link(link.clone()));
            from = link.end();
        }
        if from < to {
            spans.push(Span::Text(piece(self.text, from, to)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Spans as text: `[*strong*]`, `<link>`.
    fn shape(line: &str) -> String {
        fn write(spans: &[Span<'_>], into: &mut String) {
            for span in spans {
                match span {
                    Span::Text(text) => into.push_str(text),
                    Span::Link(link) => into.push_str(&format!("<{}>", link.text)),
                    Span::Styled { sign, inside, .. } => {
                        into.push('[');
                        into.push_str(sign);
                        write(inside, into);
                        into.push_str(sign);
                        into.push(']');
                    }
                }
            }
        }
        let mut text = String::new();
        write(&parse(line), &mut text);
        text
    }

    #[test]
    fn the_examples_of_the_xep() {
        for (line, expected) in [
            ("*strong*", "[*strong*]"),
            ("plain *strong* plain", "plain [*strong*] plain"),
            ("*strong* plain *strong*", "[*strong*] plain [*strong*]"),
            ("*strong*plain*", "[*strong*]plain*"),
            ("* plain *strong*", "* plain [*strong*]"),
            ("not strong*", "not strong*"),
            ("*not strong", "*not strong"),
            ("*not *strong", "*not *strong"),
            ("**", "**"),
            ("***", "***"),
            ("****", "****"),
            ("Everyone ~dis~likes cake.", "Everyone [~dis~]likes cake."),
            ("This is `*monospace*`", "This is [`*monospace*`]"),
            (
                "This is *`monospace and bold`*",
                "This is [*[`monospace and bold`]*]",
            ),
            (
                "_emphasized span containing *strong span*_",
                "[_emphasized span containing [*strong span*]_]",
            ),
            ("*this cannot _overlap*_", "[*this cannot _overlap*]_"),
            (
                "_no pre `with *children*`_",
                "[_no pre [`with *children*`]_]",
            ),
            ("snake_case_name and 2*3*4", "snake_case_name and 2*3*4"),
            ("*fett*，_柔_", "[*fett*]，_柔_"),
        ] {
            assert_eq!(shape(line), expected);
        }
    }

    #[test]
    fn a_link_is_not_torn_by_directives() {
        for (line, expected) in [
            (
                "_see https://example.org/Foo_(bar) there_",
                "[_see <https://example.org/Foo_(bar)> there_]",
            ),
            ("*https://example.org/*", "[*<https://example.org/>*]"),
            ("`https://example.org/`", "[`https://example.org/`]"),
            ("https://example.org/a_", "<https://example.org/a_>"),
        ] {
            assert_eq!(shape(line), expected);
        }
    }
}
