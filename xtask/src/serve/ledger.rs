//! What left the site toward browsers: how many bytes of which path and when, and what the XMPP server said.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use hyper::Response;
use hyper::body::Body as _;

use super::Body;

/// Status line, `date`, `content-length` and the empty line, which are added behind our back.
const OWN_LINES: u64 = 17 + 37 + 24 + 2;

/// Something that went to a browser.
#[derive(Clone, Debug)]
pub struct Sent {
    /// When it was handed over.
    pub at: Instant,
    /// The path that was asked for.
    pub path: String,
    /// With its head, as it is on the wire.
    pub bytes: u64,
}

/// The notes. Empty until somebody wants them.
#[derive(Debug, Default)]
pub(super) struct Ledger(Mutex<Option<Notes>>);

#[derive(Debug, Default)]
struct Notes {
    sent: Vec<Sent>,
    /// All that came from the XMPP server, and the moments when a stretch of it ended.
    stream: Vec<u8>,
    ends: Vec<(usize, Instant)>,
}

impl Ledger {
    pub(super) fn record(&self) {
        *self.notes() = Some(Notes::default());
    }

    pub(super) fn sent(&self) -> Vec<Sent> {
        let notes = self.notes();
        notes.as_ref().map(|n| n.sent.clone()).unwrap_or_default()
    }

    /// When the end of the first `text` went through a WebSocket.
    pub(super) fn when(&self, text: &str) -> Option<Instant> {
        let notes = self.notes();
        let notes = notes.as_ref()?;
        let mut places = notes.stream.windows(text.len().max(1));
        let end = places.position(|place| place == text.as_bytes())? + text.len();
        notes
            .ends
            .iter()
            .find(|(stretch, _)| *stretch >= end)
            .map(|(_, at)| *at)
    }

    pub(super) fn answered(&self, path: &str, response: &Response<Body>) {
        if let Some(notes) = self.notes().as_mut() {
            let fields = response.headers().iter();
            let head: usize = fields
                .map(|(key, value)| key.as_str().len() + value.len() + 4)
                .sum();
            let head = u64::try_from(head).unwrap_or_default() + OWN_LINES;
            notes.sent.push(Sent {
                at: Instant::now(),
                path: path.to_owned(),
                bytes: head + response.body().size_hint().exact().unwrap_or_default(),
            });
        }
    }

    pub(super) fn passed(&self, bytes: &[u8]) {
        if let Some(notes) = self.notes().as_mut() {
            let at = Instant::now();
            notes.stream.extend_from_slice(bytes);
            notes.ends.push((notes.stream.len(), at));
            notes.sent.push(Sent {
                at,
                path: "/xmpp-websocket".into(),
                bytes: u64::try_from(bytes.len()).unwrap_or_default(),
            });
        }
    }

    fn notes(&self) -> MutexGuard<'_, Option<Notes>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_in_two_pieces_passed_with_the_second() {
        let ledger = Ledger::default();
        ledger.passed(b"before anybody asked");
        ledger.record();
        ledger.passed(b"<succ");
        ledger.passed(b"ess/>");
        ledger.passed(b"<open/>");
        let moments: Vec<Instant> = ledger.sent().iter().map(|sent| sent.at).collect();
        assert_eq!(ledger.when("<success"), Some(moments[1]));
        assert_eq!(ledger.when("<open/>"), Some(moments[2]));
        assert_eq!(ledger.when("before"), None);
    }
}
