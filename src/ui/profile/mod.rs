//! Who somebody is: the details of a contact.

mod details;
mod edit;
mod facts;

pub use details::ContactDetails;

use crate::ui::view::prelude::*;

/// Whether the details are all that shows: then their heading is that of the page.
#[derive(Clone, Copy)]
pub struct Alone(pub Signal<bool>);

/// The levels of headings in the details: of their title, and of what is below it.
fn levels() -> (Signal<&'static str>, Signal<&'static str>) {
    let alone = use_context::<Alone>();
    let is_alone = move || alone.is_some_and(|alone| alone.0.get());
    (
        Signal::derive(move || if is_alone() { "1" } else { "2" }),
        Signal::derive(move || if is_alone() { "2" } else { "3" }),
    )
}
