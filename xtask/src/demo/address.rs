//! `--server`: a WebSocket address, as far as the demo can use it.
//!
//! **Invariant:** what is accepted is what the page connects to: `wss:` anywhere, `ws:` only to the two names of this machine
//! that the site's policy (`serve/headers.rs`) lets through. A policy cannot name `[::1]`.

use std::net::{Ipv6Addr, TcpStream, ToSocketAddrs};
use std::time::Duration;

use crate::error::{Error, Result};

/// How long somebody may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// An address that the page may connect to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    url: String,
    host: String,
    port: u16,
}

impl Address {
    /// Reads `wss://host[:port][/path]`.
    ///
    /// # Errors
    /// When it is none, or leads elsewhere without TLS.
    pub fn parse(text: &str) -> Result<Self> {
        let wrong = |why: &str| {
            let what = match text {
                "" => String::new(),
                text => format!(": `{text}` {why}"),
            };
            Error::Usage(format!(
                "--server takes a WebSocket address, wss://… (or ws://localhost… on this machine){what}"
            ))
        };
        let strange = |c: char| c.is_whitespace() || c.is_control() || "\"\\#@".contains(c);
        let Some((scheme, rest)) = text.split_once("://") else {
            return Err(wrong("is not one"));
        };
        if text.contains(strange) {
            return Err(wrong("is not one"));
        }
        let authority = rest.split(['/', '?']).next().unwrap_or_default();
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, Some(port)),
            _ => (authority, None),
        };
        let literal = host.strip_prefix('[').and_then(|h| h.strip_suffix(']'));
        let is_host = match literal {
            Some(literal) => literal.parse::<Ipv6Addr>().is_ok(),
            None => {
                !host.is_empty()
                    && host
                        .chars()
                        .all(|c| c.is_alphanumeric() || ".-_".contains(c))
            }
        };
        if !is_host {
            return Err(wrong("names no host"));
        }
        let usual = match scheme.to_ascii_lowercase().as_str() {
            "wss" => 443,
            "ws" if host == "127.0.0.1" || host.eq_ignore_ascii_case("localhost") => 80,
            "ws" if literal.is_some_and(|literal| literal.parse() == Ok(Ipv6Addr::LOCALHOST)) => {
                return Err(wrong("must say localhost instead of [::1]"));
            }
            "ws" => return Err(wrong("leads to another machine without TLS")),
            _ => return Err(wrong("is not one")),
        };
        let port = match port {
            None => usual,
            Some(port) => match port.parse() {
                Ok(port) if port > 0 => port,
                _ => return Err(wrong("has no port from 1 to 65535")),
            },
        };
        Ok(Self {
            url: text.to_owned(),
            host: literal.unwrap_or(host).to_owned(),
            port,
        })
    }

    /// As it was given.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Why nobody can be reached there now, if so.
    #[must_use]
    pub fn silence(&self) -> Option<String> {
        let mut why = "the name leads nowhere".to_owned();
        let addresses = match (self.host.as_str(), self.port).to_socket_addrs() {
            Ok(addresses) => addresses,
            Err(error) => return Some(error.to_string()),
        };
        for address in addresses {
            match TcpStream::connect_timeout(&address, PATIENCE) {
                Ok(_) => return None,
                Err(error) => why = error.to_string(),
            }
        }
        Some(why)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::free_port;

    #[test]
    fn what_the_page_can_use_is_taken() {
        for (text, host, port) in [
            ("wss://example.org/xmpp-websocket", "example.org", 443),
            ("WSS://example.org:5281/ws?x=1", "example.org", 5281),
            ("wss://[2001:db8::1]:5443/ws", "2001:db8::1", 5443),
            ("wss://[::1]", "::1", 443),
            ("wss://bücher.example/ws", "bücher.example", 443),
            ("ws://localhost:5280/xmpp-websocket", "localhost", 5280),
            ("ws://127.0.0.1/x", "127.0.0.1", 80),
        ] {
            let address = Address::parse(text).unwrap();
            assert_eq!((address.host.as_str(), address.port), (host, port));
            assert_eq!(address.url(), text);
        }
    }

    #[test]
    fn what_the_page_cannot_use_is_refused() {
        for text in [
            "",
            "example.org",
            "wss://",
            "wss:///path",
            "wss://example.org:0/",
            "wss://example.org:99999/",
            "wss://user@example.org/",
            "wss://example.org/#x",
            "wss://exam ple.org/",
            "wss://[zz]/",
            "ws://example.org/ws",
            "ws://127.0.0.1.evil.example/x",
            "ws://localhost.evil.example/x",
            "ws://[::1]:5280/xmpp-websocket",
            "https://example.org/",
            "--open",
        ] {
            assert!(Address::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn silence_is_noticed() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard = Address::parse(&format!("ws://127.0.0.1:{port}/")).unwrap();
        assert_eq!(heard.silence(), None);
        let port = free_port().unwrap();
        let silent = Address::parse(&format!("ws://127.0.0.1:{port}/")).unwrap();
        assert!(silent.silence().is_some());
    }
}
