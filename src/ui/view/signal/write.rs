//! What can be written.

use std::any::Any;
use std::marker::PhantomData;
use std::sync::Arc;

use leptos::prelude as leptos;
use leptos::{Set, Update};

use super::held::Held;
use super::read::ReadSignal;

/// A signal that can be read and written.
pub struct RwSignal<T>(
    pub(super) leptos::RwSignal<Held>,
    pub(super) PhantomData<fn() -> T>,
);

/// The same, not bound to an owner: it lives as long as somebody holds it.
pub struct ArcRwSignal<T>(pub(super) leptos::ArcRwSignal<Held>, PhantomData<fn() -> T>);

/// A signal that can only be written.
pub struct WriteSignal<T>(leptos::RwSignal<Held>, PhantomData<fn() -> T>);

/// A signal as its two halves.
#[must_use]
pub fn signal<T: Send + Sync + 'static>(value: T) -> (ReadSignal<T>, WriteSignal<T>) {
    let signal = RwSignal::new(value);
    (signal.read_only(), signal.write_only())
}

impl<T: Send + Sync + 'static> RwSignal<T> {
    /// Belongs to the owner that is current.
    #[must_use]
    pub fn new(value: T) -> Self {
        Self(make(Arc::new(value)), PhantomData)
    }
}

#[inline(never)]
fn make(held: Held) -> leptos::RwSignal<Held> {
    leptos::RwSignal::new(held)
}

impl<T> RwSignal<T> {
    /// The half that reads.
    #[must_use]
    pub fn read_only(&self) -> ReadSignal<T> {
        ReadSignal(self.0, PhantomData)
    }

    /// The half that writes.
    #[must_use]
    pub fn write_only(&self) -> WriteSignal<T> {
        WriteSignal(self.0, PhantomData)
    }
}

impl<T: Send + Sync + 'static> ArcRwSignal<T> {
    /// Belongs to nobody.
    #[must_use]
    pub fn new(value: T) -> Self {
        Self(make_arc(Arc::new(value)), PhantomData)
    }
}

#[inline(never)]
fn make_arc(held: Held) -> leptos::ArcRwSignal<Held> {
    leptos::ArcRwSignal::new(held)
}

impl<T> From<ArcRwSignal<T>> for ReadSignal<T> {
    fn from(signal: ArcRwSignal<T>) -> Self {
        Self(signal.0.into(), PhantomData)
    }
}

/// Gives a signal a value; says whether it was still there.
trait Sink {
    fn put(&self, held: Held) -> bool;
    fn change(&self, change: &mut dyn FnMut(&mut (dyn Any + Send + Sync))) -> bool;
    fn tell(&self);
}

macro_rules! sinks {
    ($($name:ident)*) => { $(
        impl Sink for leptos::$name<Held> {
            #[inline(never)]
            fn put(&self, held: Held) -> bool {
                self.try_set(held).is_none()
            }

            #[inline(never)]
            fn change(&self, change: &mut dyn FnMut(&mut (dyn Any + Send + Sync))) -> bool {
                // Nobody else holds the value, except who looks at it right now: then it cannot be changed in place.
                let changed = self.try_update(|held| Arc::get_mut(held).map(change));
                changed.flatten().is_some()
            }

            #[inline(never)]
            fn tell(&self) {
                leptos::Notify::notify(self);
            }
        }
    )* };
}

sinks! { RwSignal ArcRwSignal }

fn update<T: 'static, U>(sink: &dyn Sink, update: impl FnOnce(&mut T) -> U) -> Option<U> {
    let (mut update, mut updated) = (Some(update), None);
    sink.change(&mut |value| {
        if let (Some(value), Some(update)) = (value.downcast_mut(), update.take()) {
            updated = Some(update(value));
        }
    });
    updated
}

macro_rules! writable {
    ($($name:ident)*) => { $(
        impl<T: Send + Sync + 'static> $name<T> {
            /// Gives it a value, and tells who follows it.
            pub fn set(&self, value: T) {
                self.try_set(value);
            }

            /// The same; says whether it was still there.
            pub fn try_set(&self, value: T) -> bool {
                self.0.put(Arc::new(value))
            }

            /// Changes the value, and tells who follows it.
            pub fn update(&self, change: impl FnOnce(&mut T)) {
                update(&self.0, change);
            }

            /// The same; none, when the owner is gone.
            pub fn try_update<U>(&self, change: impl FnOnce(&mut T) -> U) -> Option<U> {
                update(&self.0, change)
            }

            /// Tells who follows it, though nothing has changed.
            pub fn notify(&self) {
                self.0.tell();
            }
        }
    )* };
}

writable! { RwSignal ArcRwSignal WriteSignal }

copies! { RwSignal WriteSignal }

impl<T> Clone for ArcRwSignal<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone(), PhantomData)
    }
}

impl<T: Default + Send + Sync + 'static> Default for RwSignal<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}
