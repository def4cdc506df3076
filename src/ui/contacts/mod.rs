//! The list of contacts, who asks to be one, and finding new ones.

mod entry;
mod lines;
mod list;
mod new_conversation;
mod request;
pub mod words;

pub use list::ContactList;
pub use new_conversation::{Beginning, NewConversation};
