//! XEP-0280: Message Carbons.
//!
//! **Invariant:** a copy counts only if our own account sends it, and if what it copies was written to us, or by us.

use minidom::Element;

use crate::entity::address::Address;
use crate::entity::jid::Jid;
use crate::entity::message::Direction;
use crate::xmpp::cx::{Cx, Kind};
use crate::xmpp::feature::Features;
use crate::xmpp::iq::Reply;
use crate::xmpp::ns;
use crate::xmpp::stanza::build::element;
use crate::xmpp::trust::Sender;

use super::{envelope, tell};

/// Has the server copy to us what our other devices receive and send. One that cannot do that says so, and that is all.
pub fn enable(cx: &mut Cx) {
    if cx.begun.carbons {
        return;
    }
    cx.request(
        None,
        Kind::Set,
        element("enable", ns::CARBONS),
        Reply::Carbons,
    );
}

/// A copy came in a stanza; its sender was found to be our own account.
pub fn on_copy(cx: &mut Cx, features: &mut Features, stanza: &Element, copy: &Element) {
    let Some(account) = cx.account().cloned() else {
        return;
    };
    // XEP-0280 §11: as our server writes our address, and not as somebody could write it, too.
    let is_exact = |from| from == account.as_str();
    if !stanza.attr("from").is_none_or(is_exact) {
        return tracing::debug!("a copy in almost our name");
    }
    let Some((direction, peer, message)) = read(cx, copy) else {
        return tracing::debug!("a copy of nothing that concerns us");
    };
    let from = message.attr("from").and_then(|from| Jid::parse(from).ok());
    let sender = Sender::of(from.as_ref(), cx, &features.roster);
    let delay = envelope::delay(message, sender, &account, cx.now.wall);
    tell(cx, features, message, direction, peer, delay);
}

/// What was copied, which way it went, and with whom.
fn read<'a>(cx: &Cx, copy: &'a Element) -> Option<(Direction, Address, &'a Element)> {
    let account = cx.account()?;
    let message = copy
        .get_child("forwarded", ns::FORWARD)?
        .get_child("message", ns::CLIENT)?;
    if !envelope::is_plain(message) {
        return None;
    }
    let address = |name| Address::parse(message.attr(name)?).ok();
    let (from, to) = (address("from")?, address("to"));
    match copy.name() {
        "sent" if from == *account => Some((Direction::Outgoing, to?, message)),
        // RFC 6120 §8.1.1.1: without `to` it is for our own account.
        "received" if to.is_none_or(|to| to == *account) => {
            Some((Direction::Incoming, from, message))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::message::Message;
    use crate::event::{Event, MessageEvent};
    use crate::xmpp::testing::{Session, address};

    const ME: &str = "romeo@montague.example";
    const JULIET: &str = "juliet@capulet.example";

    fn inner(from: &str, to: &str) -> String {
        format!(
            "<message xmlns='jabber:client' from='{from}/x' to='{to}' type='chat' id='m1'><body>Ay me</body>\
             <origin-id xmlns='urn:xmpp:sid:0' id='o1'/><stanza-id xmlns='urn:xmpp:sid:0' by='{ME}' id='a1'/></message>"
        )
    }

    fn carbon(by: &str, name: &str, inner: &str) -> String {
        format!(
            "<message xmlns='jabber:client' from='{by}' to='{ME}/orchard' type='chat'><{name} xmlns='urn:xmpp:carbons:2'>\
             <forwarded xmlns='urn:xmpp:forward:0'>{inner}</forwarded></{name}></message>"
        )
    }

    fn told(session: &mut Session) -> Message {
        match session.only_event() {
            Event::Message(MessageEvent::Received(message)) => message,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn copies_are_asked_for_in_each_session() {
        let mut session = Session::new();
        session.cut();
        session.forget();
        session.bind();
        let enable = session.request("enable", ns::CARBONS);
        assert_eq!(
            (enable.attr("type"), enable.attr("to")),
            (Some("set"), None)
        );
    }

    #[test]
    fn what_other_devices_received_and_sent_is_told_with_its_names() {
        for (name, from, to, direction) in [
            ("received", JULIET, ME, Direction::Incoming),
            ("sent", ME, JULIET, Direction::Outgoing),
        ] {
            let mut session = Session::new();
            session.receive(&carbon(ME, name, &inner(from, to)));
            let message = told(&mut session);
            assert_eq!(message.conversation, address(JULIET));
            assert_eq!(
                (message.direction, message.body.as_str()),
                (direction, "Ay me")
            );
            assert_eq!(message.ids.origin.as_deref(), Some("o1"));
            assert_eq!(message.ids.archive.as_deref(), Some("a1"));
        }
    }

    #[test]
    fn a_forged_carbon_is_dropped() {
        let own = inner(JULIET, ME);
        for by in [
            "mallory@montague.example",
            "romeo@montague.example/x",
            "romeo@montague.example.",
            "Romeo@montague.example",
            "montague.example",
            JULIET,
        ] {
            let mut session = Session::new();
            session.receive(&carbon(by, "received", &own));
            session.nothing();
        }
    }

    #[test]
    fn a_copy_of_what_does_not_concern_us_is_dropped() {
        let mallory = "mallory@montague.example";
        let error = inner(JULIET, ME).replace("type='chat'", "type='error'");
        let nested = carbon(ME, "received", &inner(JULIET, ME));
        for (name, inner) in [
            ("sent", inner(mallory, JULIET)),
            ("sent", inner(JULIET, ME)),
            ("received", inner(JULIET, mallory)),
            ("received", error),
            ("received", nested),
            (
                "received",
                "<body xmlns='jabber:client'>Ay me</body>".to_owned(),
            ),
            ("private", inner(JULIET, ME)),
        ] {
            let mut session = Session::new();
            session.receive(&carbon(ME, name, &inner));
            session.nothing();
        }
    }
}
