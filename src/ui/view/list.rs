//! A list of rows with keys: a row is built once, moved when its place changes, and removed when its key is gone.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};

use leptos::prelude::*;

use super::order;
use super::region::effect;
use super::{IntoView, Part, View, put};

/// One row for each item that `each` gives, in its order.
#[component]
pub fn For<E, I, T, K, F, C, V>(
    /// The items.
    each: E,
    /// What tells an item from the others.
    key: F,
    /// The row of an item.
    children: C,
) -> impl IntoView
where
    E: Fn() -> I + 'static,
    I: IntoIterator<Item = T>,
    F: Fn(&T) -> K + 'static,
    K: Hash,
    C: Fn(T) -> V + 'static,
    V: IntoView,
    T: 'static,
{
    // Keys become numbers, so that the rest is the same code for every list; by a seed that nobody knows, so that no
    // two of them are made to meet.
    let hasher = RandomState::new();
    let seed = js_sys::Math::random().to_bits();
    rows(Box::new(move |found: Found<'_>| {
        for item in each() {
            let key = hasher.hash_one((seed, key(&item)));
            let mut item = Some(item);
            found(key, &mut || {
                let item = item.take();
                item.map_or_else(View::nothing, |item| children(item).into_view())
            });
        }
    }))
}

/// Told each key in order, and how to build its row.
type Found<'a> = &'a mut dyn FnMut(u64, &mut dyn FnMut() -> View);

/// Tells them.
trait Each {
    fn each(&self, found: Found<'_>);
}

impl<F: Fn(Found<'_>)> Each for F {
    fn each(&self, found: Found<'_>) {
        self(found);
    }
}

/// A row that is in the document, from its first to its last node.
struct Row {
    key: u64,
    owner: Owner,
    first: web_sys::Node,
    last: web_sys::Node,
}

impl Row {
    fn new(key: u64, owner: Owner, view: View) -> Self {
        if let Part::Node(node) = &view.0
            && node.node_type() == web_sys::Node::ELEMENT_NODE
        {
            let node = node.clone();
            return Self {
                key,
                owner,
                first: node.clone(),
                last: node,
            };
        }
        // What it consists of may change: marks stand around it.
        let fragment = document().create_document_fragment();
        let mark = || -> web_sys::Node { document().create_text_node("").into() };
        let (first, last) = (mark(), mark());
        put(&fragment, &first, None);
        view.insert(&fragment, None);
        put(&fragment, &last, None);
        Self {
            key,
            owner,
            first,
            last,
        }
    }

    /// Calls `act` with each of its nodes.
    fn each(&self, mut act: impl FnMut(web_sys::Node)) {
        let mut next = Some(self.first.clone());
        while let Some(node) = next {
            let is_last = node == self.last;
            next = if is_last { None } else { node.next_sibling() };
            act(node);
        }
    }

    fn remove(self) {
        self.each(|node| {
            if let Some(parent) = node.parent_node() {
                let _gone = parent.remove_child(&node);
            }
        });
        self.owner.cleanup();
    }
}

fn rows(each: Box<dyn Each>) -> View {
    let parent = Owner::current().unwrap_or_default();
    let fragment = document().create_document_fragment();
    let end: web_sys::Node = document().create_text_node("").into();
    put(&fragment, &end, None);
    let mut shown: Vec<Row> = Vec::new();
    effect(Box::new(move |()| {
        let numbered = shown.drain(..).enumerate();
        // A row that is taken leaves its key there.
        let mut old: HashMap<u64, Option<(usize, Row)>> = numbered
            .map(|(at, row)| (row.key, Some((at, row))))
            .collect();
        // Where each of them stood.
        let mut places = Vec::new();
        let mut now = Vec::new();
        each.each(&mut |key, build| {
            let (place, row) = match old.insert(key, None) {
                // A key that comes twice is a mistake of who made the list: its first row counts.
                Some(None) => return,
                Some(Some((place, row))) => (Some(place), row),
                None => {
                    // Not owned by this effect, which forgets all that it owns each time it runs.
                    let owner = parent.with(Owner::new);
                    let view = owner.with(|| untrack(&mut *build));
                    (None, Row::new(key, owner, view))
                }
            };
            places.push(place);
            now.push(row);
        });
        for (_, row) in old.into_values().flatten() {
            row.remove();
        }
        let stays = order::staying(&places);
        if let Some(parent) = end.parent_node() {
            let mut cursor = end.clone();
            for (row, stays) in now.iter().zip(stays).rev() {
                if !stays {
                    row.each(|node| put(&parent, &node, Some(&cursor)));
                }
                cursor = row.first.clone();
            }
        }
        shown = now;
    }));
    View::node(fragment.into())
}
