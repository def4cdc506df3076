//! RFC 6121 §4, XEP-0319: presence: several resources reduced to one availability, and our own.
//!
//! **Invariant:** only those whose presence we are subscribed to have one; what strangers send changes nothing.

use std::collections::HashMap;

use minidom::Element;

use crate::entity::address::Address;
use crate::entity::jid::Jid;
use crate::entity::order;
use crate::entity::presence::{Availability, OwnPresence, Presence, Resource};
use crate::entity::time::Timestamp;
use crate::event::{Event, PresenceEvent, SessionEvent};
use crate::xmpp::cx::Cx;
use crate::xmpp::ns;
use crate::xmpp::stanza::build::{Build, element, text_element};
use crate::xmpp::stanza::stamp;
use crate::xmpp::stanza::text::{direct_text, pick_text};

use super::{caps, disco};

/// How many resources of one person are kept.
const MOST: usize = 32;
/// How many characters of a status text are kept.
const LONGEST: usize = 1000;

/// Everybody's presence, and ours.
#[derive(Default)]
pub struct Presences {
    people: HashMap<Address, Person>,
    own: OwnPresence,
    idle: Option<Timestamp>,
}

#[derive(Default)]
struct Person {
    resources: Vec<(Resource, Option<caps::Claim>)>,
    /// Once gone: since when, and what was said.
    gone: Presence,
    /// What was last told.
    told: Presence,
}

impl Presences {
    /// Begins with what the user chose.
    #[must_use]
    pub fn new(own: OwnPresence) -> Self {
        Self {
            own,
            ..Self::default()
        }
    }

    /// Since when the user has been idle.
    #[must_use]
    pub fn idle_since(&self) -> Option<Timestamp> {
        self.idle
    }

    /// The user is idle since then; nobody is told before a session begins.
    pub fn begin_idle(&mut self, since: Option<Timestamp>) {
        self.idle = since;
    }

    /// A presence without type, of type `unavailable` or `error`, from somebody whose presence we may see.
    pub fn on_presence(&mut self, cx: &mut Cx, from: &Jid, presence: &Element) {
        let address = from.address().clone();
        let name = from.resource().unwrap_or_default();
        let person = self.people.entry(address.clone()).or_default();
        person
            .resources
            .retain(|(resource, _)| resource.name != name);
        match presence.attr("type") {
            None => {
                let resource = read(name, presence);
                if person.resources.len() < MOST {
                    person
                        .resources
                        .push((resource, caps::Claim::read(presence)));
                }
            }
            Some("unavailable") => {
                if name.is_empty() {
                    person.resources.clear();
                }
                person.gone = Presence {
                    availability: Availability::Offline,
                    status: status(presence),
                    last_seen: delayed(presence).or(person.gone.last_seen),
                };
                if person.told.availability > Availability::Offline {
                    person.gone.last_seen = delayed(presence).or(Some(cx.now.wall));
                }
            }
            // Whoever cannot be asked is not known to be gone. A device that is gone answers for itself alone.
            _ => {
                if name.is_empty() {
                    person.resources.clear();
                }
                person.gone = Presence::default();
            }
        }
        let now = person.reduce();
        if now != person.told {
            person.told = now.clone();
            cx.emit(Event::Presence(PresenceEvent::Changed(address, now)));
        }
    }

    /// Somebody's presence may no longer be seen.
    pub fn forget(&mut self, cx: &mut Cx, whom: &Address) {
        if self
            .people
            .remove(whom)
            .is_some_and(|person| person.told != Presence::default())
        {
            cx.emit(Event::Presence(PresenceEvent::Changed(
                whom.clone(),
                Presence::default(),
            )));
        }
    }

    /// The session is over: nobody's presence is known any more.
    pub fn forget_all(&mut self, cx: &mut Cx) {
        self.people.clear();
        cx.emit(Event::Presence(PresenceEvent::Forgotten));
    }

    /// Every resource of somebody, most reachable first, with what it says of its capabilities.
    #[must_use]
    pub fn resources(&self, of: &Address) -> Vec<(Resource, Option<caps::Claim>)> {
        let person = self.people.get(of);
        let mut resources = person
            .map(|person| person.resources.clone())
            .unwrap_or_default();
        order::sort_by(&mut resources, |a, b| rank(&b.0).cmp(&rank(&a.0)));
        resources
    }

    /// The user chose another availability or status.
    pub fn choose(&mut self, cx: &mut Cx, own: OwnPresence) {
        self.own = own;
        self.announce(cx);
    }

    /// The user went idle, or is back.
    pub fn set_idle(&mut self, cx: &mut Cx, since: Option<Timestamp>) {
        if self.idle != since {
            self.idle = since;
            if cx.bound().is_some() {
                self.announce(cx);
            }
        }
    }

    /// Sends our presence, if a resource is bound. What was chosen is told and kept also without one: it counts from
    /// the next session on.
    pub fn announce(&self, cx: &mut Cx) {
        if cx.bound().is_some() {
            cx.send(&self.build());
        }
        cx.emit(Event::Session(SessionEvent::OwnPresence(self.own.clone())));
    }

    /// Says that we go (RFC 6121 §4.5.1).
    pub fn say_goodbye(&self, cx: &mut Cx) {
        cx.send(&element("presence", ns::CLIENT).with("type", "unavailable"));
    }

    fn build(&self) -> Element {
        let own = &self.own;
        let status = own
            .status
            .as_deref()
            .map(str::trim)
            .filter(|status| !status.is_empty());
        let status = status.map(|status| text_element("status", ns::CLIENT, status));
        let presence = element("presence", ns::CLIENT);
        if own.availability <= Availability::Offline {
            return presence.with("type", "unavailable").with_children(status);
        }
        let show = match (own.availability, self.idle) {
            (Availability::FreeToChat, None) => Some("chat"),
            (Availability::FreeToChat | Availability::Online, Some(_))
            | (Availability::Away, _) => Some("away"),
            (Availability::ExtendedAway, _) => Some("xa"),
            (Availability::DoNotDisturb, _) => Some("dnd"),
            _ => None,
        };
        let idle = self
            .idle
            .map(|since| element("idle", ns::IDLE).with("since", &stamp::format(since)));
        presence
            .with_children(show.map(|show| text_element("show", ns::CLIENT, show)))
            .with_children(status)
            .with_child(caps::own())
            .with_children(idle)
    }
}

impl Person {
    fn reduce(&self) -> Presence {
        let best = self
            .resources
            .iter()
            .max_by_key(|(resource, _)| rank(resource));
        best.map_or_else(
            || self.gone.clone(),
            |(resource, _)| resource.presence.clone(),
        )
    }
}

fn rank(resource: &Resource) -> (Availability, i8) {
    (resource.presence.availability, resource.priority)
}

fn read(name: &str, presence: &Element) -> Resource {
    let child_text = |name| presence.get_child(name, ns::CLIENT).map(direct_text);
    let availability = match child_text("show").as_deref().map(str::trim) {
        Some("away") => Availability::Away,
        Some("xa") => Availability::ExtendedAway,
        Some("dnd") => Availability::DoNotDisturb,
        Some("chat") => Availability::FreeToChat,
        _ => Availability::Online,
    };
    let idle = presence
        .get_child("idle", ns::IDLE)
        .and_then(|idle| idle.attr("since"));
    let priority = child_text("priority").and_then(|priority| priority.trim().parse().ok());
    Resource {
        name: name.to_owned(),
        priority: priority.unwrap_or_default(),
        presence: Presence {
            availability,
            status: status(presence),
            last_seen: idle.and_then(stamp::parse),
        },
        client: presence
            .get_child("c", ns::CAPS)
            .and_then(|c| c.attr("node"))
            .filter(|node| node.len() <= 256)
            .map(software),
    }
}

/// What people call the software of a node (XEP-0115): our own is no address that anybody could open.
fn software(node: &str) -> String {
    match node {
        disco::NODE => disco::NAME.to_owned(),
        node => node.to_owned(),
    }
}

fn status(presence: &Element) -> Option<String> {
    pick_text(presence, "status").map(|status| status.trim().chars().take(LONGEST).collect())
}

fn delayed(presence: &Element) -> Option<Timestamp> {
    let delay = presence.get_child("delay", ns::DELAY)?;
    stamp::parse(delay.attr("stamp")?)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::boundary::command::AccountCommand;
    use crate::xmpp::engine::Wish;
    use crate::xmpp::testing::{START, Session, address};

    fn presence(from: &str, inner: &str) -> String {
        format!("<presence xmlns='jabber:client' from='{from}'>{inner}</presence>")
    }

    fn changed(session: &mut Session) -> Presence {
        match session.only_event() {
            Event::Presence(PresenceEvent::Changed(_, presence)) => presence,
            other => panic!("{other:?}"),
        }
    }

    /// The names of the devices by which juliet is reached.
    fn devices_of_juliet(session: &mut Session) -> Vec<String> {
        let juliet = address("juliet@capulet.example");
        session.command(1, AccountCommand::Resources(juliet));
        let Event::Answered(_, Ok(crate::boundary::change::Reply::Resources(resources))) =
            session.only_event()
        else {
            panic!("no resources");
        };
        resources
            .into_iter()
            .map(|resource| resource.name)
            .collect()
    }

    #[test]
    fn several_resources_are_reduced_to_the_most_reachable() {
        let mut session = Session::new();
        let mut see = |name: &str, inner: &str| {
            session.receive(&presence(&format!("juliet@capulet.example/{name}"), inner));
            std::mem::take(&mut session.events)
        };
        assert_eq!(
            see("chamber", "<show>away</show><priority>5</priority>").len(),
            1
        );
        assert_eq!(
            see("balcony", "<show>chat</show><status>O Romeo</status>").len(),
            1
        );
        assert_eq!(see("garden", "<show>xa</show><priority>127</priority>"), []);
        session.receive("<presence xmlns='jabber:client' type='unavailable' from='juliet@capulet.example/balcony'/>");
        assert_eq!(changed(&mut session).availability, Availability::Away);
        assert_eq!(devices_of_juliet(&mut session), ["chamber", "garden"]);
    }

    #[test]
    fn who_goes_offline_was_last_seen_then() {
        let mut session = Session::new();
        session.receive(&presence(
            "juliet@capulet.example/a",
            "<idle xmlns='urn:xmpp:idle:1' since='2025-12-31T23:59:00Z'/>",
        ));
        assert_eq!(
            changed(&mut session).last_seen,
            Some(Timestamp(START - 60_000))
        );
        session.now = session.now + Duration::from_secs(5);
        session.receive(
            "<presence xmlns='jabber:client' type='unavailable' from='juliet@capulet.example/a'/>",
        );
        let gone = changed(&mut session);
        assert_eq!(gone.availability, Availability::Offline);
        assert_eq!(gone.last_seen, Some(Timestamp(START + 5_000)));
        session.receive(
            "<presence xmlns='jabber:client' type='error' from='juliet@capulet.example'/>",
        );
        assert_eq!(changed(&mut session).availability, Availability::Unknown);
    }

    /// Prosody answers in place of a device that has gone, when it is asked something too late.
    #[test]
    fn an_error_of_one_device_says_nothing_of_the_others() {
        let mut session = Session::new();
        session.receive(&presence("juliet@capulet.example/chamber", ""));
        assert_eq!(changed(&mut session).availability, Availability::Online);
        session.receive(&presence(
            "juliet@capulet.example/balcony",
            "<show>dnd</show>",
        ));
        session.forget();
        let error = "<presence xmlns='jabber:client' type='error' from='juliet@capulet.example/";
        session.receive(&format!("{error}balcony'/>"));
        session.forget();
        assert_eq!(devices_of_juliet(&mut session), ["chamber"]);
        session.receive(&format!("{error}chamber'/>"));
        assert_eq!(changed(&mut session).availability, Availability::Unknown);
    }

    #[test]
    fn presence_of_those_we_do_not_see_has_no_effect() {
        for from in [
            "mallory@montague.example/m",
            "rosaline@capulet.example/x",
            "montague.example",
            "romeo@montague.example/x",
        ] {
            let mut session = Session::new();
            session.receive(&presence(from, "<show>chat</show>"));
            session.nothing();
        }
        let mut session = Session::new();
        session.receive(&presence(
            "benvolio@montague.example/x",
            "<show>odd</show><priority>1000</priority>",
        ));
        assert_eq!(changed(&mut session).availability, Availability::Online);
    }

    #[test]
    fn our_own_presence_says_what_was_chosen_and_that_we_are_idle() {
        let mut session = Session::new();
        let own = OwnPresence {
            availability: Availability::Online,
            status: Some("fie\u{B}".into()),
        };
        session.command(0, AccountCommand::SetPresence(own.clone()));
        let sent = session.only_sent();
        assert!(!sent.has_child("show", ns::CLIENT) && sent.has_child("c", ns::CAPS));
        assert_eq!(sent.get_child("status", ns::CLIENT).unwrap().text(), "fie");
        assert_eq!(
            session.only_event(),
            Event::Session(SessionEvent::OwnPresence(own))
        );
        session.wish(Wish::Idle(Some(Timestamp(START))));
        let sent = session.only_sent();
        assert_eq!(sent.get_child("show", ns::CLIENT).unwrap().text(), "away");
        assert_eq!(
            sent.get_child("idle", ns::IDLE).unwrap().attr("since"),
            Some("2026-01-01T00:00:00Z")
        );
        session.wish(Wish::Idle(Some(Timestamp(START))));
        assert!(session.sent.is_empty(), "nothing new is said twice");
        session.command(
            0,
            AccountCommand::SetPresence(OwnPresence {
                availability: Availability::Offline,
                status: None,
            }),
        );
        assert_eq!(session.only_sent().attr("type"), Some("unavailable"));
    }

    #[test]
    fn what_is_chosen_without_a_session_is_told_and_sent_with_the_next() {
        let mut session = Session::new();
        session.cut();
        session.forget();
        let own = OwnPresence {
            availability: Availability::DoNotDisturb,
            status: None,
        };
        session.command(0, AccountCommand::SetPresence(own.clone()));
        assert!(session.sent.is_empty());
        assert_eq!(
            session.only_event(),
            Event::Session(SessionEvent::OwnPresence(own))
        );
        session.wish(Wish::Idle(Some(Timestamp(START))));
        session.nothing();
        session.bind();
        session.answer("query", ns::ROSTER, "");
        let sent = session.sent.iter().find(|sent| sent.name() == "presence");
        let show = sent.and_then(|sent| sent.get_child("show", ns::CLIENT));
        assert_eq!(show.map(Element::text).as_deref(), Some("dnd"));
    }

    #[test]
    fn the_end_of_the_session_forgets_everybody() {
        let mut session = Session::new();
        session.receive(&presence("juliet@capulet.example/a", ""));
        session.forget();
        session.cut();
        assert_eq!(session.events, [Event::Presence(PresenceEvent::Forgotten)]);
        session.bind();
        session.forget();
        session.receive(&presence("juliet@capulet.example/a", ""));
        assert_eq!(changed(&mut session).availability, Availability::Online);
    }

    #[test]
    fn a_flood_of_resources_is_bounded() {
        let mut session = Session::new();
        for n in 0..1000 {
            session.receive(&presence(&format!("juliet@capulet.example/{n}"), ""));
        }
        session.forget();
        session.command(
            1,
            AccountCommand::Resources(address("juliet@capulet.example")),
        );
        let Event::Answered(_, Ok(crate::boundary::change::Reply::Resources(all))) =
            session.only_event()
        else {
            panic!("no resources");
        };
        assert_eq!(all.len(), MOST);
    }
}
