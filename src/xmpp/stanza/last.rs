//! XEP-0012: Last Activity.

use xso::{AsXml, FromXml};

use crate::xmpp::ns;

/// Asks how long ago somebody was active.
#[derive(FromXml, AsXml, Clone, Copy, PartialEq, Eq, Debug)]
#[xml(namespace = ns::LAST, name = "query")]
pub struct LastQuery;

/// Says it.
#[derive(FromXml, AsXml, Clone, PartialEq, Eq, Debug)]
#[xml(namespace = ns::LAST, name = "query")]
pub struct LastAnswer {
    /// Seconds.
    #[xml(attribute)]
    pub seconds: u64,
    /// The status of the last unavailable presence.
    #[xml(text)]
    pub status: String,
}
