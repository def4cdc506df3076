//! XEP-0480 §3: a server that keeps no keys for a stronger SCRAM gets what it makes them of.
//!
//! **Invariant:** the server has proved itself before it gets anything, and it gets only what it asks for, of those that we
//! offered, on a channel that nobody overhears. The password itself never goes out.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use zeroize::Zeroizing;

use super::prepare::saslprep;
use super::sasl::AuthError;
use super::scram::{Hash, ITERATIONS_MAX, ITERATIONS_MIN, ScramError};
use crate::entity::secret::Secret;

/// The tasks that we know, by the hash that they are for.
const TASKS: [(Hash, &str); 2] = [
    (Hash::Sha256, "UPGR-SCRAM-SHA-256"),
    (Hash::Sha512, "UPGR-SCRAM-SHA-512"),
];

/// The name of a task.
#[must_use]
pub fn task(hash: Hash) -> &'static str {
    let known = TASKS.iter().find(|(known, _)| *known == hash);
    known.map_or("", |(_, name)| name)
}

/// What to ask for, of what a server offers: all that it cannot do yet.
#[must_use]
pub fn wanted(offered: &[String], mechanisms: &[String]) -> Vec<Hash> {
    let is_wanted = |name: &str| {
        let mechanism = name.trim_start_matches("UPGR-");
        offered.iter().any(|offered| offered == name)
            && mechanisms.iter().all(|known| known != mechanism)
    };
    let wanted = TASKS.iter().filter(|(_, name)| is_wanted(name));
    wanted.map(|(hash, _)| *hash).collect()
}

/// What the server makes its keys of, in base64 (RFC 5802 §3: `SaltedPassword`).
///
/// # Errors
/// A salt or a count that RFC 5802 and RFC 7677 would not have, or a password that cannot be used.
pub fn salted_password(
    hash: Hash,
    password: &Secret,
    salt: &str,
    iterations: &str,
) -> Result<Zeroizing<String>, AuthError> {
    let salt = BASE64.decode(salt.trim_ascii()).unwrap_or_default();
    let rounds: u32 = iterations.trim_ascii().parse().unwrap_or_default();
    if salt.is_empty() {
        return Err(AuthError::Protocol(ScramError::Malformed));
    }
    if !(ITERATIONS_MIN..=ITERATIONS_MAX).contains(&rounds) {
        return Err(AuthError::Protocol(ScramError::Iterations(rounds.into())));
    }
    let password = saslprep(password.expose())?;
    let salted = hash.pbkdf2(password.as_bytes(), &salt, rounds);
    Ok(Zeroizing::new(BASE64.encode(&salted)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn only_what_the_server_cannot_do_yet_is_asked_for() {
        let offered = names(&["UPGR-SCRAM-SHA-256", "UPGR-SCRAM-SHA-512", "UPGR-BLOOP"]);
        let all = wanted(&offered, &names(&["SCRAM-SHA-1"]));
        assert_eq!(all, [Hash::Sha256, Hash::Sha512]);
        let stronger = wanted(&offered, &names(&["SCRAM-SHA-1", "SCRAM-SHA-256"]));
        assert_eq!(stronger, [Hash::Sha512]);
        assert!(wanted(&[], &[]).is_empty());
        assert_eq!(task(Hash::Sha512), "UPGR-SCRAM-SHA-512");
    }

    /// RFC 7677 §3: the salt, the count and the password of its example; the result by another implementation.
    #[test]
    fn the_salted_password_is_that_of_scram() {
        let pencil = Secret::new("pencil".into());
        let salted = salted_password(Hash::Sha256, &pencil, "W22ZaJ0SNY7soEsUEjb6gQ==", "4096");
        assert_eq!(
            salted.unwrap().as_str(),
            "xKSVEDI6tPlSysH6mUQZOeeOp01r6B3fcJbodRPcYV0="
        );
    }

    #[test]
    fn work_that_is_too_little_or_too_much_is_not_done() {
        let pencil = Secret::new("pencil".into());
        for (salt, rounds) in [
            ("c2FsdA==", "1"),
            ("c2FsdA==", "4095"),
            ("c2FsdA==", "99999999999"),
            ("c2FsdA==", "many"),
            ("", "4096"),
            ("%%", "4096"),
        ] {
            let salted = salted_password(Hash::Sha256, &pencil, salt, rounds);
            assert!(matches!(salted, Err(AuthError::Protocol(_))), "{rounds}");
        }
    }
}
