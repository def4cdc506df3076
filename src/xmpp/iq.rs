//! RFC 6120 §8.2.3: questions and answers, matched by (peer, id), each with a deadline.
//!
//! **Invariant:** an answer matches (peer, id) and is an IQ; no `from` means our own account. Every request
//! ends: by an answer, an error, its deadline, or the end of the session. A second answer finds nothing.

use std::collections::HashMap;
use std::time::Duration;

use minidom::Element;

use crate::entity::id::RequestId;
use crate::entity::jid::Jid;
use crate::entity::order;
use crate::entity::time::Instant;

use super::feature::disco::Whom;
use super::feature::displayed::Asked;
use super::feature::roster::Edit;
use super::stream::Question;

/// How long an answer may take.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// Who asked, and what for: how to go on with the answer. One variant for each kind of request that we make;
/// `dispatch::on_reply` has one arm for each.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Reply {
    /// A question of the stream's own.
    Stream(Question),
    /// For the roster.
    Roster,
    /// For a change of the roster.
    RosterSet(RequestId, Edit),
    /// For what our server or account can do.
    Disco(Whom),
    /// For what a verification string (XEP-0115) stands for.
    Caps(String),
    /// For copies of what our other devices receive and send.
    Carbons,
    /// For a page of the archive, by the id of the query.
    Archive(String),
    /// For what is flagged as displayed, or for flagging it.
    Displayed(Asked),
    /// For a sign that the server has handled all stanzas up to that one.
    Handled(u64),
}

impl Reply {
    /// Whether somebody at a page waits for it: however long the session waits for a socket, they do not.
    #[must_use]
    pub fn is_awaited(&self) -> bool {
        matches!(self, Self::RosterSet(request, _) if *request != RequestId::default())
    }
}

/// How a request ended.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// A result, with its payload if it has one.
    Result(Option<Element>),
    /// An error: its defined condition, the text, and the whole `<error/>` for those who need more.
    Error {
        /// RFC 6120 §8.3.3.
        condition: String,
        /// The words of who refused.
        text: Option<String>,
        /// The `<error/>` itself.
        element: Element,
    },
    /// No answer in time.
    Timeout,
    /// The session ended first.
    CutOff,
}

#[derive(Debug)]
struct Open {
    peer: Option<Jid>,
    deadline: Instant,
    reply: Reply,
}

/// The open requests.
#[derive(Default, Debug)]
pub struct Table {
    open: HashMap<String, Open>,
}

impl Table {
    /// Remembers a request; ids are never used twice.
    pub fn insert(&mut self, now: Instant, peer: Option<Jid>, id: String, reply: Reply) {
        self.open.insert(
            id,
            Open {
                peer,
                deadline: now + DEADLINE,
                reply,
            },
        );
    }

    /// Takes the request that an answer with this id, from a peer for whom `is_peer` holds, belongs to.
    pub fn take(&mut self, id: &str, is_peer: impl FnOnce(Option<&Jid>) -> bool) -> Option<Reply> {
        if !is_peer(self.open.get(id)?.peer.as_ref()) {
            return None;
        }
        self.open.remove(id).map(|open| open.reply)
    }

    /// Takes every request whose deadline has passed, or only those of pages.
    pub fn expire(&mut self, now: Instant, all: bool) -> Vec<Reply> {
        let mut late: Vec<_> = self
            .open
            .extract_if(|_, open| {
                open.deadline.monotonic <= now.monotonic && (all || open.reply.is_awaited())
            })
            .collect();
        order::sort_by(&mut late, |a, b| a.1.deadline.cmp(&b.1.deadline));
        late.into_iter().map(|(_, open)| open.reply).collect()
    }

    /// Gives every request its whole time again.
    pub fn renew(&mut self, now: Instant) {
        for open in self.open.values_mut() {
            open.deadline = now + DEADLINE;
        }
    }

    /// Gives a request its whole time again: part of the answer came.
    pub fn renew_one(&mut self, now: Instant, reply: &Reply) {
        for open in self.open.values_mut() {
            if open.reply == *reply {
                open.deadline = now + DEADLINE;
            }
        }
    }

    /// Takes every request.
    pub fn abandon(&mut self) -> Vec<Reply> {
        self.open.drain().map(|(_, open)| open.reply).collect()
    }

    /// The next deadline, of all or only of those of pages.
    #[must_use]
    pub fn next_deadline(&self, all: bool) -> Option<Instant> {
        let open = self.open.values();
        let open = open.filter(|open| all || open.reply.is_awaited());
        open.map(|open| open.deadline).min()
    }
}
