//! What stays of a log-in when the password goes, as bytes, to be kept where secrets are kept.

use serde::{Deserialize, Serialize};

use super::fast::Token;
use super::scram::ScramKeys;

/// Of the encoding. The first one was that of the keys alone; in the second one tokens did not say where they were given.
const VERSION: u8 = 3;

/// What proves us at the next log-in.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Kept {
    /// In place of the password.
    pub keys: Option<ScramKeys>,
    /// XEP-0484: of the server.
    pub token: Option<Token>,
}

impl Kept {
    /// As bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        // Plain structures of bytes and numbers: nothing in them can fail to be encoded.
        postcard::to_stdvec(&(VERSION, self)).unwrap_or_default()
    }

    /// What was kept; nothing, if these bytes are none of ours.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let kept = match bytes.split_first() {
            Some((1, keys)) => postcard::from_bytes(keys).ok().map(|keys| Self {
                keys: Some(keys),
                token: None,
            }),
            // A token of nowhere is used nowhere.
            Some((2, kept)) => postcard::take_from_bytes(kept)
                .ok()
                .map(|(keys, _token)| Self { keys, token: None }),
            Some((&VERSION, kept)) => postcard::from_bytes(kept).ok(),
            _ => None,
        };
        kept.unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::time::Timestamp;
    use crate::xmpp::stream::auth::fast::Inline;
    use crate::xmpp::stream::auth::{Hash, ScramKeys};

    fn keys() -> ScramKeys {
        ScramKeys::example(Hash::Sha256)
    }

    #[test]
    fn what_was_kept_is_there_again() {
        let inline = Inline {
            fast: true,
            ..Inline::default()
        };
        for kept in [
            Kept::default(),
            Kept {
                keys: Some(keys()),
                token: Token::new("t", "a", "wss://b:443", Some(Timestamp(5)), inline),
            },
        ] {
            assert_eq!(Kept::from_bytes(&kept.to_bytes()), kept);
        }
    }

    /// What the builds before tokens wrote.
    #[test]
    fn keys_alone_are_read_as_they_were_written() {
        let mut bytes = vec![1, 1, 4];
        bytes.extend(*b"salt");
        bytes.extend([0x80, 0x20, 1, 7, 1, 8]);
        let kept = Kept::from_bytes(&bytes);
        let read = kept.keys.expect("keys");
        assert_eq!(
            (read.hash, read.salt.as_slice(), read.iterations),
            (Hash::Sha256, &b"salt"[..], 4096)
        );
        assert_eq!(kept.token, None);
    }

    /// What the builds before tokens had a place wrote, with keys and without.
    #[test]
    fn a_token_that_nobody_knows_the_place_of_is_left_and_the_keys_are_read() {
        let token = [1, 1, b't', 1, b'a', 1, 10, 3, 1, 1, 1, 1, 1, 1];
        let keys = [1, 1, 4, b's', b'a', b'l', b't', 0x80, 0x20, 1, 7, 1, 8];
        let kept = Kept::from_bytes(&[&[2][..], &keys, &token].concat());
        let read = kept.keys.expect("keys");
        assert_eq!(
            (read.hash, read.salt.as_slice(), read.iterations),
            (Hash::Sha256, &b"salt"[..], 4096)
        );
        assert_eq!(kept.token, None);
        let alone = [&[2, 0][..], &token].concat();
        assert_eq!(Kept::from_bytes(&alone), Kept::default());
    }

    #[test]
    fn what_cannot_be_read_is_as_good_as_nothing() {
        let mut newer = Kept::default().to_bytes();
        newer[0] = VERSION + 1;
        for bytes in [&b""[..], b"rubbish", &[2], &newer] {
            assert_eq!(Kept::from_bytes(bytes), Kept::default());
        }
    }
}
