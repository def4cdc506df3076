//! Proving who we are: SASL and its mechanisms, bytes in and bytes out.
//!
//! **Invariant:** no XML, no clock, no randomness source: nonces come in as arguments.
//! **Invariant:** nobody is logged in by SCRAM before the server has proved that it knows the password, too.
//! **Invariant:** only [`ScramKeys`] leave this module to be kept, never the password.
//!
//! [`sasl::Exchange`] is the way in. It picks a [`mechanism`], drives [`scram`], whose first answer from the
//! server is checked against what was offered ([`downgrade`]), after names and passwords were [`prepare`]d.

pub mod downgrade;
pub mod mechanism;
pub mod prepare;
pub mod sasl;
pub mod scram;
#[cfg(test)]
pub mod scripted;

pub use downgrade::Offer;
pub use mechanism::{Channel, Mechanism};
pub use sasl::{Attempt, AuthError, Exchange, Identity, Proven, Start};
pub use scram::{Hash, ScramKeys, Secrets};
