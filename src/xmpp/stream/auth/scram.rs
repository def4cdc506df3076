//! SCRAM (RFC 5802; RFC 7677 with SHA-256, and SHA-512 by analogy), the client's side.
//!
//! **Invariant:** the GS2 header is `n,,`: with `y`, a server that offers `-PLUS` must refuse (RFC 5802 §6).
//! **Invariant:** no proof is made for fewer than [`ITERATIONS_MIN`] rounds, nor work done for more than
//! [`ITERATIONS_MAX`], nor for a nonce that does not begin with ours.
//! **Invariant:** [`Scram::on_success`] gives keys only after the server's signature was there and right.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::downgrade::Offer;
use super::prepare::{PrepareError, saslprep};
use crate::entity::secret::Secret;

mod hash;
mod message;

pub use hash::Hash;
use message::{ServerFinal, ServerFirst};

/// RFC 7677 §4.
pub const ITERATIONS_MIN: u32 = 4096;
/// More than any server asks for, and yet no more than seconds of work.
pub const ITERATIONS_MAX: u32 = 1_000_000;

const GS2_HEADER: &str = "n,,";

/// What stays when the password goes: enough to log in with the same salt again, nowhere else.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub struct ScramKeys {
    /// Of which mechanism.
    #[zeroize(skip)]
    pub hash: Hash,
    /// The salt that they were made with.
    pub salt: Vec<u8>,
    /// The rounds that they were made with.
    pub iterations: u32,
    /// Proves us.
    client_key: Vec<u8>,
    /// Checks the server.
    server_key: Vec<u8>,
}

impl ScramKeys {
    /// Derives the keys: the slow part.
    fn derive(
        hash: Hash,
        password: &Secret,
        salt: &[u8],
        iterations: u32,
    ) -> Result<Self, PrepareError> {
        let password = saslprep(password.expose())?;
        let salted = hash.pbkdf2(password.as_bytes(), salt, iterations);
        Ok(Self {
            hash,
            salt: salt.to_vec(),
            iterations,
            client_key: hash.hmac(&salted, b"Client Key").to_vec(),
            server_key: hash.hmac(&salted, b"Server Key").to_vec(),
        })
    }

    fn fit(&self, hash: Hash, salt: &[u8], iterations: u32) -> bool {
        self.hash == hash && self.salt == salt && self.iterations == iterations
    }
}

#[cfg(test)]
impl ScramKeys {
    /// Some keys.
    pub fn example(hash: Hash) -> Self {
        Self {
            hash,
            salt: b"salt".to_vec(),
            iterations: ITERATIONS_MIN,
            client_key: vec![7],
            server_key: vec![8],
        }
    }
}

impl fmt::Debug for ScramKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// What we prove ourselves with. Keys that fit are preferred, as they cost no work; then the password.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Secrets {
    /// As typed.
    pub password: Option<Secret>,
    /// Kept from an earlier log-in.
    pub keys: Option<ScramKeys>,
}

impl Secrets {
    fn into_keys(self, hash: Hash, salt: &[u8], iterations: u32) -> Result<ScramKeys, ScramError> {
        match (self.keys, self.password) {
            (Some(keys), _) if keys.fit(hash, salt, iterations) => Ok(keys),
            (_, Some(password)) => Ok(ScramKeys::derive(hash, &password, salt, iterations)?),
            (_, None) => Err(ScramError::KeysOutdated),
        }
    }
}

/// Why SCRAM failed.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ScramError {
    /// The message is not what RFC 5802 §7 says, or comes at the wrong time.
    #[error("malformed message")]
    Malformed,
    /// The server's nonce does not begin with ours, or adds nothing to it (RFC 5802 §5.1).
    #[error("the nonce is not ours")]
    Nonce,
    /// `m=`: an extension that we would have to know (RFC 5802 §5.1).
    #[error("a mandatory extension")]
    MandatoryExtension,
    /// Fewer than [`ITERATIONS_MIN`] or more than [`ITERATIONS_MAX`].
    #[error("{0} iterations")]
    Iterations(u64),
    /// XEP-0474: what the server says it offered is not what arrived here.
    #[error("the offer was tampered with")]
    Downgrade,
    /// The kept keys do not fit (another salt, hash or count), and there is no password.
    #[error("the kept keys are outdated")]
    KeysOutdated,
    /// User name or password cannot be used.
    #[error(transparent)]
    Prepare(#[from] PrepareError),
    /// `v=` is missing or wrong: the server does not know the password.
    #[error("the server could not prove itself")]
    ServerNotAuthentic,
    /// `e=` (RFC 5802 §7): the server's reason.
    #[error("the server refused: {0}")]
    Refused(String),
}

/// One run of SCRAM.
pub struct Scram {
    hash: Hash,
    offer: Offer,
    client_nonce: String,
    client_first_bare: String,
    state: State,
}

enum State {
    /// The server's first message is to come.
    First(Secrets),
    /// The server's last message is to come.
    Final {
        expected: Zeroizing<Vec<u8>>,
        keys: ScramKeys,
    },
    /// The server proved itself in a challenge; its success is to come.
    Verified(ScramKeys),
    /// It is over, one way or the other.
    Over,
}

impl Scram {
    /// Begins a run. The nonce: at least 16 bytes that nobody can guess, used only once. The user name as typed.
    ///
    /// # Errors
    /// [`ScramError::Prepare`] if the user name cannot be used.
    pub fn new(
        hash: Hash,
        username: &str,
        secrets: Secrets,
        nonce: &[u8],
        offer: Offer,
    ) -> Result<Self, ScramError> {
        // RFC 5802 §5.1: `=` and `,` have a meaning there.
        let username = saslprep(username)?.replace('=', "=3D").replace(',', "=2C");
        let client_nonce = BASE64.encode(nonce);
        Ok(Self {
            hash,
            offer,
            client_first_bare: format!("n={username},r={client_nonce}"),
            client_nonce,
            state: State::First(secrets),
        })
    }

    /// The client's first message.
    #[must_use]
    pub fn initial(&self) -> Vec<u8> {
        format!("{GS2_HEADER}{}", self.client_first_bare).into_bytes()
    }

    /// Answers a challenge. After an error the run is over.
    ///
    /// # Errors
    /// See [`ScramError`].
    pub fn on_challenge(&mut self, challenge: &[u8]) -> Result<Vec<u8>, ScramError> {
        match std::mem::replace(&mut self.state, State::Over) {
            State::First(secrets) => {
                let (answer, state) = self.prove(challenge, secrets)?;
                self.state = state;
                Ok(answer)
            }
            State::Final { expected, keys } => {
                verify(challenge, &expected)?;
                self.state = State::Verified(keys);
                // RFC 4422 §5.2: where success carries no data, the last challenge is answered with nothing.
                Ok(Vec::new())
            }
            State::Verified(_) | State::Over => Err(ScramError::Malformed),
        }
    }

    /// Takes the success, with the data that came with it, and gives the keys that may be kept. The run is over.
    ///
    /// # Errors
    /// [`ScramError::ServerNotAuthentic`] if the server has not proved itself.
    pub fn on_success(&mut self, data: Option<&[u8]>) -> Result<ScramKeys, ScramError> {
        match (std::mem::replace(&mut self.state, State::Over), data) {
            (State::Final { expected, keys }, Some(data)) => {
                verify(data, &expected)?;
                Ok(keys)
            }
            (State::Verified(keys), None) => Ok(keys),
            _ => Err(ScramError::ServerNotAuthentic),
        }
    }

    fn prove(&self, challenge: &[u8], secrets: Secrets) -> Result<(Vec<u8>, State), ScramError> {
        let first = ServerFirst::parse(challenge)?;
        if !first.nonce.starts_with(&self.client_nonce) || first.nonce == self.client_nonce {
            return Err(ScramError::Nonce);
        }
        self.check_offer(&first)?;
        let keys = secrets.into_keys(self.hash, &first.salt, first.iterations)?;

        let without_proof = format!("c={},r={}", BASE64.encode(GS2_HEADER), first.nonce);
        let auth_message = format!(
            "{},{},{without_proof}",
            self.client_first_bare, first.message
        );
        let stored_key = self.hash.digest(&keys.client_key);
        let signature = self.hash.hmac(&stored_key, auth_message.as_bytes());
        let proof: Zeroizing<Vec<u8>> = Zeroizing::new(
            keys.client_key
                .iter()
                .zip(signature.iter())
                .map(|(key, sign)| key ^ sign)
                .collect(),
        );
        let answer = format!("{without_proof},p={}", BASE64.encode(&proof)).into_bytes();
        let expected = self.hash.hmac(&keys.server_key, auth_message.as_bytes());
        Ok((answer, State::Final { expected, keys }))
    }

    fn check_offer(&self, first: &ServerFirst<'_>) -> Result<(), ScramError> {
        let fits = match (first.extension('h'), first.extension('d')) {
            (Some(h), _) => self.offer.fits(self.hash, h),
            (None, Some(d)) => self.offer.fits_0_3(self.hash, d),
            (None, None) => true,
        };
        if fits {
            Ok(())
        } else {
            Err(ScramError::Downgrade)
        }
    }
}

fn verify(message: &[u8], expected: &[u8]) -> Result<(), ScramError> {
    match message::parse_final(message)? {
        ServerFinal::Signature(signature) if signature.ct_eq(expected).into() => Ok(()),
        ServerFinal::Signature(_) => Err(ScramError::ServerNotAuthentic),
        ServerFinal::Error(reason) => Err(ScramError::Refused(reason)),
    }
}

#[cfg(test)]
mod tests;
