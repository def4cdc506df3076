//! XEP-0352: the server learns when nobody looks, and keeps what can wait until somebody does.
//!
//! **Invariant:** what somebody looks at is never held back: a session begins active, a resumed one too, on both sides, unless it was
//! bound along with the log-in (XEP-0386 §3.2).

use crate::xmpp::cx::Cx;
use crate::xmpp::ns;
use crate::xmpp::stanza::build::element;

/// Whether somebody looks, and whether the server thinks so.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ClientState {
    active: bool,
    told: bool,
}

impl Default for ClientState {
    fn default() -> Self {
        Self {
            active: true,
            told: true,
        }
    }
}

impl ClientState {
    /// Somebody looks, or nobody does any more.
    pub fn set(&mut self, cx: &mut Cx, active: bool) {
        self.active = active;
        cx.is_inactive = !active;
        self.tell(cx);
    }

    /// A session begins or goes on on another socket.
    pub fn on_session(&mut self, cx: &mut Cx) {
        self.told = !cx.begun.inactive;
        self.tell(cx);
    }

    fn tell(&mut self, cx: &mut Cx) {
        if self.told != self.active && cx.is_understood() && cx.stream_features().client_state {
            self.told = self.active;
            let name = if self.active { "active" } else { "inactive" };
            cx.send(&element(name, ns::CSI));
        }
    }
}
