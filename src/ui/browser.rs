//! The little that the view itself asks of the browser window; each does nothing where there is none.

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Element, ResizeObserver};

use crate::ui::view::prelude::*;

/// A parameter of the page's address, before the `#`.
#[must_use]
pub fn query(name: &str) -> Option<String> {
    if !cfg!(target_arch = "wasm32") {
        return None;
    }
    let query = window().location().search().ok()?;
    let parameters = web_sys::UrlSearchParams::new_with_str(&query).ok()?;
    parameters
        .get(name)
        .filter(|value| !value.trim().is_empty())
}

/// The host that this page is from, without the port.
#[must_use]
pub fn host() -> String {
    if !cfg!(target_arch = "wasm32") {
        return String::new();
    }
    window().location().hostname().unwrap_or_default()
}

/// A number that nobody else has, and nobody can guess: messages are named after it.
#[must_use]
pub fn random() -> u64 {
    if !cfg!(target_arch = "wasm32") {
        return 0;
    }
    let mut bytes = [0; 8];
    // Every browser that runs wasm has it.
    if window()
        .crypto()
        .is_ok_and(|crypto| crypto.get_random_values_with_u8_array(&mut bytes).is_ok())
    {
        return u64::from_le_bytes(bytes);
    }
    js_sys::Math::random().to_bits()
}

/// Whether there is room for one pane only, from now on (style/shell/shell.css). Belongs to the owner that is current.
#[must_use]
pub fn follow_narrow() -> Signal<bool> {
    let (narrow, set_narrow) = signal(is_narrow());
    if cfg!(target_arch = "wasm32") {
        let resized = window_event_listener(leptos::ev::resize, move |_| {
            let now = is_narrow();
            if narrow
                .try_get_untracked()
                .is_some_and(|before| before != now)
            {
                set_narrow.set(now);
            }
        });
        on_cleanup(move || resized.remove());
    }
    narrow.into()
}

fn is_narrow() -> bool {
    cfg!(target_arch = "wasm32")
        && window()
            .match_media("(width < 40rem)")
            .ok()
            .flatten()
            .is_some_and(|narrow| narrow.matches())
}

/// A length in hundredths, as a style sheet has it. The browser writes the number: to do it here is kilobytes of code.
#[must_use]
pub fn pixels(length: f64) -> String {
    if !cfg!(target_arch = "wasm32") {
        return format!("{length:.2}px");
    }
    let written = js_sys::Number::from(length).to_fixed(2);
    // Two digits are never too many.
    written.map_or_else(|_| String::new(), |number| String::from(number) + "px")
}

/// The text in small letters. The browser has the tables of all scripts: here they are kilobytes.
#[must_use]
pub fn lowercase(text: &str) -> String {
    if text.is_ascii() {
        text.to_ascii_lowercase()
    } else if cfg!(target_arch = "wasm32") {
        js_sys::JsString::from(text).to_lower_case().into()
    } else {
        text.to_lowercase()
    }
}

/// The text in capitals.
#[must_use]
pub fn uppercase(text: &str) -> String {
    if text.is_ascii() {
        text.to_ascii_uppercase()
    } else if cfg!(target_arch = "wasm32") {
        js_sys::JsString::from(text).to_upper_case().into()
    } else {
        text.to_uppercase()
    }
}

/// Fetches a file beside the page: its status, and its text if that came whole. None, when nobody answers.
pub async fn fetch(name: &str) -> Option<(u16, Option<String>)> {
    if !cfg!(target_arch = "wasm32") {
        return None;
    }
    let patience = web_sys::RequestInit::new();
    patience.set_signal(Some(&web_sys::AbortSignal::timeout_with_u32(10_000)));
    let asked = window().fetch_with_str_and_init(name, &patience);
    let answer = JsFuture::from(asked).await.ok()?;
    let answer: web_sys::Response = answer.unchecked_into();
    let text = match answer.text() {
        Ok(text) => JsFuture::from(text).await.ok(),
        Err(_) => None,
    };
    Some((answer.status(), text.and_then(|text| text.as_string())))
}

/// What this browser was told to remember; never a secret.
#[must_use]
pub fn recall(key: &str) -> Option<String> {
    if !cfg!(target_arch = "wasm32") {
        return None;
    }
    // A browser that forbids storage throws: then nothing is remembered.
    window().local_storage().ok()??.get_item(key).ok()?
}

/// Remembers, or with `None` forgets, what the first paint needs before the engine answers. Never a secret.
pub fn remember(key: &str, value: Option<&str>) {
    if !cfg!(target_arch = "wasm32") {
        return;
    }
    let Ok(Some(storage)) = window().local_storage() else {
        return;
    };
    let _refused = match value {
        Some(value) => storage.set_item(key, value),
        None => storage.remove_item(key),
    };
}

/// Hands a text over to the page that comes after this one in this tab, or takes it back: when a tab is loaded anew,
/// the engine may end before it has stored what it was told last.
pub fn hand_over(key: &str, text: Option<&str>) {
    if cfg!(target_arch = "wasm32")
        && let Ok(Some(storage)) = window().session_storage()
    {
        let _refused = match text {
            Some(text) => storage.set_item(key, text),
            None => storage.remove_item(key),
        };
    }
}

/// Takes a text back that was handed over, unless another one has taken its place.
pub fn take_back(key: &str, text: &str) {
    match taken_over(key) {
        Some(other) if other != text => hand_over(key, Some(&other)),
        _ => {}
    }
}

/// What was handed over; it stays there.
#[must_use]
pub fn handed_over(key: &str) -> Option<String> {
    if !cfg!(target_arch = "wasm32") {
        return None;
    }
    window().session_storage().ok()??.get_item(key).ok()?
}

/// Forgets all texts that were handed over under keys with this beginning.
pub fn forget_handed_over(beginning: &str) {
    if !cfg!(target_arch = "wasm32") {
        return;
    }
    let Ok(Some(storage)) = window().session_storage() else {
        return;
    };
    let keys = (0..storage.length().unwrap_or(0)).filter_map(|at| storage.key(at).ok()?);
    for key in keys.collect::<Vec<_>>() {
        if key.starts_with(beginning) {
            hand_over(&key, None);
        }
    }
}

/// What the page before this one handed over, once.
#[must_use]
pub fn taken_over(key: &str) -> Option<String> {
    if !cfg!(target_arch = "wasm32") {
        return None;
    }
    let text = handed_over(key)?;
    hand_over(key, None);
    Some(text)
}

/// The languages that the user prefers, best first.
#[must_use]
pub fn languages() -> Vec<String> {
    if !cfg!(target_arch = "wasm32") {
        return Vec::new();
    }
    let languages = window().navigator().languages();
    languages.iter().filter_map(|tag| tag.as_string()).collect()
}

/// The language that the page says it is in.
#[must_use]
pub fn language() -> Option<String> {
    if !cfg!(target_arch = "wasm32") {
        return None;
    }
    document().document_element()?.get_attribute("lang")
}

/// Sets or removes an attribute of the root element.
pub fn root_attribute(name: &str, value: Option<&str>) {
    if !cfg!(target_arch = "wasm32") {
        return;
    }
    let Some(root) = document().document_element() else {
        return;
    };
    let _refused = match value {
        Some(value) => root.set_attribute(name, value),
        None => root.remove_attribute(name),
    };
}

/// Calls `sized` when one of these elements has another size, or is shown again, until the owner that is current is cleaned up.
/// The page is laid out then: to ask where something lies costs nothing.
pub fn on_resize(elements: &[&Element], sized: impl FnMut() + 'static) {
    let sized = Closure::<dyn FnMut()>::new(sized);
    let Ok(observer) = ResizeObserver::new(sized.as_ref().unchecked_ref()) else {
        return;
    };
    for element in elements {
        observer.observe(element);
    }
    let kept = StoredValue::new(Some((observer, sized)));
    on_cleanup(move || {
        if let Some((observer, _)) = kept.try_update_value(Option::take).flatten() {
            observer.disconnect();
        }
    });
}

/// Whether the browser can be asked to open `xmpp:` links here.
#[must_use]
pub fn can_offer_links() -> bool {
    cfg!(target_arch = "wasm32") && {
        let navigator = window().navigator();
        js_sys::Reflect::has(&navigator, &"registerProtocolHandler".into()).unwrap_or(false)
    }
}

/// Asks the browser to open `xmpp:` links here from now on (RFC 5122). Says whether it takes the question at all.
pub fn offer_links() -> bool {
    if !cfg!(target_arch = "wasm32") {
        return false;
    }
    let location = window().location();
    let (Ok(origin), Ok(path)) = (location.origin(), location.pathname()) else {
        return false;
    };
    // What follows `#` stays in the browser: no server learns whose link was opened.
    let place = [&*origin, &*path, "#/open/%s"].concat();
    let navigator = window().navigator();
    navigator
        .register_protocol_handler("xmpp", &place, "Waxwing")
        .is_ok()
}
