//! The messages of a conversation.
//!
//! From pure to not: [`list`] makes rows of what the window holds, [`layout`] knows how high they are, [`policy`]
//! decides where the timeline stands; `scroller` puts the rows that are near into the page.
//!
//! **Invariant:** the page holds only the rows near what is seen, whatever the length of the history.

pub mod layout;
pub mod list;
pub mod pane;
pub mod policy;
