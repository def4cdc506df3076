//! Unicode by the browser.

use js_sys::JsString;
use web_sys::Url;

pub fn nfkc(text: &str) -> String {
    JsString::from(text).normalize("NFKC").into()
}

pub fn to_ascii(name: &str) -> Option<String> {
    // The last label keeps it from looking for IPv4 addresses.
    let url = Url::new(&format!("https://{name}.a")).ok()?;
    url.hostname().strip_suffix(".a").map(str::to_owned)
}
