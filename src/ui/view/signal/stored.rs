//! Values that nobody follows, for as long as their owner is there.

use std::any::Any;
use std::marker::PhantomData;
use std::rc::Rc;

use leptos::prelude as leptos;
use leptos::{LocalStorage, UpdateValue, WithValue};

use super::held::there;

/// A value that is kept for its owner.
pub struct StoredValue<T>(
    leptos::StoredValue<Box<dyn Any>, LocalStorage>,
    PhantomData<fn() -> T>,
);

impl<T: 'static> StoredValue<T> {
    /// Belongs to the owner that is current.
    #[must_use]
    pub fn new(value: T) -> Self {
        Self(make(Box::new(value)), PhantomData)
    }

    /// Changes the value; none, when the owner is gone.
    pub fn try_update_value<U>(&self, change: impl FnOnce(&mut T) -> U) -> Option<U> {
        let (mut change, mut changed) = (Some(change), None);
        update(self.0, &mut |value| {
            if let (Some(value), Some(change)) = (value.downcast_mut(), change.take()) {
                changed = Some(change(value));
            }
        });
        changed
    }

    /// Looks at the value; none, when the owner is gone.
    pub fn try_with_value<U>(&self, look: impl FnOnce(&T) -> U) -> Option<U> {
        let (mut look, mut seen) = (Some(look), None);
        see(self.0, &mut |value| {
            if let (Some(value), Some(look)) = (value.downcast_ref(), look.take()) {
                seen = Some(look(value));
            }
        });
        seen
    }

    /// A copy of the value; none, when the owner is gone.
    #[must_use]
    pub fn try_get_value(&self) -> Option<T>
    where
        T: Clone,
    {
        self.try_with_value(T::clone)
    }

    /// A copy of the value.
    #[must_use]
    pub fn get_value(&self) -> T
    where
        T: Clone,
    {
        there(self.try_get_value())
    }

    /// Looks at the value.
    pub fn with_value<U>(&self, look: impl FnOnce(&T) -> U) -> U {
        there(self.try_with_value(look))
    }

    /// Changes the value, if the owner is still there.
    pub fn update_value(&self, change: impl FnOnce(&mut T)) {
        self.try_update_value(change);
    }

    /// Puts another value there.
    pub fn set_value(&self, new: T) {
        self.try_update_value(|value| *value = new);
    }
}

#[inline(never)]
fn make(value: Box<dyn Any>) -> leptos::StoredValue<Box<dyn Any>, LocalStorage> {
    leptos::StoredValue::new_local(value)
}

#[inline(never)]
fn update(
    stored: leptos::StoredValue<Box<dyn Any>, LocalStorage>,
    change: &mut dyn FnMut(&mut dyn Any),
) {
    stored.try_update_value(|value| change(&mut **value));
}

#[inline(never)]
fn see(stored: leptos::StoredValue<Box<dyn Any>, LocalStorage>, look: &mut dyn FnMut(&dyn Any)) {
    stored.try_with_value(|value| look(&**value));
}

impl<T> Clone for StoredValue<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for StoredValue<T> {}

impl<T: Default + 'static> Default for StoredValue<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

/// What a component calls when something has happened.
pub struct Callback<A: 'static>(StoredValue<Rc<dyn Fn(A)>>);

impl<A> Callback<A> {
    /// Belongs to the owner that is current.
    #[must_use]
    pub fn new(call: impl Fn(A) + 'static) -> Self {
        Self(StoredValue::new(Rc::new(call)))
    }

    /// Calls it, if its owner is still there.
    pub fn run(&self, with: A) {
        if let Some(call) = self.0.try_get_value() {
            call(with);
        }
    }
}

impl<A> Clone for Callback<A> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<A> Copy for Callback<A> {}
