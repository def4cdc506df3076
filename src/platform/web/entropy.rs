//! Randomness from the browser.

use wasm_bindgen::throw_str;

use crate::client::ports::Entropy;

/// Randomness from `crypto.getRandomValues`.
#[derive(Clone, Copy, Debug, Default)]
pub struct WebEntropy;

impl Entropy for WebEntropy {
    fn seed(&self) -> [u8; 32] {
        let mut seed = [0; 32];
        if getrandom::fill(&mut seed).is_err() {
            // Every browser that runs wasm has it; to go on with numbers that can be guessed would be worse than to end.
            throw_str("the browser has no randomness");
        }
        seed
    }
}
