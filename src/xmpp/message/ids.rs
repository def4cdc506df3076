//! The third step: the names of a message (RFC 6120 §8.1.3, XEP-0359).

use minidom::Element;

use crate::entity::address::Address;
use crate::entity::jid::Jid;
use crate::entity::message::MessageIds;
use crate::xmpp::ns;

/// The longest name that is kept, in bytes.
const LONGEST: usize = 1024;

/// Reads the names. `account` is given if our server removes stanza-ids that others forge in its name (XEP-0359 §5).
#[must_use]
pub fn read(stanza: &Element, account: Option<&Address>) -> MessageIds {
    MessageIds {
        stanza: stanza.attr("id").and_then(sane),
        origin: stanza
            .get_child("origin-id", ns::STANZA_ID)
            .and_then(|origin| origin.attr("id"))
            .and_then(sane),
        archive: account.and_then(|account| archive(stanza, account)),
    }
}

/// The name that our account's archive gave it. Two of them prove nothing.
fn archive(stanza: &Element, account: &Address) -> Option<String> {
    let by_us = |child: &&Element| {
        let by = child.attr("by").and_then(|by| Jid::parse(by).ok());
        child.is("stanza-id", ns::STANZA_ID) && by.is_some_and(|by| by.is_bare(account))
    };
    let mut found = stanza.children().filter(by_us);
    match (found.next(), found.next()) {
        (Some(one), None) => one.attr("id").and_then(sane),
        _ => None,
    }
}

fn sane(id: &str) -> Option<String> {
    (!id.is_empty() && id.len() <= LONGEST).then(|| id.to_owned())
}
