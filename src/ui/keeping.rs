//! Asking the browser to keep what is stored here: else it may clear it away when the disk is short.
//!
//! **Invariant:** the browser's question follows something that a person has done, never at start; by itself it comes once.

use js_sys::{Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use super::browser;
use crate::ui::view::prelude::*;

/// Remembers that the browser was asked.
const ASKED: &str = "waxwing.keep-asked";

/// How it stands between the browser and what is stored here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Keeping {
    /// The browser says nothing of it.
    Unknown,
    /// It may be cleared away.
    Careless,
    /// It stays until a person removes it.
    Kept,
}

/// What is stored here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Usage {
    /// So many bytes.
    pub used: u64,
    /// Out of so many that the browser grants.
    pub quota: u64,
}

/// How it stands now.
pub async fn state() -> Keeping {
    answer(call("persisted")).await
}

/// Asks the browser, which may ask the person; to be called from what they did. Says how it stands then.
pub async fn ask() -> Keeping {
    answer(call("persist")).await
}

/// The same after the first message that is sent with this browser, and never again. It is asked before this returns.
pub fn ask_once() {
    if !cfg!(target_arch = "wasm32") || browser::recall(ASKED).is_some() {
        return;
    }
    browser::remember(ASKED, Some("yes"));
    // Whether or not it is kept, there is nothing to do: the settings show it.
    let _answer = call("persist");
}

/// What is stored here, as far as the browser says it.
pub async fn usage() -> Option<Usage> {
    let said = JsFuture::from(call("estimate")?).await.ok()?;
    let number = |name: &str| {
        let number = Reflect::get(&said, &name.into()).ok()?.as_f64()?;
        Some(number.max(0.0) as u64)
    };
    Some(Usage {
        used: number("usage")?,
        quota: number("quota")?,
    })
}

async fn answer(asked: Option<Promise>) -> Keeping {
    match asked {
        Some(asked) => match JsFuture::from(asked).await.ok().and_then(|it| it.as_bool()) {
            Some(true) => Keeping::Kept,
            Some(false) => Keeping::Careless,
            None => Keeping::Unknown,
        },
        None => Keeping::Unknown,
    }
}

/// Calls a method of `navigator.storage`, which is not there on pages that were not loaded securely.
fn call(method: &str) -> Option<Promise> {
    if !cfg!(target_arch = "wasm32") {
        return None;
    }
    let get = |from: &JsValue, name: &str| Reflect::get(from, &name.into()).ok();
    let storage = get(&window().navigator(), "storage")?;
    let method: js_sys::Function = get(&storage, method)?.dyn_into().ok()?;
    method.call0(&storage).ok()?.dyn_into().ok()
}

/// A number of bytes in two or three digits: the number, and its unit.
#[must_use]
pub fn in_words(bytes: u64) -> (u64, &'static str) {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    let mut number = bytes.div_ceil(1_000);
    for unit in UNITS {
        if number < 1_000 {
            return (number, unit);
        }
        number /= 1_000;
    }
    (number, "PB")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_told_in_few_digits() {
        for (bytes, words) in [
            (0, (0, "kB")),
            (1, (1, "kB")),
            (999_000, (999, "kB")),
            (1_000_000, (1, "MB")),
            (10_737_418_240, (10, "GB")),
            (2_000_000_000_000, (2, "TB")),
            (u64::MAX, (18_446, "PB")),
        ] {
            assert_eq!(in_words(bytes), words);
        }
    }
}
