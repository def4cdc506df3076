//! Sessions, and XEP-0198 from the server's side.

use std::collections::VecDeque;
use std::time::Duration;

use minidom::Element;

use super::{ConnId, Misread, SM, Server, Word, is_stanza};
use crate::support::managed::Memory;

pub struct Session {
    pub id: u64,
    pub account: String,
    pub resource: String,
    pub conn: Option<ConnId>,
    pub is_available: bool,
    pub wants_copies: bool,
    managed: Option<Managed>,
    pub lost_at: Option<Duration>,
    /// A connection of it was cut within a frame.
    is_torn: bool,
}

#[derive(Default)]
struct Managed {
    token: String,
    received: u32,
    /// How much of that was said to the client.
    said: u32,
    confirmed: u32,
    unconfirmed: VecDeque<String>,
    unasked: u32,
}

impl Session {
    pub fn new(id: u64, account: &str, resource: &str, conn: ConnId) -> Self {
        Self {
            id,
            account: account.to_owned(),
            resource: resource.to_owned(),
            conn: Some(conn),
            is_available: false,
            wants_copies: false,
            managed: None,
            lost_at: None,
            is_torn: false,
        }
    }

    pub fn full(&self) -> String {
        format!("{}/{}", self.account, self.resource)
    }
}

impl Managed {
    /// The client has so many. False if it was never sent as many.
    fn confirm(&mut self, h: u32) -> bool {
        let news = usize::try_from(h.wrapping_sub(self.confirmed)).unwrap();
        let known = news.min(self.unconfirmed.len());
        self.unconfirmed.drain(..known);
        self.confirmed += u32::try_from(known).unwrap();
        known == news
    }
}

fn h(nonza: &Element) -> u32 {
    nonza.attr("h").unwrap().parse().unwrap()
}

impl Server {
    pub(super) fn session(&mut self, id: u64) -> Option<&mut Session> {
        self.sessions.iter_mut().find(|session| session.id == id)
    }

    pub(super) fn add_session(&mut self, session: Session) {
        self.sessions.push(session);
    }

    /// A stanza of the client came.
    pub(super) fn count(&mut self, id: u64) {
        if let Some(session) = self.session(id)
            && let Some(managed) = &mut session.managed
        {
            managed.received += 1;
        }
    }

    /// A stanza for a session, whether or not there is a socket now.
    pub(super) fn tell(&mut self, id: u64, frame: String) {
        let every = self.rules.asks_every;
        let Some(session) = self.session(id) else {
            return;
        };
        let mut asks = false;
        if let (Some(managed), true) = (&mut session.managed, is_stanza(&frame)) {
            managed.unconfirmed.push_back(frame.clone());
            managed.unasked += 1;
            asks = managed.unasked >= every;
            if asks {
                managed.unasked = 0;
            }
        }
        if let Some(conn) = session.conn {
            self.say(conn, frame);
            if asks {
                self.say(conn, format!("<r xmlns='{SM}'/>"));
            }
        }
    }

    /// The connection was cut within a frame of the client.
    pub fn on_torn(&mut self, conn: ConnId) {
        let id = self.streams.get(&conn).and_then(|stream| stream.session);
        if let Some(session) = id.and_then(|id| self.session(id)) {
            session.is_torn = true;
        }
    }

    /// Whether what came on that connection was taken for something else.
    pub(super) fn misreads(&mut self, conn: ConnId) -> bool {
        let stream = self.streams.get_mut(&conn).unwrap();
        match &mut stream.misreads {
            None | Some(Misread::Swallows(Some(0))) => false,
            Some(Misread::Swallows(None)) => true,
            Some(Misread::Swallows(Some(left))) => {
                *left -= 1;
                true
            }
            Some(Misread::Breaks) => {
                let id = stream.session;
                let managed = id.and_then(|id| self.session(id)?.managed.as_ref());
                let h = managed.map_or(0, |managed| managed.received);
                // XEP-0198 §4: before it closes the stream.
                self.say(conn, format!("<a xmlns='{SM}' h='{h}'/>"));
                self.say(conn, "<stream:error xmlns:stream='http://etherx.jabber.org/streams'><not-well-formed xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>".into());
                self.out.push_back((conn, Word::Close));
                self.sessions.retain(|session| Some(session.id) != id);
                self.streams.remove(&conn);
                true
            }
        }
    }

    /// The session has no socket any more.
    pub(super) fn leave(&mut self, id: u64, conn: ConnId) {
        let now = self.now;
        let Some(session) = self.session(id) else {
            return;
        };
        if session.conn != Some(conn) {
            return;
        }
        session.conn = None;
        session.lost_at = Some(now);
        if session.managed.is_none() {
            self.sessions.retain(|session| session.id != id);
        }
    }

    /// Sessions that waited too long end; or all end.
    pub fn expire(&mut self, all: bool) {
        let (now, patience) = (self.now, self.rules.resumes_for);
        let (gone, rest): (Vec<_>, Vec<_>) = std::mem::take(&mut self.sessions)
            .into_iter()
            .partition(|session| all || session.lost_at.is_some_and(|lost| now >= lost + patience));
        self.sessions = rest;
        for session in gone {
            if let (Memory::Count, Some(managed)) = (self.rules.memory, session.managed) {
                let unread = if self.rules.counts_early {
                    (managed.received % 4).min(managed.received - managed.said)
                } else {
                    0
                };
                let count = managed.received - unread;
                self.remembered.insert(managed.token, count);
            }
        }
    }

    /// Sessions without a socket end at once.
    pub fn hurry_expiry(&mut self) {
        let now = self.now;
        let patience = self.rules.resumes_for;
        for session in &mut self.sessions {
            if session.lost_at.is_some() {
                session.lost_at = Some(now.saturating_sub(patience));
            }
        }
        self.expire(false);
    }

    pub(super) fn on_management(&mut self, conn: ConnId, nonza: &Element) {
        let bound = self.streams[&conn].session;
        match (nonza.name(), bound) {
            ("enable", Some(id)) if self.rules.manages => {
                let token = format!("t{}", self.fresh());
                let managed = Managed {
                    token: token.clone(),
                    ..Managed::default()
                };
                self.session(id).unwrap().managed = Some(managed);
                self.say(
                    conn,
                    format!("<enabled xmlns='{SM}' id='{token}' resume='true'/>"),
                );
            }
            ("r", Some(id)) => {
                let managed = self
                    .session(id)
                    .and_then(|session| session.managed.as_mut());
                let received = managed.map(|managed| {
                    managed.said = managed.received;
                    managed.received
                });
                if let Some(received) = received {
                    self.say(conn, format!("<a xmlns='{SM}' h='{received}'/>"));
                }
            }
            ("a", Some(id)) => self.on_confirmed(id, h(nonza)),
            ("resume", None) => self.resume(conn, nonza),
            _ => {}
        }
    }

    fn on_confirmed(&mut self, id: u64, h: u32) {
        let Some(session) = self.session(id) else {
            return;
        };
        let full = session.full();
        let Some(managed) = &mut session.managed else {
            return;
        };
        if !managed.confirm(h) && !self.is_lenient {
            self.complaints
                .push(format!("{full} confirms {h}: more than it was sent"));
        }
    }

    fn resume(&mut self, conn: ConnId, nonza: &Element) {
        let token = nonza.attr("previd").unwrap();
        self.expire(false);
        let account = self.streams[&conn].account.clone().unwrap();
        let found = self.sessions.iter_mut().find(|session| {
            let managed = session.managed.as_ref();
            session.account == account && managed.is_some_and(|managed| managed.token == token)
        });
        let Some(session) = found else {
            let h = self.remembered.get(token);
            let h = h.map(|h| format!(" h='{h}'")).unwrap_or_default();
            return self.say(
                conn,
                format!(
                    "<failed xmlns='{SM}'{h}><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>"
                ),
            );
        };
        let id = session.id;
        let before = session.conn.replace(conn);
        session.lost_at = None;
        let is_torn = session.is_torn;
        let stream = self.streams.get_mut(&conn).unwrap();
        stream.session = Some(id);
        if self.rules.keeps_torn && is_torn {
            stream.misreads = Some(match id % 3 {
                0 => Misread::Swallows(None),
                1 => Misread::Swallows(Some(1 + id % 4)),
                _ => Misread::Breaks,
            });
        }
        if let Some(before) = before {
            self.streams.remove(&before);
            self.out.push_back((before, Word::Close));
        }
        self.on_confirmed(id, h(nonza));
        let managed = self.session(id).unwrap().managed.as_mut().unwrap();
        managed.said = managed.received;
        let (received, again) = (managed.received, managed.unconfirmed.clone());
        self.say(
            conn,
            format!("<resumed xmlns='{SM}' previd='{token}' h='{received}'/>"),
        );
        for frame in again {
            self.say(conn, frame);
        }
        if self.vouches {
            for _ in 0..2 {
                self.say(conn, format!("<a xmlns='{SM}' h='{received}'/>"));
            }
        }
    }
}
