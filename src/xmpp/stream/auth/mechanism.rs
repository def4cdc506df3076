//! Which SASL mechanism to use (RFC 6120 §6.3.3), and the pin that keeps an account from sliding back.
//!
//! **Invariant:** `-PLUS` is never chosen: a browser does not tell what a channel could be bound to.
//! **Invariant:** PLAIN never goes over a channel that others can read.

use super::scram::Hash;

/// A mechanism that we know; stronger ones are greater.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Mechanism {
    /// RFC 4505: for guests.
    Anonymous,
    /// RFC 4616: the password itself.
    Plain,
    /// RFC 5802: proofs of the password, in both directions.
    Scram(Hash),
}

impl Mechanism {
    /// Its name in SASL's registry.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Anonymous => "ANONYMOUS",
            Self::Plain => "PLAIN",
            Self::Scram(Hash::Sha1) => "SCRAM-SHA-1",
            Self::Scram(Hash::Sha256) => "SCRAM-SHA-256",
            Self::Scram(Hash::Sha512) => "SCRAM-SHA-512",
        }
    }

    /// The mechanism of that name, if we know it.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [
            Self::Anonymous,
            Self::Plain,
            Self::Scram(Hash::Sha1),
            Self::Scram(Hash::Sha256),
            Self::Scram(Hash::Sha512),
        ]
        .into_iter()
        .find(|mechanism| mechanism.name() == name)
    }
}

/// Who can read what we send.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Channel {
    /// Nobody else: TLS, or a loopback address.
    Confidential,
    /// Whoever sits on the way.
    Exposed,
}

/// What we are able to prove ourselves with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Means {
    /// Nothing: we come as a guest.
    Guest,
    /// The password.
    Password,
    /// Keys that were kept, for SCRAM with that hash only.
    Keys(Hash),
}

/// Why there is no mechanism to use.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ChoiceError {
    /// None of those that the server offers can be used; here they are.
    #[error("no common mechanism")]
    NoCommon(Vec<String>),
    /// What can be used is weaker than what this account has used before.
    #[error("only weaker mechanisms than before")]
    Downgrade,
    /// Only a password would do, and there are only kept keys.
    #[error("the password is needed")]
    PasswordNeeded,
}

/// Chooses the strongest mechanism that both sides can use.
///
/// XEP-0474 would rather pin only "SCRAM, not PLAIN" and trust its own hash for the rest; few servers send that hash, so we pin
/// the very mechanism. The price: a server that takes a mechanism away is refused until the user logs in anew.
///
/// # Errors
/// See [`ChoiceError`].
pub fn choose(
    offered: &[String],
    means: Means,
    channel: Channel,
    pinned: Option<Mechanism>,
) -> Result<Mechanism, ChoiceError> {
    let strongest = |usable: &dyn Fn(Mechanism) -> bool| {
        offered
            .iter()
            .filter_map(|name| Mechanism::parse(name))
            .filter(|&mechanism| usable(mechanism))
            .max()
    };
    let no_common = || ChoiceError::NoCommon(offered.to_vec());
    if means == Means::Guest {
        return strongest(&|mechanism| mechanism == Mechanism::Anonymous).ok_or_else(no_common);
    }
    let best = strongest(&|mechanism| match mechanism {
        Mechanism::Anonymous => false,
        Mechanism::Plain => channel == Channel::Confidential,
        Mechanism::Scram(_) => true,
    })
    .ok_or_else(no_common)?;
    if pinned.is_some_and(|pinned| best < pinned) {
        return Err(ChoiceError::Downgrade);
    }
    match means {
        Means::Guest | Means::Password => Ok(best),
        Means::Keys(hash) => strongest(&|mechanism| mechanism == Mechanism::Scram(hash))
            .ok_or(ChoiceError::PasswordNeeded),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHA_1: Mechanism = Mechanism::Scram(Hash::Sha1);
    const SHA_256: Mechanism = Mechanism::Scram(Hash::Sha256);
    const SHA_512: Mechanism = Mechanism::Scram(Hash::Sha512);

    fn offer(names: &[&str]) -> Vec<String> {
        names.iter().map(ToString::to_string).collect()
    }

    fn with_password(names: &[&str], pinned: Option<Mechanism>) -> Result<Mechanism, ChoiceError> {
        choose(
            &offer(names),
            Means::Password,
            Channel::Confidential,
            pinned,
        )
    }

    #[test]
    fn the_strongest_common_mechanism_is_chosen_whatever_the_order() {
        assert_eq!(
            with_password(
                &["PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-512", "SCRAM-SHA-256"],
                None
            ),
            Ok(SHA_512)
        );
        assert_eq!(
            with_password(&["SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN"], None),
            Ok(SHA_256)
        );
        assert_eq!(with_password(&["PLAIN", "SCRAM-SHA-1"], None), Ok(SHA_1));
        assert_eq!(
            with_password(&["PLAIN", "ANONYMOUS"], None),
            Ok(Mechanism::Plain)
        );
    }

    /// H07.
    #[test]
    fn channel_binding_is_never_chosen() {
        assert_eq!(
            with_password(
                &[
                    "SCRAM-SHA-512-PLUS",
                    "SCRAM-SHA-256-PLUS",
                    "SCRAM-SHA-256",
                    "EXTERNAL"
                ],
                None
            ),
            Ok(SHA_256)
        );
        assert_eq!(
            with_password(&["SCRAM-SHA-256-PLUS"], None),
            Err(ChoiceError::NoCommon(offer(&["SCRAM-SHA-256-PLUS"])))
        );
    }

    #[test]
    fn a_password_is_not_shown_to_listeners() {
        let exposed =
            |names: &[&str]| choose(&offer(names), Means::Password, Channel::Exposed, None);
        assert_eq!(
            exposed(&["PLAIN"]),
            Err(ChoiceError::NoCommon(offer(&["PLAIN"])))
        );
        assert_eq!(exposed(&["PLAIN", "SCRAM-SHA-1"]), Ok(SHA_1));
    }

    #[test]
    fn no_common_mechanism_says_what_was_offered() {
        assert_eq!(
            with_password(&["GSSAPI", "DIGEST-MD5"], None),
            Err(ChoiceError::NoCommon(offer(&["GSSAPI", "DIGEST-MD5"])))
        );
        assert_eq!(
            with_password(&["scram-sha-1"], None),
            Err(ChoiceError::NoCommon(offer(&["scram-sha-1"])))
        );
    }

    #[test]
    fn an_account_does_not_slide_back_below_its_pin() {
        for names in [
            &["PLAIN"][..],
            &["SCRAM-SHA-1", "PLAIN"],
            &["SCRAM-SHA-256-PLUS", "SCRAM-SHA-1"],
        ] {
            assert_eq!(
                with_password(names, Some(SHA_256)),
                Err(ChoiceError::Downgrade),
                "{names:?}"
            );
        }
        assert_eq!(
            with_password(&["SCRAM-SHA-256"], Some(SHA_256)),
            Ok(SHA_256)
        );
        assert_eq!(
            with_password(&["SCRAM-SHA-512", "SCRAM-SHA-256"], Some(SHA_256)),
            Ok(SHA_512)
        );
    }

    #[test]
    fn kept_keys_are_used_with_their_own_hash_only() {
        let with_keys = |names: &[&str]| {
            choose(
                &offer(names),
                Means::Keys(Hash::Sha256),
                Channel::Confidential,
                Some(SHA_256),
            )
        };
        assert_eq!(with_keys(&["SCRAM-SHA-512", "SCRAM-SHA-256"]), Ok(SHA_256));
        assert_eq!(
            with_keys(&["SCRAM-SHA-512"]),
            Err(ChoiceError::PasswordNeeded)
        );
        assert_eq!(
            with_keys(&["SCRAM-SHA-1", "PLAIN"]),
            Err(ChoiceError::Downgrade)
        );
    }

    #[test]
    fn a_guest_is_anonymous_or_nobody() {
        let guest = |names: &[&str]| choose(&offer(names), Means::Guest, Channel::Exposed, None);
        assert_eq!(
            guest(&["SCRAM-SHA-1", "ANONYMOUS"]),
            Ok(Mechanism::Anonymous)
        );
        assert_eq!(
            guest(&["SCRAM-SHA-1"]),
            Err(ChoiceError::NoCommon(offer(&["SCRAM-SHA-1"])))
        );
    }

    #[test]
    fn every_mechanism_is_found_by_its_name() {
        for mechanism in [
            Mechanism::Anonymous,
            Mechanism::Plain,
            SHA_1,
            SHA_256,
            SHA_512,
        ] {
            assert_eq!(Mechanism::parse(mechanism.name()), Some(mechanism));
        }
    }
}
