//! XEP-0334: Message Processing Hints.

use xso::{AsXml, FromXml};

use crate::xmpp::ns;

/// What servers are asked to do with a message.
#[derive(FromXml, AsXml, Clone, Copy, PartialEq, Eq, Debug)]
#[xml(namespace = ns::HINTS, exhaustive)]
pub enum Hint {
    /// Not into any archive.
    #[xml(name = "no-permanent-store")]
    NoPermanentStore,
    /// Nowhere at all.
    #[xml(name = "no-store")]
    NoStore,
    /// Not to other resources.
    #[xml(name = "no-copy")]
    NoCopy,
    /// Into the archive, though it would not be by its content.
    #[xml(name = "store")]
    Store,
}
