//! The whole routing on one screen: which stanza goes to which feature, which answer to who asked.

use minidom::Element;

use super::cx::Cx;
use super::feature::Features;
use super::iq::{Outcome, Reply};
use super::stream::Stream;

/// Routes a stanza that came.
pub(super) fn on_stanza(_cx: &mut Cx, _features: &mut Features, stanza: Element) {
    tracing::debug!(name = stanza.name(), "stanza not understood");
}

/// Routes the end of a request of ours.
pub(super) fn on_reply(
    _cx: &mut Cx,
    _features: &mut Features,
    _stream: &mut Stream,
    reply: Reply,
    _outcome: Outcome,
) {
    match reply {}
}
