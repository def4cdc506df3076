//! XEP-0313: catch-up: what we missed in all conversations, from the cursor on, a page at a time, beside what is live.
//!
//! **Invariant:** the cursor is the newest *contiguous* archive id. It moves by pages of catch-up alone, never by a live
//! message: that one may have come before what was missed, and servers archive what they do not send to us. What comes
//! twice for that reason is merged by whoever stores it.
//!
//! **Invariant:** the next page is asked for when this one is committed, and its cursor with it; a session that is cut
//! off in between is followed by one that goes on exactly there. A resumed session (XEP-0198) misses nothing, and its
//! requests are still answered.
//!
//! A device that knows nothing begins with the newest page and its cursor. Pages before that follow until there is a list of
//! conversations to show; they move no cursor. Who is cut off meanwhile has a shorter list.
//!
//! **Invariant:** it ends: a page that leads nowhere, or where we were before, is the last one, and there are at most
//! `PAGES` of them.

use std::collections::HashSet;
use std::time::Duration;

use crate::entity::address::Address;
use crate::entity::archive::Cursor;
use crate::entity::message::Message;
use crate::entity::time::{Instant, Timestamp};
use crate::event::{ArchiveEvent, Event, Since};
use crate::xmpp::cx::Cx;

use super::archive::{Archive, Caught, Place, Purpose, Wanted};

/// How many items are asked for at a time.
const PAGE: u32 = 100;
/// How many of the newest, on a device that knows nothing yet.
const NEWEST: u32 = 50;
/// So many conversations are shown on such a device, or those of so many messages.
const CONVERSATIONS: usize = 20;
/// See [`CONVERSATIONS`].
const MESSAGES: usize = 500;
/// How many pages follow each other at most.
const PAGES: u32 = 1_000;
/// How long an archive that cannot answer now is left alone; twice as long each time.
const PAUSE: Duration = Duration::from_secs(10);
/// How often that doubles.
const DOUBLINGS: u32 = 6;
/// After how many live messages the cursor is brought up to them, and how long after the last time at least.
const OFTEN: u32 = 200;
/// See [`OFTEN`].
const SELDOM: Duration = Duration::from_secs(60);

/// Catch-up of one account.
#[derive(Debug, Default)]
pub struct CatchUp {
    /// As it is stored.
    cursor: Option<Cursor>,
    step: Step,
    since: Option<Since>,
    /// Where pages ended so far.
    passed: HashSet<String>,
    /// On a device that knows nothing yet: where the oldest page began, with whom it is so far, and in how many messages.
    first: Option<String>,
    peers: HashSet<Address>,
    messages: usize,
    pages: u32,
    /// How often it could not be had.
    unanswered: u32,
    /// How many live messages came meanwhile.
    live: u32,
}

#[derive(Debug, Default)]
enum Step {
    /// There is no session, or it is not ready.
    #[default]
    Offline,
    /// The roster is there, and our presence is out: whatever people look at first.
    Online,
    /// A page is asked for.
    Asked(From),
    /// A page is told, and not committed yet.
    Told { more: Option<From> },
    /// To be asked for then.
    Waiting(Instant, From),
    /// All is known, since then.
    Done(Instant),
    /// There is no archive.
    Nothing,
}

/// From where on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum From {
    /// From the id of the cursor.
    Id,
    /// From the time of the cursor: its id was forgotten, or never known.
    Time,
    /// From the first of all.
    Beginning,
    /// The newest page.
    Newest,
    /// Before that.
    Earlier,
}

impl CatchUp {
    /// Begins with the cursor that was stored.
    #[must_use]
    pub fn new(cursor: Option<Cursor>) -> Self {
        Self {
            cursor,
            ..Self::default()
        }
    }

    /// The session is ready, and its first screen can be drawn.
    pub fn on_online(&mut self, cx: &mut Cx, archive: &mut Archive, has_archive: Option<bool>) {
        if matches!(self.step, Step::Offline) {
            self.step = Step::Online;
            self.on_known(cx, archive, has_archive);
        }
    }

    /// Our account said whether it has an archive.
    pub fn on_known(&mut self, cx: &mut Cx, archive: &mut Archive, has_archive: Option<bool>) {
        match (&self.step, has_archive) {
            (Step::Online, Some(true)) => self.begin(cx, archive),
            (Step::Online, Some(false)) => self.step = Step::Nothing,
            _ => {}
        }
    }

    /// The session is over.
    pub fn on_ended(&mut self) {
        self.step = Step::Offline;
    }

    /// A message came live.
    pub fn on_live(&mut self, cx: &mut Cx, archive: &mut Archive) {
        self.live = self.live.saturating_add(1);
        if let Step::Done(at) = self.step
            && self.live >= OFTEN
            && cx.now.since(at) >= SELDOM
        {
            self.begin(cx, archive);
        }
    }

    /// A page came, or did not.
    pub fn on_caught(&mut self, cx: &mut Cx, archive: &mut Archive, caught: Caught) {
        let Step::Asked(from) = self.step else {
            return tracing::debug!("a page that nobody waits for");
        };
        match (caught, from) {
            (
                Caught::Page {
                    messages,
                    first,
                    is_complete,
                    ..
                },
                From::Earlier,
            ) => {
                self.unanswered = 0;
                let more = self.earlier(&messages, first, is_complete);
                self.step = Step::Told { more };
                cx.emit(Event::Archive(ArchiveEvent::Missed {
                    messages,
                    cursor: None,
                    since: Since::Earlier,
                }));
            }
            (
                Caught::Page {
                    messages,
                    first,
                    last,
                    is_complete,
                },
                _,
            ) => {
                self.unanswered = 0;
                self.pages = self.pages.saturating_add(1);
                let cursor = self.reached(from, last);
                if messages.is_empty() && cursor.is_none() {
                    self.step = Step::Done(cx.now);
                    return;
                }
                let more = match from {
                    From::Newest => self.earlier(&messages, first, is_complete),
                    _ if is_complete || cursor.is_none() || self.pages >= PAGES => None,
                    _ => Some(From::Id),
                };
                self.step = Step::Told { more };
                cx.emit(Event::Archive(ArchiveEvent::Missed {
                    messages,
                    cursor,
                    since: self.since.unwrap_or(Since::Cursor),
                }));
            }
            (Caught::NotNow, from) => {
                let pause = PAUSE * 2_u32.pow(self.unanswered.min(DOUBLINGS));
                self.unanswered = self.unanswered.saturating_add(1);
                self.step = Step::Waiting(cx.now + pause, from);
            }
            (Caught::Forgotten, From::Id) => self.ask(cx, archive, From::Time),
            // XEP-0313 servers know `start`; should one refuse it, the whole archive is better than a gap in it. What we
            // find so is history: it says nothing of when we were away.
            (Caught::Forgotten, From::Time) => {
                self.since = Some(Since::Never);
                self.ask(cx, archive, From::Beginning);
            }
            (Caught::Forgotten | Caught::Nothing, From::Earlier) => self.step = Step::Done(cx.now),
            (Caught::Forgotten | Caught::Nothing, _) => self.step = Step::Nothing,
        }
    }

    /// What was told last is stored.
    pub fn on_committed(&mut self, cx: &mut Cx, archive: &mut Archive, cursor: Option<Cursor>) {
        if cursor.is_some() {
            self.cursor = cursor;
        }
        match self.step {
            Step::Told { more: Some(from) } => self.ask(cx, archive, from),
            Step::Told { more: None } => self.step = Step::Done(cx.now),
            _ => {}
        }
    }

    /// Asks again what could not be had, when it is time.
    pub fn on_tick(&mut self, cx: &mut Cx, archive: &mut Archive) {
        if let Step::Waiting(at, from) = self.step
            && at.monotonic <= cx.now.monotonic
        {
            self.ask(cx, archive, from);
        }
    }

    /// Whether everything is there that was missed, as far as it can be had.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        matches!(self.step, Step::Done(_) | Step::Nothing)
    }

    /// When to call [`CatchUp::on_tick`].
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        match self.step {
            Step::Waiting(at, _) => Some(at),
            _ => None,
        }
    }

    /// The time of a message that our server held back, as far as it can be believed: what was sent before the cursor is
    /// known, so nobody who forges the server's delay gets in between what was read long ago.
    #[must_use]
    pub fn clamp(&self, held: Timestamp) -> Timestamp {
        match &self.cursor {
            Some(cursor) => held.max(cursor.time),
            None => held,
        }
    }

    fn begin(&mut self, cx: &mut Cx, archive: &mut Archive) {
        let (from, since) = match &self.cursor {
            Some(Cursor { id: Some(_), .. }) => (From::Id, Since::Cursor),
            Some(cursor) if *cursor == Cursor::BEGINNING => (From::Beginning, Since::Cursor),
            Some(_) => (From::Time, Since::Cursor),
            None => (From::Newest, Since::Never),
        };
        self.since = Some(since);
        self.passed.clear();
        (self.first, self.messages) = (None, 0);
        self.peers.clear();
        self.pages = 0;
        self.unanswered = 0;
        self.live = 0;
        self.ask(cx, archive, from);
    }

    fn ask(&mut self, cx: &mut Cx, archive: &mut Archive, from: From) {
        let id = self.cursor.as_ref().and_then(|cursor| cursor.id.clone());
        let time = self.cursor.as_ref().map(|cursor| cursor.time);
        let (place, since, count) = match (from, id) {
            (From::Newest, _) => (Place::Newest, None, NEWEST),
            (From::Id, Some(id)) => (Place::After(id), None, PAGE),
            (From::Time, _) => (Place::Oldest, time, PAGE),
            (From::Earlier, _) => {
                let before = self.first.clone().map(Place::Before);
                (before.unwrap_or_default(), None, PAGE)
            }
            (From::Beginning | From::Id, _) => (Place::Oldest, None, PAGE),
        };
        self.step = Step::Asked(from);
        let wanted = Wanted {
            place,
            since,
            count,
        };
        archive.ask(cx, Purpose::CatchUp, wanted);
    }

    /// Whether what lies before a page is asked for, too: a list of conversations is wanted.
    fn earlier(&mut self, page: &[Message], first: Option<String>, all: bool) -> Option<From> {
        self.messages = self.messages.saturating_add(page.len());
        let peers = page.iter().map(|message| message.conversation.clone());
        self.peers.extend(peers);
        let leads_on = first.is_some() && first != self.first && !page.is_empty();
        self.first = first;
        let few = self.peers.len() < CONVERSATIONS && self.messages < MESSAGES;
        (leads_on && few && !all).then_some(From::Earlier)
    }

    /// How far we come with a page that ends there; nowhere if we were there before.
    fn reached(&mut self, from: From, last: Option<(String, Option<Timestamp>)>) -> Option<Cursor> {
        let Some((id, time)) = last else {
            return (from == From::Newest).then_some(Cursor::BEGINNING);
        };
        let before = self.cursor.as_ref();
        let is_old = from == From::Id && before.is_some_and(|old| old.id.as_ref() == Some(&id));
        if is_old || !self.passed.insert(id.clone()) {
            return None;
        }
        // Where the time is not known, an earlier one does no harm.
        let time = time.or(before.map(|old| old.time)).unwrap_or_default();
        Some(Cursor { id: Some(id), time })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xmpp::engine::{Snapshot, Wish};
    use crate::xmpp::ns;
    use crate::xmpp::testing::{START, Session, snapshot};

    fn cursor(id: &str, time: i64) -> Cursor {
        Cursor {
            id: Some(id.to_owned()),
            time: Timestamp(time),
        }
    }

    /// A session that knows the archive up to there, and has just asked for the rest.
    fn session(cursor: Option<Cursor>) -> Session {
        let mut session = Session::unanswered(Snapshot {
            cursor,
            ..snapshot()
        });
        ready(&mut session);
        session
    }

    fn ready(session: &mut Session) {
        session.answer("query", ns::ROSTER, "");
        let info = format!(
            "<query xmlns='{}'><feature var='{}'/></query>",
            ns::DISCO_INFO,
            ns::MAM
        );
        session.answer("query", ns::DISCO_INFO, &info);
        session.answer("query", ns::DISCO_INFO, &info);
        session.forget_all_but("query", ns::MAM);
    }

    /// What is asked for: the place in the set.
    fn asked(session: &Session) -> String {
        let [iq] = session.sent.as_slice() else {
            panic!("{:?}", session.sent)
        };
        let frame = String::from(iq);
        let place = frame.split("</max>").nth(1).unwrap();
        place.split("</set>").next().unwrap().to_owned()
    }

    /// Answers with one message, which is archived under that id.
    fn page(session: &mut Session, id: &str, more: bool) {
        let query = session.sent[0].get_child("query", ns::MAM).unwrap();
        let query = query.attr("queryid").unwrap().to_owned();
        session.receive(&format!(
            "<message xmlns='jabber:client'><result xmlns='urn:xmpp:mam:2' queryid='{query}' id='{id}'>\
             <forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' stamp='2025-12-31T23:00:00Z'/>\
             <message xmlns='jabber:client' from='juliet@capulet.example' to='romeo@montague.example' type='chat'>\
             <body>{id}</body></message></forwarded></result></message>"
        ));
        let complete = if more { "" } else { " complete='true'" };
        let fin = format!(
            "<fin xmlns='urn:xmpp:mam:2'{complete}><set xmlns='{}'><last>{id}</last></set></fin>",
            ns::RSM
        );
        session.answer("query", ns::MAM, &fin);
    }

    /// Takes the page that was told.
    fn told(session: &mut Session) -> (Vec<Message>, Option<Cursor>) {
        match session.only_event() {
            Event::Archive(ArchiveEvent::Missed {
                messages, cursor, ..
            }) => (messages, cursor),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn nothing_is_asked_before_the_first_screen_can_be_drawn() {
        let mut session = Session::unanswered(Snapshot {
            cursor: Some(cursor("a1", 1)),
            ..snapshot()
        });
        let info = format!(
            "<query xmlns='{}'><feature var='{}'/></query>",
            ns::DISCO_INFO,
            ns::MAM
        );
        session.answer("query", ns::DISCO_INFO, &info);
        session.answer("query", ns::DISCO_INFO, &info);
        assert!(!session.sent.iter().any(|iq| iq.has_child("query", ns::MAM)));
        session.answer("query", ns::ROSTER, "");
        let order: Vec<_> = session.sent.iter().map(|sent| sent.name()).collect();
        assert_eq!(order.last(), Some(&"iq"), "{order:?}");
        assert!(order.contains(&"presence"));
    }

    #[test]
    fn without_a_word_of_our_account_there_is_no_archive_to_ask() {
        let mut session = Session::unanswered(snapshot());
        session.answer("query", ns::ROSTER, "");
        let of_server = format!(
            "<query xmlns='{}'><feature var='{}'/></query>",
            ns::DISCO_INFO,
            ns::MAM
        );
        session.answer("query", ns::DISCO_INFO, &of_server);
        let of_account = format!("<query xmlns='{}'/>", ns::DISCO_INFO);
        session.answer("query", ns::DISCO_INFO, &of_account);
        assert!(!session.sent.iter().any(|iq| iq.has_child("query", ns::MAM)));
    }

    #[test]
    fn the_next_page_waits_for_the_commit_of_this_one() {
        let mut session = session(Some(cursor("a1", 1)));
        assert_eq!(asked(&session), "<after>a1</after>");
        page(&mut session, "a2", true);
        let (messages, reached) = told(&mut session);
        assert_eq!(messages.len(), 1);
        let reached = reached.unwrap();
        assert_eq!(reached, cursor("a2", START - 3_600_000));
        session.nothing();
        session.wait(Duration::from_secs(3_600));
        session.nothing();
        session.wish(Wish::CatchUp(Some(reached)));
        assert_eq!(asked(&session), "<after>a2</after>");
    }

    #[test]
    fn what_was_told_and_committed_after_the_end_of_the_session_counts_in_the_next() {
        for committed in [true, false] {
            let mut session = session(Some(cursor("a1", 1)));
            page(&mut session, "a2", true);
            let (_, reached) = told(&mut session);
            session.cut();
            session.forget();
            if committed {
                session.wish(Wish::CatchUp(reached));
                session.nothing();
            }
            session.bind();
            ready(&mut session);
            let place = if committed {
                "<after>a2</after>"
            } else {
                "<after>a1</after>"
            };
            assert_eq!(asked(&session), place);
        }
    }

    #[test]
    fn an_archive_without_an_end_is_left_in_the_end() {
        let mut session = session(Some(cursor("a0", 1)));
        for number in 1..=PAGES {
            page(&mut session, &format!("a{number}"), true);
            let (_, reached) = told(&mut session);
            session.wish(Wish::CatchUp(reached));
        }
        session.nothing();
    }

    #[test]
    fn pauses_grow_and_are_bounded() {
        let mut session = session(Some(cursor("a1", 1)));
        let mut pauses = Vec::new();
        for _ in 0..9 {
            let id = session.request("query", ns::MAM);
            session.receive(&format!(
                "<iq xmlns='jabber:client' type='error' id='{}'><error type='wait'>\
                 <resource-constraint xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>",
                id.attr("id").unwrap()
            ));
            session.nothing();
            let before = session.now;
            let (at, _) = session.engine.poll_timeout().unwrap();
            pauses.push(at.since(before).as_secs());
            session.wait(at.since(before));
            assert_eq!(asked(&session), "<after>a1</after>");
        }
        assert_eq!(pauses, [10, 20, 40, 80, 160, 320, 640, 640, 640]);
    }

    #[test]
    fn an_archive_that_was_empty_is_read_from_its_beginning() {
        let mut session = session(None);
        assert!(asked(&session).starts_with("<before"));
        let fin = "<fin xmlns='urn:xmpp:mam:2' complete='true'/>";
        session.answer("query", ns::MAM, fin);
        let (_, reached) = told(&mut session);
        assert_eq!(reached, Some(Cursor::BEGINNING));
        session.wish(Wish::CatchUp(reached));
        session.cut();
        session.bind();
        ready(&mut session);
        assert_eq!(asked(&session), "");
        page(&mut session, "a1", false);
        let event = session.only_event();
        let Event::Archive(ArchiveEvent::Missed {
            cursor: reached,
            since,
            ..
        }) = event
        else {
            panic!("{event:?}")
        };
        assert_eq!(reached, Some(cursor("a1", START - 3_600_000)));
        assert_eq!(since, Since::Cursor);
    }

    #[test]
    fn what_a_page_held_too_much_is_asked_for_again() {
        let mut session = session(Some(cursor("a0", 1)));
        let query = session.sent[0].get_child("query", ns::MAM).unwrap();
        let query = query.attr("queryid").unwrap().to_owned();
        for number in 1..=600 {
            session.receive(&format!(
                "<message xmlns='jabber:client'><result xmlns='urn:xmpp:mam:2' queryid='{query}' id='a{number}'>\
                 <forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' stamp='2025-12-31T23:00:00Z'/>\
                 <message xmlns='jabber:client' from='juliet@capulet.example' to='romeo@montague.example' type='chat'>\
                 <body>x</body></message></forwarded></result></message>"
            ));
        }
        let fin = format!(
            "<fin xmlns='urn:xmpp:mam:2' complete='true'><set xmlns='{}'><last>a600</last></set></fin>",
            ns::RSM
        );
        session.answer("query", ns::MAM, &fin);
        let (messages, reached) = told(&mut session);
        assert_eq!(messages.len(), 500);
        session.wish(Wish::CatchUp(reached));
        assert_eq!(asked(&session), "<after>a500</after>");
    }
}
