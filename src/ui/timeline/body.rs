//! The words of a message in the page: text nodes and a handful of elements, never markup.

use web_sys::{Element, Url};

use super::make::{append, append_text, attribute, element, with_text};
use crate::ui::text::block::Block;
use crate::ui::text::link::{Kind, Link};
use crate::ui::text::span::{Span, Style};

/// Writes blocks into an element that is empty.
pub(super) fn write(blocks: &[Block<'_>], into: &Element) {
    for block in blocks {
        // An element that cannot be made (there is no document) leaves nothing to show it in either.
        let _made = write_block(block, into);
    }
}

fn write_block(block: &Block<'_>, into: &Element) -> Option<()> {
    match block {
        Block::Lines(lines) => {
            let paragraph = element("p", "")?;
            attribute(&paragraph, "dir", "auto");
            let mut first = true;
            // An empty line between two kinds of blocks is their distance, which is there anyway.
            let lines = lines.as_slice();
            let lines = match lines.split_first() {
                Some((head, rest)) if head.is_empty() && into.has_child_nodes() => rest,
                _ => lines,
            };
            for line in lines {
                if !first {
                    append_text(&paragraph, "\n");
                }
                first = false;
                write_spans(line, &paragraph);
            }
            if !lines.is_empty() {
                append(into, &paragraph);
            }
        }
        Block::Code(lines) => {
            let pre = element("pre", "")?;
            // What is wider than the bubble can be scrolled with the keyboard, too.
            attribute(&pre, "tabindex", "0");
            attribute(&pre, "dir", "ltr");
            append(&pre, &with_text("code", "", &lines.join("\n"))?);
            append(into, &pre);
        }
        Block::Quote(inner) => {
            let quote = element("blockquote", "")?;
            write(inner, &quote);
            append(into, &quote);
        }
    }
    Some(())
}

fn write_spans(spans: &[Span<'_>], into: &Element) {
    for span in spans {
        match span {
            Span::Text(text) => append_text(into, text),
            Span::Link(link) => {
                let _made = write_link(link, into);
            }
            Span::Styled {
                style,
                sign,
                inside,
            } => {
                let _made = write_styled(*style, sign, inside, into);
            }
        }
    }
}

fn write_styled(style: Style, sign: &str, inside: &[Span<'_>], into: &Element) -> Option<()> {
    let tag = match style {
        Style::Strong => "strong",
        Style::Emphasis => "em",
        Style::Strike => "del",
        Style::Mono => "code",
    };
    let styled = element(tag, "")?;
    write_spans(inside, &styled);
    // XEP-0393 §6: the signs stay; but nobody needs to have them read out.
    append(into, &quiet(sign)?);
    append(into, &styled);
    append(into, &quiet(sign)?);
    Some(())
}

fn quiet(sign: &str) -> Option<Element> {
    let element = with_text("span", "message-text__sign", sign)?;
    attribute(&element, "aria-hidden", "true");
    Some(element)
}

fn write_link(link: &Link<'_>, into: &Element) -> Option<()> {
    let anchor = element("a", "message-text__link")?;
    attribute(&anchor, "href", &link.href);
    attribute(&anchor, "dir", "ltr");
    match link.kind {
        Kind::Xmpp => attribute(&anchor, "data-action", "xmpp"),
        Kind::Web | Kind::Mail | Kind::Place => {
            attribute(&anchor, "target", "_blank");
            attribute(&anchor, "rel", "noopener noreferrer nofollow");
        }
    }
    match link.host.filter(|_| link.doubtful) {
        Some((from, to)) => {
            let piece = |from, to| crate::ui::text::piece(link.text, from, to);
            append_text(&anchor, piece(0, from));
            append(&anchor, &with_text("strong", "", piece(from, to))?);
            append_text(&anchor, piece(to, link.text.len()));
        }
        None => anchor.set_text_content(Some(link.text)),
    }
    append(into, &anchor);
    if link.doubtful
        && let Ok(url) = Url::new(&link.href)
    {
        // The host as the browser will understand it, in ASCII: nothing can pretend to be another.
        let real = ["\u{a0}(", &url.hostname(), ")"].concat();
        append(into, &with_text("span", "message-text__host", &real)?);
    }
    Some(())
}
