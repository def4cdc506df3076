//! The protocol core, sans-IO: text of frames in, facts out.

pub mod cx;
mod dispatch;
pub mod engine;
pub mod feature;
pub mod gate;
pub mod iq;
pub mod message;
pub mod ns;
pub mod parse;
mod scan;
pub mod stanza;
pub mod stream;
pub mod trust;

#[cfg(test)]
mod testing;
