//! What the end of a page means to whoever asked for it.

use crate::entity::address::Address;
use crate::entity::conversation::History;
use crate::entity::problem::Problem;
use crate::event::{ArchiveEvent, Stretch, Unavailable};
use crate::xmpp::iq::Outcome;
use crate::xmpp::ns;
use crate::xmpp::stanza::error;

use super::{Caught, Looked, Place, Query, Rest, Wanted};

/// A page of a conversation's history.
pub(super) fn history_of(
    query: Query,
    conversation: Address,
    outcome: Outcome,
    is_promised: bool,
) -> Option<ArchiveEvent> {
    let page = |messages, history| ArchiveEvent::Page {
        conversation: conversation.clone(),
        messages,
        history,
    };
    Some(match outcome {
        Outcome::Result(Some(fin)) if fin.is("fin", ns::MAM) => {
            let stretch = query.items.into_stretch(&fin);
            let history = history(&query.wanted, &stretch);
            page(stretch.messages, history)
        }
        // Not the end of a page: nobody knows what came.
        Outcome::Result(_) => ArchiveEvent::Failed {
            conversation,
            problem: Problem::Unsupported,
        },
        Outcome::Error { condition, .. } if is_unsupported(&condition) && !is_promised => {
            page(Vec::new(), History::Unsupported)
        }
        // XEP-0313 §4.3.1: the server has forgotten where we were, so we begin at the newest page again; what is
        // known already is known again by its ids.
        Outcome::Error { condition, .. }
            if condition == "item-not-found" && query.wanted.place != Place::Newest =>
        {
            page(Vec::new(), History::Unknown)
        }
        outcome => ArchiveEvent::Failed {
            conversation,
            problem: error::result(outcome).err()?,
        },
    })
}

/// A page of catch-up.
pub(super) fn caught(query: Query, outcome: Outcome) -> Caught {
    match outcome {
        Outcome::Result(Some(fin)) if fin.is("fin", ns::MAM) => {
            Caught::Page(query.items.into_stretch(&fin))
        }
        Outcome::Result(_) => Caught::Nothing,
        Outcome::Error {
            condition, element, ..
        } => match condition.as_str() {
            "item-not-found" => Caught::Forgotten,
            condition if is_unsupported(condition) || is_closed(condition) => Caught::Nothing,
            "internal-server-error" => Caught::NotNow,
            // RFC 6120 §8.3.2.
            _ if element.attr("type") == Some("wait") => Caught::NotNow,
            // Whatever else it has against the place.
            _ => Caught::Forgotten,
        },
        Outcome::Timeout | Outcome::CutOff => Caught::NotNow,
    }
}

/// A stretch of one conversation.
pub(super) fn stretch_of(
    query: Query,
    outcome: Outcome,
    is_promised: bool,
) -> Result<Stretch, Unavailable> {
    let problem = match &outcome {
        Outcome::Result(_) => None,
        failed => error::result(failed.clone()).err(),
    };
    if let (true, Outcome::Error { condition, .. }, Some(problem)) =
        (is_promised, &outcome, &problem)
        && is_unsupported(condition)
    {
        return Err(Unavailable::Now(problem.clone()));
    }
    match caught(query, outcome) {
        Caught::Page(stretch) => Ok(stretch),
        Caught::Forgotten => Err(Unavailable::Forgotten),
        Caught::Nothing => Err(Unavailable::Never),
        Caught::NotNow => Err(Unavailable::Now(problem.unwrap_or(Problem::ConnectionLost))),
    }
}

/// What a look found, and what is left to look through.
pub(super) fn looked(query: Query, conversation: Address, outcome: Outcome) -> Looked {
    let Query { wanted, items, .. } = query;
    let looked = |found, rest| Looked {
        conversation,
        found,
        rest,
    };
    match outcome {
        Outcome::Result(Some(fin)) if fin.is("fin", ns::MAM) => {
            let stretch = items.into_stretch(&fin);
            let rest = match history(&wanted, &stretch) {
                History::Before(first) => Rest::Page(Wanted {
                    place: Place::Before(first),
                    ..wanted
                }),
                _ => Rest::Nothing,
            };
            looked(stretch.messages, rest)
        }
        // There is no archive to look into, or none for us.
        Outcome::Result(_) => looked(Vec::new(), Rest::Nothing),
        Outcome::Error { condition, .. } if is_unsupported(&condition) || is_closed(&condition) => {
            looked(Vec::new(), Rest::Nothing)
        }
        Outcome::Error { condition, .. } if condition == "item-not-found" => {
            let wanted = Wanted {
                place: Place::Newest,
                ..wanted
            };
            looked(Vec::new(), Rest::Unanswered(wanted))
        }
        _ => looked(items.into_messages(), Rest::Unanswered(wanted)),
    }
}

fn is_unsupported(condition: &str) -> bool {
    matches!(condition, "service-unavailable" | "feature-not-implemented")
}

fn is_closed(condition: &str) -> bool {
    matches!(condition, "forbidden" | "not-allowed")
}

/// What lies before a page.
fn history(wanted: &Wanted, page: &Stretch) -> History {
    match &page.first {
        _ if page.is_complete => History::Complete,
        // The same place again would never end.
        Some(first) if wanted.place != Place::Before(first.id.clone()) => {
            History::Before(first.id.clone())
        }
        _ => History::Complete,
    }
}
