//! Proving who we are: SASL and its mechanisms, bytes in and bytes out.
//!
//! **Invariant:** no XML, no clock, no randomness source: nonces come in as arguments.
//! **Invariant:** nobody is logged in by SCRAM before the server has proved that it knows the password, too.
//! **Invariant:** only what is [`Kept`] leaves this module to be kept: keys and a token, never the password.
//!
//! [`sasl::Exchange`] is the way in, or a [`fast::Token`]. It picks a [`mechanism`], drives [`scram`], whose first answer from
//! the server is checked against what was offered ([`downgrade`]), after names and passwords were [`prepare`]d.

pub mod downgrade;
pub mod fast;
pub mod kept;
pub mod mechanism;
pub mod prepare;
pub mod sasl;
pub mod scram;
#[cfg(test)]
pub mod scripted;
pub mod upgrade;

pub use downgrade::Offer;
pub use fast::{Inline, Token};
pub use kept::Kept;
pub use mechanism::{Channel, Mechanism};
pub use sasl::{Attempt, AuthError, Exchange, Identity, Proven, Start};
pub use scram::{Hash, ScramKeys, Secrets};
