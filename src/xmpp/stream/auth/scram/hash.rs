//! The hash functions of SCRAM, and what RFC 5802 §2.2 makes of them.

use hmac::{EagerHash, Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};
use zeroize::Zeroizing;

/// A hash function; stronger ones are greater.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum Hash {
    /// RFC 5802.
    Sha1,
    /// RFC 7677.
    Sha256,
    /// By analogy.
    Sha512,
}

impl Hash {
    /// `H`.
    #[must_use]
    pub fn digest(self, text: &[u8]) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(match self {
            Self::Sha1 => Sha1::digest(text).to_vec(),
            Self::Sha256 => Sha256::digest(text).to_vec(),
            Self::Sha512 => Sha512::digest(text).to_vec(),
        })
    }

    /// `HMAC`, with a key no longer than the block.
    #[must_use]
    pub fn hmac(self, key: &[u8], text: &[u8]) -> Zeroizing<Vec<u8>> {
        match self {
            Self::Sha1 => hmac::<Sha1>(key, text),
            Self::Sha256 => hmac::<Sha256>(key, text),
            Self::Sha512 => hmac::<Sha512>(key, text),
        }
    }

    /// `Hi`: the slow one.
    #[must_use]
    pub fn pbkdf2(self, password: &[u8], salt: &[u8], rounds: u32) -> Zeroizing<Vec<u8>> {
        let mut salted = self.digest(&[]);
        match self {
            Self::Sha1 => pbkdf2::pbkdf2_hmac::<Sha1>(password, salt, rounds, &mut salted),
            Self::Sha256 => pbkdf2::pbkdf2_hmac::<Sha256>(password, salt, rounds, &mut salted),
            Self::Sha512 => pbkdf2::pbkdf2_hmac::<Sha512>(password, salt, rounds, &mut salted),
        }
        salted
    }
}

fn hmac<D: EagerHash>(key: &[u8], text: &[u8]) -> Zeroizing<Vec<u8>>
where
    Hmac<D>: Mac + KeyInit,
{
    // RFC 2104 §2: a key shorter than the block is padded with zeros, so this cannot fail.
    let mut block = hmac::digest::Key::<Hmac<D>>::default();
    for (to, from) in block.iter_mut().zip(key) {
        *to = *from;
    }
    let mut mac = <Hmac<D> as KeyInit>::new(&block);
    mac.update(text);
    Zeroizing::new(mac.finalize().into_bytes().to_vec())
}
