//! The second step: the text to read.

use minidom::Element;

use crate::xmpp::stanza::text::pick_text;

/// The body; for a `normal` message or a `headline` without one, the subject (RFC 6121 §5.2.4).
#[must_use]
pub fn text(stanza: &Element) -> Option<String> {
    pick_text(stanza, "body").or_else(|| match stanza.attr("type") {
        Some("chat" | "groupchat") => None,
        _ => pick_text(stanza, "subject"),
    })
}
