//! The reference server: what it took, archived and confirmed is the truth of a run. It knows nothing of our code.
//!
//! | file | what it does |
//! |---|---|
//! | `mod.rs` | streams: log-in, binding, what becomes of a frame; the routing of messages |
//! | `session.rs` | XEP-0198, the server's side: what it counted, what nobody confirmed, sessions that wait |
//! | `archive.rs` | XEP-0313, a page at a time, and what can go wrong with a page |
//! | `login.rs` | SCRAM |
//! | `iq.rs` | roster, service discovery, carbons, what is displayed (XEP-0490) |

pub mod archive;
mod iq;
mod login;
pub mod session;

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use minidom::Element;

use crate::support::managed::Memory;
use archive::{Entry, PageFault};
use session::Session;

pub const DOMAIN: &str = "example.org";
const FRAMING: &str = "urn:ietf:params:xml:ns:xmpp-framing";
const SM: &str = "urn:xmpp:sm:3";
const CARBONS: &str = "urn:xmpp:carbons:2";

/// How a server is made.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Streams are managed.
    pub manages: bool,
    /// How long a session waits for another socket.
    pub resumes_for: Duration,
    /// What is known of a session that waited too long.
    pub memory: Memory,
    /// Copies of what our other devices sent say what the archive calls them.
    pub names_sent: bool,
    /// Each available device gets each message; else one does, and the others get copies.
    pub to_all: bool,
    /// What nobody was there for is told to the first who comes.
    pub keeps_offline: bool,
    /// How many items a page has at most.
    pub page_size: usize,
    /// The archive knows whole seconds.
    pub whole_seconds: bool,
    /// After so many stanzas it asks for a confirmation.
    pub asks_every: u32,
    /// Where a connection was cut within a frame, what comes on the next one of its session is taken for the rest of that frame
    /// (Prosody 0.12).
    pub keeps_torn: bool,
    /// What is known of such a session is from before the last of what it sent was read, and delivered (Prosody that is stopped).
    pub counts_early: bool,
    /// What is for a session whose connection is gone may be archived late, in the place that it was given when it was sent
    /// (ejabberd).
    pub archives_late: bool,
}

/// What goes to a connection.
pub enum Word {
    Frame(String),
    Close,
}

pub type ConnId = usize;

/// A message as it was taken.
#[derive(Clone, Debug)]
pub struct Written {
    pub from: String,
    pub to: String,
    pub id: Option<String>,
    pub origin: Option<String>,
    pub body: String,
    /// A stanza-id that somebody forged: by whom it says it is, and what it says.
    pub forged: Option<(String, String)>,
}

#[derive(Default)]
pub struct Account {
    pub archive: Vec<Entry>,
    /// What is flagged as displayed, by conversation.
    pub displayed: BTreeMap<String, String>,
    offline: Vec<Entry>,
}

#[derive(Default)]
struct Stream {
    scram: Option<(String, String)>,
    account: Option<String>,
    session: Option<u64>,
    /// What comes is not read as what it is.
    misreads: Option<Misread>,
}

/// What becomes of what is said in a session that goes on after a torn frame.
enum Misread {
    /// Nothing, for so many frames, or for ever.
    Swallows(Option<u64>),
    /// It is no XML.
    Breaks,
}

pub struct Server {
    pub rules: Rules,
    pub now: Duration,
    /// The wall clock when all began, in milliseconds.
    start: i64,
    pub accounts: BTreeMap<String, Account>,
    sessions: Vec<Session>,
    /// Sessions that are gone, and how far they came.
    remembered: BTreeMap<String, u32>,
    streams: BTreeMap<ConnId, Stream>,
    /// What is to be said later.
    later: Vec<(Duration, u64, Vec<String>)>,
    /// What is to be archived later.
    late: Vec<(Duration, String, Entry)>,
    pub out: VecDeque<(ConnId, Word)>,
    pub page_faults: VecDeque<PageFault>,
    /// These connections are to be cut when what was said to them until now is on its way.
    pub cuts: Vec<ConnId>,
    /// Bodies of messages that were refused.
    pub refused: Vec<String>,
    /// Accounts, and with whom, whose word on what is displayed was set back.
    pub set_back: Vec<(String, String)>,
    /// What a client did that no client may do.
    pub complaints: Vec<String>,
    next: u64,
    /// A client may confirm more than it was sent: that fault is planted.
    pub is_lenient: bool,
    /// It answers what it is to be asked after a resumption, whether or not it is: that fault is planted.
    pub vouches: bool,
}

pub fn bare(jid: &str) -> &str {
    jid.split('/').next().unwrap()
}

fn is_stanza(frame: &str) -> bool {
    crate::support::managed::is_stanza(frame)
}

impl Server {
    pub fn new(rules: Rules, start: i64, accounts: &[&str]) -> Self {
        Self {
            rules,
            now: Duration::ZERO,
            start,
            accounts: accounts
                .iter()
                .map(|name| ((*name).to_owned(), Account::default()))
                .collect(),
            sessions: Vec::new(),
            remembered: BTreeMap::new(),
            streams: BTreeMap::new(),
            later: Vec::new(),
            late: Vec::new(),
            out: VecDeque::new(),
            page_faults: VecDeque::new(),
            cuts: Vec::new(),
            refused: Vec::new(),
            set_back: Vec::new(),
            complaints: Vec::new(),
            next: 0,
            is_lenient: false,
            vouches: false,
        }
    }

    fn fresh(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    pub fn open(&mut self, conn: ConnId) {
        self.streams.insert(conn, Stream::default());
    }

    /// The connection is gone, as far as the server knows.
    pub fn lost(&mut self, conn: ConnId) {
        if let Some(stream) = self.streams.remove(&conn)
            && let Some(id) = stream.session
        {
            self.leave(id, conn);
        }
    }

    /// What is due happens.
    pub fn tick(&mut self) {
        let now = self.now;
        let (due, rest): (Vec<_>, Vec<_>) = std::mem::take(&mut self.later)
            .into_iter()
            .partition(|(at, ..)| *at <= now);
        self.later = rest;
        for (_, session, frames) in due {
            for frame in frames {
                self.tell(session, frame);
            }
        }
        let (due, rest): (Vec<_>, Vec<_>) = std::mem::take(&mut self.late)
            .into_iter()
            .partition(|(at, ..)| *at <= now);
        self.late = rest;
        for (_, account, entry) in due {
            self.file(&account, entry);
        }
        self.expire(false);
    }

    pub fn next_timeout(&self) -> Option<Duration> {
        let later = self.later.iter().map(|(at, ..)| *at);
        later.chain(self.late.iter().map(|(at, ..)| *at)).min()
    }

    /// The server dies and starts anew: every session is gone.
    pub fn restart(&mut self, memory: Memory) {
        self.streams.clear();
        self.later.clear();
        self.out.clear();
        self.rules.memory = memory;
        self.expire(true);
    }

    pub fn receive(&mut self, conn: ConnId, frame: &str) {
        if !self.streams.contains_key(&conn) {
            return;
        }
        let element: Element = match frame.parse() {
            Ok(element) => element,
            Err(error) => {
                self.complaints.push(format!("{error}: {frame}"));
                return;
            }
        };
        if self.misreads(conn) {
            return;
        }
        let session = self.streams[&conn].session;
        if let Some(id) = session
            && is_stanza(frame)
        {
            self.count(id);
        }
        match (element.name(), session) {
            ("open", _) => self.on_open(conn),
            ("auth" | "response", _) => self.on_sasl(conn, &element),
            ("close", _) => self.on_close(conn),
            ("iq", _) => self.on_iq(conn, &element),
            ("message", Some(id)) => self.on_message(id, &element),
            ("presence", Some(id)) => self.on_presence(id, &element),
            _ if element.ns() == SM => self.on_management(conn, &element),
            _ => {}
        }
    }

    fn say(&mut self, conn: ConnId, frame: String) {
        self.out.push_back((conn, Word::Frame(frame)));
    }

    fn on_open(&mut self, conn: ConnId) {
        let offer = if self.streams[&conn].account.is_some() {
            let managed = if self.rules.manages {
                format!("<sm xmlns='{SM}'/>")
            } else {
                String::new()
            };
            format!("<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>{managed}")
        } else {
            login::offer()
        };
        self.say(
            conn,
            format!("<open xmlns='{FRAMING}' from='{DOMAIN}' id='s' version='1.0'/>"),
        );
        self.say(
            conn,
            format!(
                "<stream:features xmlns:stream='http://etherx.jabber.org/streams'>{offer}</stream:features>"
            ),
        );
    }

    /// The client ends its session properly.
    fn on_close(&mut self, conn: ConnId) {
        let stream = self.streams.remove(&conn).unwrap();
        if let Some(id) = stream.session {
            self.sessions.retain(|session| session.id != id);
        }
        self.say(conn, format!("<close xmlns='{FRAMING}'/>"));
        self.out.push_back((conn, Word::Close));
    }

    fn on_presence(&mut self, id: u64, presence: &Element) {
        if presence.attr("to").is_some() {
            return;
        }
        let is_available = presence.attr("type").is_none();
        let Some(session) = self.session(id) else {
            return;
        };
        let was = std::mem::replace(&mut session.is_available, is_available);
        let account = session.account.clone();
        if is_available && !was {
            let held = std::mem::take(&mut self.accounts.get_mut(&account).unwrap().offline);
            for entry in held {
                let frame = entry.held(&account);
                self.tell(id, frame);
            }
        }
    }

    fn on_message(&mut self, id: u64, message: &Element) {
        let Some(from) = self.session(id).map(|session| session.full()) else {
            return;
        };
        let text = |name: &str| {
            let child = message.get_child(name, "jabber:client");
            child.map(Element::text)
        };
        let (Some(body), Some(to)) = (text("body"), message.attr("to")) else {
            return;
        };
        let origin = message.get_child("origin-id", "urn:xmpp:sid:0");
        let written = Written {
            from,
            to: bare(to).to_owned(),
            id: message.attr("id").map(str::to_owned),
            origin: origin.and_then(|origin| origin.attr("id").map(str::to_owned)),
            body,
            forged: None,
        };
        self.route(written, Some(id));
    }

    /// A message is taken: archived on both sides, told to all that are to hear of it.
    pub fn route(&mut self, written: Written, via: Option<u64>) {
        let (from, to) = (bare(&written.from).to_owned(), written.to.clone());
        let sent = self.keep(&from, &written);
        let copy = format!(
            "<sent xmlns='{CARBONS}'><forwarded xmlns='urn:xmpp:forward:0'>{}</forwarded></sent>",
            sent.text(&from, self.rules.names_sent)
        );
        self.copy(&from, via, &copy);
        if !self.accounts.contains_key(&to) {
            self.refused.push(written.body.clone());
            if let Some(via) = via {
                let id = written.id.unwrap_or_default();
                self.tell(
                    via,
                    format!(
                        "<message xmlns='jabber:client' type='error' from='{to}' id='{id}'><error type='cancel'>\
                         <item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>"
                    ),
                );
            }
            return;
        }
        let entry = match self.is_late(&to) {
            Some(at) => {
                let mut entry = self.name(&to, &written);
                entry.is_late = true;
                self.late.push((at, to.clone(), entry.clone()));
                entry
            }
            None => self.keep(&to, &written),
        };
        let there: Vec<u64> = self
            .sessions
            .iter()
            .filter(|session| session.account == to && session.is_available)
            .map(|session| session.id)
            .collect();
        let Some(first) = there.first() else {
            if self.rules.keeps_offline {
                self.accounts.get_mut(&to).unwrap().offline.push(entry);
            }
            return;
        };
        let text = entry.text(&to, true);
        if self.rules.to_all {
            for id in there {
                self.tell(id, text.clone());
            }
        } else {
            self.tell(*first, text.clone());
            let copy = format!(
                "<received xmlns='{CARBONS}'><forwarded xmlns='urn:xmpp:forward:0'>{text}</forwarded></received>"
            );
            self.copy(&to, Some(*first), &copy);
        }
    }

    /// A copy for all devices of an account that want copies, but one.
    fn copy(&mut self, account: &str, but: Option<u64>, copy: &str) {
        let others: Vec<(u64, String)> = self
            .sessions
            .iter()
            .filter(|session| {
                session.account == account && session.wants_copies && Some(session.id) != but
            })
            .map(|session| (session.id, session.full()))
            .collect();
        for (id, full) in others {
            self.tell(
                id,
                format!(
                    "<message xmlns='jabber:client' from='{account}' to='{full}' type='chat'>{copy}</message>"
                ),
            );
        }
    }
}
