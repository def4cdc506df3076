//! The first step: what kind of message it is, from whom it is believed, and when it was sent.

use minidom::Element;

use crate::entity::address::Address;
use crate::entity::jid::Jid;
use crate::entity::time::Timestamp;
use crate::xmpp::ns;
use crate::xmpp::stanza::stamp;
use crate::xmpp::trust::{Payload, Sender, allows, is_own_server};

/// What a message is, seen from outside.
#[derive(Debug)]
pub enum Envelope<'a> {
    /// An item of our archive, which may be believed.
    ArchiveItem(&'a Element),
    /// A copy of what another device of ours received or sent, which may be believed.
    Carbon(&'a Element),
    /// The refusal of a message of ours.
    Error,
    /// A message from whoever sent it.
    Plain,
    /// Nothing to be believed or shown, and why.
    Dropped(&'static str),
}

/// Looks at the envelope. A wrapped message counts only as what its wrapping says, never as content of its own.
#[must_use]
pub fn open(stanza: &Element, sender: Sender) -> Envelope<'_> {
    if let Some((child, payload)) = wrapping(stanza) {
        return match (allows(payload, sender), payload) {
            (true, Payload::ArchiveResult) => Envelope::ArchiveItem(child),
            (true, Payload::Carbon) => Envelope::Carbon(child),
            (_, _) => Envelope::Dropped("forged"),
        };
    }
    match stanza.attr("type") {
        Some("error") => Envelope::Error,
        Some("groupchat") => Envelope::Dropped("of a room that was not joined"),
        // RFC 6121 §5.2.2: an unknown type means `normal`.
        _ => Envelope::Plain,
    }
}

/// Whether an archived message is one that somebody wrote to somebody: no wrapping, no error, not of a room.
#[must_use]
pub fn is_plain(archived: &Element) -> bool {
    wrapping(archived).is_none() && !matches!(archived.attr("type"), Some("error" | "groupchat"))
}

/// The first wrapping in a message.
fn wrapping(stanza: &Element) -> Option<(&Element, Payload)> {
    stanza.children().find_map(|child| {
        let payload = match child.name() {
            "result" if child.has_ns(ns::MAM) => Payload::ArchiveResult,
            "received" | "sent" if child.has_ns(ns::CARBONS) => Payload::Carbon,
            "forwarded" if child.has_ns(ns::FORWARD) => Payload::BareForward,
            _ => return None,
        };
        Some((child, payload))
    })
}

/// When a message says it was sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Delay {
    /// By whoever: good enough to be shown.
    pub shown: Option<Timestamp>,
    /// By our own server: good enough to order by.
    pub trusted: Option<Timestamp>,
}

/// XEP-0203, and XEP-0091 where it is all there is. What lies in the future is not believed, but where one clock is wrong the
/// message was sent before now all the same: it may have come before.
#[must_use]
pub fn delay(stanza: &Element, sender: Sender, account: &Address, now: Timestamp) -> Delay {
    let mut delay = Delay::default();
    let named = |name, ns| stanza.children().filter(move |child| child.is(name, ns));
    for child in named("delay", ns::DELAY).chain(named("x", ns::LEGACY_DELAY)) {
        let stamp = child.attr("stamp").and_then(stamp::parse);
        let Some(stamp) = stamp else {
            continue;
        };
        if stamp > now {
            delay.shown = delay.shown.or(Some(Timestamp(now.0.saturating_sub(1))));
            continue;
        }
        let by = child.attr("from").and_then(|from| Jid::parse(from).ok());
        let by_server =
            by.is_some_and(|by| is_own_server(&by, Some(account)) || by.is_bare(account));
        let believed = Sender {
            own_server: by_server,
            ..sender
        };
        delay.shown = delay.shown.or(Some(stamp));
        if allows(Payload::ServerDelay, believed) {
            delay.trusted = delay.trusted.or(Some(stamp));
        }
    }
    delay
}
