//! Addresses: the bare JID (RFC 7622) by which a person, a room or a server is known.
//!
//! **Invariant:** an [`Address`] is prepared (normalised) text. Only [`Address::parse`] and the
//! conversions from the `jid` crate make one; the page receives them ready-made and never prepares one
//! itself, so the tables of string preparation stay out of its program.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A bare JID, `local@domain` or `domain`, prepared as RFC 7622 says.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Address(Arc<str>);

/// The text is no JID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a JID")]
pub struct NotAnAddress;

impl Address {
    /// Parses and prepares a JID; a resource, if there is one, is dropped.
    ///
    /// # Errors
    /// [`NotAnAddress`] when RFC 7622 forbids the text.
    pub fn parse(text: &str) -> Result<Self, NotAnAddress> {
        let jid = jid::Jid::new(text.trim()).map_err(|_| NotAnAddress)?;
        Ok(Self::from(&jid.into_bare()))
    }

    /// The whole address as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before `@`, absent for servers.
    #[must_use]
    pub fn local(&self) -> Option<&str> {
        self.0.split_once('@').map(|(local, _)| local)
    }

    /// The part after `@`.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.0.split_once('@').map_or(&self.0, |(_, domain)| domain)
    }

    /// The same address as the protocol core's type.
    ///
    /// # Errors
    /// [`NotAnAddress`] if the text is not prepared, which only forged serialised data can cause.
    pub fn to_jid(&self) -> Result<jid::BareJid, NotAnAddress> {
        jid::BareJid::new(&self.0).map_err(|_| NotAnAddress)
    }
}

impl From<&jid::BareJid> for Address {
    fn from(jid: &jid::BareJid) -> Self {
        Self(Arc::from(jid.as_str()))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}>", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_prepared_and_loses_its_resource() {
        let address = Address::parse(" Romeo@Example.ORG/orchard ").unwrap();
        assert_eq!(address.as_str(), "romeo@example.org");
        assert_eq!(address.local(), Some("romeo"));
        assert_eq!(address.domain(), "example.org");
    }

    #[test]
    fn nonsense_is_refused() {
        for text in ["", "@", "a@", "@b", "a@@b"] {
            assert_eq!(Address::parse(text), Err(NotAnAddress), "{text:?}");
        }
    }
}
