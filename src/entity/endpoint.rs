//! Where a WebSocket may lead.
//!
//! **Invariant:** `wss:` anywhere; `ws:` only to this very machine.

use crate::entity::host::is_loopback;
use crate::entity::problem::Problem;

/// An address that is safe to open.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Endpoint {
    url: String,
    encrypted: bool,
}

impl Endpoint {
    /// Checks a WebSocket address that was typed, configured, discovered, or named by a server.
    ///
    /// # Errors
    /// [`Problem::InvalidWebSocket`] or [`Problem::InsecureWebSocket`].
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let text = text.trim();
        let url = Url::parse(text).ok_or(Problem::InvalidWebSocket)?;
        let encrypted = match url.scheme.as_str() {
            "wss" => true,
            "ws" if is_loopback(url.host) => false,
            "ws" | "http" | "https" => return Err(Problem::InsecureWebSocket),
            _ => return Err(Problem::InvalidWebSocket),
        };
        Ok(Self {
            url: text.to_owned(),
            encrypted,
        })
    }

    /// The address.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Nobody can listen: by TLS, or because it stays on this machine. (All endpoints are so; the stream asks.)
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.encrypted || Url::parse(&self.url).is_some_and(|url| is_loopback(url.host))
    }

    /// The same place for a plain fetch, to see whether anything answers there.
    #[must_use]
    pub fn probe_url(&self) -> String {
        let rest = self.url.split_once("://").map_or("", |(_, rest)| rest);
        let scheme = if self.encrypted { "https" } else { "http" };
        format!("{scheme}://{rest}")
    }

    /// Where that is, as the web tells places apart (RFC 6454 §4): scheme, host and port, each in one spelling.
    #[must_use]
    pub fn origin(&self) -> String {
        let (scheme, usual) = if self.encrypted {
            ("wss", 443)
        } else {
            ("ws", 80)
        };
        Url::parse(&self.url).map_or_else(String::new, |url| {
            let host = url.host.to_ascii_lowercase();
            format!("{scheme}://{host}:{}", url.port.unwrap_or(usual))
        })
    }

    /// Its host, without the port.
    #[must_use]
    pub fn host(&self) -> &str {
        Url::parse(&self.url).map_or("", |url| url.host)
    }
}

/// The parts of an address that matter here.
struct Url<'a> {
    scheme: String,
    host: &'a str,
    port: Option<u16>,
}

impl<'a> Url<'a> {
    /// Reads `scheme://host[:port][/path][?query]`; no user, no fragment, no blank or control character.
    fn parse(text: &'a str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://")?;
        let plain = |character: char| {
            !character.is_whitespace()
                && !character.is_control()
                && !matches!(character, '\\' | '#')
        };
        if !text.chars().all(plain) || text.len() > 2_048 {
            return None;
        }
        let authority = rest.split(['/', '?']).next()?;
        if authority.contains('@') {
            return None;
        }
        let (host, port) = match authority.strip_prefix('[') {
            Some(literal) => {
                let (host, after) = literal.split_once(']')?;
                host.parse::<std::net::Ipv6Addr>().ok()?;
                (
                    host,
                    after.strip_prefix(':').or(after.is_empty().then_some(""))?,
                )
            }
            None => authority.split_once(':').unwrap_or((authority, "")),
        };
        let number = port.parse::<u16>().ok().filter(|port| *port > 0);
        let port_is_good = port.is_empty() || number.is_some();
        let host_is_good = !host.is_empty()
            && host
                .chars()
                .all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | ':'));
        (port_is_good && host_is_good).then(|| Self {
            scheme: scheme.to_ascii_lowercase(),
            host,
            port: number,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encrypted_addresses_and_this_machine_are_safe() {
        for text in [
            "wss://example.org/xmpp-websocket",
            "WSS://example.org:5443/ws?x=1",
            " wss://[2001:db8::1]:5443/ws ",
            "wss://bücher.example/ws",
        ] {
            let endpoint = Endpoint::parse(text).unwrap();
            assert!(endpoint.is_secure(), "{text}");
        }
        for text in [
            "ws://localhost:5280/xmpp-websocket",
            "ws://127.0.0.1:5280/",
            "ws://127.8.8.8",
            "ws://[::1]:5280/ws",
            "ws://demo.localhost/ws",
        ] {
            let endpoint = Endpoint::parse(text).unwrap();
            assert!(endpoint.is_secure(), "{text}");
            assert!(endpoint.probe_url().starts_with("http://"));
        }
    }

    #[test]
    fn one_place_has_one_name_and_no_two_have_the_same() {
        let origin = |text: &str| Endpoint::parse(text).unwrap().origin();
        let same = [
            "wss://example.org/xmpp-websocket",
            "WSS://Example.ORG:443/ws?x=1",
            "wss://example.org:0443",
        ];
        assert!(same.iter().all(|text| origin(text) == origin(same[0])));
        for other in [
            "wss://example.org:5443/xmpp-websocket",
            "wss://example.org.evil.example/xmpp-websocket",
            "wss://evil.example/example.org:443",
            "wss://localhost/ws",
            "ws://localhost/ws",
            "ws://localhost:443/ws",
        ] {
            assert_ne!(origin(other), origin(same[0]), "{other}");
        }
        assert_ne!(origin("wss://localhost:80/"), origin("ws://localhost/"));
        assert_ne!(
            origin("wss://[2001:db8::1]:2/"),
            origin("wss://[2001:db8::1:2]/")
        );
    }

    #[test]
    fn an_unencrypted_way_to_elsewhere_is_refused() {
        for text in [
            "ws://example.org/ws",
            "ws://localhost.example.org/ws",
            "ws://127.0.0.1.example.org/ws",
            "ws://0.0.0.0/ws",
            "ws://[::2]/ws",
            "http://localhost/ws",
            "https://example.org/ws",
        ] {
            assert_eq!(
                Endpoint::parse(text),
                Err(Problem::InsecureWebSocket),
                "{text}"
            );
        }
    }

    #[test]
    fn nonsense_is_no_address() {
        for text in [
            "",
            "example.org",
            "javascript://example.org/%0aalert(1)",
            "wss://",
            "wss:///path",
            "wss://user@example.org/",
            "wss://example.org@evil.example/",
            "wss://example.org:99999/",
            "wss://example.org:0/",
            "wss://exa mple.org/",
            "wss://example.org\\@evil.example/",
            "wss://example.org/#x",
            "wss://[zz]/",
            "ws://localhost\u{0}.example.org/",
        ] {
            assert_eq!(
                Endpoint::parse(text),
                Err(Problem::InvalidWebSocket),
                "{text:?}"
            );
        }
    }
}
