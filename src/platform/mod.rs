//! The platforms: the ports of [`crate::client::ports`] and the store, made of what is really there.
//!
//! **Invariant:** nothing here knows the protocol, the model or the view.

#[cfg(target_arch = "wasm32")]
pub mod web;

pub mod fake;

#[cfg(not(target_arch = "wasm32"))]
pub mod native;
