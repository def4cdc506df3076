//! RFC 6120 §6: one SASL exchange, whatever the elements around it are called.
//!
//! The stream translates: `<auth/>` or XEP-0388's `<authenticate/>` from [`Start`], each `<challenge/>` to
//! [`Exchange::on_challenge`], `<success/>` with its text or `<additional-data/>` to [`Exchange::on_success`], `<failure/>` to
//! [`AuthError::from_condition`]. Payloads are base64 on both sides, `=` where an initial response is empty (§6.4.2).
//!
//! **Invariant:** an exchange ends: after [`ROUNDS_MAX`] challenges, one longer than [`CHALLENGE_MAX`], or the
//! deadline that the stream keeps.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use zeroize::Zeroizing;

use super::downgrade::Offer;
use super::mechanism::{self, Channel, ChoiceError, Means, Mechanism};
use super::prepare::{PrepareError, saslprep};
use super::scram::{Scram, ScramError, ScramKeys, Secrets};
use crate::entity::problem::Problem;

/// SCRAM needs one, or two with servers that do not put data into `<success/>`.
pub const ROUNDS_MAX: u32 = 5;
/// The longest challenge or success, in base64.
pub const CHALLENGE_MAX: usize = 64 * 1024;

/// Who logs in.
#[derive(Clone, Debug)]
pub enum Identity {
    /// RFC 4505: nobody in particular.
    Guest,
    /// Somebody.
    User {
        /// The local part of the address.
        name: String,
        /// What proves it.
        secrets: Secrets,
    },
}

/// What an exchange begins with.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// Who logs in.
    pub identity: Identity,
    /// The mechanism of the last log-in of this account; nothing weaker will do.
    pub pinned: Option<Mechanism>,
    /// Who can read what we send.
    pub channel: Channel,
    /// Random, and used once.
    pub nonce: [u8; 24],
}

/// What to send first.
#[derive(Clone, PartialEq, Eq)]
pub struct Start {
    /// The mechanism's name.
    pub mechanism: &'static str,
    /// The initial response. Never log it: with PLAIN it holds the password.
    pub initial: Zeroizing<String>,
}

/// A success that is one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Proven {
    /// To be pinned.
    pub mechanism: Mechanism,
    /// May be kept in place of the password; only SCRAM has them.
    pub keys: Option<ScramKeys>,
}

/// Why nobody is logged in.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum AuthError {
    /// None of the mechanisms offered can be used; here they are.
    #[error("no common mechanism")]
    NoCommonMechanism(Vec<String>),
    /// The server offers less than before.
    #[error("downgrade")]
    Downgrade,
    /// Somebody on the way took something from its offer (XEP-0474).
    #[error("the offer was tampered with")]
    Tampered,
    /// There is no password, and no kept keys that would do.
    #[error("the password is needed")]
    PasswordNeeded,
    /// The user name or the password holds what cannot be used.
    #[error(transparent)]
    NotAllowed(PrepareError),
    /// The server did not prove that it knows the password.
    #[error("the server could not prove itself")]
    ServerNotAuthentic,
    /// The server does not keep to SASL or to SCRAM; in RFC 5802's words, or ours.
    #[error("the server does not keep to the protocol: {0}")]
    Protocol(#[source] ScramError),
    /// Too many challenges, or one too long.
    #[error("the exchange does not end")]
    Endless,
    /// §6.5.10 `not-authorized`: the password or the user name is wrong.
    #[error("not authorized")]
    WrongPassword,
    /// §6.5.2.
    #[error("account disabled")]
    AccountDisabled,
    /// §6.5.3.
    #[error("credentials expired")]
    CredentialsExpired,
    /// §6.5.4.
    #[error("encryption required")]
    EncryptionRequired,
    /// §6.5.6.
    #[error("invalid authzid")]
    InvalidAuthzid,
    /// §6.5.7.
    #[error("invalid mechanism")]
    InvalidMechanism,
    /// §6.5.9.
    #[error("mechanism too weak")]
    MechanismTooWeak,
    /// §6.5.11.
    #[error("temporary failure")]
    Temporary,
    /// §6.5.1.
    #[error("aborted")]
    Aborted,
    /// §6.5.5 and §6.5.8: what we sent was not understood.
    #[error("malformed request")]
    Malformed,
    /// A condition that nobody has defined.
    #[error("refused: {0}")]
    Other(String),
}

impl AuthError {
    /// The error that a `<failure/>` with this condition stands for (RFC 6120 §6.5).
    #[must_use]
    pub fn from_condition(condition: &str) -> Self {
        match condition {
            "not-authorized" => Self::WrongPassword,
            "account-disabled" => Self::AccountDisabled,
            "credentials-expired" => Self::CredentialsExpired,
            "encryption-required" => Self::EncryptionRequired,
            "invalid-authzid" => Self::InvalidAuthzid,
            "invalid-mechanism" => Self::InvalidMechanism,
            "mechanism-too-weak" => Self::MechanismTooWeak,
            "temporary-auth-failure" => Self::Temporary,
            "aborted" => Self::Aborted,
            "malformed-request" | "incorrect-encoding" => Self::Malformed,
            other => Self::Other(other.to_owned()),
        }
    }

    /// What to tell the user; `text` are the server's words, if it said any.
    #[must_use]
    pub fn problem(self, text: Option<String>) -> Problem {
        let other = |condition: &str| Problem::AuthFailed {
            condition: condition.to_owned(),
            text,
        };
        match self {
            Self::NoCommonMechanism(offered) => Problem::NoCommonMechanism(offered),
            Self::Downgrade => Problem::Downgrade,
            Self::Tampered => Problem::OfferTampered,
            Self::PasswordNeeded => Problem::PasswordNeeded,
            Self::NotAllowed(_) => Problem::PasswordNotAllowed,
            Self::ServerNotAuthentic => Problem::ServerNotAuthentic,
            Self::WrongPassword => Problem::WrongPassword,
            Self::AccountDisabled => Problem::AccountDisabled,
            Self::CredentialsExpired => Problem::CredentialsExpired,
            Self::EncryptionRequired => Problem::EncryptionRequired,
            Self::Temporary => Problem::TemporaryAuthFailure,
            Self::Protocol(_) | Self::Endless => other("undefined-condition"),
            Self::InvalidAuthzid => other("invalid-authzid"),
            Self::InvalidMechanism => other("invalid-mechanism"),
            Self::MechanismTooWeak => other("mechanism-too-weak"),
            Self::Aborted => other("aborted"),
            Self::Malformed => other("malformed-request"),
            Self::Other(condition) => other(&condition),
        }
    }
}

impl From<ChoiceError> for AuthError {
    fn from(error: ChoiceError) -> Self {
        match error {
            ChoiceError::NoCommon(offered) => Self::NoCommonMechanism(offered),
            ChoiceError::Downgrade => Self::Downgrade,
            ChoiceError::PasswordNeeded => Self::PasswordNeeded,
        }
    }
}

impl From<PrepareError> for AuthError {
    fn from(error: PrepareError) -> Self {
        Self::NotAllowed(error)
    }
}

impl From<ScramError> for AuthError {
    fn from(error: ScramError) -> Self {
        match error {
            ScramError::Downgrade => Self::Tampered,
            ScramError::KeysOutdated => Self::PasswordNeeded,
            ScramError::Prepare(error) => Self::NotAllowed(error),
            ScramError::ServerNotAuthentic => Self::ServerNotAuthentic,
            // RFC 5802 §7: `server-error-value`.
            ScramError::Refused(reason) => match reason.as_str() {
                "invalid-proof" | "unknown-user" => Self::WrongPassword,
                "no-resources" => Self::Temporary,
                "invalid-encoding" | "invalid-username-encoding" => Self::Malformed,
                _ => Self::Other(reason),
            },
            error @ (ScramError::Malformed
            | ScramError::Nonce
            | ScramError::MandatoryExtension
            | ScramError::Iterations(_)) => Self::Protocol(error),
        }
    }
}

/// An exchange that has begun.
pub struct Exchange {
    mechanism: Mechanism,
    /// SCRAM's own state; the other mechanisms have none.
    scram: Option<Scram>,
    rounds: u32,
}

impl Exchange {
    /// Chooses a mechanism and begins.
    ///
    /// # Errors
    /// [`AuthError::NoCommonMechanism`], [`AuthError::Downgrade`], [`AuthError::PasswordNeeded`] or
    /// [`AuthError::NotAllowed`]; nothing was sent then.
    pub fn start(attempt: Attempt, offer: Offer) -> Result<(Self, Start), AuthError> {
        let mechanism = mechanism::choose(
            &offer.mechanisms,
            means(&attempt.identity)?,
            attempt.channel,
            attempt.pinned,
        )?;
        let (scram, initial) = match (mechanism, attempt.identity) {
            (Mechanism::Scram(hash), Identity::User { name, secrets }) => {
                let scram = Scram::new(hash, &name, secrets, &attempt.nonce, offer)?;
                let initial = Zeroizing::new(scram.initial());
                (Some(scram), initial)
            }
            (Mechanism::Plain, Identity::User { name, secrets }) => (None, plain(&name, &secrets)?),
            // RFC 4505 §2: the trace information is optional, and nobody's business.
            (_, Identity::Guest) | (Mechanism::Anonymous, _) => (None, Zeroizing::default()),
        };
        let start = Start {
            mechanism: mechanism.name(),
            initial: if initial.is_empty() {
                Zeroizing::new("=".to_owned())
            } else {
                encode(&initial)
            },
        };
        let exchange = Self {
            mechanism,
            scram,
            rounds: 0,
        };
        Ok((exchange, start))
    }

    /// Answers a challenge. After an error nothing more can come of the exchange: abort it.
    ///
    /// # Errors
    /// See [`AuthError`].
    pub fn on_challenge(&mut self, challenge: &str) -> Result<String, AuthError> {
        self.rounds += 1;
        if self.rounds > ROUNDS_MAX {
            return Err(AuthError::Endless);
        }
        let challenge = decode(challenge)?;
        match &mut self.scram {
            Some(scram) => Ok(BASE64.encode(scram.on_challenge(&challenge)?)),
            None => Err(AuthError::Protocol(ScramError::Malformed)),
        }
    }

    /// Takes the success, with the data that came with it.
    ///
    /// # Errors
    /// [`AuthError::ServerNotAuthentic`] if the mechanism lets the server prove itself, and it did not.
    pub fn on_success(&mut self, data: Option<&str>) -> Result<Proven, AuthError> {
        let keys = match &mut self.scram {
            Some(scram) => {
                // RFC 6120 §6.4.6: without data the element is empty; `=` stands for data of zero length.
                let data = match data.map(str::trim_ascii) {
                    None | Some("" | "=") => None,
                    Some(data) => Some(decode(data).map_err(|_| AuthError::ServerNotAuthentic)?),
                };
                Some(scram.on_success(data.as_deref())?)
            }
            None => None,
        };
        Ok(Proven {
            mechanism: self.mechanism,
            keys,
        })
    }
}

fn means(identity: &Identity) -> Result<Means, AuthError> {
    match identity {
        Identity::Guest => Ok(Means::Guest),
        Identity::User { secrets, .. } => match (&secrets.password, &secrets.keys) {
            (Some(_), _) => Ok(Means::Password),
            (None, Some(keys)) => Ok(Means::Keys(keys.hash)),
            (None, None) => Err(AuthError::PasswordNeeded),
        },
    }
}

/// RFC 4616 §2, without an authorization identity.
fn plain(name: &str, secrets: &Secrets) -> Result<Zeroizing<Vec<u8>>, AuthError> {
    let password = secrets.password.as_ref().ok_or(AuthError::PasswordNeeded)?;
    let name = saslprep(name)?;
    let password = saslprep(password.expose())?;
    let mut message = Zeroizing::new(Vec::with_capacity(name.len() + password.len() + 2));
    message.push(0);
    message.extend_from_slice(name.as_bytes());
    message.push(0);
    message.extend_from_slice(password.as_bytes());
    Ok(message)
}

fn encode(message: &[u8]) -> Zeroizing<String> {
    Zeroizing::new(BASE64.encode(message))
}

fn decode(text: &str) -> Result<Vec<u8>, AuthError> {
    if text.len() > CHALLENGE_MAX {
        return Err(AuthError::Endless);
    }
    match text.trim_ascii() {
        "=" => Ok(Vec::new()),
        text => BASE64
            .decode(text)
            .map_err(|_| AuthError::Protocol(ScramError::Malformed)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::secret::Secret;
    use crate::xmpp::stream::auth::Hash;
    use crate::xmpp::stream::auth::scripted::server;

    fn romeo(password: &str) -> Identity {
        Identity::User {
            name: "romeo".into(),
            secrets: Secrets {
                password: Some(Secret::new(password.into())),
                keys: None,
            },
        }
    }

    fn attempt(identity: Identity) -> Attempt {
        Attempt {
            identity,
            pinned: None,
            channel: Channel::Confidential,
            nonce: [7; 24],
        }
    }

    fn offer(names: &[&str]) -> Offer {
        Offer {
            mechanisms: names.iter().map(ToString::to_string).collect(),
            channel_bindings: None,
        }
    }

    fn started(identity: Identity, names: &[&str]) -> (Exchange, Start) {
        Exchange::start(attempt(identity), offer(names)).unwrap()
    }

    fn clear(base64: &str) -> String {
        String::from_utf8(BASE64.decode(base64).unwrap()).unwrap()
    }

    #[test]
    fn scram_logs_in_and_gives_keys_to_keep() {
        let (mut exchange, start) =
            started(romeo("r0m30"), &["PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-256"]);
        assert_eq!(start.mechanism, "SCRAM-SHA-256");
        let (challenge, success) = server(&clear(&start.initial), "r0m30", Hash::Sha256);
        let answer = clear(&exchange.on_challenge(&challenge).unwrap());
        assert!(answer.starts_with("c=biws,r="), "{answer}");
        let proven = exchange.on_success(Some(&success)).unwrap();
        assert_eq!(proven.mechanism, Mechanism::Scram(Hash::Sha256));

        let kept = Identity::User {
            name: "romeo".into(),
            secrets: Secrets {
                password: None,
                keys: proven.keys,
            },
        };
        let (mut again, start) = started(kept, &["SCRAM-SHA-512", "SCRAM-SHA-256"]);
        let (challenge, success) = server(&clear(&start.initial), "r0m30", Hash::Sha256);
        again.on_challenge(&challenge).unwrap();
        assert!(again.on_success(Some(&format!("\n  {success}\n"))).is_ok());
    }

    /// H01.
    #[test]
    fn success_without_proof_is_no_success() {
        for forged in [None, Some(""), Some("="), Some("dj1BQUFB"), Some("%%%")] {
            let (mut exchange, start) = started(romeo("r0m30"), &["SCRAM-SHA-1"]);
            let (challenge, _) = server(&clear(&start.initial), "r0m30", Hash::Sha1);
            assert_eq!(
                exchange.on_success(forged),
                Err(AuthError::ServerNotAuthentic)
            );
            let (mut exchange, _) = started(romeo("r0m30"), &["SCRAM-SHA-1"]);
            exchange.on_challenge(&challenge).unwrap();
            assert_eq!(
                exchange.on_success(forged),
                Err(AuthError::ServerNotAuthentic),
                "{forged:?}"
            );
        }
    }

    #[test]
    fn a_server_with_another_password_does_not_pass() {
        let (mut exchange, start) = started(romeo("r0m30"), &["SCRAM-SHA-1"]);
        let (challenge, success) = server(&clear(&start.initial), "mallory", Hash::Sha1);
        exchange.on_challenge(&challenge).unwrap();
        assert_eq!(
            exchange.on_success(Some(&success)),
            Err(AuthError::ServerNotAuthentic)
        );
    }

    /// H15.
    #[test]
    fn an_endless_exchange_is_ended() {
        let (mut exchange, start) = started(romeo("r0m30"), &["SCRAM-SHA-1"]);
        let (challenge, _) = server(&clear(&start.initial), "r0m30", Hash::Sha1);
        let mut answers = 0;
        let end = loop {
            match exchange.on_challenge(&challenge) {
                Ok(_) => answers += 1,
                Err(error) => break error,
            }
        };
        assert_eq!((answers, end), (1, AuthError::ServerNotAuthentic));
        for _ in 0..ROUNDS_MAX {
            let _ = exchange.on_challenge(&challenge);
        }
        assert_eq!(exchange.on_challenge(&challenge), Err(AuthError::Endless));
    }

    /// H15.
    #[test]
    fn a_huge_challenge_is_refused_unread() {
        let (mut exchange, _) = started(romeo("r0m30"), &["SCRAM-SHA-1"]);
        assert_eq!(
            exchange.on_challenge(&"A".repeat(10_000_000)),
            Err(AuthError::Endless)
        );
    }

    #[test]
    fn plain_says_name_and_password_once() {
        let (mut exchange, start) = started(romeo("I\u{AD}X"), &["PLAIN"]);
        assert_eq!(start.mechanism, "PLAIN");
        assert_eq!(clear(&start.initial), "\0romeo\0IX");
        assert!(exchange.on_challenge("=").is_err());
        assert_eq!(
            exchange.on_success(None),
            Ok(Proven {
                mechanism: Mechanism::Plain,
                keys: None
            })
        );
    }

    #[test]
    fn a_guest_says_nothing() {
        let (mut exchange, start) = started(Identity::Guest, &["ANONYMOUS", "PLAIN"]);
        assert_eq!(
            (start.mechanism, start.initial.as_str()),
            ("ANONYMOUS", "=")
        );
        assert!(exchange.on_success(None).is_ok());
    }

    #[test]
    fn each_failure_is_another_problem() {
        for (condition, problem) in [
            ("not-authorized", Problem::WrongPassword),
            ("account-disabled", Problem::AccountDisabled),
            ("credentials-expired", Problem::CredentialsExpired),
            ("encryption-required", Problem::EncryptionRequired),
            ("temporary-auth-failure", Problem::TemporaryAuthFailure),
        ] {
            assert_eq!(AuthError::from_condition(condition).problem(None), problem);
        }
        for condition in [
            "invalid-authzid",
            "invalid-mechanism",
            "mechanism-too-weak",
            "aborted",
            "malformed-request",
            "bad-weather",
        ] {
            let text = Some("No.".to_owned());
            assert_eq!(
                AuthError::from_condition(condition).problem(text.clone()),
                Problem::AuthFailed {
                    condition: condition.to_owned(),
                    text
                }
            );
        }
    }

    #[test]
    fn what_cannot_begin_says_why() {
        let start = |identity, names: &[&str], pinned| {
            let attempt = Attempt {
                pinned,
                ..attempt(identity)
            };
            Exchange::start(attempt, offer(names))
                .map(|_| ())
                .unwrap_err()
        };
        assert_eq!(
            start(romeo("x"), &["GSSAPI"], None),
            AuthError::NoCommonMechanism(vec!["GSSAPI".into()])
        );
        assert_eq!(
            start(romeo("x"), &["PLAIN"], Some(Mechanism::Scram(Hash::Sha1))),
            AuthError::Downgrade
        );
        assert_eq!(
            start(romeo("\u{7}"), &["PLAIN"], None),
            AuthError::NotAllowed(PrepareError::Prohibited)
        );
        let nobody = Identity::User {
            name: "romeo".into(),
            secrets: Secrets::default(),
        };
        assert_eq!(start(nobody, &["PLAIN"], None), AuthError::PasswordNeeded);
    }

    #[test]
    fn passwords_do_not_show_themselves() {
        let shown = format!("{:?}", attempt(romeo("r0m30")));
        assert!(!shown.contains("r0m30"), "{shown}");
    }
}
