//! Every kind of message × every way it can come, as one table: what is shown, counted, told and previewed.
//!
//! The rows are [`KINDS`], the columns [`WAYS`]; [`expected`] is what a cell must be.

use waxwing::boundary::command::{AccountCommand, Anchor, Attention, Command};
use waxwing::entity::message::{Delivery, Direction};
use waxwing::entity::settings::Setting;

use crate::support::managed::Memory;
use crate::support::server::Archived;
use crate::support::{Stage, juliet};

/// The archive's name for the message.
const NAME: &str = "a0005";
/// By the server's clock, which is ahead of ours by a moment.
const NOW: &str = "2026-01-01T00:00:01Z";
const LONG_AGO: &str = "2025-12-31T23:00:00Z";

/// A kind of message.
#[derive(Clone, Copy)]
struct Kind {
    name: &'static str,
    attributes: &'static str,
    inner: &'static str,
    /// What people read of it, if anything.
    shown: Option<&'static str>,
    /// Whoever hears it twice can tell that it is the same.
    has_name: bool,
    /// Our server tells its archive's name for it.
    is_named_by_archive: bool,
    /// It was sent too long ago to be news.
    is_old: bool,
}

/// A message that people read.
const fn shown(
    name: &'static str,
    attributes: &'static str,
    inner: &'static str,
    text: &'static str,
) -> Kind {
    Kind {
        name,
        attributes,
        inner,
        shown: Some(text),
        has_name: true,
        is_named_by_archive: true,
        is_old: false,
    }
}

/// A message that nobody reads.
const fn hidden(name: &'static str, attributes: &'static str, inner: &'static str) -> Kind {
    Kind {
        shown: None,
        ..shown(name, attributes, inner, "")
    }
}

/// One to which no archive gives a name while it is live.
const fn unarchived(kind: Kind) -> Kind {
    Kind {
        is_named_by_archive: false,
        ..kind
    }
}

const KINDS: &[Kind] = &[
    shown("text", "type='chat' id='m1'", "<body>ay me</body>", "ay me"),
    shown(
        "an action",
        "type='chat' id='m1'",
        "<body>/me waves</body>",
        "/me waves",
    ),
    shown(
        "with an origin-id",
        "type='chat' id='o1'",
        "<body>ay me</body><origin-id xmlns='urn:xmpp:sid:0' id='o1'/>",
        "ay me",
    ),
    unarchived(shown(
        "with an origin-id alone",
        "type='chat'",
        "<body>ay me</body><origin-id xmlns='urn:xmpp:sid:0' id='o1'/>",
        "ay me",
    )),
    unarchived(shown(
        "with a stanza's id alone",
        "type='chat' id='m1'",
        "<body>ay me</body>",
        "ay me",
    )),
    // Gateways give no names; our server does.
    shown(
        "with the archive's name alone",
        "type='chat'",
        "<body>ay me</body>",
        "ay me",
    ),
    Kind {
        has_name: false,
        ..unarchived(shown(
            "without any name",
            "type='chat'",
            "<body>ay me</body>",
            "ay me",
        ))
    },
    Kind {
        is_old: true,
        ..shown(
            "held back by our server",
            "type='chat' id='m1'",
            "<body>ay me</body><delay xmlns='urn:xmpp:delay' from='example.org' stamp='2025-12-31T23:00:00Z'/>",
            "ay me",
        )
    },
    Kind {
        is_old: true,
        ..shown(
            "held back by who sent it",
            "type='chat' id='m1'",
            "<body>ay me</body><delay xmlns='urn:xmpp:delay' stamp='2025-12-31T23:00:00Z'/>",
            "ay me",
        )
    },
    unarchived(shown(
        "not to be stored",
        "type='chat' id='m1'",
        "<body>ay me</body><no-store xmlns='urn:xmpp:hints'/><no-permanent-store xmlns='urn:xmpp:hints'/>\
         <no-copy xmlns='urn:xmpp:hints'/>",
        "ay me",
    )),
    shown(
        "with payloads that nobody knows",
        "type='chat' id='m1'",
        "<x xmlns='urn:example:x'><y/></x><body>ay me</body><markable xmlns='urn:xmpp:chat-markers:0'/>\
         <request xmlns='urn:xmpp:receipts'/><active xmlns='http://jabber.org/protocol/chatstates'/>",
        "ay me",
    ),
    shown(
        "in two languages",
        "type='chat' id='m1'",
        "<body xml:lang='it'>ahimè</body><body>ay me</body>",
        "ay me",
    ),
    shown("without a type", "id='m1'", "<body>ay me</body>", "ay me"),
    shown(
        "of an unknown type",
        "type='sonnet' id='m1'",
        "<body>ay me</body>",
        "ay me",
    ),
    shown(
        "a headline",
        "type='headline' id='m1'",
        "<subject>news</subject><body>ay me</body>",
        "ay me",
    ),
    shown(
        "a subject alone",
        "type='normal' id='m1'",
        "<subject>ay me</subject>",
        "ay me",
    ),
    hidden(
        "a chat's subject alone",
        "type='chat' id='m1'",
        "<subject>ay me</subject>",
    ),
    hidden("of nothing", "type='chat' id='m1'", ""),
    hidden("of an empty text", "type='chat' id='m1'", "<body/>"),
    hidden(
        "a marker",
        "type='chat' id='m1'",
        "<displayed xmlns='urn:xmpp:chat-markers:0' id='m0'/>",
    ),
    hidden(
        "a receipt",
        "type='chat' id='m1'",
        "<received xmlns='urn:xmpp:receipts' id='m0'/>",
    ),
    hidden(
        "a chat state",
        "type='chat' id='m1'",
        "<composing xmlns='http://jabber.org/protocol/chatstates'/><no-store xmlns='urn:xmpp:hints'/>",
    ),
    hidden(
        "a payload that nobody knows",
        "type='chat' id='m1'",
        "<x xmlns='urn:example:x'><body>ay me</body></x>",
    ),
    hidden(
        "of a room",
        "type='groupchat' id='m1'",
        "<body>ay me</body>",
    ),
    hidden(
        "a refusal of what nobody sent",
        "type='error' id='m1'",
        "<body>ay me</body><error type='cancel'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>",
    ),
];

/// A way in which it comes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Way {
    Live,
    /// Romeo looks at the conversation.
    Watched,
    /// The conversation was taken out of the list before.
    Closed,
    Twice,
    /// Another device of ours received it.
    Received,
    /// Another device of ours sent it.
    Sent,
    /// Both.
    ReceivedAndLive,
    /// In the archive, when we come back.
    Missed,
    /// In the archive of a device that knew nothing.
    History,
    /// Live, and then in the archive.
    LiveAndMissed,
    /// In the archive, and then once more by our server, which had held it back.
    MissedAndLate,
    /// While the connection was dead; the session is resumed.
    Resumed,
    /// Live; the session is lost before we could say that we have it.
    Redelivered,
    /// Live, and to the next engine again.
    Restarted,
}

const WAYS: &[Way] = &[
    Way::Live,
    Way::Watched,
    Way::Closed,
    Way::Twice,
    Way::Received,
    Way::Sent,
    Way::ReceivedAndLive,
    Way::Missed,
    Way::History,
    Way::LiveAndMissed,
    Way::MissedAndLate,
    Way::Resumed,
    Way::Redelivered,
    Way::Restarted,
];

/// What a person has of it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Seen {
    shown: Vec<(String, Direction)>,
    /// Unread, and the preview; nothing if the conversation is not in the list.
    row: Option<(u32, Option<String>)>,
    notified: usize,
}

fn expected(kind: Kind, way: Way) -> Seen {
    let Some(text) = kind.shown else {
        return Seen::default();
    };
    // Nobody can tell what has no name from what was said twice; but the archive can, if it comes after.
    let count = match way {
        Way::Twice
        | Way::ReceivedAndLive
        | Way::MissedAndLate
        | Way::Redelivered
        | Way::Restarted
            if !kind.has_name =>
        {
            2
        }
        _ => 1,
    };
    let direction = match way {
        Way::Sent => Direction::Outgoing,
        _ => Direction::Incoming,
    };
    let unread = match way {
        // Nobody missed it.
        Way::Sent | Way::History => 0,
        _ => count,
    };
    let notified = match way {
        Way::Sent | Way::History | Way::Watched => 0,
        _ => count,
    };
    Seen {
        shown: vec![(text.to_owned(), direction); count],
        row: Some((u32::try_from(unread).unwrap(), Some(text.to_owned()))),
        notified: if kind.is_old { 0 } else { notified },
    }
}

fn message(kind: Kind, way: Way) -> String {
    let (from, to) = if way == Way::Sent {
        ("romeo@example.org/phone", "juliet@example.org")
    } else {
        ("juliet@example.org/balcony", "romeo@example.org")
    };
    let (attributes, inner) = (kind.attributes, kind.inner);
    format!("<message xmlns='jabber:client' from='{from}' to='{to}' {attributes}>{inner}</message>")
}

/// With the name that our archive gives it.
fn named(kind: Kind, message: &str) -> String {
    if !kind.is_named_by_archive {
        return message.to_owned();
    }
    let name = format!("<stanza-id xmlns='urn:xmpp:sid:0' by='romeo@example.org' id='{NAME}'/>");
    message.replace("</message>", &format!("{name}</message>"))
}

/// Once more, by our server, which says that it held it back.
fn late(kind: Kind, message: &str) -> String {
    if kind.is_old {
        return message.to_owned();
    }
    let delay = format!("<delay xmlns='urn:xmpp:delay' from='example.org' stamp='{NOW}'/>");
    message.replace("</message>", &format!("{delay}</message>"))
}

fn carbon(name: &str, message: &str) -> String {
    format!(
        "<message xmlns='jabber:client' from='romeo@example.org' to='romeo@example.org/orchard'>\
         <{name} xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'>{message}</forwarded></{name}></message>"
    )
}

fn archive(stage: &mut Stage, kind: Kind, message: String) {
    stage.server.archive.push(Archived {
        id: NAME.into(),
        stamp: if kind.is_old { LONG_AGO } else { NOW }.into(),
        raw: Some(message),
        ..Archived::new(5, "juliet@example.org/balcony", "")
    });
}

fn stage(kind: Kind, way: Way) -> Stage {
    let mut stage = Stage::empty();
    let base = Archived::new(1, "benvolio@example.org/street", "good morrow");
    stage.server.archive.push(base);
    if matches!(way, Way::Resumed) {
        stage.server.manages = Some(Memory::Session);
    }
    if way == Way::History {
        archive(&mut stage, kind, message(kind, way));
    }
    stage.set(Setting::Notifications(true));
    stage.log_in(true).unwrap();
    if way == Way::Closed {
        let open = AccountCommand::OpenConversation("juliet@example.org".into());
        stage.tell(open).unwrap();
        stage
            .tell(AccountCommand::CloseConversation(juliet()))
            .unwrap();
    }
    if way == Way::Watched {
        stage.watch(0, Anchor::Newest, 50);
    }
    stage
}

/// It comes.
fn play(kind: Kind, way: Way) -> (Stage, usize) {
    let mut stage = stage(kind, way);
    let plain = message(kind, way);
    let live = named(kind, &plain);
    let mut notified = 0;
    match way {
        Way::Live | Way::Watched | Way::Closed => stage.server.deliver(&live),
        Way::Twice => {
            stage.server.deliver(&live);
            stage.go();
            notified += stage.pages[0].notifications().len();
            stage.server.deliver(&live);
        }
        Way::Received => stage.server.deliver(&carbon("received", &live)),
        Way::Sent => stage.server.deliver(&carbon("sent", &live)),
        Way::ReceivedAndLive => {
            stage.server.deliver(&carbon("received", &live));
            stage.go();
            notified += stage.pages[0].notifications().len();
            stage.server.deliver(&live);
        }
        Way::Missed => {
            archive(&mut stage, kind, plain);
            stage.reconnect();
        }
        Way::History => {}
        Way::LiveAndMissed => {
            stage.server.deliver(&live);
            stage.go();
            archive(&mut stage, kind, plain);
            stage.reconnect();
        }
        Way::MissedAndLate => {
            archive(&mut stage, kind, plain);
            stage.reconnect();
            stage.go();
            stage.server.deliver(&late(kind, &live));
        }
        Way::Resumed => {
            stage.server.mute.set(true);
            stage.server.deliver(&live);
            stage.go();
            stage.reconnect();
        }
        Way::Redelivered => {
            stage.server.deliver(&live);
            stage.go();
            stage.reconnect();
            stage.server.deliver(&late(kind, &live));
        }
        Way::Restarted => {
            stage.server.deliver(&live);
            stage.go();
            notified += stage.pages[0].notifications().len();
            stage = stage.restart();
            stage.server.deliver(&late(kind, &live));
        }
    }
    stage.go();
    notified += stage.pages[0].notifications().len();
    (stage, notified)
}

fn seen(kind: Kind, way: Way) -> Seen {
    let (mut stage, notified) = play(kind, way);
    let row = stage.pages[0].row(&juliet());
    let row = row.map(|row| (row.unread, row.latest.map(|latest| latest.text)));
    stage.watch(0, Anchor::Newest, 50);
    let items = &stage.pages[0].window.items;
    let shown: Vec<_> = items
        .iter()
        .map(|item| (item.body.clone(), item.direction))
        .collect();
    let bodies: Vec<_> = items.iter().map(|item| item.body.clone()).collect();
    assert_eq!(stage.stored_bodies(), bodies, "{} {way:?}", kind.name);
    Seen {
        shown,
        row,
        notified,
    }
}

#[test]
fn every_kind_in_every_way() {
    let mut wrong = Vec::new();
    for kind in KINDS {
        for way in WAYS {
            let wanted = expected(*kind, *way);
            let seen = seen(*kind, *way);
            if seen != wanted {
                wrong.push(format!(
                    "{} × {way:?}:\n  {seen:?}\n  {wanted:?}",
                    kind.name
                ));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} cells:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// Refusals have a target: a message of ours.
#[test]
fn a_refusal_in_every_way() {
    let refusal = |name: &str| {
        format!(
            "<message xmlns='jabber:client' from='juliet@example.org' to='romeo@example.org/orchard' type='error' id='{name}'>\
             <body>ay me</body><error type='cancel'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>"
        )
    };
    for way in [
        Way::Live,
        Way::Closed,
        Way::Twice,
        Way::Received,
        Way::Missed,
        Way::Resumed,
    ] {
        let kind = KINDS[0];
        let mut stage = stage(kind, way);
        stage.say("ay me");
        let (name, _) = stage.server.take_messages().remove(0);
        if way == Way::Closed {
            stage
                .tell(AccountCommand::CloseConversation(juliet()))
                .unwrap();
        }
        let error = refusal(&name);
        match way {
            Way::Twice => {
                stage.server.deliver(&error);
                stage.server.deliver(&error);
            }
            Way::Received => stage.server.deliver(&carbon("received", &error)),
            Way::Missed => {
                archive(&mut stage, kind, error);
                stage.reconnect();
            }
            Way::Resumed => {
                stage.server.mute.set(true);
                stage.server.deliver(&error);
                stage.go();
                stage.reconnect();
            }
            _ => stage.server.deliver(&error),
        }
        stage.go();
        let is_heard = matches!(way, Way::Live | Way::Closed | Way::Twice | Way::Resumed);
        stage.ask(Command::Attention(Attention::Focused));
        let row = stage.pages[0].row(&juliet());
        // Whoever closed the conversation is to know.
        assert_eq!(row.map(|row| row.unread), Some(0), "{way:?}");
        stage.watch(0, Anchor::Newest, 50);
        assert_eq!(stage.bodies(), ["ay me"], "{way:?}");
        let delivery = &stage.pages[0].window.items[0].delivery;
        let failed = matches!(delivery, Delivery::Failed(_));
        assert_eq!(failed, is_heard, "{way:?} {delivery:?}");
        assert_eq!(
            stage.pages[0].notifications(),
            Vec::<String>::new(),
            "{way:?}"
        );
    }
}
