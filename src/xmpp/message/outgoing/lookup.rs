//! Messages that an earlier session may have written: the archive (XEP-0313) knows which of them arrived.

use std::time::Duration;

use crate::entity::address::Address;
use crate::entity::message::{Delivery, Direction, Message, MessageIds};
use crate::entity::time::{Instant, Timestamp};
use crate::event::{Event, MessageEvent};
use crate::xmpp::cx::Cx;
use crate::xmpp::feature::archive::{Archive, Looked, Place, Purpose, Rest, Wanted};

use super::{Outbox, State, delivery, name};

/// How many archived messages are looked through at a time.
const PAGE: u32 = 250;
/// How many pages of one conversation are looked through.
const PAGES: u8 = 40;
/// How often an archive that does not answer, or is in trouble, is asked: over five minutes, in which a server that was killed
/// has long been up again. Then the message is sent again: twice is better than never, and who archives nothing cannot be waited for.
const TRIES: u8 = 6;
/// How long it is left alone after the first question; each time twice as long.
const PAUSE: Duration = Duration::from_secs(10);
/// How far the clocks of server and client may differ: by a day and a zone, as far as people set them wrong by hand.
const SKEW: Duration = Duration::from_secs(26 * 3600);

/// A conversation whose archive is being looked into.
#[derive(Default)]
pub(super) struct Look {
    pages: u8,
    unanswered: u8,
    /// When to ask again, and for what; no question is under way then.
    again: Option<(Instant, Wanted)>,
}

impl Outbox {
    /// Asks the archive of every conversation with a message in doubt, from the first of them on, unless that is under way.
    pub(super) fn look(&mut self, cx: &mut Cx, archive: &mut Archive) {
        let mut since: Vec<(Address, Timestamp)> = Vec::new();
        for waiting in &self.waiting {
            let conversation = &waiting.message.conversation;
            if waiting.state == State::Doubtful
                && !self.looking.contains_key(conversation)
                && since.iter().all(|(known, _)| known != conversation)
            {
                since.push((conversation.clone(), waiting.message.time));
            }
        }
        for (conversation, first) in since {
            self.looking.insert(conversation.clone(), Look::default());
            // Our clock may have been ahead of the archive's by any time.
            let floor = archive.floor.filter(|floor| *floor > Timestamp::default());
            let since = floor.map_or(first, |floor| floor.min(first));
            let wanted = Wanted {
                place: Place::Newest,
                since: Some(since - SKEW),
                count: PAGE,
                ..Wanted::default()
            };
            archive.ask(cx, Purpose::Lookup(conversation), wanted);
        }
    }

    /// A page of the archive was looked through: what was not found goes on being looked for, or is sent again.
    pub fn on_looked(&mut self, cx: &mut Cx, archive: &mut Archive, looked: Looked) {
        let Looked {
            conversation,
            found,
            rest,
        } = looked;
        let Some(mut look) = self.looking.remove(&conversation) else {
            return;
        };
        self.settle(cx, &conversation, &found);
        let in_doubt = self.waiting.iter().any(|waiting| {
            waiting.state == State::Doubtful && waiting.message.conversation == conversation
        });
        match rest {
            Rest::Page(wanted) if in_doubt && look.pages < PAGES => {
                look.pages += 1;
                look.unanswered = 0;
                self.looking.insert(conversation.clone(), look);
                archive.ask(cx, Purpose::Lookup(conversation), wanted);
            }
            Rest::Unanswered(wanted) if in_doubt && look.unanswered + 1 < TRIES => {
                look.unanswered += 1;
                look.again = Some((cx.now + pause(look.unanswered), wanted));
                self.looking.insert(conversation, look);
            }
            _ => self.flush(cx, &conversation),
        }
    }

    /// Asks again what went unanswered, when it is time.
    pub fn on_tick(&mut self, cx: &mut Cx, archive: &mut Archive) {
        self.tick_pauses(cx);
        let connected = cx.is_connected();
        for (conversation, look) in &mut self.looking {
            match look.again.take() {
                Some((at, wanted)) if at.monotonic > cx.now.monotonic => {
                    look.again = Some((at, wanted));
                }
                Some((_, wanted)) if connected => {
                    archive.ask(cx, Purpose::Lookup(conversation.clone()), wanted);
                }
                Some((_, wanted)) => look.again = Some((cx.now + PAUSE, wanted)),
                None => {}
            }
        }
    }

    /// When to call [`Outbox::on_tick`].
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let times = self.looking.values().filter_map(|look| look.again.as_ref());
        let times = times.map(|(at, _)| *at);
        times.chain(self.next_pause()).min()
    }

    /// What is found in the archive has arrived.
    fn settle(&mut self, cx: &mut Cx, conversation: &Address, found: &[Message]) {
        self.waiting.retain(|waiting| {
            if waiting.state != State::Doubtful || waiting.message.conversation != *conversation {
                return true;
            }
            let name = name(&waiting.message);
            let known = |ids: &MessageIds| {
                [&ids.origin, &ids.stanza]
                    .into_iter()
                    .any(|id| id.as_ref() == Some(&name))
            };
            let ours = |copy: &&Message| copy.direction == Direction::Outgoing && known(&copy.ids);
            let Some(copy) = found.iter().find(ours) else {
                return true;
            };
            let ids = MessageIds {
                stanza: Some(name.clone()),
                origin: Some(name),
                archive: copy.ids.archive.clone(),
            };
            let (conversation, id) = (conversation.clone(), waiting.message.id);
            cx.emit(Event::Message(MessageEvent::Named {
                conversation: conversation.clone(),
                id,
                ids,
            }));
            cx.emit(delivery(&conversation, id, Delivery::Sent));
            false
        });
    }
}

/// How long an archive is left alone that has not answered so many times.
fn pause(unanswered: u8) -> Duration {
    PAUSE * 2_u32.pow(u32::from(unanswered.clamp(1, TRIES) - 1))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{JULIET, bodies, deliveries};
    use super::*;
    use crate::xmpp::engine::Wish;
    use crate::xmpp::iq::DEADLINE;
    use crate::xmpp::ns;
    use crate::xmpp::testing::{Session, message, snapshot};

    fn copy(query: &str, id: &str) -> String {
        format!(
            "<message xmlns='jabber:client'><result xmlns='urn:xmpp:mam:2' queryid='{query}' id='a-{id}'>\
             <forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' stamp='2025-12-31T23:00:00Z'/>\
             <message xmlns='jabber:client' from='romeo@montague.example/old' to='{JULIET}' type='chat' id='{id}'>\
             <body>one</body><origin-id xmlns='urn:xmpp:sid:0' id='{id}'/></message></forwarded></result></message>"
        )
    }

    #[test]
    fn what_may_have_arrived_is_looked_for_before_it_is_sent_again() {
        let mut session = Session::new();
        session.wish(Wish::Send(message(JULIET, "one", 1)));
        session.wish(Wish::Send(message(JULIET, "two", 2)));
        session.cut();
        session.forget();
        session.bind();
        session.wish(Wish::Send(message(JULIET, "three", 3)));
        session.wish(Wish::Send(message("benvolio@montague.example", "aside", 4)));
        assert_eq!(bodies(&session), ["aside"]);
        let look = session
            .sent
            .iter()
            .find(|iq| iq.has_child("query", ns::MAM))
            .unwrap();
        let query = look
            .get_child("query", ns::MAM)
            .unwrap()
            .attr("queryid")
            .unwrap()
            .to_owned();
        session.receive(&copy(&query, "m1"));
        session.answer(
            "query",
            ns::MAM,
            "<fin xmlns='urn:xmpp:mam:2' complete='true'/>",
        );
        assert_eq!(bodies(&session), ["aside", "two", "three"]);
        assert_eq!(deliveries(&session), [(1, Delivery::Sent)]);
        let named = session.events.iter().find_map(|event| match event {
            Event::Message(MessageEvent::Named { ids, .. }) => ids.archive.clone(),
            _ => None,
        });
        assert_eq!(named.as_deref(), Some("a-m1"));
    }

    #[test]
    fn what_an_engine_that_is_gone_may_have_sent_is_looked_for_first() {
        for has_arrived in [false, true] {
            let mut session = Session::new();
            session.forget();
            session.wish(Wish::SendAgain(message(JULIET, "one", 1)));
            assert_eq!(bodies(&session), Vec::<String>::new());
            let (id, _) = query(&mut session);
            if has_arrived {
                session.receive(&copy(&id, "m1"));
            }
            fin(&mut session, " complete='true'", "a-m1");
            let expected: &[&str] = if has_arrived { &[] } else { &["one"] };
            assert_eq!(bodies(&session), expected);
        }
    }

    /// A session after a cut, with these in doubt, and the queryid of the look for them.
    fn in_doubt(bodies: &[&str]) -> (Session, String) {
        let mut session = Session::new();
        for (body, id) in bodies.iter().zip(1..) {
            session.wish(Wish::Send(message(JULIET, body, id)));
        }
        session.cut();
        session.bind();
        session.forget_all_but("query", ns::MAM);
        let (id, _) = query(&mut session);
        (session, id)
    }

    fn query(session: &mut Session) -> (String, String) {
        let iq = session.request("query", ns::MAM);
        let id = iq.get_child("query", ns::MAM).unwrap().attr("queryid");
        let frame = String::from(&iq);
        let before = frame.split("<before").nth(1).unwrap();
        let (id, before) = (id.unwrap().to_owned(), before.to_owned());
        session.sent.push(iq);
        (id, before)
    }

    fn fin(session: &mut Session, attributes: &str, first: &str) {
        let set =
            format!("<set xmlns='http://jabber.org/protocol/rsm'><first>{first}</first></set>");
        session.answer(
            "query",
            ns::MAM,
            &format!("<fin xmlns='urn:xmpp:mam:2'{attributes}>{set}</fin>"),
        );
    }

    #[test]
    fn the_whole_time_in_doubt_is_looked_through_page_by_page() {
        let (mut session, id) = in_doubt(&["one", "two"]);
        session.receive(&copy(&id, "m7"));
        fin(&mut session, "", "a-m7");
        assert_eq!(bodies(&session), Vec::<String>::new());
        let (id, before) = query(&mut session);
        assert!(before.starts_with(">a-m7<"), "{before}");
        session.receive(&copy(&id, "m1"));
        fin(&mut session, " complete='true'", "a-m1");
        assert_eq!(bodies(&session), ["two"]);
        assert_eq!(deliveries(&session), [(1, Delivery::Sent)]);
    }

    #[test]
    fn an_archive_in_trouble_has_not_said_that_nothing_arrived() {
        for condition in [
            "resource-constraint",
            "internal-server-error",
            "item-not-found",
        ] {
            let (mut session, _) = in_doubt(&["one"]);
            let id = session
                .request("query", ns::MAM)
                .attr("id")
                .unwrap()
                .to_owned();
            session.receive(&format!(
                "<iq xmlns='jabber:client' type='error' id='{id}'><error type='wait'>\
                 <{condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
            ));
            assert_eq!(bodies(&session), Vec::<String>::new(), "{condition}");
            session.wait(PAUSE);
            let (id, _) = query(&mut session);
            session.receive(&copy(&id, "m1"));
            fin(&mut session, " complete='true'", "a-m1");
            assert_eq!(bodies(&session), Vec::<String>::new(), "{condition}");
            assert_eq!(deliveries(&session), [(1, Delivery::Sent)]);
        }
    }

    #[test]
    fn an_archive_without_an_end_is_not_looked_through_for_ever() {
        let (mut session, _) = in_doubt(&["one"]);
        for page in 0..=PAGES {
            assert_eq!(bodies(&session), Vec::<String>::new(), "{page}");
            fin(&mut session, "", ["a1", "a2"][usize::from(page % 2)]);
        }
        assert_eq!(bodies(&session), ["one"]);
    }

    #[test]
    fn nobody_is_asked_on_when_all_was_found() {
        let (mut session, id) = in_doubt(&["one"]);
        session.receive(&copy(&id, "m1"));
        fin(&mut session, "", "a-m1");
        assert!(session.sent.is_empty());
    }

    #[test]
    fn what_the_other_person_sends_under_our_name_proves_nothing() {
        let (mut session, id) = in_doubt(&["one"]);
        let (ours, theirs) = (
            "from='romeo@montague.example/old' to='juliet@capulet.example'",
            "from='juliet@capulet.example/b' to='romeo@montague.example'",
        );
        session.receive(&copy(&id, "m1").replace(ours, theirs));
        fin(&mut session, " complete='true'", "a-m1");
        assert_eq!(bodies(&session), ["one"]);
    }

    #[test]
    fn a_look_that_was_cut_off_begins_again_and_an_archive_that_never_answers_is_not_waited_for_for_ever()
     {
        let stored = crate::xmpp::engine::Snapshot {
            outbox: vec![message(JULIET, "one", 1)],
            ..snapshot()
        };
        let mut session = Session::unanswered(stored);
        assert_eq!(bodies(&session), Vec::<String>::new());
        session.cut();
        session.forget();
        session.bind();
        assert_eq!(
            bodies(&session),
            Vec::<String>::new(),
            "the look was cut off, and begins again"
        );
        for unanswered in 1..TRIES {
            session.wait(DEADLINE + pause(unanswered));
            assert_eq!(bodies(&session), Vec::<String>::new(), "it is asked again");
        }
        session.wait(DEADLINE);
        assert_eq!(bodies(&session), ["one"]);
        assert!(
            !deliveries(&session)
                .iter()
                .any(|(_, delivery)| *delivery == Delivery::Sent)
        );
    }
}
