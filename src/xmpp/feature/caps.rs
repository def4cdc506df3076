//! XEP-0115: Entity Capabilities: ours, and those of others, checked before they are believed.
//!
//! **Invariant:** nothing is kept under a verification string but what hashes to it, and a claim that does not hash to its
//! string counts for nobody.

use std::collections::{HashMap, HashSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minidom::Element;
use sha1::{Digest, Sha1};

use crate::entity::jid::{FullJid, Jid};
use crate::entity::order;
use crate::event::Save;
use crate::xmpp::cx::{Cx, Kind};
use crate::xmpp::iq::{Outcome, Reply};
use crate::xmpp::ns;
use crate::xmpp::stanza::build::{Build, element};
use crate::xmpp::stanza::text::direct_text;

use super::disco;

/// How many strings are kept.
const MOST: usize = 2000;

/// What a presence says of its sender's capabilities.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Claim {
    node: String,
    ver: String,
}

impl Claim {
    /// Reads `<c/>`; only SHA-1 is ever used with it (XEP-0390 is for other hashes).
    #[must_use]
    pub fn read(presence: &Element) -> Option<Self> {
        let c = presence.get_child("c", ns::CAPS)?;
        let (node, ver) = (c.attr("node")?, c.attr("ver")?);
        let sound = c.attr("hash") == Some("sha-1") && ver.len() == 28 && node.len() <= 256;
        sound.then(|| Self {
            node: node.to_owned(),
            ver: ver.to_owned(),
        })
    }
}

/// What is known of verification strings.
#[derive(Default)]
pub struct Caps {
    known: HashMap<String, Vec<String>>,
    asked: HashSet<String>,
}

impl Caps {
    /// Begins with what was stored.
    #[must_use]
    pub fn new(stored: Vec<(String, Vec<String>)>) -> Self {
        Self {
            known: stored.into_iter().collect(),
            asked: HashSet::new(),
        }
    }

    /// The features of whoever claims this, if they were asked for and are true.
    #[must_use]
    pub fn features(&self, claim: &Claim) -> Option<&[String]> {
        self.known.get(&key(&claim.ver)).map(Vec::as_slice)
    }

    /// Asks one who claims it what it stands for, unless that is known or under way.
    pub fn learn(&mut self, cx: &mut Cx, who: FullJid, claim: &Claim) {
        let full = self.known.len() >= MOST;
        if full || self.features(claim).is_some() || !self.asked.insert(claim.ver.clone()) {
            return;
        }
        let node = format!("{}#{}", claim.node, claim.ver);
        let query = element("query", ns::DISCO_INFO).with("node", &node);
        let reply = Reply::Caps(claim.ver.clone());
        cx.request(Some(Jid::from(who)), Kind::Get, query, reply);
    }

    /// The answer to [`Self::learn`].
    pub fn on_answer(&mut self, cx: &mut Cx, ver: &str, outcome: Outcome) {
        self.asked.remove(ver);
        let Outcome::Result(Some(query)) = outcome else {
            return;
        };
        // XEP-0115 §5.4: what does not hash to the string is not kept under it.
        if verification(&query).as_deref() != Some(ver) {
            return tracing::debug!("capabilities do not hash to their string");
        }
        let features = disco::features(&query);
        self.known.insert(key(ver), features.clone());
        cx.save(Save::Caps {
            ver: key(ver),
            features,
        });
    }

    /// The session is over.
    pub fn on_ended(&mut self) {
        self.asked.clear();
    }
}

fn key(ver: &str) -> String {
    format!("sha-1 {ver}")
}

/// Our own `<c/>`.
#[must_use]
pub fn own() -> Element {
    let ver = verification(&disco::own()).unwrap_or_default();
    element("c", ns::CAPS)
        .with("hash", "sha-1")
        .with("node", disco::NODE)
        .with("ver", &ver)
}

/// XEP-0115 §5.1: the verification string of a disco answer; none for an answer that is ill-formed (§5.4) or tries to
/// look like another by the separator.
#[must_use]
pub fn verification(query: &Element) -> Option<String> {
    let mut parts = Vec::new();
    let mut identities: Vec<String> = Vec::new();
    let mut features: Vec<String> = Vec::new();
    let mut forms: Vec<Vec<String>> = Vec::new();
    for child in query.children() {
        if child.is("identity", ns::DISCO_INFO) {
            let attr = |name: &'static str| child.attr(name).unwrap_or_default();
            let lang = child.attr_ns(ns::XML, "lang").unwrap_or_default();
            parts.extend([attr("category"), attr("type"), lang, attr("name")].map(str::to_owned));
            identities.push([attr("category"), attr("type"), lang, attr("name")].join("/"));
        } else if child.is("feature", ns::DISCO_INFO) {
            features.push(child.attr("var").unwrap_or_default().to_owned());
        } else if child.is("x", ns::DATA_FORMS) {
            forms.extend(form(child));
        }
    }
    parts.extend(features.iter().cloned());
    parts.extend(forms.iter().flatten().cloned());
    // XEP-0115 §8.1: a `<` within a part makes two different answers hash alike.
    if parts.iter().any(|part| part.contains('<')) {
        return None;
    }
    for list in [&mut identities, &mut features] {
        order::sort(list);
        let count = list.len();
        list.dedup();
        if list.len() != count {
            return None;
        }
    }
    order::sort(&mut forms);
    let of_one_type = |two: &[Vec<String>]| matches!(two, [a, b] if a.first() == b.first());
    if forms.windows(2).any(of_one_type) {
        return None;
    }
    let mut text = String::new();
    for part in identities
        .iter()
        .chain(&features)
        .chain(forms.iter().flatten())
    {
        text.push_str(part);
        text.push('<');
    }
    Some(STANDARD.encode(Sha1::digest(text)))
}

/// XEP-0128: a form's parts in order: its type, then each field with its values. A form without type is not hashed.
fn form(x: &Element) -> Option<Vec<String>> {
    let mut kind = None;
    let mut fields: Vec<(String, Vec<String>)> = Vec::new();
    for field in x
        .children()
        .filter(|child| child.is("field", ns::DATA_FORMS))
    {
        let values = field
            .children()
            .filter(|child| child.is("value", ns::DATA_FORMS));
        let mut values: Vec<_> = values.map(direct_text).collect();
        order::sort(&mut values);
        match field.attr("var").unwrap_or_default() {
            "FORM_TYPE" if field.attr("type") == Some("hidden") => kind = values.into_iter().next(),
            name => fields.push((name.to_owned(), values)),
        }
    }
    order::sort(&mut fields);
    let mut parts = vec![kind?];
    for (name, values) in fields {
        parts.push(name);
        parts.extend(values);
    }
    Some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(inner: &str) -> Element {
        format!("<query xmlns='{}'>{inner}</query>", ns::DISCO_INFO)
            .parse()
            .unwrap()
    }

    const FEATURES: &str = "<feature var='http://jabber.org/protocol/disco#info'/>\
        <feature var='http://jabber.org/protocol/disco#items'/><feature var='http://jabber.org/protocol/muc'/>\
        <feature var='http://jabber.org/protocol/caps'/>";

    #[test]
    fn the_examples_of_the_xep_hash_as_it_says() {
        let simple =
            format!("<identity category='client' name='Exodus 0.9.1' type='pc'/>{FEATURES}");
        assert_eq!(
            verification(&query(&simple)).unwrap(),
            "QgayPKawpkPSDYmwT/WM94uAlu0="
        );
        let complex = format!(
            "<identity xml:lang='en' category='client' name='Psi 0.11' type='pc'/>\
             <identity xml:lang='el' category='client' name='Ψ 0.11' type='pc'/>{FEATURES}\
             <x xmlns='jabber:x:data' type='result'>\
             <field var='FORM_TYPE' type='hidden'><value>urn:xmpp:dataforms:softwareinfo</value></field>\
             <field var='ip_version'><value>ipv4</value><value>ipv6</value></field>\
             <field var='os'><value>Mac</value></field><field var='os_version'><value>10.5.1</value></field>\
             <field var='software'><value>Psi</value></field>\
             <field var='software_version'><value>0.11</value></field></x>"
        );
        assert_eq!(
            verification(&query(&complex)).unwrap(),
            "q07IKJEyjvHSyhy//CH0CxmKi8w="
        );
    }

    #[test]
    fn ambiguous_answers_have_no_string() {
        for inner in [
            "<feature var='a'/><feature var='a'/>",
            "<identity category='c' type='t' name='x&lt;y'/>",
            "<feature var='a&lt;b'/>",
            "<identity category='c' type='t'/><identity category='c' type='t'/>",
        ] {
            assert_eq!(verification(&query(inner)), None, "{inner}");
        }
    }
}
