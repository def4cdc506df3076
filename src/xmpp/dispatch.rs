//! The whole routing on one screen: which stanza goes to which feature, which answer to who asked.

use jid::Jid;
use minidom::{Element, Node};
use xmpp_parsers::stanza_error::{DefinedCondition, ErrorType};

use crate::entity::address::Address;

use super::cx::Cx;
use super::feature::roster::{Pushed, Roster};
use super::feature::{Features, about, disco};
use super::iq::{Outcome, Reply};
use super::message;
use super::ns;
use super::stanza::error;
use super::stream::{Stream, Taken};
use super::trust::{Payload, Sender, allows};

/// Routes a stanza that came.
pub(super) fn on_stanza(cx: &mut Cx, features: &mut Features, stanza: Element) {
    // A sender that is no address cannot be answered, and must not pass for nobody, which means ourselves.
    let from = match stanza.attr("from").map(Jid::new).transpose() {
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
    let who = Address::from(&from.to_bare());
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
                _ => Err(DefinedCondition::BadRequest),
            };
            match answer {
                Ok(payload) => cx.reply(from, id, payload),
                Err(condition) => {
                    let kind = match condition {
                        DefinedCondition::BadRequest => ErrorType::Modify,
                        _ => ErrorType::Cancel,
                    };
                    cx.refuse(from, id, kind, condition);
                }
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
) -> Result<Option<Element>, DefinedCondition> {
    let sender = Sender::of(from, cx, &features.roster);
    let may = |asked| allows(asked, sender);
    let ns = payload.ns();
    match (kind, payload.name(), ns.as_str()) {
        ("set", "query", ns::ROSTER) if may(Payload::RosterPush) => {
            on_roster_push(cx, features, payload).map(|()| None)
        }
        ("get", "query", ns::DISCO_INFO) if may(Payload::Disco) => disco::answer(payload)
            .map(Some)
            .ok_or(DefinedCondition::ItemNotFound),
        ("get", "query", ns::DISCO_ITEMS) if may(Payload::Disco) => {
            Ok(Some(Element::bare("query", ns::DISCO_ITEMS)))
        }
        ("get", "query", ns::VERSION) if may(Payload::Version) => Ok(Some(about::version())),
        ("get", "time", ns::TIME) if may(Payload::Time) => Ok(Some(about::time(cx.now))),
        ("get", "query", ns::LAST) if may(Payload::LastActivity) => {
            Ok(Some(about::last(cx.now, features.presences.idle_since())))
        }
        ("get", "ping", ns::PING) if may(Payload::Ping) => Ok(None),
        _ => Err(DefinedCondition::ServiceUnavailable),
    }
}

fn on_roster_push(
    cx: &mut Cx,
    features: &mut Features,
    query: &Element,
) -> Result<(), DefinedCondition> {
    let pushed = features
        .roster
        .on_push(cx, query)
        .map_err(|_| DefinedCondition::BadRequest)?;
    let (Pushed::Updated(bare) | Pushed::Removed(bare)) = &pushed;
    let (who, now) = (Address::from(bare), features.roster.subscription(bare));
    if now.sees_us() || matches!(pushed, Pushed::Removed(_)) {
        features.subscriptions.settle(cx, &who);
    }
    if !now.seen_by_us() {
        features.presences.forget(cx, &who);
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
        Reply::Roster => features.on_roster(cx, outcome),
        Reply::RosterSet(request, edit) => Roster::on_set(cx, request, edit, outcome),
        Reply::Disco(whom) => features.disco.on_answer(cx, whom, outcome),
        Reply::Caps(ver) => features.caps.on_answer(cx, &ver, outcome),
        Reply::Archive(query) => features.on_archive_end(cx, &query, outcome),
        // An error is as good a sign of life as a result.
        Reply::Handled(upto) => match outcome {
            Outcome::Result(_) | Outcome::Error { .. } => features.outbox.on_answered(cx, upto),
            Outcome::Timeout | Outcome::CutOff => {}
        },
    }
    Taken::Nothing
}
