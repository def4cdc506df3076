//! Addresses: the bare JID (RFC 7622) by which a person, a room or a server is known.
//!
//! **Invariant:** an [`Address`] is prepared (normalised) text. Only parsing makes one ([`Address::parse`] and
//! [`Jid::parse`]); the page receives them ready-made and never prepares one itself, so the tables of string
//! preparation stay out of its program.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::jid::Jid;

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
        Jid::parse(text.trim()).map(|jid| jid.address().clone())
    }

    /// Takes text that is prepared already.
    pub(super) fn prepared(text: Cow<'_, str>) -> Self {
        Self(Arc::from(text))
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
