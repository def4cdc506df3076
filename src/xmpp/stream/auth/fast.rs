//! XEP-0484: a token of the server in place of the password, by the mechanism HT-SHA-256-NONE
//! (draft-schmaus-kitten-sasl-ht): one message there, one back, and each side proves that it knows the token.
//!
//! **Invariant:** a token is not shown, not logged, and kept only where the keys of SCRAM are.
//! **Invariant:** it is used only where it was given: our one message is bound to no channel, so whoever is sent it at another
//! place could use it at the right one.
//! **Invariant:** its count goes up before each use, and is stored before the token is used.
//! **Invariant:** the clock never decides whether somebody gets in: it only spares a round trip with a token that is
//! surely too old.

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::scram::Hash;
use crate::entity::secret::Secret;
use crate::entity::time::Timestamp;

/// The mechanism, which needs no channel binding: browsers have none.
pub const MECHANISM: &str = "HT-SHA-256-NONE";
/// Longer ones are not kept.
const LONGEST: usize = 4096;
/// How far our clock and the server's may differ: by a day and a zone.
const SKEW: Duration = Duration::from_secs(26 * 3600);
/// RFC 2104 §2: the block of SHA-256; longer keys are hashed first.
const BLOCK: usize = 64;

/// What a server does along with the log-in (XEP-0388 §2.1: it may be remembered for the next connection).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Inline {
    /// XEP-0484: it gives and takes tokens for [`MECHANISM`].
    pub fast: bool,
    /// XEP-0386: it binds a resource.
    pub bind: bool,
    /// It begins the session with carbons (XEP-0280).
    pub carbons: bool,
    /// It begins the session in the state that the client is in (XEP-0352).
    pub client_state: bool,
    /// It begins the session with stream management (XEP-0198).
    pub management: bool,
    /// XEP-0198: it takes up a session that waits.
    pub resumption: bool,
}

/// A token, and what is needed to use it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    text: Secret,
    /// The installation that it was given to; the server takes it from nobody else.
    agent: String,
    /// Where it was given: scheme, host and port.
    origin: String,
    /// By the server's clock; absent if it is not known.
    expiry: Option<Timestamp>,
    /// How often it was used.
    count: u32,
    /// What the server offered when it was used last.
    pub inline: Inline,
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl Token {
    /// A token as the server at `origin` gave it to this installation; `None` if it is none.
    #[must_use]
    pub fn new(
        text: &str,
        agent: &str,
        origin: &str,
        expiry: Option<Timestamp>,
        inline: Inline,
    ) -> Option<Self> {
        (1..=LONGEST).contains(&text.len()).then(|| Self {
            text: Secret::new(text.to_owned()),
            agent: agent.to_owned(),
            origin: origin.to_owned(),
            expiry,
            count: 0,
            inline,
        })
    }

    /// The name of the installation.
    #[must_use]
    pub fn agent(&self) -> &str {
        &self.agent
    }

    /// Whether it was given there.
    #[must_use]
    pub fn is_of(&self, origin: &str) -> bool {
        self.origin == origin
    }

    /// Whether it is surely too old, whatever the two clocks say.
    #[must_use]
    pub fn is_stale(&self, now: Timestamp) -> bool {
        self.expiry.is_some_and(|expiry| now > expiry + SKEW)
    }

    /// Counts a use that is about to be; `None` when it was used up.
    pub fn count(&mut self) -> Option<u32> {
        self.count = self.count.checked_add(1)?;
        Some(self.count)
    }

    /// The one message of ours, in base64: who we are, and that we know the token. Never log it.
    #[must_use]
    pub fn initial(&self, name: &str) -> Zeroizing<String> {
        let mut message = Zeroizing::new(Vec::with_capacity(name.len() + 33));
        message.extend_from_slice(name.as_bytes());
        message.push(0);
        message.extend_from_slice(&self.hash(b"Initiator"));
        Zeroizing::new(BASE64.encode(&message))
    }

    /// Whether the data of the success, in base64, shows that the server knows the token, too.
    #[must_use]
    pub fn is_proved_by(&self, data: Option<&str>) -> bool {
        let decoded = data.and_then(|data| BASE64.decode(data.trim_ascii()).ok());
        decoded.is_some_and(|proof| self.hash(b"Responder").ct_eq(&proof).into())
    }

    /// Without a channel to bind, nothing follows the label.
    fn hash(&self, label: &[u8]) -> Zeroizing<Vec<u8>> {
        let key = self.text.expose().as_bytes();
        if key.len() > BLOCK {
            Hash::Sha256.hmac(&Hash::Sha256.digest(key), label)
        } else {
            Hash::Sha256.hmac(key, label)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOME: &str = "wss://example.org:443";
    const NOON: Timestamp = Timestamp(1_767_268_800_000);

    fn token(text: &str) -> Token {
        Token::new(text, "a", HOME, Some(NOON), Inline::default()).unwrap()
    }

    /// The hashes are computed with another implementation of HMAC.
    #[test]
    fn each_side_proves_that_it_knows_the_token() {
        let token = token("secret-token:fast-romeo");
        let message = BASE64.decode(token.initial("romeo").as_bytes()).unwrap();
        assert_eq!(&message[..6], b"romeo\0");
        assert_eq!(
            BASE64.encode(&message[6..]),
            "Orm4CsfVKYDl180rk2xirA3Ov3uuUrPwxXGXxtPBdQc="
        );
        assert!(token.is_proved_by(Some("\n VYOGa/oC2XN1IppLlrETQ5K2BY9lHnm0u5Dq+7SEmEk= \n")));
    }

    #[test]
    fn what_proves_us_does_not_prove_the_server() {
        let token = token("secret-token:fast-romeo");
        let message = BASE64.decode(token.initial("romeo").as_bytes()).unwrap();
        let ours = BASE64.encode(&message[6..]);
        for forged in [None, Some(""), Some("="), Some("%%%"), Some(ours.as_str())] {
            assert!(!token.is_proved_by(forged), "{forged:?}");
        }
    }

    #[test]
    fn a_token_longer_than_a_block_is_hashed_first() {
        let long = token(&"x".repeat(100));
        let message = BASE64.decode(long.initial("romeo").as_bytes()).unwrap();
        assert_eq!(
            BASE64.encode(&message[6..]),
            "QN6TEfNsaryEF3zQ3qyanuzWZuoVOYMjc5U2I7yZWhA="
        );
        for text in [String::new(), "x".repeat(5_000)] {
            assert_eq!(Token::new(&text, "a", HOME, None, Inline::default()), None);
        }
    }

    #[test]
    fn a_clock_that_is_wrong_by_a_day_keeps_nobody_out() {
        let token = token("t");
        assert!(!token.is_stale(NOON + Duration::from_secs(26 * 3600)));
        assert!(token.is_stale(NOON + Duration::from_secs(27 * 3600)));
        let forever = Token::new("t", "a", HOME, None, Inline::default()).unwrap();
        assert!(!forever.is_stale(Timestamp(i64::MAX)));
    }

    #[test]
    fn each_use_is_counted_and_none_twice() {
        let mut token = token("t");
        assert_eq!((token.count(), token.count()), (Some(1), Some(2)));
        token.count = u32::MAX;
        assert_eq!(token.count(), None);
    }

    #[test]
    fn a_token_does_not_show_itself() {
        assert_eq!(format!("{:?}", token("secret")), "***");
    }
}
