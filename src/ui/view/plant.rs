//! Elements grown from a description that `view!` has written: what never changes of a view is a text, not code.
//!
//! The description is a row of orders, each a sign and what belongs to it:
//!
//! | sign | order |
//! |---|---|
//! | `\x01name` | open an element of HTML |
//! | `\x02name` | open an element of SVG |
//! | `\x03name` | an attribute of the open element |
//! | `\x04value` | its value |
//! | `\x05text` | a text in the open element |
//! | `\x06` | close the open element |
//! | `\x07` | wait: what comes here is done by code |

use wasm_bindgen::UnwrapThrowExt;

use super::element::El;
use super::{Part, View, put};

/// An element while it grows.
pub struct Plant {
    /// The orders that are left.
    orders: &'static str,
    /// The open elements, the outermost first.
    open: Vec<El>,
}

impl Plant {
    /// Begins to grow what `orders` describe.
    #[must_use]
    #[inline(never)]
    pub fn new(orders: &'static str) -> Self {
        Self {
            orders,
            open: Vec::new(),
        }
    }

    /// Grows up to where it has to wait, and gives the element that is open there.
    #[inline(never)]
    pub fn here(&mut self) -> &El {
        self.grow();
        self.open.last().unwrap_throw()
    }

    /// A child, where it has to wait.
    #[inline(never)]
    pub fn append(&mut self, child: View) {
        child.insert(self.here().element(), None);
    }

    /// Grows to the end; the view.
    #[must_use]
    #[inline(never)]
    pub fn done(mut self) -> View {
        self.grow();
        match self.open.into_iter().next() {
            Some(root) => View(Part::Node(root.element().clone().into())),
            None => View::nothing(),
        }
    }

    fn grow(&mut self) {
        let mut name = "";
        while let Some((order, rest)) = self.orders.split_at_checked(1) {
            let end = rest.bytes().position(|byte| byte < 8);
            let (word, rest) = rest.split_at(end.unwrap_or(rest.len()));
            self.orders = rest;
            match order {
                "\x01" => self.open(El::html(word)),
                "\x02" => self.open(El::svg(word)),
                "\x03" => name = word,
                "\x04" => self.open.last().unwrap_throw().attribute(name, word),
                "\x05" => View::text(word).insert(self.open.last().unwrap_throw().element(), None),
                "\x06" => drop(self.open.pop()),
                _ => return,
            }
        }
    }

    fn open(&mut self, element: El) {
        if let Some(parent) = self.open.last() {
            put(parent.element(), element.element(), None);
        }
        self.open.push(element);
    }
}

/// An element of which nothing has to wait.
#[must_use]
#[inline(never)]
pub fn grown(orders: &'static str) -> View {
    Plant::new(orders).done()
}
