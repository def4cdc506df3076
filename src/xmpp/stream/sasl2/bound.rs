//! XEP-0386: the resource that is bound along with the log-in, and what begins with it.

use minidom::Element;

use crate::entity::jid::{FullJid, Jid};
use crate::event::{Event, SessionEvent};
use crate::xmpp::cx::{Begun, Cx};
use crate::xmpp::engine::Purpose;
use crate::xmpp::ns;
use crate::xmpp::stanza::text::direct_text;

use super::super::{State, Stream, StreamFeatures, Taken};
use super::Asked;

/// A resource that the server bound.
pub(in crate::xmpp::stream) struct Bound {
    jid: FullJid,
    begun: Begun,
    /// The answer to `<enable/>` of stream management.
    management: Option<Element>,
}

impl Stream {
    /// Whom the server let in: us; and the resource that it bound. `None` if that is somebody else, or nobody.
    pub(super) fn read_bound(
        &self,
        success: &Element,
        asked: Asked,
    ) -> Option<(Jid, Option<Bound>)> {
        // The XEPs' examples call it `authorization-identity`, too.
        let name = ["authorization-identifier", "authorization-identity"]
            .into_iter()
            .find_map(|name| success.get_child(name, ns::SASL2))?;
        let name = direct_text(name);
        let jid = Jid::parse(name.trim()).ok()?;
        let Purpose::Session { address, .. } = &self.settings.purpose else {
            return None;
        };
        if jid.address() != address {
            return None;
        }
        let Some(bound) = success.get_child("bound", ns::BIND2) else {
            return Some((jid, None));
        };
        let full = FullJid::parse(name.trim()).ok()?;
        let management = bound.children().find(|child| child.has_ns(ns::SM));
        let bound = Bound {
            jid: full,
            begun: asked.begun,
            management: management.filter(|_| asked.management).cloned(),
        };
        Some((jid, Some(bound)))
    }

    /// The resource is ours. The session begins when it is known what the server can do in it: that follows at once
    /// (XEP-0388 §2.6.1).
    pub(in crate::xmpp::stream) fn take_bound(
        &mut self,
        cx: &mut Cx,
        bound: Option<Box<Bound>>,
    ) -> Taken {
        let Some(bound) = bound else {
            return Taken::Nothing;
        };
        cx.emit(Event::Session(SessionEvent::Bound(bound.jid.to_string())));
        cx.bind(bound.jid);
        cx.begun = bound.begun;
        if let Some(answer) = bound.management {
            // What was asked for in `<bind/>` counts from its answer on, both ways.
            let _sent_along = cx.management.enable(cx.now);
            if answer.name() != "enabled" || !cx.management.on_enabled(&answer) {
                cx.management.forget();
            }
            self.on_location(cx, &answer);
        }
        Taken::Nothing
    }

    /// The features of the stream that is logged in, where the session is bound or goes on already.
    pub(in crate::xmpp::stream) fn on_features_after(
        &mut self,
        cx: &mut Cx,
        features: StreamFeatures,
    ) -> Taken {
        cx.set_stream_features(features);
        self.features_due = false;
        match self.state {
            State::Settling(_) => self.begin(cx),
            _ => Taken::Nothing,
        }
    }
}
