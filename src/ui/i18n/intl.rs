//! The little that we use of the browser's `Intl` (ECMA-402), with a plain stand-in where there is no browser.

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = Intl)]
    type Collator;
    #[wasm_bindgen(constructor, js_namespace = Intl)]
    fn new(locale: &str, options: &JsValue) -> Collator;
    #[wasm_bindgen(method, getter)]
    fn compare(this: &Collator) -> JsValue;

    #[wasm_bindgen(js_namespace = Intl)]
    type PluralRules;
    #[wasm_bindgen(constructor, js_namespace = Intl)]
    fn new(locale: &str) -> PluralRules;
    #[wasm_bindgen(method)]
    fn select(this: &PluralRules, count: f64) -> String;

    /// Formats points in time.
    #[wasm_bindgen(js_namespace = Intl)]
    pub(super) type DateTimeFormat;
    #[wasm_bindgen(constructor, js_namespace = Intl)]
    pub(super) fn new(locale: &str, options: &JsValue) -> DateTimeFormat;
    #[wasm_bindgen(method)]
    pub(super) fn format(this: &DateTimeFormat, time: f64) -> String;

    /// Formats numbers.
    #[wasm_bindgen(js_namespace = Intl)]
    pub(super) type NumberFormat;
    #[wasm_bindgen(constructor, js_namespace = Intl)]
    pub(super) fn new(locale: &str) -> NumberFormat;
    #[wasm_bindgen(method)]
    pub(super) fn format(this: &NumberFormat, number: f64) -> String;

    /// Formats "3 days ago".
    #[wasm_bindgen(js_namespace = Intl)]
    pub(super) type RelativeTimeFormat;
    #[wasm_bindgen(constructor, js_namespace = Intl)]
    pub(super) fn new(locale: &str, options: &JsValue) -> RelativeTimeFormat;
    #[wasm_bindgen(method)]
    pub(super) fn format(this: &RelativeTimeFormat, number: f64, unit: &str) -> String;

    #[wasm_bindgen(js_name = String)]
    type Text;
    #[wasm_bindgen(js_name = String)]
    fn text(text: &str) -> Text;
    #[wasm_bindgen(method)]
    fn split(this: &Text, by: &str) -> Lines;
    #[wasm_bindgen(js_name = Array)]
    type Lines;
    #[wasm_bindgen(method)]
    fn sort(this: &Lines, compare: &JsValue) -> Lines;
    #[wasm_bindgen(method)]
    fn join(this: &Lines, by: &str) -> String;
}

/// An options object: (key, value).
pub(super) fn options(entries: &[(&str, &str)]) -> JsValue {
    let object = js_sys::Object::new();
    for (key, value) in entries {
        let value = match *value {
            "true" => JsValue::TRUE,
            "false" => JsValue::FALSE,
            text => JsValue::from_str(text),
        };
        let _always_true = js_sys::Reflect::set(&object, &JsValue::from_str(key), &value);
    }
    object.into()
}

/// The category of a number (CLDR): `one`, `few`, `other` and so on.
#[must_use]
pub(super) fn plural_category(locale: &str, count: u32) -> String {
    if cfg!(target_arch = "wasm32") {
        PluralRules::new(locale).select(f64::from(count))
    } else if count == 1 && !locale.starts_with("zh") {
        "one".to_owned()
    } else {
        "other".to_owned()
    }
}

/// The indices of `names` in the order that readers of the language expect: numbers by value, accents and case last.
#[must_use]
pub fn order(locale: &str, names: &[&str]) -> Vec<u32> {
    if !cfg!(target_arch = "wasm32") {
        let mut keyed: Vec<(String, u32)> = (0..)
            .zip(names)
            .map(|(index, name)| (name.to_lowercase(), index))
            .collect();
        keyed.sort();
        return keyed.into_iter().map(|(_, index)| index).collect();
    }
    // One crossing there, one native sort, one crossing back: each line is a name and its index.
    let lines = lines(names);
    let collator = Collator::new(locale, &options(&[("numeric", "true")]));
    let sorted = text(&lines)
        .split("\n")
        .sort(&collator.compare())
        .join("\n");
    indices(&sorted)
}

/// The same, in the language that the page is in now.
#[must_use]
pub fn order_here(names: &[&str]) -> Vec<u32> {
    let language = crate::ui::browser::language();
    order(language.as_deref().unwrap_or("en"), names)
}

fn lines(names: &[&str]) -> String {
    let mut lines = String::new();
    for (index, name) in names.iter().enumerate() {
        if index > 0 {
            lines.push('\n');
        }
        lines.extend(name.chars().map(|c| if c < ' ' { ' ' } else { c }));
        lines.push(' ');
        lines.push_str(&index.to_string());
    }
    lines
}

fn indices(lines: &str) -> Vec<u32> {
    let parsed = lines
        .split('\n')
        .filter_map(|line| line.rsplit_once(' ')?.1.parse().ok());
    parsed.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_ordered_without_regard_to_case() {
        assert_eq!(
            order("en", &["mallory", "Juliet", "romeo", "juliet"]),
            [1, 3, 0, 2]
        );
        assert!(order("en", &[]).is_empty());
    }

    #[test]
    fn hostile_names_do_not_break_the_lines() {
        assert_eq!(indices(&lines(&["a\nb 9", "", "c\r\u{0}"])), [0, 1, 2]);
    }
}
