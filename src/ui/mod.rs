//! The view: signals that mirror the engine's changes, and components.
//!
//! **Invariant:** nothing here knows XML, the store or the browser's workers. Everything goes through the
//! [`handle::Handle`]: commands out, changes in.

pub mod handle;
pub mod i18n;
pub mod reactive;
pub mod text;
pub mod timeline;
pub mod widget;
