//! Namespaces that the protocol core names itself.

/// The prefix `xml` is bound to it.
pub const XML: &str = "http://www.w3.org/XML/1998/namespace";
/// The prefix `xmlns` is bound to it.
pub const XMLNS: &str = "http://www.w3.org/2000/xmlns/";

/// RFC 6120: stanzas of a client's stream.
pub const CLIENT: &str = "jabber:client";
/// RFC 6120: the stream itself.
pub const STREAM: &str = "http://etherx.jabber.org/streams";
