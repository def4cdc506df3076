//! RFC 6120 §4.3.2: what a server offers on a stream, read so that nothing unknown or broken hides the rest.

use std::time::Duration;

use minidom::Element;

use super::auth::fast::MECHANISM;
use super::auth::{Inline, Offer};
use crate::xmpp::ns;
use crate::xmpp::stanza::text::direct_text;

/// `<stream:features/>`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct StreamFeatures {
    /// RFC 6120 §6 and XEP-0440: ways to log in.
    pub sasl: Offer,
    /// XEP-0388: the newer way to log in.
    pub sasl2: Option<Sasl2>,
    /// RFC 6120 §7: a resource can be bound.
    pub bind: bool,
    /// RFC 3921 §3: a session must be established after binding. Servers that only want to please old clients call it optional.
    pub session_required: bool,
    /// RFC 6121 §2.6: the roster has versions.
    pub roster_versions: bool,
    /// RFC 6121 §3.4: subscriptions can be approved before they are requested.
    pub pre_approval: bool,
    /// XEP-0077: accounts can be made.
    pub registration: bool,
    /// XEP-0198: stanzas can be acknowledged.
    pub stream_management: bool,
    /// XEP-0352: the server would like to know when nobody looks.
    pub client_state: bool,
    /// XEP-0478: how large a stanza of ours may be, in bytes.
    pub max_bytes: Option<usize>,
    /// XEP-0478: how long we may say nothing.
    pub max_silence: Option<Duration>,
}

/// XEP-0388: `<authentication/>`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Sasl2 {
    /// The SASL mechanisms.
    pub mechanisms: Vec<String>,
    /// XEP-0480: what the server would like to learn.
    pub upgrades: Vec<String>,
    /// What can be done along with the log-in.
    pub inline: Inline,
}

impl StreamFeatures {
    /// Reads the element.
    #[must_use]
    pub fn parse(features: &Element) -> Self {
        let mut found = Self::default();
        for child in features.children() {
            match (child.name(), child.ns().as_str()) {
                ("mechanisms", ns::SASL) => found.sasl.mechanisms = mechanisms(child, ns::SASL),
                ("authentication", ns::SASL2) => found.sasl2 = Some(sasl2(child)),
                ("sasl-channel-binding", ns::SASL_CB) => {
                    found.sasl.channel_bindings = Some(channel_bindings(child));
                }
                ("bind", ns::BIND) => found.bind = true,
                ("session", ns::SESSION) => {
                    found.session_required = !child.has_child("optional", ns::SESSION);
                }
                ("ver", ns::ROSTER_VERSIONS) => found.roster_versions = true,
                ("sub", ns::PRE_APPROVAL) => found.pre_approval = true,
                ("register", ns::REGISTER_FEATURE) => found.registration = true,
                ("sm", ns::SM) => found.stream_management = true,
                ("csi", ns::CSI) => found.client_state = true,
                ("limits", ns::STREAM_LIMITS) => {
                    found.max_bytes = number(child, "max-bytes").and_then(|n| n.try_into().ok());
                    found.max_silence = number(child, "idle-seconds").map(Duration::from_secs);
                }
                _ => {}
            }
        }
        found
    }
}

fn mechanisms(list: &Element, ns: &str) -> Vec<String> {
    list.children()
        .filter(|child| child.is("mechanism", ns))
        .map(|child| direct_text(child).trim().to_owned())
        .filter(|name| !name.is_empty())
        .collect()
}

fn sasl2(authentication: &Element) -> Sasl2 {
    let upgrades = authentication.children();
    Sasl2 {
        mechanisms: mechanisms(authentication, ns::SASL2),
        upgrades: upgrades
            .filter(|child| child.is("upgrade", ns::SASL_UPGRADE))
            .map(|child| direct_text(child).trim().to_owned())
            .collect(),
        inline: authentication
            .get_child("inline", ns::SASL2)
            .map(inline)
            .unwrap_or_default(),
    }
}

fn inline(offered: &Element) -> Inline {
    let bind = offered.get_child("bind", ns::BIND2);
    let begun = bind.and_then(|bind| bind.get_child("inline", ns::BIND2));
    let begins = |var: &str| {
        begun.is_some_and(|begun| {
            let mut all = begun.children();
            all.any(|child| child.is("feature", ns::BIND2) && child.attr("var") == Some(var))
        })
    };
    Inline {
        fast: offered.get_child("fast", ns::FAST).is_some_and(|fast| {
            mechanisms(fast, ns::FAST)
                .iter()
                .any(|name| name == MECHANISM)
        }),
        bind: bind.is_some(),
        carbons: begins(ns::CARBONS),
        client_state: begins(ns::CSI),
        management: begins(ns::SM),
        // XEP-0386 §3.1 has it as `<sm/>`, XEP-0480 §2.1 as `<resume/>`.
        resumption: offered.has_child("sm", ns::SM) || offered.has_child("resume", ns::SM),
    }
}

fn channel_bindings(list: &Element) -> Vec<String> {
    list.children()
        .filter(|child| child.is("channel-binding", ns::SASL_CB))
        .filter_map(|child| child.attr("type").map(str::to_owned))
        .collect()
}

/// A limit of zero is none.
fn number(limits: &Element, name: &str) -> Option<u64> {
    let child = limits.get_child(name, ns::STREAM_LIMITS)?;
    direct_text(child)
        .trim()
        .parse()
        .ok()
        .filter(|&number| number > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn features(inner: &str) -> StreamFeatures {
        let frame = format!(
            "<stream:features xmlns:stream='http://etherx.jabber.org/streams'>{inner}</stream:features>"
        );
        StreamFeatures::parse(&frame.parse().unwrap())
    }

    #[test]
    fn the_ways_to_log_in_are_read() {
        let found = features(
            "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>\
             <mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>\
             <mechanism>\n SCRAM-SHA-1 </mechanism><mechanism>PLAIN</mechanism><mechanism/><hostname>x</hostname></mechanisms>\
             <authentication xmlns='urn:xmpp:sasl:2'><mechanism>SCRAM-SHA-256</mechanism><inline/></authentication>\
             <sasl-channel-binding xmlns='urn:xmpp:sasl-cb:0'><channel-binding type='tls-exporter'/><channel-binding/>\
             </sasl-channel-binding><register xmlns='http://jabber.org/features/iq-register'/>",
        );
        assert_eq!(found.sasl.mechanisms, ["SCRAM-SHA-1", "PLAIN"]);
        assert_eq!(
            found.sasl.channel_bindings,
            Some(vec!["tls-exporter".to_owned()])
        );
        let sasl2 = found.sasl2.unwrap();
        assert_eq!(sasl2.mechanisms, ["SCRAM-SHA-256"]);
        assert_eq!(sasl2.inline, Inline::default());
        assert!(found.registration && !found.bind);
    }

    #[test]
    fn what_can_be_done_along_with_the_log_in_is_read() {
        let found = features(
            "<authentication xmlns='urn:xmpp:sasl:2'><mechanism>SCRAM-SHA-1</mechanism><inline>\
             <bind xmlns='urn:xmpp:bind:0'><inline><feature var='urn:xmpp:carbons:2'/><feature var='urn:xmpp:sm:3'/></inline></bind>\
             <sm xmlns='urn:xmpp:sm:3'/><fast xmlns='urn:xmpp:fast:0'><mechanism>HT-SHA-256-EXPR</mechanism>\
             <mechanism>HT-SHA-256-NONE</mechanism></fast></inline>\
             <upgrade xmlns='urn:xmpp:sasl:upgrade:0'>UPGR-SCRAM-SHA-256</upgrade></authentication>",
        );
        let sasl2 = found.sasl2.unwrap();
        assert_eq!(sasl2.upgrades, ["UPGR-SCRAM-SHA-256"]);
        let expected = Inline {
            client_state: false,
            ..all()
        };
        assert_eq!(sasl2.inline, expected);
        let bound = features(
            "<authentication xmlns='urn:xmpp:sasl:2'><inline><fast xmlns='urn:xmpp:fast:0'>\
             <mechanism>HT-SHA-256-EXPR</mechanism></fast></inline></authentication>",
        );
        let inline = bound.sasl2.unwrap().inline;
        assert_eq!(inline, Inline::default(), "a browser cannot bind a channel");
    }

    fn all() -> Inline {
        Inline {
            fast: true,
            bind: true,
            carbons: true,
            client_state: true,
            management: true,
            resumption: true,
        }
    }

    #[test]
    fn what_follows_the_log_in_is_read() {
        let found = features(
            "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><required/></bind>\
             <session xmlns='urn:ietf:params:xml:ns:xmpp-session'><optional/></session>\
             <ver xmlns='urn:xmpp:features:rosterver'/><sub xmlns='urn:xmpp:features:pre-approval'/>\
             <sm xmlns='urn:xmpp:sm:3'/><sm xmlns='urn:xmpp:sm:2'/><csi xmlns='urn:xmpp:csi:0'/>\
             <limits xmlns='urn:xmpp:stream-limits:0'><max-bytes>262144</max-bytes><idle-seconds>60</idle-seconds></limits>",
        );
        assert!(found.bind && found.roster_versions && found.pre_approval);
        assert!(found.stream_management && found.client_state);
        assert!(!found.session_required);
        assert_eq!(found.max_bytes, Some(262_144));
        assert_eq!(found.max_silence, Some(Duration::from_secs(60)));
        assert!(found.sasl.channel_bindings.is_none());
    }

    #[test]
    fn a_session_without_a_word_is_required() {
        assert!(
            features("<session xmlns='urn:ietf:params:xml:ns:xmpp-session'/>").session_required
        );
    }

    #[test]
    fn what_is_broken_or_foreign_is_absent() {
        let found = features(
            "<bind xmlns='urn:example:other'/><mechanisms xmlns='jabber:client'><mechanism>PLAIN</mechanism></mechanisms>\
             <limits xmlns='urn:xmpp:stream-limits:0'><max-bytes>many</max-bytes><idle-seconds>0</idle-seconds></limits>",
        );
        assert_eq!(found, StreamFeatures::default());
    }
}
