//! Questions: binding, roster, service discovery, carbons, what is displayed (XEP-0490).

use minidom::Element;

use super::session::Session;
use super::{CARBONS, ConnId, Server};

const PUBSUB: &str = "http://jabber.org/protocol/pubsub";
const DISPLAYED: &str = "urn:xmpp:mds:displayed:0";
const BIND: &str = "urn:ietf:params:xml:ns:xmpp-bind";
const INFO: &str = "http://jabber.org/protocol/disco#info";

impl Server {
    pub(super) fn on_iq(&mut self, conn: ConnId, iq: &Element) {
        let stream = &self.streams[&conn];
        let (Some(account), session) = (stream.account.clone(), stream.session) else {
            return;
        };
        let (Some(id), Some(kind)) = (iq.attr("id"), iq.attr("type")) else {
            return;
        };
        let Some(payload) = iq
            .children()
            .next()
            .filter(|_| matches!(kind, "get" | "set"))
        else {
            return;
        };
        if payload.ns() == BIND {
            return self.on_bind(conn, &account, id, payload);
        }
        let Some(session) = session else {
            return;
        };
        let from = iq.attr("to").map(|to| format!(" from='{to}'"));
        let from = from.unwrap_or_default();
        let answer = |kind: &str, payload: &str| {
            format!("<iq xmlns='jabber:client' type='{kind}' id='{id}'{from}>{payload}</iq>")
        };
        let frame = match (payload.ns().as_str(), kind) {
            ("urn:xmpp:mam:2", _) => return self.on_query(session, &account, id, payload),
            ("jabber:iq:roster", "get") => {
                let others = self.accounts.keys().filter(|other| **other != account);
                let items: String = others
                    .map(|other| format!("<item jid='{other}' subscription='both'/>"))
                    .collect();
                answer(
                    "result",
                    &format!("<query xmlns='jabber:iq:roster'>{items}</query>"),
                )
            }
            (INFO, _) => answer(
                "result",
                &format!(
                    "<query xmlns='{INFO}'><feature var='urn:xmpp:mam:2'/><feature var='urn:xmpp:sid:0'/>\
                     <feature var='http://jabber.org/protocol/pubsub#publish-options'/></query>"
                ),
            ),
            (CARBONS, "set") => {
                if let Some(session) = self.session(session) {
                    session.wants_copies = true;
                }
                answer("result", "")
            }
            (PUBSUB, "set") => {
                let publish = payload.get_child("publish", PUBSUB).unwrap();
                let item = publish.get_child("item", PUBSUB).unwrap();
                let displayed = item.get_child("displayed", DISPLAYED).unwrap();
                let name = displayed.get_child("stanza-id", "urn:xmpp:sid:0").unwrap();
                assert_eq!(name.attr("by"), Some(account.as_str()));
                self.flag(&account, item.attr("id").unwrap(), name.attr("id").unwrap());
                answer("result", "")
            }
            (PUBSUB, _) => {
                let displayed = &self.accounts[&account].displayed;
                let items: String = displayed
                    .iter()
                    .map(|(peer, id)| flag(&account, peer, id))
                    .collect();
                answer(
                    "result",
                    &format!(
                        "<pubsub xmlns='{PUBSUB}'><items node='{DISPLAYED}'>{items}</items></pubsub>"
                    ),
                )
            }
            ("urn:xmpp:ping", _) => answer("result", ""),
            _ => answer(
                "error",
                "<error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>",
            ),
        };
        self.tell(session, frame);
    }

    fn on_bind(&mut self, conn: ConnId, account: &str, id: &str, bind: &Element) {
        let number = self.fresh();
        let resource = bind.get_child("resource", BIND).map(Element::text);
        let resource = resource.unwrap_or_else(|| format!("r{number}"));
        let session = Session::new(number, account, &resource, conn);
        let full = session.full();
        self.add_session(session);
        self.streams.get_mut(&conn).unwrap().session = Some(number);
        self.tell(
            number,
            format!(
                "<iq xmlns='jabber:client' type='result' id='{id}'><bind xmlns='{BIND}'><jid>{full}</jid></bind></iq>"
            ),
        );
    }

    /// A device of an account says that it was read up to there; all devices hear of it.
    pub fn flag(&mut self, account: &str, peer: &str, name: &str) {
        let known = self.accounts.get_mut(account).unwrap();
        let place = |id: &str| known.archive.iter().position(|entry| entry.id == id);
        let now = place(name);
        let before = known.displayed.insert(peer.to_owned(), name.to_owned());
        if now < before.and_then(|before| place(&before)) {
            self.set_back.push((account.to_owned(), peer.to_owned()));
        }
        let item = flag(account, peer, name);
        let devices: Vec<(u64, String)> = self
            .sessions
            .iter()
            .filter(|session| session.account == account && session.is_available)
            .map(|session| (session.id, session.full()))
            .collect();
        for (id, full) in devices {
            self.tell(
                id,
                format!(
                    "<message xmlns='jabber:client' from='{account}' to='{full}' type='headline'>\
                     <event xmlns='{PUBSUB}#event'><items node='{DISPLAYED}'>{item}</items></event></message>"
                ),
            );
        }
    }
}

fn flag(account: &str, peer: &str, id: &str) -> String {
    format!(
        "<item id='{peer}'><displayed xmlns='{DISPLAYED}'><stanza-id xmlns='urn:xmpp:sid:0' by='{account}' id='{id}'/></displayed></item>"
    )
}
