//! Which hosts are this very machine.
//!
//! **Invariant:** a host is read as browsers read it (WHATWG URL §3.5), so that none of its spellings is one machine here
//! and another there.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether nothing that goes to this host leaves this machine: `localhost` and the names below it (RFC 6761 §6.3),
/// 127.0.0.0/8 and `::1`. A name that merely begins like one leads elsewhere, and so may `0.0.0.0`.
#[must_use]
pub fn is_loopback(host: &str) -> bool {
    let literal = host.strip_prefix('[').and_then(|h| h.strip_suffix(']'));
    if let Ok(address) = literal.unwrap_or(host).parse::<Ipv6Addr>() {
        return IpAddr::from(address).to_canonical().is_loopback();
    }
    let name = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    name == "localhost"
        || name.ends_with(".localhost")
        || ipv4(&name).is_some_and(|address| address.is_loopback())
}

/// WHATWG URL §3.5, the IPv4 parser: one to four numbers, each in decimal, octal or hexadecimal, of which the last fills
/// what remains.
fn ipv4(name: &str) -> Option<Ipv4Addr> {
    let mut numbers: Vec<u32> = name.split('.').map(number).collect::<Option<_>>()?;
    let last = numbers.pop()?;
    let mut address = 0;
    let mut bits = u32::BITS;
    for byte in numbers {
        bits = bits.checked_sub(8).filter(|bits| *bits > 0)?;
        address |= u32::from(u8::try_from(byte).ok()?) << bits;
    }
    let fits = last.checked_shr(bits).unwrap_or(0) == 0;
    fits.then(|| Ipv4Addr::from(address | last))
}

/// One number of an IPv4 address, in lower case.
fn number(text: &str) -> Option<u32> {
    let (digits, radix) = match (text.strip_prefix("0x"), text.strip_prefix('0')) {
        (Some(""), _) | (_, Some("")) => return Some(0),
        (Some(digits), _) => (digits, 16),
        (_, Some(digits)) => (digits, 8),
        _ => (text, 10),
    };
    // Rust takes a sign, browsers do not.
    let signed = digits.starts_with('+');
    u32::from_str_radix(digits, radix).ok().filter(|_| !signed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_is_known_in_every_spelling() {
        for host in [
            "localhost",
            "LocalHost",
            "localhost.",
            "waxwing.localhost",
            "A.B.LOCALHOST.",
            "127.0.0.1",
            "127.0.0.1.",
            "127.255.255.255",
            "::1",
            "[::1]",
            "0:0:0:0:0:0:0:1",
            "::ffff:127.0.0.1",
            "[::ffff:7f00:1]",
            // Browsers make 127.0.0.1 of these.
            "127.1",
            "127.0.1",
            "2130706433",
            "0x7f.1",
            "0X7F000001",
            "0177.0.0.1",
            "0177.0.0x0.01",
            "017700000001",
        ] {
            assert!(is_loopback(host), "{host}");
        }
    }

    #[test]
    fn whatever_else_there_is_is_another_machine() {
        for host in [
            "",
            ".",
            "example.org",
            "localhost.example.org",
            "notlocalhost",
            "localhost..",
            "[localhost]",
            "127.0.0.1.evil.example",
            "127.evil.example",
            "0.0.0.0",
            "0",
            "128.0.0.1",
            "10.0.0.1",
            "::",
            "::2",
            "[::1",
            "::1]",
            "[127.0.0.1]",
            "::1%lo",
            "::ffff:10.0.0.1",
            "fe80::1",
            // Browsers make other addresses of these, or none.
            "0127.0.0.1",
            "127.0.0.256",
            "127.0.0.0.1",
            "127.256.1",
            "127..1",
            "127.0.0.08",
            "0x.0x7f.1",
            "127.16777216",
            "4294967296",
            "6425673729",
            "+127.0.0.1",
            "0x+7f.1",
            "127.0.0.1..",
            " 127.0.0.1",
            "１２７.0.0.1",
        ] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
