//! A region of the document that follows signals: between two marks, or a single text.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::rc::Rc;

use leptos::prelude::*;
use leptos::reactive::effect::RenderEffect;
use wasm_bindgen::JsCast;

use super::{Part, View, put};

/// A closure that is called again and again. `dyn FnMut` would carry each body twice: it can be called once, too.
pub(super) trait Run<A, R> {
    fn run(&mut self, with: A) -> R;
}

impl<F: FnMut(A) -> R, A, R> Run<A, R> for F {
    fn run(&mut self, with: A) -> R {
        self(with)
    }
}

/// Runs at once, and again whenever a signal that it read changes, until the current owner is cleaned up.
#[inline(never)]
pub(super) fn effect(mut run: Box<dyn Run<(), ()>>) {
    // One type for all of them: the code is there once.
    let effect = RenderEffect::<()>::new(move |_| run.run(()));
    let _kept = StoredValue::new_local(effect);
}

/// Views between two marks. The last mark is a text: a region that is nothing but text needs no other node.
#[derive(Default)]
struct Region {
    first: Option<web_sys::Node>,
    last: Rc<OnceCell<web_sys::Text>>,
    /// What the last mark says.
    text: Option<Cow<'static, str>>,
    /// Something stands between the marks.
    filled: bool,
}

impl Region {
    fn show(&mut self, view: View) {
        let (text, view) = match view.0 {
            Part::Text(text) => (text, View::nothing()),
            part => ("".into(), View(part)),
        };
        let last = self
            .last
            .get_or_init(|| document().create_text_node(&text))
            .clone();
        self.clear(&last);
        // The same text again is no news to assistive technology.
        if self.text.as_deref().is_some_and(|before| before != text) {
            last.set_data(&text);
        }
        self.text = Some(text);
        if matches!(view.0, Part::Nothing) {
            return;
        }
        self.filled = true;
        // What is built before there is a place for it waits in a fragment.
        let place = last.parent_node().unwrap_or_else(|| {
            let fragment = document().create_document_fragment();
            put(&fragment, &last, None);
            fragment.into()
        });
        if self.first.is_none() {
            let first: web_sys::Node = document().create_text_node("").into();
            put(&place, &first, Some(&last));
            self.first = Some(first);
        }
        view.insert(&place, Some(&last));
    }

    /// Removes what stands between the marks.
    fn clear(&mut self, last: &web_sys::Text) {
        let (true, Some(first)) = (std::mem::take(&mut self.filled), &self.first) else {
            return;
        };
        while let Some(next) = first.next_sibling() {
            if next.is_same_node(Some(last)) {
                break;
            }
            next.unchecked_ref::<web_sys::Element>().remove();
        }
    }
}

/// Shows what `make` gives, anew whenever a signal that it read changes.
#[inline(never)]
pub(super) fn follow(mut make: Box<dyn Run<(), View>>) -> View {
    let mut region = Region::default();
    let last = region.last.clone();
    effect(Box::new(move |()| region.show(make.run(()))));
    let node = last.get().map(|last| {
        let waits_in = last.parent_node();
        waits_in.unwrap_or_else(|| last.clone().into())
    });
    node.map_or_else(View::nothing, View::node)
}
