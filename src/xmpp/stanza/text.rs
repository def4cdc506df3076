//! Texts: what may go out (XML 1.0 §2.2), and which of several to read (RFC 6121 §5.2.3).

use std::borrow::Cow;

use minidom::Element;

use crate::xmpp::ns;
use crate::xmpp::scan::is_legal;

/// Makes a text legal XML: characters that XML does not allow are dropped, line ends become `\n`.
///
/// A pasted U+000B would otherwise end our stream as not well-formed, and again each time the message is retried.
#[must_use]
pub fn legal(text: &str) -> Cow<'_, str> {
    if text.chars().all(|c| is_legal(c) && c != '\r') {
        return Cow::Borrowed(text);
    }
    let unix = text.replace("\r\n", "\n").replace('\r', "\n");
    Cow::Owned(unix.chars().filter(|c| is_legal(*c)).collect())
}

/// Picks one of several children that differ by language, always the same one: the first without `xml:lang`, else
/// the first.
#[must_use]
pub fn pick<'a>(stanza: &'a Element, name: &str) -> Option<&'a Element> {
    let mut first = None;
    for child in stanza.children().filter(|child| child.is(name, ns::CLIENT)) {
        if child.attr_ns(ns::XML, "lang").is_none() {
            return Some(child);
        }
        first = first.or(Some(child));
    }
    first
}

/// The text of the child that [`pick`] picks; `None` if there is none, or it is blank.
#[must_use]
pub fn pick_text(stanza: &Element, name: &str) -> Option<String> {
    let text = direct_text(pick(stanza, name)?);
    (!text.trim().is_empty()).then_some(text)
}

/// An element's own character data; that of elements inside it is not part of it.
#[must_use]
pub fn direct_text(element: &Element) -> String {
    element.texts().collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::xmpp::gate::check;
    use crate::xmpp::parse::parse;
    use crate::xmpp::stanza::build::{Build, element};

    fn message(inner: &str) -> Element {
        let frame = format!("<message xmlns='jabber:client'>{inner}</message>");
        parse(&check(&frame).unwrap()).unwrap()
    }

    #[test]
    fn illegal_characters_are_dropped_and_legal_text_is_not_copied() {
        assert_eq!(legal("a\u{0}b\u{B}c\u{FFFE}d\u{1F}"), "abcd");
        assert_eq!(legal("a\r\nb\rc\n\td"), "a\nb\nc\n\td");
        assert!(matches!(legal("🦋 wherefore\n\tart"), Cow::Borrowed(_)));
    }

    #[test]
    fn the_body_without_language_is_picked_else_the_first() {
        let bodies = message("<body>one</body><body>two</body><body xml:lang='de'>drei</body>");
        assert_eq!(pick_text(&bodies, "body").as_deref(), Some("one"));
        let bodies = message("<body xml:lang='de'>drei</body><body>one</body>");
        assert_eq!(pick_text(&bodies, "body").as_deref(), Some("one"));
        let bodies = message("<body xml:lang='de'>drei</body><body xml:lang='en'>three</body>");
        assert_eq!(pick_text(&bodies, "body").as_deref(), Some("drei"));
        assert_eq!(
            pick_text(&message("<body xmlns='urn:other'>x</body>"), "body"),
            None
        );
        assert_eq!(
            pick_text(&message("<body> </body><body>x</body>"), "body"),
            None
        );
    }

    #[test]
    fn elements_inside_a_body_are_not_its_text() {
        let body = message("<body>a<b xmlns='urn:b'>bold</b>c</body>");
        assert_eq!(pick_text(&body, "body").as_deref(), Some("ac"));
    }

    proptest! {
        #[test]
        fn whatever_is_typed_goes_out_well_formed_and_comes_back(text in any::<String>()) {
            let built = element("message", ns::CLIENT)
                .with("id", &text)
                .with_child(element("body", ns::CLIENT).with_text(&text));
            let frame = String::from(&built);
            let back = parse(&check(&frame).map_err(|refused| TestCaseError::fail(format!("{refused:?}")))?).unwrap();
            prop_assert_eq!(back.attr("id").unwrap(), legal(&text));
            prop_assert_eq!(direct_text(back.get_child("body", ns::CLIENT).unwrap()), legal(&text));
        }
    }
}
