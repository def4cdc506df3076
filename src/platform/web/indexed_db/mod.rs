//! The store on IndexedDB: one database for the device, and one for each account.
//!
//! - `waxwing` holds the accounts, the settings, and the key that seals credentials ([`seal`]).
//! - `waxwing-<AccountId>` holds one account ([`layout`]).
//!
//! **Invariant:** the names of databases say nothing of whose they are. A transaction is never left open across
//! anything but its own requests. A connection that the browser takes away is opened anew, and what failed by
//! that is tried once more ([`link`]).

mod depot;
mod layout;
mod link;
mod reading;
mod roster;
mod row;
mod seal;
mod store;
mod writing;

pub use depot::{IndexedDbDepot, make_version};
