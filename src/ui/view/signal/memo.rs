//! What is derived, and computed once for all who follow it.

use std::marker::PhantomData;
use std::sync::Arc;

use leptos::prelude as leptos;

use super::held::Held;

/// A value that is derived from others, and wakes those who follow it only when it changes.
pub struct Memo<T>(
    pub(super) leptos::Memo<Held>,
    pub(super) PhantomData<fn() -> T>,
);

impl<T: PartialEq + Send + Sync + 'static> Memo<T> {
    /// What `derive` gives, which is told the value before. It is not called until somebody reads.
    #[must_use]
    pub fn new(derive: impl Fn(Option<&T>) -> T + Send + Sync + 'static) -> Self {
        let derive = Box::new(move |before: Option<Held>| {
            let old = before.as_ref().and_then(|before| before.downcast_ref());
            let new = derive(old);
            let same = old == Some(&new);
            match before {
                Some(before) if same => (before, false),
                _ => (Arc::new(new) as Held, true),
            }
        });
        Self(make(derive), PhantomData)
    }
}

/// Gives the value, and whether it has changed. Not `dyn Fn`, which carries each body twice.
trait Derive: Send + Sync {
    fn derive(&self, before: Option<Held>) -> (Held, bool);
}

impl<F: Fn(Option<Held>) -> (Held, bool) + Send + Sync> Derive for F {
    fn derive(&self, before: Option<Held>) -> (Held, bool) {
        self(before)
    }
}

#[inline(never)]
fn make(derive: Box<dyn Derive>) -> leptos::Memo<Held> {
    leptos::Memo::new_owning(move |before| derive.derive(before))
}

impl<T> Clone for Memo<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Memo<T> {}
