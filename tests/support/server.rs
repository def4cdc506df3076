//! A server that does what a scenario needs: SCRAM, binding, roster, an archive.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit, Mac};
use minidom::Element;
use sha2::{Digest, Sha256};
use waxwing::platform::fake::{FakeSocket, World};

use super::PASSWORD;
use super::managed::{Managed, Memory};
use super::slow::Slow;
use super::tokens::{SASL2, Tokens};

const FRAMING: &str = "urn:ietf:params:xml:ns:xmpp-framing";
const SASL: &str = "urn:ietf:params:xml:ns:xmpp-sasl";
const MAM: &str = "urn:xmpp:mam:2";
const PUBSUB: &str = "http://jabber.org/protocol/pubsub";
const PUBSUB_OWNER: &str = "http://jabber.org/protocol/pubsub#owner";
const DISPLAYED: &str = "urn:xmpp:mds:displayed:0";
const RSM: &str = "http://jabber.org/protocol/rsm";

/// One message of the archive.
#[derive(Clone, Debug)]
pub struct Archived {
    pub id: String,
    pub stamp: String,
    pub from: &'static str,
    pub to: &'static str,
    pub body: String,
    pub origin: Option<String>,
    /// The message itself, where it is none of these.
    pub raw: Option<String>,
}

impl Archived {
    pub fn new(number: u32, from: &'static str, body: &str) -> Self {
        Self {
            id: format!("a{number:04}"),
            // Whole seconds, several messages to each.
            stamp: format!(
                "2025-12-31T{:02}:{:02}:{:02}Z",
                10 + number / 10_800,
                number / 180 % 60,
                number / 3 % 60
            ),
            from,
            to: if from.starts_with("romeo") {
                "juliet@example.org"
            } else {
                "romeo@example.org"
            },
            body: body.to_owned(),
            origin: None,
            raw: None,
        }
    }

    /// The other one.
    pub fn peer(&self) -> &str {
        let peer = if self.from.starts_with("romeo") {
            self.to
        } else {
            self.from
        };
        peer.split('/').next().unwrap()
    }

    /// As an item of a page.
    pub fn result(&self, queryid: &str) -> String {
        let origin = self
            .origin
            .as_ref()
            .map(|id| format!("<origin-id xmlns='urn:xmpp:sid:0' id='{id}'/>"))
            .unwrap_or_default();
        let message = self.raw.clone().unwrap_or_else(|| {
            format!(
                "<message xmlns='jabber:client' from='{}' to='{}' type='chat'><body>{}</body>{origin}</message>",
                self.from, self.to, self.body
            )
        });
        format!(
            "<message xmlns='jabber:client' from='romeo@example.org'><result xmlns='{MAM}' queryid='{queryid}' id='{}'>\
             <forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' stamp='{}'/>{message}\
             </forwarded></result></message>",
            self.id, self.stamp
        )
    }
}

/// How an archive is odd.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Odd {
    #[default]
    No,
    /// The items of a page come in another order.
    Shuffled,
    /// Each item comes twice.
    Doubled,
    /// No page is said to be the last one, and each counts wrong.
    Endless,
    /// Pages do not say where they begin and end.
    Nameless,
    /// Times are not heeded.
    Timeless,
    /// A form with a time in it is refused.
    Strict,
    /// The page before an item begins with it once more, and some that come after.
    Overlapping,
    /// Nobody can go on before an item.
    Forgetful,
}

/// The server.
#[derive(Default)]
pub struct Server {
    pub sockets: Vec<FakeSocket>,
    pub(super) authenticated: bool,
    scram: Option<(String, String)>,
    pub roster: String,
    /// The roster cannot be had.
    pub roster_fails: bool,
    pub archive: Vec<Archived>,
    /// How often it was asked about one conversation, and about all.
    pub archive_queries: usize,
    pub catch_ups: usize,
    /// What it answers instead: the type and the condition of an error.
    pub archive_fails: Option<(&'static str, &'static str)>,
    /// Pages begin so many items before they should.
    pub overlap: usize,
    /// After so many items more, the socket is cut.
    pub cut_after: Option<usize>,
    /// It gives so many items at a time, whatever is asked for.
    pub page_size: Option<usize>,
    /// How it is odd.
    pub odd: Odd,
    /// Nobody is let in.
    pub refuses: bool,
    /// Everybody is sent there, where nobody is.
    pub moves: Option<&'static str>,
    /// The password, if it is another one by now.
    pub password: String,
    /// Messages are swallowed: no answer tells that they were handled.
    pub silent: bool,
    /// While it has this, it keeps its answers back.
    pub kept: Option<Vec<String>>,
    /// So many questions about all conversations are answered, and no more.
    pub catch_ups_left: Option<usize>,
    /// Those that were not.
    unanswered: Vec<(String, Element)>,
    /// Questions to the archive are not answered, but kept: (id, query id, about whom).
    pub holds_pages: bool,
    pub pages: Vec<(String, String, String)>,
    /// What a contact's client says that it can do.
    pub disco: Option<String>,
    /// Publications can be bound to who may see them (XEP-0060 §7.1.5).
    pub publishes: bool,
    /// What is flagged as displayed (XEP-0490): conversation and stanza-id.
    pub displayed: BTreeMap<String, String>,
    /// The flags that the client published, in order.
    pub flags: Vec<(String, String)>,
    /// The node is open to others, until it is configured anew.
    pub is_open: bool,
    /// No configuration makes it private.
    pub stays_open: bool,
    pub received: Vec<Element>,
    /// Every frame, as it came.
    pub frames: Vec<String>,
    /// Where it wants sessions to be resumed (XEP-0198 §5).
    pub location: &'static str,
    /// It ends the stream at a message with that text, with that condition.
    pub chokes: Option<(&'static str, &'static str)>,
    /// Stream management is on offer, and what is remembered of a session whose socket is gone.
    pub manages: Option<Memory>,
    pub(super) managed: RefCell<Managed>,
    /// Nobody gets a resource.
    pub binds_nobody: bool,
    /// It logs people in by SASL2, and gives tokens.
    pub tokens: Option<Tokens>,
    /// Until the next socket, nothing of the client arrives.
    pub deaf: bool,
    /// In sessions that are taken up again it hears nothing, as Prosody 0.12 after a cut within a frame.
    pub swallows: bool,
    /// Until the next socket, nothing arrives at the client.
    pub mute: Cell<bool>,
    /// The way to it is slow.
    pub slow: Option<RefCell<Slow>>,
}

impl Server {
    pub fn forget_sockets(&mut self) {
        for socket in self.sockets.drain(..) {
            socket.cut();
        }
        self.authenticated = false;
    }

    /// The messages that the client sent since the last call: (origin-id, body).
    pub fn take_messages(&mut self) -> Vec<(String, String)> {
        let (messages, rest) = std::mem::take(&mut self.received)
            .into_iter()
            .partition(|stanza| stanza.name() == "message");
        self.received = rest;
        let messages: Vec<Element> = messages;
        messages
            .iter()
            .map(|message| {
                let body = message.get_child("body", "jabber:client").unwrap().text();
                let origin = message.get_child("origin-id", "urn:xmpp:sid:0").unwrap();
                (origin.attr("id").unwrap().to_owned(), body)
            })
            .collect()
    }

    pub fn presences(&self) -> Vec<&Element> {
        self.received
            .iter()
            .filter(|stanza| stanza.name() == "presence")
            .collect()
    }

    /// A frame to the client.
    pub fn deliver(&self, frame: &str) {
        let socket = self.sockets.last().expect("no socket");
        self.transmit(socket, frame.to_owned());
    }

    /// What was kept back goes out.
    pub fn let_go(&mut self) {
        for frame in self.kept.take().unwrap_or_default() {
            self.deliver(&frame);
        }
    }

    /// What was asked about all conversations is answered after all.
    pub fn answer_late(&mut self) {
        self.catch_ups_left = None;
        for (id, query) in std::mem::take(&mut self.unanswered) {
            for frame in self.page(&id, &query) {
                self.deliver(&frame);
            }
        }
    }

    fn transmit(&self, socket: &FakeSocket, frame: String) {
        self.managed.borrow_mut().keep(&frame);
        if !self.mute.get() {
            self.put(socket, frame);
        }
    }

    /// On the way to the client.
    fn put(&self, socket: &FakeSocket, frame: String) {
        match &self.slow {
            Some(slow) => slow.borrow_mut().deliver(socket, frame),
            None => socket.deliver(frame),
        }
    }

    /// What has arrived at the server, and at the client, by now.
    fn arrived(&self, world: &World) -> Vec<(FakeSocket, String)> {
        let sockets = self.sockets.iter();
        let sent = sockets.flat_map(|socket| {
            let frames = socket.take_sent().into_iter();
            frames.map(|frame| (socket.clone(), frame))
        });
        let Some(slow) = &self.slow else {
            return sent.collect();
        };
        let mut slow = slow.borrow_mut();
        slow.set_now(Duration::from_millis(
            world.now().monotonic.as_millis() as u64
        ));
        for (socket, frame) in sent {
            slow.send(&socket, frame);
        }
        for (socket, frame) in slow.delivered() {
            socket.deliver(frame);
        }
        slow.arrived()
    }

    pub fn cut(&self) {
        self.sockets.last().expect("no socket").cut();
    }

    /// Answers what came. False if nothing did.
    pub fn serve(&mut self, world: &World) -> bool {
        let mut busy = false;
        for socket in world.new_sockets() {
            busy = true;
            if self.refuses || self.moves == Some(socket.url()) {
                socket.cut();
            } else {
                self.authenticated = false;
                self.unanswered.clear();
                self.deaf = false;
                self.mute.set(false);
                socket.accept();
                self.sockets.push(socket);
            }
        }
        for (socket, frame) in self.arrived(world) {
            busy = true;
            if self.deaf {
                continue;
            }
            self.frames.push(frame.clone());
            let element: Element = frame.parse().unwrap();
            if let Some(url) = self.moves {
                self.put(
                    &socket,
                    format!(
                        "<close xmlns='urn:ietf:params:xml:ns:xmpp-framing' see-other-uri='{url}'/>"
                    ),
                );
                continue;
            }
            if element.ns() == "urn:xmpp:sm:3" {
                let memory = self.manages.unwrap_or_default();
                let answers = self.managed.borrow_mut().answer(&element, memory);
                self.deaf |= self.swallows && element.name() == "resume";
                for answer in answers.into_iter().filter(|_| !self.mute.get()) {
                    self.put(&socket, self.located(answer));
                }
                continue;
            }
            if let Some((text, condition)) = self.chokes
                && element.name() == "message"
                && frame.contains(text)
            {
                self.put(&socket, format!(
                    "<stream:error xmlns:stream='http://etherx.jabber.org/streams'><{condition} xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>"
                ));
                socket.cut();
                continue;
            }
            if element.ns() == SASL2 {
                // What is written again was kept before.
                if let Some(tokens) = &mut self.tokens {
                    tokens.place = socket.url().to_owned();
                }
                for answer in self.answer_sasl2(&element) {
                    self.put(&socket, self.located(answer));
                }
                continue;
            }
            if super::managed::is_stanza(&frame) {
                self.managed.borrow_mut().count();
            }
            for answer in self.answer(&element) {
                if let Some(kept) = &mut self.kept {
                    kept.push(answer);
                    continue;
                }
                self.transmit(&socket, answer.clone());
                if answer.contains("<result ")
                    && let Some(left) = self.cut_after.take()
                {
                    if left == 1 {
                        socket.cut();
                        // What follows waits for the session to be resumed.
                        self.mute.set(true);
                    } else {
                        self.cut_after = Some(left - 1);
                    }
                }
            }
            if matches!(element.name(), "message" | "presence") {
                self.received.push(element);
            }
        }
        busy
    }

    /// With the place where sessions are resumed, if that is said.
    fn located(&self, answer: String) -> String {
        let place = format!(" location='{}' resume=", self.location);
        match self.location {
            "" => answer,
            _ => answer.replacen(" resume=", &place, 1),
        }
    }

    fn answer(&mut self, element: &Element) -> Vec<String> {
        match element.name() {
            "open" => {
                let offer = if self.authenticated {
                    let managed = self.manages.map(|_| "<sm xmlns='urn:xmpp:sm:3'/>");
                    let managed = managed.unwrap_or_default();
                    format!(
                        "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>{managed}<csi xmlns='urn:xmpp:csi:0'/>"
                    )
                } else {
                    let tokens = self
                        .tokens
                        .as_ref()
                        .map(|_| Tokens::offer(!self.binds_nobody));
                    let tokens = tokens.unwrap_or_default();
                    format!(
                        "<mechanisms xmlns='{SASL}'><mechanism>SCRAM-SHA-256</mechanism></mechanisms>{tokens}"
                    )
                };
                vec![
                    format!("<open xmlns='{FRAMING}' from='example.org' id='s' version='1.0'/>"),
                    format!(
                        "<stream:features xmlns:stream='http://etherx.jabber.org/streams'>{offer}</stream:features>"
                    ),
                ]
            }
            "auth" => {
                let first = String::from_utf8(BASE64.decode(element.text()).unwrap()).unwrap();
                let challenge = self.challenge(&first);
                vec![format!("<challenge xmlns='{SASL}'>{challenge}</challenge>")]
            }
            "response" => match self.prove(&element.text()) {
                Some(proof) => {
                    self.authenticated = true;
                    vec![format!("<success xmlns='{SASL}'>{proof}</success>")]
                }
                None => vec![format!(
                    "<failure xmlns='{SASL}'><not-authorized/></failure>"
                )],
            },
            "close" => vec![format!("<close xmlns='{FRAMING}'/>")],
            "iq" => self.answer_iq(element),
            _ => Vec::new(),
        }
    }

    /// SCRAM's second message, for the first one.
    pub(super) fn challenge(&mut self, first: &str) -> String {
        let bare = first.strip_prefix("n,,").unwrap().to_owned();
        let nonce = format!("{}server", bare.split_once(",r=").unwrap().1);
        let challenge = format!("r={nonce},s={},i=4096", BASE64.encode("salt"));
        let encoded = BASE64.encode(&challenge);
        self.scram = Some((bare, challenge));
        encoded
    }

    /// SCRAM's last message, if the one before it was right.
    pub(super) fn prove(&mut self, answer: &str) -> Option<String> {
        let answer = String::from_utf8(BASE64.decode(answer).unwrap()).unwrap();
        let (bare, challenge) = self.scram.take().unwrap();
        let password = match self.password.as_str() {
            "" => PASSWORD,
            changed => changed,
        };
        let signature = verify(password, &bare, &challenge, &answer)?;
        Some(BASE64.encode(format!("v={}", BASE64.encode(signature))))
    }

    fn answer_iq(&mut self, iq: &Element) -> Vec<String> {
        let id = iq.attr("id").unwrap();
        let from = iq
            .attr("to")
            .map(|to| format!(" from='{to}'"))
            .unwrap_or_default();
        let result = |payload: &str| {
            vec![format!(
                "<iq xmlns='jabber:client' type='result' id='{id}'{from}>{payload}</iq>"
            )]
        };
        let Some(payload) = iq.children().next() else {
            return Vec::new();
        };
        match payload.ns().as_str() {
            "urn:ietf:params:xml:ns:xmpp-bind" if self.binds_nobody => vec![format!(
                "<iq xmlns='jabber:client' type='error' id='{id}'><error type='cancel'><not-allowed xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
            )],
            "urn:ietf:params:xml:ns:xmpp-bind" => result(
                "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>romeo@example.org/orchard</jid></bind>",
            ),
            "jabber:iq:roster" if self.roster_fails => vec![format!(
                "<iq xmlns='jabber:client' type='error' id='{id}'{from}><error type='wait'><internal-server-error xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
            )],
            "jabber:iq:roster" if iq.attr("type") == Some("get") => result(&format!(
                "<query xmlns='jabber:iq:roster' ver='1'>{}</query>",
                self.roster
            )),
            "http://jabber.org/protocol/disco#info" if self.disco.is_some() => {
                result(self.disco.as_deref().unwrap())
            }
            "http://jabber.org/protocol/disco#info" => {
                let publishes = if self.publishes {
                    "<feature var='http://jabber.org/protocol/pubsub#publish-options'/>"
                } else {
                    ""
                };
                result(&format!(
                    "<query xmlns='http://jabber.org/protocol/disco#info'><feature var='{MAM}'/><feature var='urn:xmpp:sid:0'/>{publishes}</query>"
                ))
            }
            PUBSUB if self.publishes => self.answer_pubsub(id, payload),
            PUBSUB_OWNER => {
                self.is_open = self.stays_open;
                result("")
            }
            "urn:xmpp:ping" if self.silent => Vec::new(),
            "jabber:iq:roster" | "urn:xmpp:ping" => result(""),
            "jabber:iq:register" if iq.attr("type") == Some("get") => {
                result("<query xmlns='jabber:iq:register'><username/><password/></query>")
            }
            "jabber:iq:register" => match payload.get_child("username", "jabber:iq:register") {
                Some(name) if name.text() == "mallory" => vec![format!(
                    "<iq xmlns='jabber:client' type='error' id='{id}'{from}><error type='cancel'><conflict xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
                )],
                _ => result(""),
            },
            MAM => self.page(id, payload),
            _ => vec![format!(
                "<iq xmlns='jabber:client' type='error' id='{id}'{from}><error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
            )],
        }
    }

    /// What is flagged as displayed, and flags (XEP-0490).
    fn answer_pubsub(&mut self, id: &str, pubsub: &Element) -> Vec<String> {
        let Some(publish) = pubsub.get_child("publish", PUBSUB) else {
            let items: String = self
                .displayed
                .iter()
                .map(|(peer, id)| flag(peer, id))
                .collect();
            return vec![format!(
                "<iq xmlns='jabber:client' type='result' id='{id}'><pubsub xmlns='{PUBSUB}'><items node='{DISPLAYED}'>{items}</items></pubsub></iq>"
            )];
        };
        if self.is_open {
            return vec![format!(
                "<iq xmlns='jabber:client' type='error' id='{id}'><error type='cancel'><conflict xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>\
                 <precondition-not-met xmlns='{PUBSUB}#errors'/></error></iq>"
            )];
        }
        let item = publish.get_child("item", PUBSUB).unwrap();
        let displayed = item.get_child("displayed", DISPLAYED).unwrap();
        let name = displayed.get_child("stanza-id", "urn:xmpp:sid:0").unwrap();
        assert_eq!(name.attr("by"), Some("romeo@example.org"));
        let (peer, name) = (item.attr("id").unwrap(), name.attr("id").unwrap());
        self.flags.push((peer.to_owned(), name.to_owned()));
        self.displayed.insert(peer.to_owned(), name.to_owned());
        // The event is for all devices, also for that which published.
        vec![
            event(peer, name),
            format!("<iq xmlns='jabber:client' type='result' id='{id}'/>"),
        ]
    }

    /// Another device of ours has read up to there.
    pub fn flag(&mut self, peer: &str, id: &str) {
        self.displayed.insert(peer.to_owned(), id.to_owned());
        self.deliver(&event(peer, id));
    }

    /// A page of the archive (XEP-0313).
    fn page(&mut self, id: &str, query: &Element) -> Vec<String> {
        let with = field(query, "with");
        if with.is_some() {
            self.archive_queries += 1;
        } else {
            self.catch_ups += 1;
            if let Some(left) = &mut self.catch_ups_left {
                if *left == 0 {
                    self.unanswered.push((id.into(), query.clone()));
                    return Vec::new();
                }
                *left -= 1;
            }
        }
        let queryid = query.attr("queryid").unwrap();
        if self.holds_pages {
            self.pages
                .push((id.into(), queryid.into(), with.unwrap_or_default()));
            return Vec::new();
        }
        let error = |kind: &str, condition: &str| {
            vec![format!(
                "<iq xmlns='jabber:client' type='error' id='{id}'><error type='{kind}'><{condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
            )]
        };
        if let Some((kind, condition)) = self.archive_fails {
            return error(kind, condition);
        }
        let set = query.get_child("set", RSM).unwrap();
        let text = |name: &str| set.get_child(name, RSM).map(Element::text);
        let max: usize = text("max").unwrap().parse().unwrap();
        let max = self.page_size.unwrap_or(max).min(max);
        let (since, until) = (field(query, "start"), field(query, "end"));
        if self.odd == Odd::Strict && (since.is_some() || until.is_some()) {
            return error("modify", "bad-request");
        }
        let heeds = |time: Option<String>| time.filter(|_| self.odd != Odd::Timeless);
        let (since, until) = (heeds(since), heeds(until));
        let found: Vec<&Archived> = self
            .archive
            .iter()
            .filter(|item| since.as_ref().is_none_or(|since| item.stamp >= *since))
            .filter(|item| until.as_ref().is_none_or(|until| item.stamp <= *until))
            .filter(|item| with.as_deref().is_none_or(|with| item.peer() == with))
            .collect();
        let place = |id: &str| found.iter().position(|item| item.id == id);
        let (before, after) = (text("before"), text("after"));
        let range = match (before.as_deref(), after.as_deref()) {
            (Some(""), None) => found.len().saturating_sub(max)..found.len(),
            (Some(_), None) if self.odd == Odd::Forgetful => {
                return error("cancel", "item-not-found");
            }
            (Some(before), None) => {
                let end = place(before).unwrap_or(found.len());
                let over = if self.odd == Odd::Overlapping {
                    max / 2
                } else {
                    0
                };
                let end = (end + over).min(found.len());
                end.saturating_sub(max)..end
            }
            (None, Some(after)) => match place(after) {
                Some(at) => {
                    let start = (at + 1).saturating_sub(self.overlap);
                    start..(start + max).min(found.len())
                }
                None => return error("cancel", "item-not-found"),
            },
            (None, None) => 0..max.min(found.len()),
            both => panic!("{both:?}"),
        };
        let complete = if before.is_some() {
            range.start == 0
        } else {
            range.end == found.len()
        };
        let complete = complete && self.odd != Odd::Endless;
        let items = &found[range];
        let mut frames: Vec<String> = items.iter().map(|item| item.result(queryid)).collect();
        match self.odd {
            Odd::Shuffled => {
                frames.reverse();
                let middle = frames.len() / 3;
                frames.rotate_left(middle);
            }
            Odd::Doubled => {
                let again = frames
                    .iter()
                    .flat_map(|frame| [frame.clone(), frame.clone()]);
                frames = again.collect();
            }
            _ => {}
        }
        let named = |name: &str, item: Option<&&Archived>| {
            let item = item.filter(|_| self.odd != Odd::Nameless);
            item.map(|item| format!("<{name}>{}</{name}>", item.id))
                .unwrap_or_default()
        };
        let complete = if complete { " complete='true'" } else { "" };
        let fin = format!(
            "<fin xmlns='{MAM}'{complete}><set xmlns='{RSM}'>{}{}<count>7</count></set></fin>",
            named("first", items.first()),
            named("last", items.last())
        );
        frames.push(format!(
            "<iq xmlns='jabber:client' type='result' id='{id}'>{fin}</iq>"
        ));
        frames
    }
}

fn flag(peer: &str, id: &str) -> String {
    format!(
        "<item id='{peer}'><displayed xmlns='{DISPLAYED}'><stanza-id xmlns='urn:xmpp:sid:0' by='romeo@example.org' id='{id}'/></displayed></item>"
    )
}

/// What was flagged, as our account tells it.
fn event(peer: &str, id: &str) -> String {
    let item = flag(peer, id);
    format!(
        "<message xmlns='jabber:client' from='romeo@example.org' to='romeo@example.org/orchard' type='headline'>\
         <event xmlns='{PUBSUB}#event'><items node='{DISPLAYED}'>{item}</items></event></message>"
    )
}

/// A field of the form of a question to the archive.
fn field(query: &Element, name: &str) -> Option<String> {
    let form = query.get_child("x", "jabber:x:data")?;
    let mut fields = form.children();
    let field = fields.find(|field| field.attr("var") == Some(name))?;
    field.children().next().map(Element::text)
}

pub(super) fn hmac(key: &[u8], text: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(text);
    mac.finalize().into_bytes().to_vec()
}

/// RFC 5802 §3, the server's side: the signature, if the client's proof is right.
fn verify(password: &str, bare: &str, challenge: &str, answer: &str) -> Option<Vec<u8>> {
    let (without_proof, proof) = answer.rsplit_once(",p=")?;
    let auth = format!("{bare},{challenge},{without_proof}");
    let mut salted = [0; 32];
    pbkdf2::pbkdf2_hmac::<Sha256>(password.as_bytes(), b"salt", 4096, &mut salted);
    let client_key = hmac(&salted, b"Client Key");
    let stored_key = Sha256::digest(&client_key);
    let signature = hmac(&stored_key, auth.as_bytes());
    let expected: Vec<u8> = client_key
        .iter()
        .zip(&signature)
        .map(|(a, b)| a ^ b)
        .collect();
    (BASE64.decode(proof).ok()? == expected)
        .then(|| hmac(&hmac(&salted, b"Server Key"), auth.as_bytes()))
}
