//! RFC 6121 §3: who may see whose presence.

use std::collections::BTreeSet;

use minidom::Element;

use crate::entity::address::Address;
use crate::entity::contact::{Subscription, SubscriptionRequest};
use crate::event::{Event, RosterEvent};
use crate::xmpp::cx::Cx;
use crate::xmpp::ns;
use crate::xmpp::stanza::build::{Build, element, text_element};
use crate::xmpp::stanza::text::{direct_text, pick_text};

use super::roster::Roster;

/// How many requests wait at most: strangers can send any number.
const MOST: usize = 500;
/// How many characters of a request's words are kept.
const LONGEST: usize = 1000;

/// Requests to see our presence that wait for the user.
#[derive(Default)]
pub struct Subscriptions {
    waiting: BTreeSet<Address>,
}

impl Subscriptions {
    /// Somebody asks to see our presence (RFC 6121 §3.1.3).
    pub fn on_request(
        &mut self,
        cx: &mut Cx,
        who: &Address,
        now: Subscription,
        presence: &Element,
    ) {
        if now.sees_us() {
            // The server lost what we said, or the contact did: say it again.
            return send(cx, who, "subscribed", None);
        }
        if self.waiting.len() >= MOST && !self.waiting.contains(who) {
            return tracing::debug!("too many subscription requests wait");
        }
        self.waiting.insert(who.clone());
        let nick = presence.get_child("nick", ns::NICK).map(direct_text);
        cx.emit(Event::Roster(RosterEvent::Requested(SubscriptionRequest {
            address: who.clone(),
            nick: nick.and_then(short),
            text: pick_text(presence, "status").and_then(short),
        })));
    }

    /// The request is settled: answered here or on another device, or taken back.
    pub fn settle(&mut self, cx: &mut Cx, who: &Address) {
        if self.waiting.remove(who) {
            cx.emit(Event::Roster(RosterEvent::RequestSettled(who.clone())));
        }
    }

    /// Settles the requests of those who see us by now.
    pub fn settle_known(&mut self, cx: &mut Cx, roster: &Roster) {
        let sees_us = |who: &&Address| roster.subscription(who).sees_us();
        let known: Vec<Address> = self.waiting.iter().filter(sees_us).cloned().collect();
        for who in &known {
            self.settle(cx, who);
        }
    }

    /// The user lets somebody see our presence, and asks to see theirs in return.
    pub fn accept(&mut self, cx: &mut Cx, who: &Address, ask_too: bool) {
        send(cx, who, "subscribed", None);
        if ask_too {
            ask(cx, who, None);
        }
        self.settle(cx, who);
    }

    /// The user declines, or takes back what was granted.
    pub fn decline(&mut self, cx: &mut Cx, who: &Address) {
        send(cx, who, "unsubscribed", None);
        self.settle(cx, who);
    }
}

/// Asks to see somebody's presence.
pub fn ask(cx: &mut Cx, whom: &Address, text: Option<&str>) {
    send(cx, whom, "subscribe", text);
}

fn send(cx: &mut Cx, to: &Address, kind: &str, text: Option<&str>) {
    let text = text.map(str::trim).filter(|text| !text.is_empty());
    let presence = element("presence", ns::CLIENT)
        .with("type", kind)
        .with("to", to.as_str())
        .with_children(text.map(|text| text_element("status", ns::CLIENT, text)));
    cx.send(&presence);
}

fn short(text: String) -> Option<String> {
    let text: String = text.trim().chars().take(LONGEST).collect();
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::boundary::command::AccountCommand;
    use crate::xmpp::testing::{Session, address};

    fn from(kind: &str, who: &str, inner: &str) -> String {
        format!("<presence xmlns='jabber:client' type='{kind}' from='{who}'>{inner}</presence>")
    }

    fn settled(who: &str) -> Event {
        Event::Roster(RosterEvent::RequestSettled(address(who)))
    }

    #[test]
    fn a_request_waits_until_it_is_accepted_or_declined() {
        for (command, kinds) in [
            (
                AccountCommand::AcceptSubscription {
                    address: address("mercutio@verona.example"),
                    also_ask: true,
                },
                ["subscribed", "subscribe"].as_slice(),
            ),
            (
                AccountCommand::DeclineSubscription(address("mercutio@verona.example")),
                &["unsubscribed"],
            ),
        ] {
            let mut session = Session::new();
            let words = "<status> Let me in </status><nick xmlns='http://jabber.org/protocol/nick'>Merc</nick>";
            session.receive(&from("subscribe", "mercutio@verona.example", words));
            let request = SubscriptionRequest {
                address: address("mercutio@verona.example"),
                nick: Some("Merc".into()),
                text: Some("Let me in".into()),
            };
            assert_eq!(
                session.only_event(),
                Event::Roster(RosterEvent::Requested(request))
            );
            session.command(0, command);
            let sent: Vec<_> = session
                .sent
                .iter()
                .map(|presence| presence.attr("type").unwrap())
                .collect();
            assert_eq!(sent, kinds);
            assert_eq!(session.only_event(), settled("mercutio@verona.example"));
        }
    }

    #[test]
    fn a_request_that_is_taken_back_or_granted_elsewhere_is_settled() {
        let mut session = Session::new();
        session.receive(&from("subscribe", "mercutio@verona.example", ""));
        session.forget();
        session.receive(&from("unsubscribe", "mercutio@verona.example", ""));
        assert_eq!(session.only_event(), settled("mercutio@verona.example"));
        session.receive(&from("subscribe", "mercutio@verona.example", ""));
        session.forget();
        session.receive(
            "<iq xmlns='jabber:client' type='set' id='1'><query xmlns='jabber:iq:roster'>\
             <item jid='mercutio@verona.example' subscription='from'/></query></iq>",
        );
        assert!(session.events.contains(&settled("mercutio@verona.example")));
    }

    #[test]
    fn who_sees_us_already_is_told_so_again() {
        let mut session = Session::new();
        session.receive(&from("subscribe", "rosaline@capulet.example", ""));
        assert_eq!(session.only_sent().attr("type"), Some("subscribed"));
        assert_eq!(session.events, []);
    }

    #[test]
    fn a_flood_of_requests_is_bounded() {
        let mut session = Session::new();
        for n in 0..MOST + 100 {
            session.receive(&from(
                "subscribe",
                &format!("mallory{n}@evil.example"),
                &"x".repeat(100),
            ));
        }
        assert_eq!(session.events.len(), MOST);
    }
}
