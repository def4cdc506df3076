//! RFC 6120 §4.9: how a stream ends, and what follows: try again, go elsewhere, or wait for the user.

use std::time::Duration;

use minidom::Element;

use crate::entity::endpoint::Endpoint;
use crate::entity::host::is_loopback;
use crate::entity::problem::Problem;
use crate::entity::time::Instant;
use crate::event::Next;
use crate::xmpp::ns;
use crate::xmpp::stanza::text::direct_text;

/// How often in a row a server may send us elsewhere.
const HOPS_MAX: u8 = 3;
/// A session that lived so long shows that the way there was no circle.
const STABLE: Duration = Duration::from_secs(60);
/// To be sent away twice within that time means that somebody insists.
const AGAIN: Duration = Duration::from_secs(60);

/// A `<stream:error/>`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StreamError {
    /// The defined condition (§4.9.3).
    pub condition: String,
    /// The server's words.
    pub text: Option<String>,
    /// What the condition itself holds: an address, with `see-other-host`.
    pub content: String,
}

/// A stream error of our own finding, for what a server said that means nothing.
pub fn stream_error(condition: &str) -> Problem {
    Problem::StreamError {
        condition: condition.to_owned(),
        text: None,
    }
}

impl StreamError {
    /// Whether it is about what we sent last, so that to send it again would end the next stream, too.
    #[must_use]
    pub fn blames(&self) -> bool {
        matches!(
            self.condition.as_str(),
            "bad-format"
                | "bad-namespace-prefix"
                | "invalid-namespace"
                | "invalid-xml"
                | "not-well-formed"
                | "policy-violation"
                | "restricted-xml"
                | "unsupported-stanza-type"
        )
    }

    /// Reads the element; without a condition it is `undefined-condition`.
    #[must_use]
    pub fn parse(error: &Element) -> Self {
        let condition = error
            .children()
            .find(|child| child.has_ns(ns::STREAM_ERRORS) && child.name() != "text");
        Self {
            condition: condition
                .map_or("undefined-condition", Element::name)
                .to_owned(),
            text: error
                .get_child("text", ns::STREAM_ERRORS)
                .map(|text| direct_text(text).trim().to_owned())
                .filter(|text| !text.is_empty()),
            content: condition
                .map(|condition| direct_text(condition).trim().to_owned())
                .unwrap_or_default(),
        }
    }
}

/// What the ends of earlier streams say about this one.
#[derive(Clone, Copy, Debug, Default)]
pub struct History {
    hops: u8,
    bound: Option<Instant>,
    sent_away: Option<Instant>,
}

impl History {
    /// A resource was bound: the way led somewhere.
    pub fn on_bound(&mut self, now: Instant) {
        self.bound = Some(now);
    }

    /// Nothing is tried for a while: what comes after it is not in a row with what was before.
    pub fn on_pause(&mut self) {
        self.hops = 0;
    }

    /// Sorts a stream error.
    pub fn sort(&mut self, now: Instant, domain: &str, error: StreamError) -> (Problem, Next) {
        let StreamError {
            condition,
            text,
            content,
        } = error;
        match condition.as_str() {
            "conflict" => (Problem::Conflict, self.once(now)),
            "connection-timeout" => (Problem::ConnectionLost, Next::Retry),
            "host-gone" | "host-unknown" => (Problem::HostUnknown(domain.to_owned()), Next::Stop),
            // The account was removed or disabled, or its password changed, under a living session: the next log-in tells
            // which.
            "not-authorized" => (Problem::AuthFailed { condition, text }, self.once(now)),
            "policy-violation" => (Problem::PolicyViolation(text), Next::Retry),
            "resource-constraint" => (Problem::ServerFull, Next::Retry),
            "see-other-host" => self.see_other(now, domain, &content),
            "system-shutdown" => (Problem::SystemShutdown, Next::Retry),
            // What we are would be the same the next time.
            "unsupported-encoding" | "unsupported-feature" | "unsupported-version" => {
                (Problem::StreamError { condition, text }, Next::Stop)
            }
            // RFC 6120 §4.9.3.9, .16, .17, .21: the server's trouble. And the others blame what we sent: the outbox finds
            // out which message it was.
            _ => (Problem::StreamError { condition, text }, Next::Retry),
        }
    }

    /// Sorts a redirection, from a stream error or from `<close/>` (RFC 7395 §3.6.1).
    pub fn see_other(&mut self, now: Instant, domain: &str, address: &str) -> (Problem, Next) {
        let refused = || (Problem::UnsafeRedirect(address.to_owned()), Next::Stop);
        let bound = self.bound.take();
        if bound.is_some_and(|bound| now.since(bound) >= STABLE) {
            self.hops = 0;
        }
        if !is_safe(domain, address) {
            return refused();
        }
        self.hops += 1;
        if self.hops > HOPS_MAX {
            self.hops = 0;
            return refused();
        }
        (Problem::ConnectionLost, Next::Move(address.to_owned()))
    }

    /// Our resources are random, so hardly ever did another client take ours: an administrator ended the session, which
    /// looks the same on some servers. One quiet attempt; if we are sent away again, it was meant.
    fn once(&mut self, now: Instant) -> Next {
        let again = self
            .sent_away
            .is_some_and(|before| now.since(before) < AGAIN);
        self.sent_away = Some(now);
        if again { Next::Stop } else { Next::Retry }
    }
}

/// Whether a server may send us to that address. Only a server of this very machine may send us to this machine: a page
/// must not be led into its user's own. And no letter of a host may look like another.
pub(super) fn is_safe(domain: &str, address: &str) -> bool {
    let legal = address.bytes().all(|byte| byte.is_ascii_graphic());
    let leads = |to: Endpoint| is_loopback(domain) || !is_loopback(to.host());
    legal && Endpoint::parse(address).is_ok_and(leads)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(inner: &str) -> StreamError {
        let frame = format!(
            "<stream:error xmlns:stream='http://etherx.jabber.org/streams'>{inner}</stream:error>"
        );
        StreamError::parse(&frame.parse().unwrap())
    }

    fn condition(name: &str) -> StreamError {
        error(&format!(
            "<{name} xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>\
             <text xmlns='urn:ietf:params:xml:ns:xmpp-streams'> bye </text><x xmlns='urn:example'/>"
        ))
    }

    fn sorted(name: &str) -> (Problem, Next) {
        History::default().sort(Instant::default(), "example.org", condition(name))
    }

    #[test]
    fn an_error_is_read_whatever_its_order() {
        let read = error(
            "<x xmlns='urn:example'/><text xmlns='urn:ietf:params:xml:ns:xmpp-streams'>gone</text>\
             <see-other-host xmlns='urn:ietf:params:xml:ns:xmpp-streams'>wss://b.example.org/</see-other-host>",
        );
        assert_eq!(read.condition, "see-other-host");
        assert_eq!(read.text.as_deref(), Some("gone"));
        assert_eq!(read.content, "wss://b.example.org/");
        assert_eq!(error("").condition, "undefined-condition");
    }

    #[test]
    fn each_condition_of_the_rfc_leads_somewhere() {
        let text = || Some("bye".to_owned());
        let stream_error = |condition: &str| Problem::StreamError {
            condition: condition.to_owned(),
            text: text(),
        };
        for (name, problem, next) in [
            ("conflict", Problem::Conflict, Next::Retry),
            ("connection-timeout", Problem::ConnectionLost, Next::Retry),
            (
                "host-gone",
                Problem::HostUnknown("example.org".into()),
                Next::Stop,
            ),
            (
                "host-unknown",
                Problem::HostUnknown("example.org".into()),
                Next::Stop,
            ),
            (
                "policy-violation",
                Problem::PolicyViolation(text()),
                Next::Retry,
            ),
            ("resource-constraint", Problem::ServerFull, Next::Retry),
            ("system-shutdown", Problem::SystemShutdown, Next::Retry),
            (
                "not-authorized",
                Problem::AuthFailed {
                    condition: "not-authorized".into(),
                    text: text(),
                },
                Next::Retry,
            ),
            (
                "see-other-host",
                Problem::UnsafeRedirect(String::new()),
                Next::Stop,
            ),
        ] {
            assert_eq!(sorted(name), (problem, next), "{name}");
        }
        for name in [
            "unsupported-encoding",
            "unsupported-feature",
            "unsupported-version",
        ] {
            assert_eq!(sorted(name), (stream_error(name), Next::Stop));
        }
        for name in [
            "bad-format",
            "bad-namespace-prefix",
            "improper-addressing",
            "internal-server-error",
            "invalid-from",
            "invalid-namespace",
            "invalid-xml",
            "not-well-formed",
            "remote-connection-failed",
            "reset",
            "restricted-xml",
            "undefined-condition",
            "unsupported-stanza-type",
            "a-condition-of-tomorrow",
        ] {
            assert_eq!(sorted(name), (stream_error(name), Next::Retry));
        }
    }

    #[test]
    fn to_be_sent_away_twice_within_a_minute_stops_us() {
        let mut history = History::default();
        let mut at = |seconds, name: &str| {
            let now = Instant::default() + Duration::from_secs(seconds);
            history.sort(now, "example.org", condition(name)).1
        };
        assert_eq!(at(0, "conflict"), Next::Retry);
        assert_eq!(at(60, "conflict"), Next::Retry);
        assert_eq!(at(119, "conflict"), Next::Stop);
        assert_eq!(at(200, "not-authorized"), Next::Retry);
        assert_eq!(at(210, "not-authorized"), Next::Stop);
    }

    #[test]
    fn only_safe_addresses_are_followed() {
        let follows = |domain: &str, address: &str| {
            matches!(
                History::default().see_other(Instant::default(), domain, address),
                (_, Next::Move(to)) if to == address
            )
        };
        for address in [
            "wss://b.example.org/xmpp-websocket",
            "wss://b.example.org:5443/ws?x=1",
            "WSS://b.example.org",
            "wss://[2001:db8::1]:443/ws",
        ] {
            assert!(follows("example.org", address), "{address}");
        }
        for address in [
            "",
            "b.example.org",
            "b.example.org:5222",
            "ws://b.example.org/",
            "ws://localhost:5280/",
            "ws://127.0.0.1/",
            "wss://localhost/",
            "wss://127.0.0.1:5281/ws",
            "wss://[::1]/ws",
            "wss://127.1/",
            "wss://romeo.localhost/",
            "wss://[::ffff:127.0.0.1]/",
            "http://b.example.org/",
            "https://b.example.org/",
            "javascript:alert(1)//://",
            "wss://",
            "wss:///ws",
            "wss://user@b.example.org/",
            "wss://example.org:x@evil.example/",
            "wss://b.example.org:0/",
            "wss://b.example.org:99999/",
            "wss://[::1/ws",
            "wss://[::1]x/ws",
            "wss://[b]/",
            "wss://b.example.org\\@evil.example/",
            "wss://b.example.org/#x",
            "wss://b.example.org/ x",
            "wss://b.exаmple.org/",
        ] {
            assert!(!follows("example.org", address), "{address}");
        }
    }

    #[test]
    fn this_machine_may_lead_to_itself_only() {
        let next = |address: &str| {
            History::default()
                .see_other(Instant::default(), "localhost", address)
                .1
        };
        assert!(matches!(next("ws://127.0.0.1:5280/ws"), Next::Move(_)));
        assert!(matches!(next("ws://[::1]:5280/ws"), Next::Move(_)));
        assert_eq!(next("ws://b.example.org/ws"), Next::Stop);
        assert_eq!(next("ws://localhost.example.org/ws"), Next::Stop);
    }

    #[test]
    fn a_server_may_send_us_on_three_times() {
        let at = |seconds| Instant::default() + Duration::from_secs(seconds);
        let hop = |history: &mut History, seconds| {
            history
                .see_other(at(seconds), "example.org", "wss://b.example.org/")
                .1
        };
        let mut history = History::default();
        for _ in 0..3 {
            assert!(matches!(hop(&mut history, 1), Next::Move(_)));
        }
        assert_eq!(hop(&mut history, 1), Next::Stop);

        // Sessions that end at once by another redirection are a circle, too.
        let mut history = History::default();
        for _ in 0..3 {
            history.on_bound(at(1));
            assert!(matches!(hop(&mut history, 2), Next::Move(_)));
        }
        history.on_bound(at(3));
        assert_eq!(hop(&mut history, 4), Next::Stop);

        let mut history = History::default();
        for round in 0..9 {
            history.on_bound(at(round * 100));
            assert!(matches!(hop(&mut history, round * 100 + 60), Next::Move(_)));
        }
    }
}
