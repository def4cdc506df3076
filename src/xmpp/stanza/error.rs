//! RFC 6120 §8.3: stanza errors, read leniently.

use minidom::Element;

use crate::entity::problem::Problem;
use crate::xmpp::iq::Outcome;
use crate::xmpp::ns;

use super::build::{Build, element};
use super::text::direct_text;

/// The defined conditions of RFC 6120 §8.3.3.
const CONDITIONS: [&str; 22] = [
    "bad-request",
    "conflict",
    "feature-not-implemented",
    "forbidden",
    "gone",
    "internal-server-error",
    "item-not-found",
    "jid-malformed",
    "not-acceptable",
    "not-allowed",
    "not-authorized",
    "policy-violation",
    "recipient-unavailable",
    "redirect",
    "registration-required",
    "remote-server-not-found",
    "remote-server-timeout",
    "resource-constraint",
    "service-unavailable",
    "subscription-required",
    "undefined-condition",
    "unexpected-request",
];

/// Why we refuse a request of somebody else.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// The request breaks the rules of its protocol.
    BadRequest,
    /// What is asked about does not exist.
    ItemNotFound,
    /// Nothing is offered here, or not to them.
    ServiceUnavailable,
}

impl Refusal {
    /// The error as it is sent.
    #[must_use]
    pub fn element(self) -> Element {
        let (kind, condition) = match self {
            Self::BadRequest => ("modify", "bad-request"),
            Self::ItemNotFound => ("cancel", "item-not-found"),
            Self::ServiceUnavailable => ("cancel", "service-unavailable"),
        };
        element("error", ns::CLIENT)
            .with("type", kind)
            .with_child(element(condition, ns::STANZA_ERRORS))
    }
}

/// The defined condition (never another's invention) and the words of a stanza of type `error`.
#[must_use]
pub fn read(stanza: &Element) -> (String, Option<String>) {
    let Some(error) = stanza.get_child("error", ns::CLIENT) else {
        return ("undefined-condition".to_owned(), None);
    };
    let known = error
        .children()
        .filter(|child| child.has_ns(ns::STANZA_ERRORS))
        .find_map(|child| {
            CONDITIONS
                .iter()
                .find(|condition| **condition == child.name())
        });
    let text = error.get_child("text", ns::STANZA_ERRORS).map(direct_text);
    (
        (*known.unwrap_or(&"undefined-condition")).to_owned(),
        text.filter(|text| !text.trim().is_empty()),
    )
}

/// Whether a stanza of type `error` asks for a pause (RFC 6120 §8.3.2): the same may be accepted later.
#[must_use]
pub fn is_rate_limit(stanza: &Element) -> bool {
    let error = stanza.get_child("error", ns::CLIENT);
    error.is_some_and(|error| error.attr("type") == Some("wait"))
        && matches!(&*read(stanza).0, "resource-constraint" | "policy-violation")
}

/// The outcome of a request that a stanza of type `error` ends.
#[must_use]
pub fn outcome(stanza: &Element) -> Outcome {
    let (condition, text) = read(stanza);
    let element = stanza.get_child("error", ns::CLIENT).cloned();
    Outcome::Error {
        condition,
        text,
        element: element.unwrap_or_else(|| Element::bare("error", ns::CLIENT)),
    }
}

/// What to tell the user of an error.
#[must_use]
pub fn problem(condition: String, text: Option<String>) -> Problem {
    match condition.as_str() {
        "remote-server-not-found" | "remote-server-timeout" => Problem::RemoteServerUnreachable,
        "item-not-found" => Problem::NoSuchContact,
        "feature-not-implemented" => Problem::Unsupported,
        _ => Problem::Refused { condition, text },
    }
}

/// What to tell the user of a request's end; a result is no problem.
pub fn result(outcome: Outcome) -> Result<Option<Element>, Problem> {
    match outcome {
        Outcome::Result(payload) => Ok(payload),
        Outcome::Error {
            condition, text, ..
        } => Err(problem(condition, text)),
        Outcome::Timeout => Err(Problem::Timeout),
        Outcome::CutOff => Err(Problem::ConnectionLost),
    }
}
