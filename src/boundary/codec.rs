//! The encoding of what crosses: `postcard`, several commands or changes to one message.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// The id of this build, the same in page and engine. Two builds never talk to each other.
pub const BUILD: &str = match option_env!("WAXWING_BUILD") {
    Some(build) => build,
    None => "development",
};

/// The bytes do not decode: another build, or not ours at all.
#[derive(Debug, thiserror::Error)]
#[error("not a message of this build")]
pub struct Undecodable;

/// Encodes a batch.
#[must_use]
pub fn encode<T: Serialize>(batch: &T) -> Vec<u8> {
    // Serialising our own plain enums into memory has no way to fail.
    postcard::to_stdvec(batch).unwrap_or_default()
}

/// Decodes a batch.
///
/// # Errors
/// [`Undecodable`] if the bytes are not a whole batch.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Undecodable> {
    match postcard::take_from_bytes(bytes) {
        Ok((batch, [])) => Ok(batch),
        _ => Err(Undecodable),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::boundary::command::{Attention, Command, ToEngine};
    use crate::entity::id::RequestId;

    #[test]
    fn a_batch_survives_the_crossing_and_garbage_does_not() {
        let batch = vec![
            ToEngine::Hello {
                build: BUILD.into(),
                attention: Attention::Focused,
                accounts: Vec::new(),
                deadly: vec![7],
            },
            ToEngine::Do(RequestId(7), Command::CancelLogIn),
        ];
        let bytes = encode(&batch);
        assert_eq!(decode::<Vec<ToEngine>>(&bytes).unwrap(), batch);
        assert!(decode::<Vec<ToEngine>>(&bytes[1..]).is_err());
        assert!(decode::<Vec<ToEngine>>(&[]).is_err());
    }
}
