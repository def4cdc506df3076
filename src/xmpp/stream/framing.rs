//! RFC 7395 §3: the frames that open and close a stream over WebSocket.

use minidom::Element;
use minidom::rxml::{Namespace, NcName};

use crate::xmpp::ns;
use crate::xmpp::stanza::build::{Build, element};

/// RFC 7395 §3.6: what ends a stream.
pub const CLOSE: &str = "<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>";

/// RFC 7395 §3.4: what begins a stream. XEP-0388 §2.1 wants to hear who would like to log in, and RFC 6120 §4.7.1 keeps that
/// off streams that may be overheard.
#[must_use]
pub fn open(domain: &str, from: Option<&str>, language: Option<&str>) -> Element {
    let mut open = element("open", ns::FRAMING)
        .with_some("from", from)
        .with("to", domain)
        .with("version", "1.0");
    if let (Some(language), Ok(lang)) = (language, NcName::try_from("lang")) {
        open.set_attr(Namespace::XML, lang, language);
    }
    open
}

/// RFC 7395 §3.6.1: where a `<close/>` sends us.
#[must_use]
pub fn see_other(close: &Element) -> Option<&str> {
    close.attr("see-other-uri").map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_opened_to_the_domain_in_a_language() {
        assert_eq!(
            String::from(&open("example.org", None, Some("zh-CN"))),
            String::from(
                &"<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='example.org' version='1.0' xml:lang='zh-CN'/>"
                    .parse::<Element>()
                    .unwrap()
            )
        );
        let open = open("example.org", Some("romeo@example.org"), None);
        assert_eq!(open.attr("from"), Some("romeo@example.org"));
    }

    #[test]
    fn a_close_may_say_where_to_go() {
        let close: Element = CLOSE.parse().unwrap();
        assert_eq!(see_other(&close), None);
        let close: Element = "<close xmlns='urn:ietf:params:xml:ns:xmpp-framing' see-other-uri=' wss://b.example.org/ws'/>"
            .parse()
            .unwrap();
        assert_eq!(see_other(&close), Some("wss://b.example.org/ws"));
    }
}
