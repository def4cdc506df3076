//! The view: signals that mirror the engine's changes, and components.
//!
//! **Invariant:** nothing here knows XML, the store or the browser's workers. Everything goes through the
//! [`handle::Handle`]: commands out, changes in.

pub mod app;
pub mod browser;
pub mod composer;
pub mod config;
pub mod contacts;
pub mod conversation;
pub mod conversations;
pub mod deadly;
pub mod diagnostics;
pub mod handle;
pub mod i18n;
pub mod keeping;
pub mod left;
pub mod login;
pub mod notify;
pub mod place;
pub mod profile;
pub mod reactive;
pub mod register;
pub mod relocation;
pub mod settings;
pub mod shell;
pub mod text;
pub mod timeline;
pub mod view;
pub mod widget;
pub mod xmpp_uri;
