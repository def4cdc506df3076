//! Who somebody is: the details of a contact.

mod details;
mod edit;
mod facts;

pub use details::ContactDetails;
