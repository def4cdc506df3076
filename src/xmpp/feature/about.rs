//! XEP-0012, 0092, 0199, 0202: what we say when asked who is there. Never the operating system, the browser or the
//! time zone.

use minidom::Element;

use crate::entity::time::{Instant, Timestamp};
use crate::xmpp::ns;
use crate::xmpp::stanza::build::{Build, element, text_element};
use crate::xmpp::stanza::stamp;

use super::disco;

/// XEP-0092: our name and version.
#[must_use]
pub fn version() -> Element {
    element("query", ns::VERSION)
        .with_child(text_element("name", ns::VERSION, disco::NAME))
        .with_child(text_element(
            "version",
            ns::VERSION,
            env!("CARGO_PKG_VERSION"),
        ))
}

/// XEP-0202: our clock, in UTC.
#[must_use]
pub fn time(now: Instant) -> Element {
    element("time", ns::TIME)
        .with_child(text_element("tzo", ns::TIME, "+00:00"))
        .with_child(text_element("utc", ns::TIME, &stamp::format(now.wall)))
}

/// XEP-0012: how long the user has been idle.
#[must_use]
pub fn last(now: Instant, idle_since: Option<Timestamp>) -> Element {
    let idle = idle_since.map_or(0, |since| now.wall.0.saturating_sub(since.0).max(0) / 1000);
    element("query", ns::LAST).with("seconds", &idle.to_string())
}
