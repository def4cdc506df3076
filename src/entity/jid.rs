//! RFC 6122 and RFC 7622: JIDs, an [`Address`] with or without a resource.

use std::borrow::Cow;
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::address::{Address, NotAnAddress};
use super::prepare::{Part, prepare};
use crate::unicode::is_domain;

/// The longest part of a JID, in bytes (RFC 7622 §3.1).
const LONGEST_PART: usize = 1023;

/// A JID with or without a resource.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Jid {
    address: Address,
    resource: Option<String>,
}

/// A JID with a resource: that of one session.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct FullJid(Jid);

impl Jid {
    /// Parses and prepares a JID.
    ///
    /// # Errors
    /// [`NotAnAddress`] when a part is empty, too long, or holds what is prohibited.
    pub fn parse(text: &str) -> Result<Self, NotAnAddress> {
        // RFC 7622 §3.2: whatever follows the first slash is the resource.
        let (bare, resource) = match text.split_once('/') {
            Some((bare, resource)) => (bare, Some(part(Part::Resource, resource)?)),
            None => (text, None),
        };
        Ok(Self {
            address: parse_bare(bare)?,
            resource: resource.map(Cow::into_owned),
        })
    }

    /// The bare JID.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// The resource, if there is one; hostile text.
    #[must_use]
    pub fn resource(&self) -> Option<&str> {
        self.resource.as_deref()
    }

    /// Whether it is that bare JID, without a resource.
    #[must_use]
    pub fn is_bare(&self, address: &Address) -> bool {
        self.resource.is_none() && self.address == *address
    }
}

impl FullJid {
    /// Parses and prepares a JID.
    ///
    /// # Errors
    /// [`NotAnAddress`] also when it has no resource.
    pub fn parse(text: &str) -> Result<Self, NotAnAddress> {
        let jid = Jid::parse(text)?;
        jid.resource().ok_or(NotAnAddress)?;
        Ok(Self(jid))
    }

    /// The bare JID.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.0.address
    }

    /// The same as a JID that might have had no resource.
    #[must_use]
    pub fn as_jid(&self) -> &Jid {
        &self.0
    }
}

/// Parses and prepares a bare JID.
pub(super) fn parse_bare(text: &str) -> Result<Address, NotAnAddress> {
    let (local, name) = match text.split_once('@') {
        Some((local, name)) => (Some(part(Part::Local, local)?), domain(name)?),
        None => (None, domain(text)?),
    };
    Ok(Address::prepared(match local {
        None => name,
        Some(Cow::Borrowed(_)) if matches!(name, Cow::Borrowed(_)) && !text.ends_with('.') => {
            Cow::Borrowed(text)
        }
        Some(local) => Cow::Owned(format!("{local}@{name}")),
    }))
}

fn part(part: Part, text: &str) -> Result<Cow<'_, str>, NotAnAddress> {
    prepare(part, text)
        .filter(|text| (1..=LONGEST_PART).contains(&text.len()))
        .ok_or(NotAnAddress)
}

fn domain(text: &str) -> Result<Cow<'_, str>, NotAnAddress> {
    let is_ip = text.parse::<Ipv4Addr>().is_ok()
        || text
            .strip_prefix('[')
            .and_then(|text| text.strip_suffix(']'))
            .is_some_and(|text| text.parse::<Ipv6Addr>().is_ok());
    if is_ip {
        return Ok(Cow::Borrowed(text));
    }
    // RFC 7622 §3.2: the final dot of a fully qualified name is removed.
    let name = text.strip_suffix('.').unwrap_or(text);
    prepare(Part::Domain, name)
        .filter(|prepared| is_domain(name) && prepared.len() <= LONGEST_PART)
        .ok_or(NotAnAddress)
}

impl From<Address> for Jid {
    fn from(address: Address) -> Self {
        Self {
            address,
            resource: None,
        }
    }
}

impl From<FullJid> for Jid {
    fn from(jid: FullJid) -> Self {
        jid.0
    }
}

impl fmt::Display for Jid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.address.as_str())?;
        match &self.resource {
            Some(resource) => write!(f, "/{resource}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for FullJid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Jid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{self}>")
    }
}

impl fmt::Debug for FullJid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
#[path = "../../tests/support/addresses.rs"]
mod addresses;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::addresses::ADDRESSES;
    use super::*;

    fn parsed(text: &str) -> Option<String> {
        Jid::parse(text).ok().map(|jid| jid.to_string())
    }

    /// What the `jid` crate says, which does the same by other means; but it forgets the final dot of a name that needs
    /// no other preparation, lets names have characters that no host has, and any text those that only newer versions of
    /// Unicode map to older ones.
    fn expected(text: &str) -> Option<String> {
        let jid = jid::Jid::new(text).ok()?;
        let name = jid.domain().as_str();
        let strange = |c| "!\"$&'()*+,;=`{}~≠≮≯".contains(c);
        if name.contains(strange) && !name.starts_with('[') {
            return None;
        }
        if text.contains(stringprep::tables::unassigned_code_point) {
            return None;
        }
        let jid = jid.to_string();
        let (bare, resource) = jid.split_at(jid.find('/').unwrap_or(jid.len()));
        Some(bare.strip_suffix('.').unwrap_or(bare).to_owned() + resource)
    }

    #[test]
    fn the_parts_are_told_apart() {
        let jid = Jid::parse("romeo@montague.example/orchard/@wall").unwrap();
        assert_eq!(jid.address().as_str(), "romeo@montague.example");
        assert_eq!(jid.resource(), Some("orchard/@wall"));
        assert_eq!(jid.to_string(), "romeo@montague.example/orchard/@wall");
        let server = Jid::parse("montague.example").unwrap();
        assert_eq!((server.address().local(), server.resource()), (None, None));
        assert!(jid != server && server.is_bare(server.address()) && !jid.is_bare(jid.address()));
    }

    #[test]
    fn a_full_jid_has_a_resource() {
        let full = FullJid::parse("romeo@montague.example/orchard").unwrap();
        assert_eq!(full.address().as_str(), "romeo@montague.example");
        assert_eq!(full.as_jid().resource(), Some("orchard"));
        assert!(FullJid::parse("romeo@montague.example").is_err());
    }

    /// The same list is read in a browser by `tests/platform_web.rs`.
    #[test]
    fn the_list_of_addresses_is_right() {
        for (text, wanted) in ADDRESSES {
            assert_eq!(parsed(text).as_deref(), *wanted, "{text:?}");
            assert!(
                wanted.is_none() || expected(text).as_deref() == *wanted,
                "the crate is stricter: {text:?}"
            );
        }
    }

    /// What one address says, no other part of the program may read as more parts.
    #[test]
    fn what_was_prepared_is_prepared_to_itself() {
        for (_, prepared) in ADDRESSES {
            let Some(prepared) = prepared else { continue };
            assert_eq!(parsed(prepared).as_deref(), Some(*prepared));
        }
    }

    #[test]
    fn parts_have_their_longest() {
        for (local, resource) in [(1023, 1023), (1024, 1), (1, 1024), (0, 1), (1, 0)] {
            let text = format!("{}@b/{}", "a".repeat(local), "c".repeat(resource));
            assert_eq!(parsed(&text), expected(&text), "{local} {resource}");
        }
        for (label, count) in [(63, 3), (64, 1), (62, 4), (63, 4), (1, 127), (1, 128)] {
            let text = vec!["a".repeat(label); count].join(".");
            assert_eq!(parsed(&text), expected(&text), "{label} {count}");
        }
    }

    fn domain_like() -> impl Strategy<Value = String> {
        "(([a-zA-Z0-9_ -]{0,5}|xn--[a-z0-9-]{0,8}|[éß☃ﬁ-]{1,3}|[0-9]{1,3}|\\PC{0,4})[.]?){0,5}"
    }

    proptest! {
        #[test]
        fn it_agrees_with_the_crate_about_domains(name in domain_like()) {
            prop_assert_eq!(parsed(&name), expected(&name));
        }

        #[test]
        fn it_agrees_with_the_crate_about_ascii(text in "[ -~\u{0}\u{7f}]{0,12}([@/.:-][ -~]{0,6}){0,3}") {
            prop_assert_eq!(parsed(&text), expected(&text));
        }

        #[test]
        fn it_agrees_with_the_crate_about_any_text(local in "\\PC{0,5}", resource in ".{0,5}") {
            for text in [format!("{local}@b/{resource}"), format!("{local}@b"), format!("b/{resource}"), local] {
                prop_assert_eq!(parsed(&text), expected(&text));
            }
        }
    }
}
