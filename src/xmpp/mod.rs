//! The protocol core, sans-IO: text of frames in, facts out.

pub mod gate;
pub mod ns;
pub mod parse;
mod scan;
