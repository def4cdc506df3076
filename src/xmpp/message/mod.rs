//! The pipeline of messages, in order: envelope → content → ids; and the way out.
//!
//! **Invariant:** parsed payload by payload: an unknown or broken child never hides the text.

pub mod carbons;
pub mod content;
pub mod envelope;
pub mod ids;
pub mod order;
pub mod outgoing;

use minidom::Element;

use crate::entity::address::Address;
use crate::entity::id::ItemId;
use crate::entity::jid::Jid;
use crate::entity::message::{Delivery, Direction, Message, Position};
use crate::event::{Event, MessageEvent};

use super::cx::Cx;
use super::feature::Features;
use super::trust::Sender;
use envelope::Envelope;

/// A message came.
pub(super) fn on_message(
    cx: &mut Cx,
    features: &mut Features,
    from: Option<&Jid>,
    stanza: &Element,
) {
    let sender = Sender::of(from, cx, &features.roster);
    match envelope::open(stanza, sender) {
        Envelope::ArchiveItem(result) => features.archive.on_item(cx, result),
        Envelope::Carbon(copy) => carbons::on_copy(cx, features, stanza, copy),
        Envelope::Error => features.outbox.on_error(cx, from, stanza),
        Envelope::Plain => {
            features.displayed.on_message(cx, sender, stanza);
            on_plain(cx, features, from, sender, stanza);
        }
        Envelope::Dropped(why) => tracing::debug!(why, "message dropped"),
    }
}

fn on_plain(
    cx: &mut Cx,
    features: &mut Features,
    from: Option<&Jid>,
    sender: Sender,
    stanza: &Element,
) {
    let Some(account) = cx.account().cloned() else {
        return;
    };
    let delay = envelope::delay(stanza, sender, &account, cx.now.wall);
    let peer = from.map_or(&account, Jid::address).clone();
    tell(cx, features, stanza, Direction::Incoming, peer, delay);
}

/// Tells of a message that was written to us, or by another device of ours.
fn tell(
    cx: &mut Cx,
    features: &mut Features,
    stanza: &Element,
    direction: Direction,
    conversation: Address,
    delay: envelope::Delay,
) {
    let (Some(account), Some(body)) = (cx.account().cloned(), content::text(stanza)) else {
        return;
    };
    // What we write to ourselves comes back to us, as something that we wrote: so says the archive, too.
    let direction = if conversation == account && stanza.attr("from").is_some() {
        Direction::Outgoing
    } else {
        direction
    };
    let trusted = features.disco.keeps_ids_clean().then_some(&account);
    let held = delay.trusted.map(|held| features.catch_up.clamp(held));
    let position = Position {
        time: held.unwrap_or(cx.now.wall).min(cx.now.wall),
        tie: features.order.next_live(cx.now.wall),
    };
    let id = ItemId(cx.random_u64());
    cx.emit(Event::Message(MessageEvent::Received(Message {
        id,
        position,
        conversation,
        direction,
        time: delay.shown.unwrap_or(cx.now.wall),
        body,
        ids: ids::read(stanza, trusted),
        delivery: Delivery::Sent,
    })));
    features.catch_up.on_live(cx, &mut features.archive);
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::entity::message::MessageIds;
    use crate::entity::time::Timestamp;
    use crate::xmpp::testing::{START, Session, address};

    fn from(sender: &str, inner: &str) -> String {
        format!(
            "<message xmlns='jabber:client' from='{sender}' to='romeo@montague.example/orchard' type='chat' id='1'>\
             {inner}</message>"
        )
    }

    fn received(session: &mut Session) -> Message {
        match session.only_event() {
            Event::Message(MessageEvent::Received(message)) => message,
            other => panic!("{other:?}"),
        }
    }

    fn receive(inner: &str) -> Message {
        let mut session = Session::new();
        session.receive(&from("juliet@capulet.example/balcony", inner));
        received(&mut session)
    }

    const FORWARDED: &str = "<forwarded xmlns='urn:xmpp:forward:0'>\
        <message xmlns='jabber:client' from='juliet@capulet.example/balcony' to='romeo@montague.example/orchard' \
        type='chat' id='f1'><body>FORGED</body></message></forwarded>";

    #[test]
    fn a_message_is_received() {
        let message =
            receive("<body>Romeo &amp; Juliet</body><origin-id xmlns='urn:xmpp:sid:0' id='o1'/>");
        assert_eq!(message.body, "Romeo & Juliet");
        assert_eq!(message.conversation, address("juliet@capulet.example"));
        assert_eq!(
            (message.direction, message.delivery),
            (Direction::Incoming, Delivery::Sent)
        );
        assert_eq!(
            (message.time, message.position.time),
            (Timestamp(START), Timestamp(START))
        );
        let ids = MessageIds {
            stanza: Some("1".into()),
            origin: Some("o1".into()),
            archive: None,
        };
        assert_eq!(message.ids, ids);
    }

    #[test]
    fn markup_is_text_and_unknown_or_broken_children_hide_nothing() {
        let message = receive(
            "<html xmlns='http://jabber.org/protocol/xhtml-im'><body xmlns='http://www.w3.org/1999/xhtml'>evil</body></html>\
             <delay xmlns='urn:xmpp:delay'/><stanza-id xmlns='urn:xmpp:sid:0'/><x xmlns='jabber:x:data'/>\
             <body>&lt;img src=x onerror=alert(1)&gt;</body>",
        );
        assert_eq!(message.body, "<img src=x onerror=alert(1)>");
    }

    #[test]
    fn what_has_no_text_or_is_of_a_room_shows_nothing() {
        for frame in [
            from("juliet@capulet.example/a", ""),
            from("juliet@capulet.example/a", "<body/>"),
            from("juliet@capulet.example/a", "<body xmlns='urn:x'>x</body>"),
            from("juliet@capulet.example/a", "<subject>x</subject>"),
            from("room@muc.example/a", "<body>x</body>").replace("'chat'", "'groupchat'"),
            from("@", "<body>x</body>"),
        ] {
            let mut session = Session::new();
            session.receive(&frame);
            session.nothing();
        }
        let mut session = Session::new();
        session.receive(
            &from("montague.example", "<subject>Maintenance</subject>")
                .replace("'chat'", "'headline'"),
        );
        assert_eq!(received(&mut session).body, "Maintenance");
    }

    #[test]
    fn forged_and_unasked_wrappings_have_no_effect() {
        for sender in [
            "mallory@montague.example/m",
            "montague.example",
            "romeo@montague.example/other",
            "ROMEO@MONTAGUE.example/x",
            "juliet@capulet.example/balcony",
        ] {
            for wrapping in [
                format!("<received xmlns='urn:xmpp:carbons:2'>{FORWARDED}</received>"),
                format!("<sent xmlns='urn:xmpp:carbons:2'>{FORWARDED}</sent>"),
                format!("<result xmlns='urn:xmpp:mam:2' queryid='q' id='x2'>{FORWARDED}</result>"),
                FORWARDED.to_owned(),
                format!("<body>FORGED</body>{FORWARDED}"),
            ] {
                let mut session = Session::new();
                session.receive(&from(sender, &wrapping));
                session.nothing();
            }
        }
        assert_eq!(receive("<body>wherefore</body>").body, "wherefore");
    }

    #[test]
    fn only_the_stanza_id_of_our_own_archive_counts() {
        let by =
            |by: &str, id: &str| format!("<stanza-id xmlns='urn:xmpp:sid:0' by='{by}' id='{id}'/>");
        let archive = |ids: &str| receive(&format!("<body>x</body>{ids}")).ids.archive;
        assert_eq!(
            archive(&by("romeo@montague.example", "a1")).as_deref(),
            Some("a1")
        );
        assert_eq!(
            archive(&by("ROMEO@montague.example", "a1")).as_deref(),
            Some("a1")
        );
        assert_eq!(archive(&by("mallory@montague.example", "a1")), None);
        assert_eq!(archive(&by("romeo@montague.example/orchard", "a1")), None);
        let two = by("romeo@montague.example", "a1") + &by("romeo@montague.example", "a2");
        assert_eq!(archive(&two), None);
    }

    #[test]
    fn a_server_that_does_not_clean_ids_is_not_believed() {
        let mut session = Session::unanswered(crate::xmpp::testing::snapshot());
        session.forget();
        let id =
            "<stanza-id xmlns='urn:xmpp:sid:0' by='romeo@montague.example' id='a1'/><body>x</body>";
        session.receive(&from("mallory@montague.example/m", id));
        assert_eq!(received(&mut session).ids.archive, None);
    }

    #[test]
    fn a_delay_is_shown_but_orders_only_if_our_server_says_so() {
        let delay = |from: &str, stamp: &str| {
            format!("<body>x</body><delay xmlns='urn:xmpp:delay'{from} stamp='{stamp}'/>")
        };
        let (early, start) = (Timestamp(START - 3_600_000), Timestamp(START));
        let held = receive(&delay(" from='montague.example'", "2025-12-31T23:00:00Z"));
        assert_eq!((held.time, held.position.time), (early, early));
        for by in [
            "",
            " from='capulet.example'",
            " from='juliet@capulet.example'",
            " from='@'",
        ] {
            let claimed = receive(&delay(by, "2025-12-31T23:00:00Z"));
            assert_eq!(
                (claimed.time, claimed.position.time),
                (early, start),
                "{by}"
            );
        }
        for stamp in ["0000-00-00T00:00:00Z", "+99999-01-01", "yesterday"] {
            let odd = receive(&delay(" from='montague.example'", stamp));
            assert_eq!((odd.time, odd.position.time), (start, start), "{stamp}");
        }
        // One of the clocks is wrong.
        for stamp in ["9999-12-31T23:59:59Z", "2038-01-19T03:14:08Z"] {
            let odd = receive(&delay(" from='montague.example'", stamp));
            let just_before = Timestamp(START - 1);
            assert_eq!(
                (odd.time, odd.position.time),
                (just_before, start),
                "{stamp}"
            );
        }
        let legacy = receive(
            "<body>x</body><x xmlns='jabber:x:delay' from='montague.example' stamp='20251231T23:00:00'/>",
        );
        assert_eq!(legacy.position.time, early);
    }

    #[test]
    fn live_messages_keep_their_order_whatever_the_clock_does() {
        let mut session = Session::new();
        let mut last = None;
        for step in 0..5 {
            session.receive(&from("juliet@capulet.example/a", "<body>x</body>"));
            let tie = received(&mut session).position.tie;
            assert!(Some(tie) > last);
            last = Some(tie);
            session.now.wall = Timestamp(START) + Duration::from_millis(u64::from(step % 2 == 0));
        }
    }
}
