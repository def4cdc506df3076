//! XEP-0388 §2.3: the name by which an account's server knows this installation again.

use sha2::{Digest, Sha256};

use crate::entity::id::AccountId;

/// What it is made for: the number of an account says nothing to anybody who knows the name.
const PURPOSE: &[u8] = b"XEP-0388 user-agent";

/// The name of this installation for one account: a UUID of version 4, the same as long as the account is kept here.
///
/// It comes of the account's number, which was drawn at random here and never leaves this device: so there is nothing more
/// to store, two accounts have nothing in common, and one that is erased and added again is somebody new.
#[must_use]
pub fn agent(account: AccountId) -> String {
    let mut hash = Sha256::new();
    hash.update(PURPOSE);
    hash.update(account.0.to_be_bytes());
    let digits: String = hash
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
    // RFC 9562 §5.4: version and variant have their places; what is left of the hash takes the others.
    format!(
        "{}-{}-4{}-a{}-{}",
        part(0, 8),
        part(8, 12),
        part(12, 15),
        part(15, 18),
        part(18, 30)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_has_one_name_and_no_two_have_the_same() {
        let name = agent(AccountId(7));
        assert_eq!(name, agent(AccountId(7)));
        assert_ne!(name, agent(AccountId(8)));
        let parts: Vec<usize> = name.split('-').map(str::len).collect();
        assert_eq!(parts, [8, 4, 4, 4, 12]);
        assert_eq!((&name[14..15], &name[19..20]), ("4", "a"));
    }
}
