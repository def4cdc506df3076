//! RFC 4013 (SASLprep), and what of RFC 8265 it leaves room for: one form for each user name and password.
//!
//! RFC 8265 replaced SASLprep, but both sides of SCRAM must come to the same bytes, RFC 5802 §5.1 says SASLprep,
//! and the servers obey it: Prosody applies SASLprep and ejabberd the like-minded Resourceprep when they store a
//! password. RFC 8265's `OpaqueString` would send U+00AA as it is where they have stored `a`. So SASLprep it is.
//!
//! There is one way in which SASLprep is out of date: it knows Unicode 3.2 and forbids each character that was added since,
//! new emoji among them, which `OpaqueString` allows. Those pass here unchanged, neither mapped nor normalised:
//! that is how RFC 3454 §7 treats the "query" form of a string, it is what Prosody stores, and for a
//! character without a decomposition it is what `OpaqueString` says as well. A server that forbids them
//! cannot have stored such a password, so nothing is lost there either.

use stringprep::tables;
use zeroize::Zeroizing;

use crate::entity::prepare::{is_never_text, mixes_directions};
use crate::unicode::nfkc;

/// Why a user name or a password cannot be used.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PrepareError {
    /// Nothing is left of it (RFC 8265 §4.2.2: a password of zero length is an error).
    #[error("nothing is left of the text")]
    Empty,
    /// It holds a character that RFC 4013 §2.3 prohibits: a control, a private use character and the like.
    #[error("a character is prohibited")]
    Prohibited,
    /// It mixes right-to-left and left-to-right writing in a way that RFC 3454 §6 prohibits.
    #[error("writing directions are mixed")]
    Bidirectional,
}

/// Prepares a user name or a password.
///
/// # Errors
/// See [`PrepareError`].
pub fn saslprep(text: &str) -> Result<Zeroizing<String>, PrepareError> {
    // RFC 4013 §2.1: map.
    let mapped: Zeroizing<String> = Zeroizing::new(
        text.chars()
            .map(|c| {
                if tables::non_ascii_space_character(c) {
                    ' '
                } else {
                    c
                }
            })
            .filter(|&c| !tables::commonly_mapped_to_nothing(c))
            .collect(),
    );
    let prepared = normalize(&mapped);
    if prepared.is_empty() {
        return Err(PrepareError::Empty);
    }
    if prepared.chars().any(is_prohibited) {
        return Err(PrepareError::Prohibited);
    }
    if mixes_directions(&prepared) {
        return Err(PrepareError::Bidirectional);
    }
    Ok(prepared)
}

/// RFC 4013 §2.2: NFKC, of the stretches that Unicode 3.2 knows.
fn normalize(text: &str) -> Zeroizing<String> {
    // Room for what NFKC adds, as a string that grows leaves a copy of the secret behind.
    let mut normal = Zeroizing::new(String::with_capacity(text.len().saturating_mul(4)));
    let mut rest = text;
    while !rest.is_empty() {
        let known_end = rest
            .find(tables::unassigned_code_point)
            .unwrap_or(rest.len());
        let (known, after) = rest.split_at(known_end);
        normal.push_str(&Zeroizing::new(nfkc(known)));
        let new_end = after
            .find(|c| !tables::unassigned_code_point(c))
            .unwrap_or(after.len());
        let (new, after) = after.split_at(new_end);
        normal.push_str(new);
        rest = after;
    }
    normal
}

/// RFC 4013 §2.3.
fn is_prohibited(c: char) -> bool {
    c.is_ascii_control() || is_never_text(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prepared(text: &str) -> Result<String, PrepareError> {
        saslprep(text).map(|text| text.to_string())
    }

    /// H13: the table of RFC 4013 §3.
    #[test]
    fn the_examples_of_rfc_4013_come_out_as_it_says() {
        assert_eq!(prepared("I\u{AD}X").unwrap(), "IX");
        assert_eq!(prepared("user").unwrap(), "user");
        assert_eq!(prepared("USER").unwrap(), "USER");
        assert_eq!(prepared("\u{AA}").unwrap(), "a");
        assert_eq!(prepared("\u{2168}").unwrap(), "IX");
        assert_eq!(prepared("\u{7}"), Err(PrepareError::Prohibited));
        assert_eq!(prepared("\u{627}\u{31}"), Err(PrepareError::Bidirectional));
    }

    #[test]
    fn every_space_becomes_the_plain_one() {
        assert_eq!(
            prepared("my\u{A0}own\u{3000}horse").unwrap(),
            "my own horse"
        );
    }

    #[test]
    fn composed_and_decomposed_letters_are_the_same_password() {
        assert_eq!(
            prepared("cafe\u{301}").unwrap(),
            prepared("caf\u{e9}").unwrap()
        );
        assert_eq!(
            prepared("p\u{e4}ssw\u{f6}rd").unwrap(),
            "p\u{e4}ssw\u{f6}rd"
        );
    }

    #[test]
    fn right_to_left_words_pass_alone() {
        assert_eq!(
            prepared("\u{627}\u{644}\u{633}\u{631}").unwrap(),
            "\u{627}\u{644}\u{633}\u{631}"
        );
        assert_eq!(
            prepared("\u{627}a\u{627}"),
            Err(PrepareError::Bidirectional)
        );
    }

    /// These are the bytes that Prosody 0.12 stores, measured.
    #[test]
    fn characters_newer_than_unicode_3_2_pass_unchanged() {
        assert_eq!(prepared("\u{1F600}").unwrap(), "\u{1F600}");
        assert_eq!(
            prepared("\u{1F468}\u{200D}\u{1F469}").unwrap(),
            "\u{1F468}\u{1F469}"
        );
        assert_eq!(prepared("\u{2764}\u{FE0F}").unwrap(), "\u{2764}");
        assert_eq!(prepared("\u{FB01}\u{1F600}").unwrap(), "fi\u{1F600}");
        // NFKC of today would make "0." of it.
        assert_eq!(prepared("\u{1F100}").unwrap(), "\u{1F100}");
        assert_eq!(
            prepared("e\u{301}\u{1F600}\u{301}").unwrap(),
            "\u{e9}\u{1F600}\u{301}"
        );
        assert_eq!(prepared("\u{20BD}5").unwrap(), "\u{20BD}5");
    }

    #[test]
    fn private_use_and_nothing_are_refused() {
        assert_eq!(prepared("\u{E000}"), Err(PrepareError::Prohibited));
        assert_eq!(prepared("a\0b"), Err(PrepareError::Prohibited));
        assert_eq!(prepared(""), Err(PrepareError::Empty));
        assert_eq!(prepared("\u{AD}"), Err(PrepareError::Empty));
    }
}
