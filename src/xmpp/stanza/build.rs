//! How we build elements: every text goes through [`legal`], so that our own stream stays well-formed.

use minidom::Element;
use minidom::rxml::{Namespace, NcName};

use super::text::legal;

/// Building, one part after the other.
pub trait Build: Sized {
    /// Adds an attribute.
    #[must_use]
    fn with(self, name: &'static str, value: &str) -> Self;

    /// Adds an attribute if there is a value.
    #[must_use]
    fn with_some(self, name: &'static str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// Adds character data.
    #[must_use]
    fn with_text(self, text: &str) -> Self;

    /// Adds a child.
    #[must_use]
    fn with_child(self, child: Element) -> Self;

    /// Adds children.
    #[must_use]
    fn with_children(self, children: impl IntoIterator<Item = Element>) -> Self {
        children.into_iter().fold(self, Self::with_child)
    }
}

impl Build for Element {
    fn with(mut self, name: &'static str, value: &str) -> Self {
        match NcName::try_from(name) {
            Ok(name) => self.set_attr(Namespace::NONE, name, legal(value).into_owned()),
            Err(_) => debug_assert!(false, "{name} is no name of an attribute"),
        }
        self
    }

    fn with_text(mut self, text: &str) -> Self {
        if !text.is_empty() {
            self.append_text(legal(text));
        }
        self
    }

    fn with_child(mut self, child: Element) -> Self {
        self.append_child(child);
        self
    }
}

/// Begins an element.
#[must_use]
pub fn element(name: &str, ns: &str) -> Element {
    Element::bare(name, ns)
}

/// An element that holds nothing but text.
#[must_use]
pub fn text_element(name: &str, ns: &str, text: &str) -> Element {
    element(name, ns).with_text(text)
}
