//! The vocabulary: what every other layer talks about. No XML, no clock, no store.

pub mod account;
pub mod address;
pub mod archive;
pub mod calendar;
pub mod contact;
pub mod conversation;
pub mod endpoint;
pub mod few;
pub mod form;
pub mod host;
pub mod id;
pub mod jid;
pub mod message;
pub mod order;
pub mod prepare;
pub mod presence;
pub mod problem;
pub mod secret;
pub mod settings;
pub mod time;
