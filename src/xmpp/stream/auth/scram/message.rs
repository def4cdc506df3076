//! The server's messages (RFC 5802 §7), read strictly: what we sign must be what we understood.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::{ITERATIONS_MAX, ITERATIONS_MIN, ScramError};

/// `server-first-message`.
pub struct ServerFirst<'a> {
    /// All of it.
    pub message: &'a str,
    /// Ours and theirs.
    pub nonce: &'a str,
    /// Not empty.
    pub salt: Vec<u8>,
    /// Within bounds.
    pub iterations: u32,
    extensions: Vec<(char, &'a str)>,
}

impl<'a> ServerFirst<'a> {
    pub fn parse(message: &'a [u8]) -> Result<Self, ScramError> {
        let message = text(message)?;
        let mut attributes = attributes(message)?.into_iter();
        let mut next = |name| match attributes.next() {
            Some((found, value)) if found == name => Ok(value),
            _ => Err(ScramError::Malformed),
        };
        let nonce = next('r')?;
        let salt = next('s')?;
        let iterations = next('i')?;
        // RFC 5802 §7: printable = %x21-2B / %x2D-7E.
        if !nonce.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(ScramError::Malformed);
        }
        let salt = BASE64.decode(salt).map_err(|_| ScramError::Malformed)?;
        if salt.is_empty() {
            return Err(ScramError::Malformed);
        }
        Ok(Self {
            message,
            nonce,
            salt,
            iterations: iteration_count(iterations)?,
            extensions: attributes.collect(),
        })
    }

    /// The value of an optional attribute.
    pub fn extension(&self, name: char) -> Option<&'a str> {
        self.extensions
            .iter()
            .find(|(found, _)| *found == name)
            .map(|(_, value)| *value)
    }
}

/// `server-final-message`.
pub enum ServerFinal {
    /// `v=`.
    Signature(Vec<u8>),
    /// `e=`.
    Error(String),
}

pub fn parse_final(message: &[u8]) -> Result<ServerFinal, ScramError> {
    // Whatever is unreadable here proves nothing.
    let not_authentic = |_| ScramError::ServerNotAuthentic;
    let attributes = attributes(text(message).map_err(not_authentic)?).map_err(not_authentic)?;
    match attributes.first() {
        Some(('v', value)) => Ok(ServerFinal::Signature(
            BASE64
                .decode(value)
                .map_err(|_| ScramError::ServerNotAuthentic)?,
        )),
        Some(('e', value)) => Ok(ServerFinal::Error((*value).to_owned())),
        _ => Err(ScramError::ServerNotAuthentic),
    }
}

fn text(message: &[u8]) -> Result<&str, ScramError> {
    std::str::from_utf8(message).map_err(|_| ScramError::Malformed)
}

/// `attr-val`s with commas between; each name once.
fn attributes(message: &str) -> Result<Vec<(char, &str)>, ScramError> {
    let mut found: Vec<(char, &str)> = Vec::new();
    for attribute in message.split(',') {
        let (name, value) = attribute.split_once('=').ok_or(ScramError::Malformed)?;
        let mut letters = name.chars();
        let (Some(name), None) = (letters.next(), letters.next()) else {
            return Err(ScramError::Malformed);
        };
        if name == 'm' {
            return Err(ScramError::MandatoryExtension);
        }
        if !name.is_ascii_alphabetic() || found.iter().any(|(other, _)| *other == name) {
            return Err(ScramError::Malformed);
        }
        // Nobody has that many, and the search above must not become slow.
        if found.len() == 16 {
            return Err(ScramError::Malformed);
        }
        found.push((name, value));
    }
    Ok(found)
}

fn iteration_count(digits: &str) -> Result<u32, ScramError> {
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(ScramError::Malformed);
    }
    let count: u64 = digits.parse().map_err(|_| ScramError::Malformed)?;
    u32::try_from(count)
        .ok()
        .filter(|count| (ITERATIONS_MIN..=ITERATIONS_MAX).contains(count))
        .ok_or(ScramError::Iterations(count))
}
