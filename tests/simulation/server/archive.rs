//! XEP-0313: the archive of each account, and what can go wrong with a page of it.

use std::time::Duration;

use minidom::Element;
use waxwing::entity::time::Timestamp;

use super::{Server, Written, bare};

const MAM: &str = "urn:xmpp:mam:2";
const RSM: &str = "http://jabber.org/protocol/rsm";
const SID: &str = "urn:xmpp:sid:0";
/// How long a session whose connection is gone may take with what was sent to it.
const LATE: Duration = Duration::from_secs(105);

/// One message of an archive.
#[derive(Clone, Debug)]
pub struct Entry {
    pub id: String,
    pub stamp: String,
    pub peer: String,
    pub written: Written,
    /// Its place.
    serial: u64,
    /// It was archived long after it had its name.
    pub is_late: bool,
}

/// What becomes of the next page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PageFault {
    /// It comes so much later, and other things before it.
    Late(Duration),
    /// Each item comes twice.
    Doubled,
    /// The connection is cut after so many items.
    CutAfter(usize),
    /// It never comes.
    Lost,
    /// Not now.
    Refused,
}

impl Entry {
    /// As it is told to an account; `named`: with its name in that account's archive.
    pub fn text(&self, account: &str, named: bool) -> String {
        self.with(account, named, "")
    }

    /// As it is told to who was away.
    pub fn held(&self, account: &str) -> String {
        let delay = format!(
            "<delay xmlns='urn:xmpp:delay' from='{}' stamp='{}'/>",
            super::DOMAIN,
            self.stamp
        );
        self.with(account, true, &delay)
    }

    fn with(&self, account: &str, named: bool, more: &str) -> String {
        let Written {
            from,
            to,
            id,
            origin,
            body,
            forged,
        } = &self.written;
        let id = id.as_ref().map(|id| format!(" id='{id}'"));
        let origin = origin
            .as_ref()
            .map(|id| format!("<origin-id xmlns='{SID}' id='{id}'/>"));
        let stanza_id =
            |by: &str, id: &str| format!("<stanza-id xmlns='{SID}' by='{by}' id='{id}'/>");
        // XEP-0359 §5: what others say in our account's name is taken out.
        let forged = forged
            .as_ref()
            .filter(|(by, _)| by != account)
            .map(|(by, id)| stanza_id(by, id));
        let name = named.then(|| stanza_id(account, &self.id));
        format!(
            "<message xmlns='jabber:client' from='{from}' to='{to}' type='chat'{}><body>{body}</body>{}{}{}{more}</message>",
            id.unwrap_or_default(),
            origin.unwrap_or_default(),
            forged.unwrap_or_default(),
            name.unwrap_or_default()
        )
    }
}

/// A field of the form.
fn field(query: &Element, name: &str) -> Option<String> {
    let form = query.get_child("x", "jabber:x:data")?;
    let mut fields = form.children();
    let field = fields.find(|field| field.attr("var") == Some(name))?;
    field.children().next().map(Element::text)
}

impl Server {
    /// Archives a message for an account.
    pub(super) fn keep(&mut self, account: &str, written: &Written) -> Entry {
        let entry = self.name(account, written);
        self.file(account, entry.clone());
        entry
    }

    /// Archives a message that has its name and its time: in its place, whenever that is.
    pub(super) fn file(&mut self, account: &str, entry: Entry) {
        if let Some(account) = self.accounts.get_mut(account) {
            let archive = &mut account.archive;
            let place = archive.partition_point(|before| before.serial < entry.serial);
            archive.insert(place, entry);
        }
    }

    /// Gives a message its name and its time in an archive.
    pub(super) fn name(&mut self, account: &str, written: &Written) -> Entry {
        let mut ms = self.start + i64::try_from(self.now.as_millis()).unwrap();
        if self.rules.whole_seconds {
            ms -= ms.rem_euclid(1_000);
        }
        // Nobody may read anything out of the names.
        let serial = self.fresh();
        let number = serial.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let peer = if bare(&written.from) == account {
            &written.to
        } else {
            bare(&written.from)
        };
        Entry {
            id: format!("a{:08x}", number >> 32),
            stamp: waxwing::xmpp::stanza::stamp::format(Timestamp(ms)),
            peer: peer.to_owned(),
            written: written.clone(),
            serial,
            is_late: false,
        }
    }

    /// Whether a message for an account is archived late, and when: it is for a session whose connection is gone, and that
    /// takes its time with every second one.
    pub(super) fn is_late(&self, account: &str) -> Option<Duration> {
        let mut sessions = self.sessions.iter();
        let first = sessions.find(|session| session.account == account && session.is_available)?;
        let until = first.lost_at? + LATE;
        let is_due = self.rules.archives_late && until > self.now;
        (is_due && self.next.is_multiple_of(2)).then_some(until)
    }

    /// A page is asked for.
    pub(super) fn on_query(&mut self, session: u64, account: &str, id: &str, query: &Element) {
        let frames = self.page(account, id, query);
        match self.page_faults.pop_front() {
            None => frames
                .into_iter()
                .for_each(|frame| self.tell(session, frame)),
            Some(PageFault::Late(time)) => {
                let at = self.now + time;
                self.later.push((at, session, frames));
            }
            Some(PageFault::Doubled) => {
                let fin = frames.len() - 1;
                for (number, frame) in frames.into_iter().enumerate() {
                    if number != fin {
                        self.tell(session, frame.clone());
                    }
                    self.tell(session, frame);
                }
            }
            Some(PageFault::CutAfter(count)) => {
                for (number, frame) in frames.into_iter().enumerate() {
                    if number == count
                        && let Some(conn) = self.session(session).and_then(|known| known.conn)
                    {
                        self.cuts.push(conn);
                        self.lost(conn);
                    }
                    self.tell(session, frame);
                }
            }
            Some(PageFault::Lost) => {}
            Some(PageFault::Refused) => self.tell(
                session,
                format!(
                    "<iq xmlns='jabber:client' type='error' id='{id}'><error type='wait'>\
                     <resource-constraint xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
                ),
            ),
        }
    }

    fn page(&self, account: &str, id: &str, query: &Element) -> Vec<String> {
        let queryid = query.attr("queryid").unwrap();
        let (with, start, end) = (
            field(query, "with"),
            field(query, "start").unwrap_or_default(),
            field(query, "end"),
        );
        let found: Vec<&Entry> = self.accounts[account]
            .archive
            .iter()
            .filter(|entry| with.as_deref().is_none_or(|with| entry.peer == with))
            .filter(|entry| seconds(&entry.stamp) >= seconds(&start))
            .filter(|entry| {
                end.as_deref()
                    .is_none_or(|end| seconds(&entry.stamp) <= seconds(end))
            })
            .collect();
        let set = query.get_child("set", RSM).unwrap();
        let text = |name: &str| set.get_child(name, RSM).map(Element::text);
        let max: usize = text("max").unwrap().parse().unwrap();
        let max = self.rules.page_size.min(max);
        let place = |id: &str| found.iter().position(|entry| entry.id == id);
        let (before, after) = (text("before"), text("after"));
        let range = match (before.as_deref(), after.as_deref()) {
            (Some(""), None) => Some(found.len().saturating_sub(max)..found.len()),
            (Some(before), None) => place(before).map(|end| end.saturating_sub(max)..end),
            (None, Some(after)) => place(after).map(|at| at + 1..(at + 1 + max).min(found.len())),
            (None, None) => Some(0..max.min(found.len())),
            both => panic!("{both:?}"),
        };
        let Some(range) = range else {
            return vec![format!(
                "<iq xmlns='jabber:client' type='error' id='{id}'><error type='cancel'>\
                 <item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
            )];
        };
        let is_complete = if before.is_some() {
            range.start == 0
        } else {
            range.end == found.len()
        };
        let items = &found[range];
        let mut frames: Vec<String> = items
            .iter()
            .map(|entry| {
                format!(
                    "<message xmlns='jabber:client' from='{account}'><result xmlns='{MAM}' queryid='{queryid}' id='{}'>\
                     <forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' stamp='{}'/>{}</forwarded></result></message>",
                    entry.id,
                    entry.stamp,
                    entry.text(account, false)
                )
            })
            .collect();
        let named = |name: &str, entry: Option<&&Entry>| {
            entry
                .map(|entry| format!("<{name}>{}</{name}>", entry.id))
                .unwrap_or_default()
        };
        let complete = if is_complete { " complete='true'" } else { "" };
        frames.push(format!(
            "<iq xmlns='jabber:client' type='result' id='{id}'><fin xmlns='{MAM}'{complete}><set xmlns='{RSM}'>{}{}</set></fin></iq>",
            named("first", items.first()),
            named("last", items.last())
        ));
        frames
    }
}

/// A time that can be compared as text.
fn seconds(stamp: &str) -> String {
    match stamp.strip_suffix('Z') {
        Some(whole) if !whole.contains('.') && !whole.is_empty() => format!("{whole}.000Z"),
        _ => stamp.to_owned(),
    }
}
