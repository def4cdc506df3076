//! XEP-0393 §5.1: the blocks of a text: lines, quotations, preformatted text.

use super::span::{self, Span};

/// How deep quotations are understood; what is quoted deeper stays text of the innermost.
const DEEPEST: usize = 6;

/// A block.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Block<'a> {
    /// Lines of spans that follow one another.
    Lines(Vec<Vec<Span<'a>>>),
    /// Preformatted lines.
    Code(Vec<&'a str>),
    /// What is quoted.
    Quote(Vec<Self>),
}

/// Parses a whole text.
#[must_use]
pub fn parse(text: &str) -> Vec<Block<'_>> {
    let lines: Vec<&str> = text.split('\n').collect();
    parse_lines(&lines, 0)
}

fn parse_lines<'a>(lines: &[&'a str], depth: usize) -> Vec<Block<'a>> {
    let mut blocks = Vec::new();
    let mut plain = Vec::new();
    let mut rest = lines.iter().copied().peekable();
    // §5.1.3: lines in a quotation lose their leading spaces; code in it keeps its own indentation.
    let trim = |line: &'a str| {
        if depth == 0 {
            line
        } else {
            line.trim_start_matches(' ')
        }
    };
    while let Some(line) = rest.next() {
        let line = trim(line);
        if line.starts_with("```") {
            flush(&mut plain, &mut blocks);
            let mut code = Vec::new();
            for line in rest.by_ref() {
                if trim(line) == "```" {
                    break;
                }
                code.push(line);
            }
            blocks.push(Block::Code(code));
        } else if let Some(first) = quoted(line).filter(|_| depth < DEEPEST) {
            flush(&mut plain, &mut blocks);
            let mut inner = vec![first];
            while let Some(line) = rest.next_if(|line| trim(line).starts_with('>')) {
                inner.extend(quoted(trim(line)));
            }
            blocks.push(Block::Quote(parse_lines(&inner, depth + 1)));
        } else {
            plain.push(span::parse(line));
        }
    }
    flush(&mut plain, &mut blocks);
    blocks
}

/// What a line quotes: without its sign and the space after it.
fn quoted(line: &str) -> Option<&str> {
    let rest = line.strip_prefix('>')?;
    Some(rest.strip_prefix(' ').unwrap_or(rest))
}

fn flush<'a>(plain: &mut Vec<Vec<Span<'a>>>, blocks: &mut Vec<Block<'a>>) {
    if !plain.is_empty() {
        blocks.push(Block::Lines(std::mem::take(plain)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> Vec<Span<'_>> {
        if text.is_empty() {
            vec![]
        } else {
            vec![Span::Text(text)]
        }
    }

    fn lines<'a>(all: &[&'a str]) -> Block<'a> {
        Block::Lines(all.iter().map(|text| line(text)).collect())
    }

    #[test]
    fn the_examples_of_the_xep() {
        assert_eq!(
            parse("```ignored\n(println \"Hello, world!\")\n```\n\nplain"),
            vec![
                Block::Code(vec!["(println \"Hello, world!\")"]),
                lines(&["", "plain"])
            ]
        );
        assert_eq!(
            parse("> ```\n> (println \"Hello, world!\")\n\nplain"),
            vec![
                Block::Quote(vec![Block::Code(vec!["(println \"Hello, world!\")"])]),
                lines(&["", "plain"])
            ]
        );
        assert_eq!(
            parse(">> That that is, is.\n> Said the old hermit of Prague.\n\nWho?"),
            vec![
                Block::Quote(vec![
                    Block::Quote(vec![lines(&["That that is, is."])]),
                    lines(&["Said the old hermit of Prague."])
                ]),
                lines(&["", "Who?"])
            ]
        );
    }

    #[test]
    fn spans_do_not_escape_blocks() {
        assert_eq!(
            parse("no *formatting\nas spans* may not"),
            vec![lines(&["no *formatting", "as spans* may not"])]
        );
    }

    #[test]
    fn an_unclosed_code_block_ends_with_its_parent() {
        assert_eq!(
            parse("````\na\n```"),
            vec![Block::Code(vec!["a"])],
            "more than three signs open, three close"
        );
        assert_eq!(parse("```\na```"), vec![Block::Code(vec!["a```"])]);
        assert_eq!(
            parse("> ``` \n>   pre\nplain"),
            vec![
                Block::Quote(vec![Block::Code(vec!["  pre"])]),
                lines(&["plain"])
            ]
        );
    }

    #[test]
    fn quotations_are_trimmed_and_bounded() {
        assert_eq!(
            parse(">  quoted\nnot"),
            vec![Block::Quote(vec![lines(&["quoted"])]), lines(&["not"])]
        );
        let deep = ">".repeat(50);
        let mut depth = 0;
        let mut at = parse(&deep);
        while let Some(Block::Quote(inner)) = at.pop() {
            depth += 1;
            at = inner;
        }
        assert_eq!(depth, DEEPEST);
    }
}
