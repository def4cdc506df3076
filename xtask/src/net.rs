//! Free ports, and the few HTTP requests that a server's control needs.

use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::error::{Context, Result};

/// The ports that are given away: above those that browsers refuse, below those that systems choose for outgoing
/// connections, which may take one at any moment.
const PORTS: RangeInclusive<u16> = 12_000..=29_999;

/// A port that was free on loopback a moment ago, and that nobody else is given before all others have been: two servers that
/// are started one after the other, or one that is down for a while, would otherwise now and then share one.
///
/// # Errors
/// When the system has none.
pub fn free_port() -> Result<u16> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let count = u64::from(PORTS.end() - PORTS.start()) + 1;
    // Processes that run at once begin far from each other: the golden section of the ports.
    let first = u64::from(std::process::id()) * 11_131 % count;
    for _ in 0..count {
        let step = NEXT.fetch_add(1, Ordering::Relaxed);
        let offset = (first + step) % count;
        let port = PORTS.start() + u16::try_from(offset).unwrap_or(0);
        if is_free(port) {
            return Ok(port);
        }
    }
    Err(std::io::Error::from(ErrorKind::AddrInUse)).context(|| "find a free port".into())
}

/// Whether nobody listens there, on either of the loopback's addresses that the system has.
fn is_free(port: u16) -> bool {
    let in_use = |address: IpAddr| {
        TcpListener::bind((address, port)).is_err_and(|error| error.kind() == ErrorKind::AddrInUse)
    };
    !in_use(Ipv4Addr::LOCALHOST.into()) && !in_use(Ipv6Addr::LOCALHOST.into())
}

/// An answer, as far as we look at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status code; 0 when there was no status line.
    pub status: u16,
    /// The status line and the header lines.
    pub head: String,
    /// The body, not decoded.
    pub body: Vec<u8>,
}

impl Answer {
    /// The value of a header, by its name in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Asks a server on loopback.
///
/// `headers` are whole lines without their ends.
///
/// # Errors
/// When the connection fails or is silent for thirty seconds.
pub fn request(
    port: u16,
    method: &str,
    path: &str,
    headers: &[&str],
    body: &[u8],
) -> Result<Answer> {
    let what = || format!("{method} http://localhost:{port}{path}");
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(10)).context(what)?;
    stream
        .set_read_timeout(Some(Duration::from_secs(30)))
        .context(what)?;
    let mut head = format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\nContent-Length: {}\r\n",
        body.len()
    );
    for header in headers {
        head.push_str(header);
        head.push_str("\r\n");
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes()).context(what)?;
    stream.write_all(body).context(what)?;
    // Some servers (chromedriver) keep the connection whatever they are asked: their length counts.
    let mut bytes = Vec::new();
    let mut piece = [0; 16 * 1024];
    loop {
        let read = stream.read(&mut piece).context(what)?;
        bytes.extend_from_slice(piece.get(..read).unwrap_or_default());
        if read == 0 || is_whole(&bytes) {
            return Ok(parse(&bytes));
        }
    }
}

/// Whether an answer that says its length is all there.
fn is_whole(bytes: &[u8]) -> bool {
    let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
        return false;
    };
    let answer = parse(bytes.get(..end + 4).unwrap_or_default());
    answer
        .header("content-length")
        .and_then(|length| length.parse::<usize>().ok())
        .is_some_and(|length| bytes.len() >= end + 4 + length)
}

fn parse(bytes: &[u8]) -> Answer {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
    let (head, body) = match end {
        Some(end) => bytes.split_at(end + 4),
        None => (bytes, &[][..]),
    };
    let head = String::from_utf8_lossy(head).into_owned();
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|code| code.parse().ok())
        .unwrap_or(0);
    Answer {
        status,
        body: body.to_vec(),
        head,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_port_is_given_twice_nor_one_that_somebody_listens_on() {
        let first = free_port().unwrap();
        let _listener = TcpListener::bind((Ipv6Addr::LOCALHOST, first + 1))
            .or_else(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, first + 1)));
        let ports: HashSet<u16> = (0..1000).map(|_| free_port().unwrap()).collect();
        assert_eq!(ports.len(), 1000);
        assert!(!ports.contains(&first) && !ports.contains(&(first + 1)));
    }

    #[test]
    fn an_answer_is_taken_apart() {
        let answer = parse(b"HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\n\r\nno");
        assert_eq!(answer.status, 404);
        assert_eq!(answer.header("content-type"), Some("text/plain"));
        assert_eq!(answer.text(), "no");
    }
}
