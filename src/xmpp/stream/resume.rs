//! XEP-0198: what the stream makes of the nonzas of stream management, and of a session that waits.

use minidom::Element;

use crate::entity::account::Step;
use crate::event::{Event, Next, SessionEvent};
use crate::xmpp::cx::Cx;

use super::error::{is_safe, stream_error};
use super::{Progress, State, Stream, StreamFeatures, Taken};

impl Stream {
    /// Logged in: goes on with the session that waits, or begins one.
    pub(super) fn start(&mut self, cx: &mut Cx, features: StreamFeatures) -> Taken {
        let can_resume = features.stream_management;
        cx.set_stream_features(features);
        cx.emit(Event::Session(SessionEvent::Progress(Step::Starting)));
        if !cx.management.is_suspended() {
            return self.bind(cx);
        }
        let Some(resume) = cx.management.resume().filter(|_| can_resume) else {
            self.enter(cx, State::Binding);
            return Taken::NotResumed(None);
        };
        self.enter(cx, State::Resuming);
        cx.send(&resume);
        Taken::Nothing
    }

    /// The session that waited is lost, and cleared away: goes on with one of its own.
    pub(in crate::xmpp) fn begin_anew(&mut self, cx: &mut Cx) -> Taken {
        match &mut self.state {
            // What to do is known when the features of the new stream are here.
            State::Opened(Progress::Authenticated) => Taken::Nothing,
            State::Settling(bound) => {
                let bound = bound.take();
                self.take_bound(cx, bound)
            }
            _ => self.bind(cx),
        }
    }

    /// XEP-0198 §5: the session goes on where it was.
    pub(super) fn on_resumed(&mut self, cx: &mut Cx, resumed: &Element) -> Taken {
        let Some((upto, again)) = cx.management.on_resumed(resumed) else {
            // It resumes something else: what is on this stream cannot be known.
            return self.end(cx, stream_error("undefined-condition"), Next::Retry);
        };
        // XEP-0352 §5.1.
        cx.begun.inactive = false;
        for frame in again {
            cx.send_text(frame);
        }
        if let Some(jid) = cx.bound().map(ToString::to_string) {
            cx.emit(Event::Session(SessionEvent::Resumed(jid)));
        }
        self.enter_bound(cx);
        self.unproven = true;
        Taken::Resumed(upto)
    }

    /// XEP-0198 §5: where the session is best taken up again. Most servers name a host and a port for TCP, which say nothing
    /// to us; a WebSocket's address is followed as `see-other-host` would be.
    pub(super) fn on_location(&self, cx: &mut Cx, enabled: &Element) {
        let location = enabled.attr("location").map(str::trim);
        let safe = location.filter(|location| is_safe(&self.settings.domain, location));
        if let (Some(safe), true) = (safe, cx.management.is_resumable()) {
            cx.emit(Event::Session(SessionEvent::Located(safe.to_owned())));
        }
    }

    /// XEP-0198: what was not asked for means nothing.
    pub(super) fn on_management(&mut self, cx: &mut Cx, name: &str, nonza: &Element) -> Taken {
        match (name, &self.state) {
            ("r", State::Bound | State::Settling(_) | State::Closing) if cx.management.is_on() => {
                let acknowledgement = cx.management.acknowledgement();
                cx.send(&acknowledgement);
            }
            ("a", State::Bound) if cx.management.is_on() => {
                self.keepalive.on_spoken();
                let asked = cx.management.asked_since();
                if let Some(asked) = asked {
                    self.keepalive.on_round_trip(cx.now.since(asked));
                }
                let (upto, is_old) = cx.management.on_acknowledged(nonza);
                // Our question on this socket is answered, and the server has what we said before it.
                self.unproven &= upto.is_none() && (asked.is_none() || cx.management.is_in_doubt());
                return match (upto, is_old) {
                    (None, false) => Taken::Nothing,
                    (upto, _) => Taken::Acknowledged(upto),
                };
            }
            ("enabled", State::Bound) if cx.management.on_enabled(nonza) => {
                self.on_location(cx, nonza);
                return Taken::Managed;
            }
            ("failed", State::Bound) if cx.management.on_refused() => return Taken::Managed,
            ("resumed", State::Resuming) => return self.on_resumed(cx, nonza),
            ("failed", State::Resuming) => {
                return Taken::NotResumed(cx.management.on_not_resumed(nonza));
            }
            _ => tracing::debug!(name, "nonza that nobody asked for"),
        }
        Taken::Nothing
    }
}
