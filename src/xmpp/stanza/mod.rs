//! Stanzas and their payloads: what xmpp-parsers lacks or is too strict about, one file per XEP, and how we build ours.
//!
//! **Invariant:** reading never fails a whole stanza: what is missing or broken is absent. Whatever is built here has
//! only text that XML allows (see [`text::legal`]).

pub mod build;
pub mod captcha;
pub mod error;
pub mod form;
pub mod hints;
pub mod last;
pub mod pubsub;
pub mod registration;
pub mod stamp;
pub mod text;
