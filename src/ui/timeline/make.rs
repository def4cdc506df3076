//! Elements made by hand: rows come by the hundred, and each is built once and seldom changes.

use leptos::prelude::document;
use wasm_bindgen::JsCast;
use web_sys::Element;

const SVG: &str = "http://www.w3.org/2000/svg";

/// An element with a class. `None` only where there is no document.
pub(super) fn element(tag: &str, class: &str) -> Option<Element> {
    let element = document().create_element(tag).ok()?;
    if !class.is_empty() {
        element.set_class_name(class);
    }
    Some(element)
}

/// The same, with a text in it.
pub(super) fn with_text(tag: &str, class: &str, text: &str) -> Option<Element> {
    let element = element(tag, class)?;
    element.set_text_content(Some(text));
    Some(element)
}

/// A button that [`super::scroller`] listens to by its `data-action`.
pub(super) fn button(class: &str, action: &str, label: &str) -> Option<Element> {
    let button = with_text("button", class, label)?;
    attribute(&button, "type", "button");
    attribute(&button, "data-action", action);
    Some(button)
}

/// An icon of the sprite.
pub(super) fn icon(name: &str) -> Option<Element> {
    let svg = document().create_element_ns(Some(SVG), "svg").ok()?;
    attribute(&svg, "class", "icon");
    attribute(&svg, "viewBox", "0 0 24 24");
    attribute(&svg, "aria-hidden", "true");
    let shape = document().create_element_ns(Some(SVG), "use").ok()?;
    attribute(&shape, "href", &["#icon-", name].concat());
    append(&svg, &shape);
    Some(svg)
}

/// Sets an attribute: the names are ours, so no browser refuses.
pub(super) fn attribute(element: &Element, name: &str, value: &str) {
    let _never = element.set_attribute(name, value);
}

/// Sets or removes an attribute without a value.
pub(super) fn flag(element: &Element, name: &str, on: bool) {
    let _never = if on {
        element.set_attribute(name, "")
    } else {
        element.remove_attribute(name)
    };
}

/// Appends an element: ours are never ancestors of each other.
pub(super) fn append(parent: &Element, child: &Element) {
    let _never = parent.append_child(child);
}

/// Appends a text.
pub(super) fn append_text(parent: &Element, text: &str) {
    let _never = parent.append_child(&document().create_text_node(text));
}

/// A copy of a prototype.
pub(super) fn copy(prototype: &Element) -> Option<Element> {
    prototype.clone_node_with_deep(true).ok()?.dyn_into().ok()
}
