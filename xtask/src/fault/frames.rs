//! What goes over a WebSocket's TCP connection, piece by piece: an HTTP head each way, then frames (RFC 6455 §5.2).

use super::terms::GOODBYE;

/// A piece that arrives as a whole or not at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// As it is on the wire.
    pub bytes: Vec<u8>,
    /// What it says: the head, or the frame's payload without its mask. Of what is not text, its kind.
    pub text: String,
}

/// Takes a stream of bytes apart.
#[derive(Debug, Default)]
pub struct Splitter {
    rest: Vec<u8>,
    past_head: bool,
    /// There was no WebSocket after all: what comes passes as it comes.
    plain: bool,
}

impl Splitter {
    /// The pieces that are whole after these bytes.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<Piece> {
        self.rest.extend_from_slice(bytes);
        let mut pieces = Vec::new();
        while let Some(piece) = self.next() {
            pieces.push(piece);
        }
        pieces
    }

    fn next(&mut self) -> Option<Piece> {
        if self.plain {
            let bytes = std::mem::take(&mut self.rest);
            let text = format!("({} bytes)", bytes.len());
            return (!bytes.is_empty()).then_some(Piece { bytes, text });
        }
        if !self.past_head {
            let end = self.rest.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
            let bytes = self.take(end);
            let text = String::from_utf8_lossy(&bytes).trim_end().to_owned();
            self.past_head = true;
            self.plain = text.starts_with("HTTP/") && !text.starts_with("HTTP/1.1 101");
            return Some(Piece { bytes, text });
        }
        let (header, payload) = lengths(&self.rest)?;
        let bytes = (self.rest.len() >= header + payload).then(|| self.take(header + payload))?;
        let text = text_of(&bytes, header);
        Some(Piece { bytes, text })
    }

    fn take(&mut self, count: usize) -> Vec<u8> {
        let rest = self.rest.split_off(count.min(self.rest.len()));
        std::mem::replace(&mut self.rest, rest)
    }
}

/// How long a frame's header and payload are, once the header is there.
fn lengths(bytes: &[u8]) -> Option<(usize, usize)> {
    let second = *bytes.get(1)?;
    let mask = if second & 0x80 == 0 { 0 } else { 4 };
    let (more, length) = match second & 0x7f {
        126 => (2, big_endian(bytes.get(2..4)?)),
        127 => (8, big_endian(bytes.get(2..10)?)),
        short => (0, usize::from(short)),
    };
    Some((2 + more + mask, length))
}

fn big_endian(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .fold(0, |sum, byte| (sum << 8) | usize::from(*byte))
}

fn text_of(frame: &[u8], header: usize) -> String {
    let first = frame.first().copied().unwrap_or(0);
    match first & 0x0f {
        0 | 1 => {}
        8 => return GOODBYE.into(),
        9 => return "(ping)".into(),
        10 => return "(pong)".into(),
        _ => return "(binary)".into(),
    }
    let is_masked = frame.get(1).is_some_and(|second| second & 0x80 != 0);
    let mut payload = frame.get(header..).unwrap_or_default().to_vec();
    if is_masked && let Some(mask) = frame.get(header.saturating_sub(4)..header) {
        for (byte, mask) in payload.iter_mut().zip(mask.iter().cycle()) {
            *byte ^= mask;
        }
    }
    String::from_utf8_lossy(&payload).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_and_frames_come_out_whole_whatever_the_bytes_come_in() {
        let long = "x".repeat(300);
        let mut stream = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec();
        // "Hi", masked as browsers do; then a long one, then a close.
        stream.extend([0x81, 0x82, 1, 2, 3, 4, b'H' ^ 1, b'i' ^ 2, 0x81, 126, 1, 44]);
        stream.extend(long.as_bytes());
        stream.extend([0x88, 0]);
        let expected = ["GET / HTTP/1.1\r\nHost: localhost", "Hi", &long, "(close)"];
        for size in [1, 2, 7, 1000] {
            let mut splitter = Splitter::default();
            let pieces: Vec<Piece> = stream
                .chunks(size)
                .flat_map(|some| splitter.push(some))
                .collect();
            let said: Vec<&str> = pieces.iter().map(|piece| piece.text.as_str()).collect();
            assert_eq!(said, expected);
            let bytes: Vec<u8> = pieces.into_iter().flat_map(|piece| piece.bytes).collect();
            assert_eq!(bytes, stream);
        }
    }

    #[test]
    fn what_is_no_websocket_passes_as_it_comes() {
        let mut splitter = Splitter::default();
        let pieces = splitter.push(b"HTTP/1.1 404 Not Found\r\n\r\nNo");
        assert_eq!(pieces.len(), 2);
        assert_eq!(pieces[1].bytes, b"No");
    }
}
