//! Which element of the document a view has become.

use std::marker::PhantomData;

use ::leptos::prelude as leptos;
use ::leptos::tachys::html::element::ElementType;
use leptos::{Get, GetUntracked, LocalStorage, Set};
use wasm_bindgen::JsCast;

use super::held::there;

/// An element of a view; none, until it is built.
pub struct NodeRef<E>(
    leptos::RwSignal<Option<web_sys::Element>, LocalStorage>,
    PhantomData<fn() -> E>,
);

impl<E> NodeRef<E> {
    /// Belongs to the owner that is current.
    #[must_use]
    pub fn new() -> Self {
        Self(make(), PhantomData)
    }

    /// It is this one.
    pub(in crate::ui::view) fn load(&self, element: &web_sys::Element) {
        load(self.0, element);
    }
}

impl<E: ElementType<Output: JsCast>> NodeRef<E> {
    /// The element; whoever reads it follows it.
    #[must_use]
    pub fn get(&self) -> Option<E::Output> {
        there(self.0.try_get()).map(JsCast::unchecked_into)
    }

    /// The same without following.
    #[must_use]
    pub fn get_untracked(&self) -> Option<E::Output> {
        there(self.0.try_get_untracked()).map(JsCast::unchecked_into)
    }

    /// The same; none, when the owner is gone.
    #[must_use]
    pub fn try_get_untracked(&self) -> Option<Option<E::Output>> {
        let element = self.0.try_get_untracked()?;
        Some(element.map(JsCast::unchecked_into))
    }
}

#[inline(never)]
fn make() -> leptos::RwSignal<Option<web_sys::Element>, LocalStorage> {
    leptos::RwSignal::new_local(None)
}

#[inline(never)]
fn load(
    node: leptos::RwSignal<Option<web_sys::Element>, LocalStorage>,
    element: &web_sys::Element,
) {
    node.set(Some(element.clone()));
}

impl<E> Clone for NodeRef<E> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<E> Copy for NodeRef<E> {}

impl<E> Default for NodeRef<E> {
    fn default() -> Self {
        Self::new()
    }
}
