//! The messages of a conversation.
//!
//! From pure to not: [`list`] makes rows of what the window holds, `layout` knows how high they are, [`policy`]
//! decides where the timeline stands; `scroller` puts the rows that are near (`drawn`) into the page, `drive` says when, and
//! [`view`] is the component.
//!
//! **Invariant:** the page holds only the rows near what is seen, whatever the length of the history.

mod body;
mod days;
mod drawn;
mod drive;
mod gap_news;
mod layout;
pub mod list;
mod make;
mod message_row;
mod other_row;
pub mod policy;
mod scroller;
pub mod view;
