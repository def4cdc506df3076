//! RFC 6120 §7: resource binding; RFC 3921 §3: the session that old servers want after it.

use minidom::Element;

use crate::entity::address::Address;
use crate::entity::jid::FullJid;
use crate::entity::problem::Problem;
use crate::event::{Event, Next, SessionEvent};
use crate::xmpp::cx::{Cx, Kind};
use crate::xmpp::engine::Purpose;
use crate::xmpp::iq::{Outcome, Reply};
use crate::xmpp::ns;
use crate::xmpp::stanza::build::{Build, element, text_element};
use crate::xmpp::stanza::text::direct_text;

use super::error::stream_error;
use super::{Question, State, Stream, Taken};

/// Who chose the resource that was asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Resource {
    /// We: our name, for people who see it in a list, and something random, so that it is nobody else's.
    Ours,
    /// The server.
    Theirs,
}

impl Stream {
    /// Asks for a resource.
    pub(super) fn bind(&mut self, cx: &mut Cx) -> Taken {
        if !cx.stream_features().bind {
            // RFC 6120 §7.4: without it there is nothing to be done on a stream.
            return self.end(cx, stream_error("unsupported-feature"), Next::Stop);
        }
        self.enter(cx, State::Binding);
        self.ask_for_resource(cx, Resource::Ours);
        Taken::Nothing
    }

    fn ask_for_resource(&mut self, cx: &mut Cx, choice: Resource) {
        let mut bind = element("bind", ns::BIND);
        if choice == Resource::Ours {
            let random: String = cx.fresh_id().chars().take(8).collect();
            bind = bind.with_child(text_element(
                "resource",
                ns::BIND,
                &format!("Waxwing.{random}"),
            ));
        }
        cx.request(None, Kind::Set, bind, Reply::Stream(Question::Bind(choice)));
    }

    pub(super) fn on_bind(&mut self, cx: &mut Cx, choice: Resource, outcome: Outcome) -> Taken {
        match outcome {
            Outcome::Result(payload) => match payload.as_ref().and_then(jid) {
                Some(jid) if self.may_be(&jid) => self.on_jid(cx, jid),
                _ => self.end(cx, stream_error("undefined-condition"), Next::Retry),
            },
            // RFC 6120 §7.7.2.2: the resource is taken, or not to be chosen.
            Outcome::Error { condition, .. }
                if choice == Resource::Ours && condition != "resource-constraint" =>
            {
                self.ask_for_resource(cx, Resource::Theirs);
                Taken::Nothing
            }
            outcome => self.on_refusal(cx, outcome),
        }
    }

    fn on_jid(&mut self, cx: &mut Cx, jid: FullJid) -> Taken {
        cx.emit(Event::Session(SessionEvent::Bound(jid.to_string())));
        cx.bind(jid);
        if cx.stream_features().session_required {
            let session = element("session", ns::SESSION);
            cx.request(None, Kind::Set, session, Reply::Stream(Question::Session));
            return Taken::Nothing;
        }
        self.begin(cx)
    }

    pub(super) fn on_session(&mut self, cx: &mut Cx, outcome: Outcome) -> Taken {
        match outcome {
            Outcome::Result(_) => self.begin(cx),
            outcome => self.on_refusal(cx, outcome),
        }
    }

    fn on_refusal(&mut self, cx: &mut Cx, outcome: Outcome) -> Taken {
        let (problem, next) = match outcome {
            Outcome::Error {
                condition, text, ..
            } => match condition.as_str() {
                // RFC 6120 §7.6.2.1: no more resources for this account.
                "resource-constraint" => (Problem::ServerFull, Next::Retry),
                "not-allowed" | "forbidden" => (Problem::Refused { condition, text }, Next::Stop),
                _ => (Problem::Refused { condition, text }, Next::Retry),
            },
            _ => (Problem::Timeout, Next::Retry),
        };
        self.end(cx, problem, next)
    }

    /// Whether a server may bind us to that address: everything we check later is checked against it.
    pub(super) fn may_be(&self, jid: &FullJid) -> bool {
        match &self.settings.purpose {
            Purpose::Session { address, .. } => jid.address() == address,
            Purpose::Anonymous | Purpose::Registration => Address::parse(&self.settings.domain)
                .is_ok_and(|domain| jid.address().domain() == domain.domain()),
        }
    }
}

fn jid(bind: &Element) -> Option<FullJid> {
    let jid = bind.get_child("jid", ns::BIND)?;
    FullJid::parse(direct_text(jid).trim()).ok()
}
