//! The whole routing on one screen: which stanza goes to which feature, which answer to who asked.

use minidom::{Element, Node};

use crate::entity::jid::Jid;

use super::cx::Cx;
use super::feature::roster::{Pushed, Roster};
use super::feature::{Features, about, disco};
use super::iq::{Outcome, Reply};
use super::message;
use super::ns;
use super::stanza::error::{self, Refusal};
use super::stream::{Stream, Taken};
use super::trust::{Payload, Sender, allows};

/// Routes a stanza that came.
pub(super) fn on_stanza(cx: &mut Cx, features: &mut Features, stanza: Element) {
    // A sender that is no address cannot be answered, and must not pass for nobody, which means ourselves.
    let from = match stanza.attr("from").map(Jid::parse).transpose() {
        Ok(from) => from,
        Err(_) => return tracing::debug!("stanza from no address"),
    };
    match stanza.name() {
        "message" => message::on_message(cx, features, from.as_ref(), &stanza),
        "presence" => on_presence(cx, features, from, &stanza),
        "iq" => on_iq(cx, features, from, stanza),
        name => tracing::debug!(name, "not a stanza"),
    }
}

fn on_presence(cx: &mut Cx, features: &mut Features, from: Option<Jid>, stanza: &Element) {
    let sender = Sender::of(from.as_ref(), cx, &features.roster);
    let Some(from) = from.filter(|_| !sender.own_device) else {
        return;
    };
    let who = from.address().clone();
    match stanza.attr("type") {
        Some("subscribe") if allows(Payload::SubscriptionRequest, sender) => {
            let now = sender.subscription;
            features.subscriptions.on_request(cx, &who, now, stanza);
        }
        Some("unsubscribe") if allows(Payload::SubscriptionRequest, sender) => {
            features.subscriptions.settle(cx, &who);
        }
        None | Some("unavailable" | "error") if allows(Payload::Presence, sender) => {
            features.presences.on_presence(cx, &from, stanza);
        }
        // `subscribed` and `unsubscribed` show in the roster push that comes with them (RFC 6121 §3.1.6).
        _ => tracing::debug!("presence without effect"),
    }
}

fn on_iq(cx: &mut Cx, features: &mut Features, from: Option<Jid>, mut stanza: Element) {
    let Some(id) = stanza.attr("id").map(str::to_owned) else {
        return tracing::debug!("iq without id");
    };
    let kind = stanza.attr("type").map(str::to_owned);
    match kind.as_deref() {
        Some("result") => {
            let payload = elements(&mut stanza).next();
            cx.take_answer(from.as_ref(), &id, Outcome::Result(payload));
        }
        Some("error") => {
            cx.take_answer(from.as_ref(), &id, error::outcome(&stanza));
        }
        Some(kind @ ("get" | "set")) => {
            let mut payloads = elements(&mut stanza);
            let answer = match (payloads.next(), payloads.next()) {
                (Some(payload), None) => on_request(cx, features, from.as_ref(), kind, &payload),
                // RFC 6120 §8.2.3: exactly one payload.
                _ => Err(Refusal::BadRequest),
            };
            match answer {
                Ok(payload) => cx.reply(from.as_ref(), &id, payload),
                Err(refusal) => cx.refuse(from.as_ref(), &id, refusal),
            }
        }
        _ => tracing::debug!("iq of no type"),
    }
}

fn elements(stanza: &mut Element) -> impl Iterator<Item = Element> + use<> {
    stanza
        .take_nodes()
        .into_iter()
        .filter_map(Node::into_element)
}

/// Answers a request. Whoever may not ask learns no more than that nothing is there.
fn on_request(
    cx: &mut Cx,
    features: &mut Features,
    from: Option<&Jid>,
    kind: &str,
    payload: &Element,
) -> Result<Option<Element>, Refusal> {
    let sender = Sender::of(from, cx, &features.roster);
    let may = |asked| allows(asked, sender);
    let ns = payload.ns();
    match (kind, payload.name(), ns.as_str()) {
        ("set", "query", ns::ROSTER) if may(Payload::RosterPush) => {
            on_roster_push(cx, features, payload).map(|()| None)
        }
        ("get", "query", ns::DISCO_INFO) if may(Payload::Disco) => disco::answer(payload)
            .map(Some)
            .ok_or(Refusal::ItemNotFound),
        ("get", "query", ns::DISCO_ITEMS) if may(Payload::Disco) => {
            Ok(Some(Element::bare("query", ns::DISCO_ITEMS)))
        }
        ("get", "query", ns::VERSION) if may(Payload::Version) => Ok(Some(about::version())),
        ("get", "time", ns::TIME) if may(Payload::Time) => Ok(Some(about::time(cx.now))),
        ("get", "query", ns::LAST) if may(Payload::LastActivity) => {
            Ok(Some(about::last(cx.now, features.presences.idle_since())))
        }
        ("get", "ping", ns::PING) if may(Payload::Ping) => Ok(None),
        _ => Err(Refusal::ServiceUnavailable),
    }
}

fn on_roster_push(cx: &mut Cx, features: &mut Features, query: &Element) -> Result<(), Refusal> {
    let pushed = features
        .roster
        .on_push(cx, query)
        .map_err(|_| Refusal::BadRequest)?;
    let (Pushed::Updated(who) | Pushed::Removed(who)) = &pushed;
    let now = features.roster.subscription(who);
    if now.sees_us() || matches!(pushed, Pushed::Removed(_)) {
        features.subscriptions.settle(cx, who);
    }
    if !now.seen_by_us() {
        features.presences.forget(cx, who);
    }
    Ok(())
}

/// Routes the end of a request of ours.
pub(super) fn on_reply(
    cx: &mut Cx,
    features: &mut Features,
    stream: &mut Stream,
    reply: Reply,
    outcome: Outcome,
) -> Taken {
    match reply {
        Reply::Stream(question) => return stream.on_reply(cx, question, outcome),
        Reply::Roster => {
            stream.settle();
            features.on_roster(cx, outcome);
        }
        Reply::RosterSet(request, edit) => Roster::on_set(cx, request, edit, outcome),
        Reply::Disco(whom) => features.on_disco(cx, whom, outcome),
        Reply::Caps(ver) => features.caps.on_answer(cx, &ver, outcome),
        Reply::Carbons => {
            if let Outcome::Error { condition, .. } = outcome {
                tracing::debug!(condition, "no copies of what other devices send");
            }
        }
        Reply::Archive(query) => features.on_archive_end(cx, &query, outcome),
        Reply::Displayed(asked) => features.displayed.on_answer(cx, asked, outcome),
        // An error is as good a sign of life as a result.
        Reply::Handled(upto) => match outcome {
            Outcome::Result(_) | Outcome::Error { .. } => features.outbox.on_answered(cx, upto),
            Outcome::Timeout => features.outbox.on_unanswered(cx),
            Outcome::CutOff => {}
        },
    }
    Taken::Nothing
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::boundary::command::AccountCommand;
    use crate::entity::time::Timestamp;
    use crate::event::{Event, Save};
    use crate::xmpp::engine::Wish;
    use crate::xmpp::feature::caps;
    use crate::xmpp::gate;
    use crate::xmpp::iq::DEADLINE;
    use crate::xmpp::testing::{START, Session, address};

    const FRIEND: &str = "juliet@capulet.example/balcony";

    fn ask(from: &str, kind: &str, payload: &str) -> Element {
        let mut session = Session::new();
        session.wish(Wish::Idle(Some(Timestamp(START - 90_000))));
        session.forget();
        session.receive(&format!(
            "<iq xmlns='jabber:client' from='{from}' type='{kind}' id='n1'>{payload}</iq>"
        ));
        assert_eq!(session.events, []);
        let reply = session.only_sent();
        assert_eq!(
            (reply.attr("to"), reply.attr("id")),
            (Some(from), Some("n1"))
        );
        reply
    }

    fn condition(reply: &Element) -> String {
        assert_eq!(reply.attr("type"), Some("error"), "{}", String::from(reply));
        error::read(reply).0
    }

    const QUESTIONS: [&str; 6] = [
        "<query xmlns='jabber:iq:version'/>",
        "<query xmlns='jabber:iq:last'/>",
        "<time xmlns='urn:xmpp:time'/>",
        "<ping xmlns='urn:xmpp:ping'/>",
        "<query xmlns='http://jabber.org/protocol/disco#info'/>",
        "<query xmlns='http://jabber.org/protocol/disco#items'/>",
    ];

    #[test]
    fn strangers_learn_nothing_and_friends_are_answered() {
        for question in QUESTIONS {
            for stranger in [
                "mallory@montague.example/m",
                "benvolio@montague.example/x",
                "capulet.example",
            ] {
                assert_eq!(
                    condition(&ask(stranger, "get", question)),
                    "service-unavailable",
                    "{stranger}: {question}"
                );
            }
            for friend in [
                FRIEND,
                "rosaline@capulet.example/x",
                "montague.example",
                "romeo@montague.example/phone",
            ] {
                assert_eq!(
                    ask(friend, "get", question).attr("type"),
                    Some("result"),
                    "{friend}: {question}"
                );
            }
        }
    }

    #[test]
    fn answers_say_nothing_of_system_browser_or_place() {
        let version = ask(FRIEND, "get", QUESTIONS[0]);
        let query = version.get_child("query", ns::VERSION).unwrap();
        assert!(query.has_child("name", ns::VERSION) && !query.has_child("os", ns::VERSION));
        let last = ask(FRIEND, "get", QUESTIONS[1]);
        assert_eq!(
            last.get_child("query", ns::LAST).unwrap().attr("seconds"),
            Some("90")
        );
        let time = ask(FRIEND, "get", QUESTIONS[2]);
        assert!(String::from(&time).contains("<tzo>+00:00</tzo><utc>2026-01-01T00:00:00Z</utc>"));
    }

    #[test]
    fn what_disco_answers_is_what_the_presence_claims() {
        let answer = ask(FRIEND, "get", QUESTIONS[4]);
        let info = answer.get_child("query", ns::DISCO_INFO).unwrap();
        let ver = caps::verification(info).unwrap();
        assert_eq!(caps::own().attr("ver"), Some(ver.as_str()));
        assert!(disco::FEATURES.is_sorted());
        let node = format!(
            "<query xmlns='{}' node='{}#{ver}'/>",
            ns::DISCO_INFO,
            disco::NODE
        );
        assert_eq!(ask(FRIEND, "get", &node).attr("type"), Some("result"));
        let other = format!("<query xmlns='{}' node='other'/>", ns::DISCO_INFO);
        assert_eq!(condition(&ask(FRIEND, "get", &other)), "item-not-found");
    }

    #[test]
    fn every_request_is_answered() {
        for (kind, payload, expected) in [
            ("get", "<x xmlns='urn:unknown'/>", "service-unavailable"),
            (
                "set",
                "<jingle xmlns='urn:xmpp:jingle:1' action='session-initiate' sid='a'/>",
                "service-unavailable",
            ),
            ("set", QUESTIONS[0], "service-unavailable"),
            ("get", "", "bad-request"),
            ("get", "<a xmlns='urn:a'/><b xmlns='urn:b'/>", "bad-request"),
        ] {
            assert_eq!(
                condition(&ask(FRIEND, kind, payload)),
                expected,
                "{payload}"
            );
        }
    }

    #[test]
    fn what_is_no_request_is_not_answered() {
        for frame in [
            "<iq xmlns='jabber:client' type='get'><ping xmlns='urn:xmpp:ping'/></iq>",
            "<iq xmlns='jabber:client' type='odd' id='1'><ping xmlns='urn:xmpp:ping'/></iq>",
            "<iq xmlns='jabber:client' id='1'/>",
            "<iq xmlns='jabber:client' type='get' id='1' from='@'><ping xmlns='urn:xmpp:ping'/></iq>",
            "<iq xmlns='jabber:client' type='result' id='never-asked'/>",
            "<iq xmlns='jabber:client' type='error' id='never-asked'/>",
        ] {
            let mut session = Session::new();
            session.receive(frame);
            session.nothing();
        }
    }

    fn removal(session: &mut Session) -> String {
        session.command(
            1,
            AccountCommand::RemoveContact(address("juliet@capulet.example")),
        );
        session.only_sent().attr("id").unwrap().to_owned()
    }

    #[test]
    fn an_answer_counts_from_whom_was_asked_and_once() {
        let mut session = Session::new();
        let id = removal(&mut session);
        let answer = |from: &str, kind: &str| {
            format!("<iq xmlns='jabber:client'{from} type='{kind}' id='{id}'/>")
        };
        for from in [
            "mallory@montague.example/m",
            "montague.example",
            "romeo@montague.example/other",
            FRIEND,
        ] {
            session.receive(&answer(&format!(" from='{from}'"), "result"));
            session.receive(&answer(&format!(" from='{from}'"), "error"));
        }
        session.nothing();
        session.receive(&format!(
            "<message xmlns='jabber:client' type='result' id='{id}'/>"
        ));
        session.nothing();
        session.receive(&answer(" from='Romeo@montague.example'", "result"));
        assert!(matches!(session.only_event(), Event::Answered(_, Ok(_))));
        session.receive(&answer("", "error"));
        session.nothing();
    }

    #[test]
    fn an_answer_after_its_deadline_finds_nothing() {
        let mut session = Session::new();
        let id = removal(&mut session);
        session.wait(DEADLINE);
        assert!(matches!(session.only_event(), Event::Answered(_, Err(_))));
        session.receive(&format!(
            "<iq xmlns='jabber:client' type='result' id='{id}'/>"
        ));
        session.nothing();
    }

    /// Shows a claim of Juliet's, asks for her devices, and answers the question for it.
    fn claim(ver: &str, answer: &str) -> Session {
        let mut session = Session::new();
        session.receive(&format!(
            "<presence xmlns='jabber:client' from='{FRIEND}'>\
             <c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='n' ver='{ver}'/></presence>"
        ));
        assert!(session.sent.is_empty(), "nobody looks, nobody asks");
        session.command(
            1,
            AccountCommand::Resources(address("juliet@capulet.example")),
        );
        session.command(
            1,
            AccountCommand::Resources(address("juliet@capulet.example")),
        );
        assert_eq!(session.sent.len(), 1, "one question for one claim");
        assert_eq!(session.sent[0].attr("to"), Some(FRIEND));
        session.answer("query", ns::DISCO_INFO, answer);
        session
    }

    const EXODUS: &str = "<query xmlns='http://jabber.org/protocol/disco#info' node='n'>\
        <identity category='client' name='Exodus 0.9.1' type='pc'/>\
        <feature var='http://jabber.org/protocol/caps'/><feature var='http://jabber.org/protocol/disco#info'/>\
        <feature var='http://jabber.org/protocol/disco#items'/><feature var='http://jabber.org/protocol/muc'/></query>";

    #[test]
    fn capabilities_are_kept_only_under_what_they_hash_to() {
        let session = claim("QgayPKawpkPSDYmwT/WM94uAlu0=", EXODUS);
        let [Save::Caps { ver, features }] = session.saves.as_slice() else {
            panic!("{:?}", session.saves)
        };
        assert_eq!(
            (ver.as_str(), features.len()),
            ("sha-1 QgayPKawpkPSDYmwT/WM94uAlu0=", 4)
        );
        let poisoned = claim(
            "QgayPKawpkPSDYmwT/WM94uAlu0=",
            &EXODUS.replace("Exodus", "Mallory"),
        );
        assert_eq!(poisoned.saves, []);
        let other = claim("q07IKJEyjvHSyhy//CH0CxmKi8w=", EXODUS);
        assert_eq!(other.saves, []);
    }

    /// Frames of every kind that has a way through the features.
    const FRAMES: &[&str] = &[
        "<message xmlns='jabber:client' from='juliet@capulet.example/b' type='chat' id='1'><body>x</body>\
         <delay xmlns='urn:xmpp:delay' stamp='2025-12-31T23:00:00Z' from='montague.example'/>\
         <stanza-id xmlns='urn:xmpp:sid:0' by='romeo@montague.example' id='a'/></message>",
        "<message xmlns='jabber:client'><result xmlns='urn:xmpp:mam:2' queryid='q' id='a'><forwarded xmlns='urn:xmpp:forward:0'>\
         <delay xmlns='urn:xmpp:delay' stamp='2025-12-31T23:00:00Z'/><message xmlns='jabber:client' from='juliet@capulet.example'>\
         <body>x</body></message></forwarded></result></message>",
        "<message xmlns='jabber:client' type='error' id='m1'><error type='cancel'>\
         <gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>",
        "<presence xmlns='jabber:client' from='juliet@capulet.example/b'><show>dnd</show><priority>-1</priority>\
         <c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='n' ver='QgayPKawpkPSDYmwT/WM94uAlu0='/>\
         <idle xmlns='urn:xmpp:idle:1' since='2025-12-31T23:00:00Z'/></presence>",
        "<presence xmlns='jabber:client' type='subscribe' from='paris@capulet.example'><status>x</status></presence>",
        "<iq xmlns='jabber:client' type='set' id='1'><query xmlns='jabber:iq:roster' ver='2'>\
         <item jid='paris@capulet.example' subscription='both' name='P'><group>g</group></item></query></iq>",
        "<iq xmlns='jabber:client' type='get' id='1' from='juliet@capulet.example/b'>\
         <query xmlns='http://jabber.org/protocol/disco#info'/></iq>",
    ];

    proptest! {
        #[test]
        fn no_mutation_of_a_frame_harms(
            frame in prop::sample::select(FRAMES),
            cuts in proptest::collection::vec((any::<prop::sample::Index>(), 0_usize..20, ".{0,3}"), 0..4),
            piece in prop::sample::select(FRAMES),
        ) {
            let mut text: Vec<char> = frame.chars().collect();
            for (at, len, instead) in cuts {
                let at = at.index(text.len().max(1)).min(text.len());
                let end = (at + len).min(text.len());
                let instead = if len == 19 { piece.to_owned() } else { instead };
                text.splice(at..end, instead.chars());
            }
            let text: String = text.into_iter().collect();
            if gate::check(&text).is_ok() {
                let mut session = Session::new();
                session.receive(&text);
                for sent in &session.sent {
                    prop_assert!(gate::check(&String::from(sent)).is_ok());
                }
            }
        }
    }
}
