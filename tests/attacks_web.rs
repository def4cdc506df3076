//! The hostile cases of `attacks.rs` once more in the wasm build, in a worker of a real browser.
//!
//! Why: there a stack is a megabyte, and a full one is a trap that ends every account. What nests 4,365 deep is harmless
//! natively.
#![cfg(target_arch = "wasm32")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

#[path = "attacks.rs"]
mod attacks;

wasm_bindgen_test_configure!(run_in_dedicated_worker);

#[wasm_bindgen_test]
fn no_case_harms_an_engine_of_wasm() {
    attacks::live_and_after_a_reload();
}

#[wasm_bindgen_test]
fn every_twin_has_its_effect_on_an_engine_of_wasm() {
    attacks::every_twin_has_its_effect();
}
