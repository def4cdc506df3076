//! The one table of trust: which payload is believed from whom.
//!
//! **Invariant:** no feature decides by itself whom it believes; it names the payload and asks [`allows`]. Servers filter
//! almost nothing: whoever knows our address can put any of these into a stanza.

use crate::entity::address::Address;
use crate::entity::contact::Subscription;
use crate::entity::jid::Jid;

use super::cx::Cx;
use super::feature::roster::Roster;

/// Payloads whose effect depends on who sent them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Payload {
    /// A change of the roster.
    RosterPush,
    /// A page of our own archive, and its items.
    ArchiveResult,
    /// A copy of what another device of ours sent or received.
    Carbon,
    /// A message wrapped in another, without one of the two above around it.
    BareForward,
    /// A name that our own server gave a message.
    OwnStanzaId,
    /// The time since which our own server held a stanza back.
    ServerDelay,
    /// Somebody's availability.
    Presence,
    /// The wish to see our presence, or to do so no longer.
    SubscriptionRequest,
    /// How far our account has read a conversation.
    Displayed,
    /// A question for what we are and can do.
    Disco,
    /// A question for our software.
    Version,
    /// A question for our clock.
    Time,
    /// A question for how long we have been idle.
    LastActivity,
    /// A question for whether we are there.
    Ping,
    /// Text for the user to read.
    Text,
}

/// Who is believed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Who {
    /// Our own bare JID, or nobody named, which means the same (RFC 6120 §8.1.2.1).
    OwnAccount,
    /// Our own account, or our server.
    OwnServer,
    /// Those whose presence we are subscribed to, and our own other devices.
    SeenByUs,
    /// Those who may see our presence, our own devices, and our server.
    SeesUs,
    /// Anybody.
    Anybody,
    /// Nobody.
    Nobody,
}

/// The table: payload, who is believed, and who says so.
pub const TABLE: &[(Payload, Who, &str)] = &[
    (
        Payload::RosterPush,
        Who::OwnAccount,
        "RFC 6121 §2.1.6, CVE-2015-8688",
    ),
    (Payload::ArchiveResult, Who::OwnAccount, "XEP-0313 §11"),
    (
        Payload::Carbon,
        Who::OwnAccount,
        "XEP-0280 §11, CVE-2017-5589",
    ),
    (Payload::BareForward, Who::Nobody, "XEP-0297 §5"),
    (
        Payload::OwnStanzaId,
        Who::Anybody,
        "XEP-0359 §5: by its `by`, where the server keeps that clean",
    ),
    (Payload::ServerDelay, Who::OwnServer, "XEP-0203 §4"),
    (Payload::Presence, Who::SeenByUs, "RFC 6121 §4.4.2"),
    (
        Payload::SubscriptionRequest,
        Who::Anybody,
        "RFC 6121 §3.1.3",
    ),
    (
        Payload::Displayed,
        Who::OwnAccount,
        "XEP-0163 §4.3: what our account publishes comes from its bare JID",
    ),
    (Payload::Disco, Who::SeesUs, "RFC 6120 §13.10.2"),
    (Payload::Version, Who::SeesUs, "XEP-0092 §5"),
    (Payload::Time, Who::SeesUs, "XEP-0202 §5"),
    (Payload::LastActivity, Who::SeesUs, "XEP-0012 §7"),
    (Payload::Ping, Who::SeesUs, "XEP-0199 §8"),
    (Payload::Text, Who::Anybody, "RFC 6121 §5"),
];

/// A sender, as far as trust is concerned.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Sender {
    /// Our own bare JID, or nobody named.
    pub own_account: bool,
    /// Any device of ours.
    pub own_device: bool,
    /// Our server itself.
    pub own_server: bool,
    /// What the roster says.
    pub subscription: Subscription,
}

impl Sender {
    /// Tells who `from` is.
    #[must_use]
    pub fn of(from: Option<&Jid>, cx: &Cx, roster: &Roster) -> Self {
        let Some(from) = from else {
            return Self {
                own_account: true,
                own_device: true,
                ..Self::default()
            };
        };
        let own_device = cx.account() == Some(from.address());
        Self {
            own_account: own_device && from.resource().is_none(),
            own_device,
            own_server: is_own_server(from, cx.account()),
            subscription: roster.subscription(from.address()),
        }
    }
}

/// Whether the address is that of our server: its domain, nothing else.
#[must_use]
pub fn is_own_server(from: &Jid, account: Option<&Address>) -> bool {
    from.address().local().is_none()
        && from.resource().is_none()
        && account.is_some_and(|me| me.domain() == from.address().domain())
}

/// Whether the payload is believed from that sender.
#[must_use]
pub fn allows(payload: Payload, sender: Sender) -> bool {
    let row = TABLE.iter().find(|(named, _, _)| *named == payload);
    match row.map_or(Who::Nobody, |(_, who, _)| *who) {
        Who::OwnAccount => sender.own_account,
        Who::OwnServer => sender.own_account || sender.own_server,
        Who::SeenByUs => sender.own_device || sender.subscription.seen_by_us(),
        Who::SeesUs => sender.own_device || sender.own_server || sender.subscription.sees_us(),
        Who::Anybody => true,
        Who::Nobody => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn senders() -> [(&'static str, Sender); 7] {
        let of = |subscription| Sender {
            subscription,
            ..Sender::default()
        };
        [
            (
                "own account",
                Sender {
                    own_account: true,
                    own_device: true,
                    ..Sender::default()
                },
            ),
            (
                "own device",
                Sender {
                    own_device: true,
                    ..Sender::default()
                },
            ),
            (
                "own server",
                Sender {
                    own_server: true,
                    ..Sender::default()
                },
            ),
            ("sees us", of(Subscription::From)),
            ("seen by us", of(Subscription::To)),
            ("both", of(Subscription::Both)),
            ("stranger", Sender::default()),
        ]
    }

    #[test]
    fn the_table_names_each_payload_once_and_says_why() {
        for (index, (payload, _, why)) in TABLE.iter().enumerate() {
            assert!(!why.is_empty());
            assert!(
                TABLE
                    .iter()
                    .skip(index + 1)
                    .all(|(other, _, _)| other != payload),
                "{payload:?}"
            );
        }
    }

    #[test]
    fn each_row_lets_its_own_pass_and_nobody_else() {
        for (payload, who, _) in TABLE {
            let expected: &[&str] = match who {
                Who::OwnAccount => &["own account"],
                Who::OwnServer => &["own account", "own server"],
                Who::SeenByUs => &["own account", "own device", "seen by us", "both"],
                Who::SeesUs => &["own account", "own device", "own server", "sees us", "both"],
                Who::Anybody => &[
                    "own account",
                    "own device",
                    "own server",
                    "sees us",
                    "seen by us",
                    "both",
                    "stranger",
                ],
                Who::Nobody => &[],
            };
            for (name, sender) in senders() {
                assert_eq!(
                    allows(*payload, sender),
                    expected.contains(&name),
                    "{payload:?} of {name}"
                );
            }
        }
    }

    #[test]
    fn what_strangers_can_do_is_known_one_by_one() {
        let open: Vec<_> = TABLE
            .iter()
            .filter(|(payload, ..)| allows(*payload, Sender::default()))
            .collect();
        let open: Vec<_> = open.into_iter().map(|(payload, ..)| *payload).collect();
        assert_eq!(
            open,
            [
                Payload::OwnStanzaId,
                Payload::SubscriptionRequest,
                Payload::Text
            ]
        );
    }

    #[test]
    fn only_the_bare_domain_is_our_server() {
        let me = Address::parse("romeo@montague.example").unwrap();
        let is = |from: &str| is_own_server(&Jid::parse(from).unwrap(), Some(&me));
        assert!(is("montague.example") && is("MONTAGUE.example"));
        for other in [
            "montague.example/x",
            "mallory@montague.example",
            "montague.example.evil",
            "capulet.example",
        ] {
            assert!(!is(other), "{other}");
        }
    }
}
