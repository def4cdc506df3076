//! A contact: one item of the roster (RFC 6121 §2).

use serde::{Deserialize, Serialize};

use super::address::Address;

/// One item of the roster.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Contact {
    /// Whom it is about.
    pub address: Address,
    /// The name that the user gave.
    pub name: Option<String>,
    /// The groups it is in, in the server's order, without doubles.
    pub groups: Vec<String>,
    /// Who sees whose presence.
    pub subscription: Subscription,
    /// Our request to see the contact's presence is not answered yet (`ask='subscribe'`).
    pub asked: bool,
}

impl Contact {
    /// The name that the user gave, if there is anything in it.
    #[must_use]
    pub fn given_name(&self) -> Option<&str> {
        let name = self.name.as_deref().map(str::trim);
        name.filter(|name| !name.is_empty())
    }

    /// The name shown: the user's choice, else the part before `@`, else the address.
    #[must_use]
    pub fn display_name(&self) -> &str {
        match self.given_name() {
            Some(name) => name,
            None => self.address.local().unwrap_or(self.address.as_str()),
        }
    }
}

/// Who sees whose presence (RFC 6121 §2.1.2.5).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub enum Subscription {
    /// Nobody sees anybody.
    #[default]
    None,
    /// We see the contact.
    To,
    /// The contact sees us.
    From,
    /// Both see each other.
    Both,
}

impl Subscription {
    /// The contact may see our presence (and so may ask what we run).
    #[must_use]
    pub fn sees_us(self) -> bool {
        matches!(self, Self::From | Self::Both)
    }

    /// We see the contact's presence.
    #[must_use]
    pub fn seen_by_us(self) -> bool {
        matches!(self, Self::To | Self::Both)
    }
}

/// Somebody who wants to see our presence (RFC 6121 §3.1.3).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SubscriptionRequest {
    /// Who asks.
    pub address: Address,
    /// The nick that they call themselves (XEP-0172): a claim, shown as one.
    pub nick: Option<String>,
    /// What they wrote.
    pub text: Option<String>,
}
