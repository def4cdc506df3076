//! Where one writes: the composer and the emoji picker.
//!
//! **Invariant:** nothing that was typed is lost: a text leaves the field only once the engine has stored it, and what
//! stays is kept as a draft.

mod desk;
pub mod emoji_list;
pub mod emoji_picker;
pub mod field;
mod notes;
pub mod outgoing;
pub mod unanswered;

pub use field::Composer;
