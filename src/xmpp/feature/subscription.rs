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
        let sees_us = |who: &&Address| {
            who.to_jid()
                .is_ok_and(|bare| roster.subscription(&bare).sees_us())
        };
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
