//! What can be read.

use std::marker::PhantomData;

use leptos::prelude as leptos;
use leptos::{GetUntracked, ReadUntracked, StoredValue, Track, WithValue};

use super::held::{Follow, Held, Source, copy, look, there};
use super::memo::Memo;
use super::write::{ArcRwSignal, RwSignal};

/// A signal that can only be read.
pub struct ReadSignal<T>(
    pub(super) leptos::RwSignal<Held>,
    pub(super) PhantomData<fn() -> T>,
);

/// Anything that can be read.
pub struct Signal<T>(Kind, PhantomData<fn() -> T>);

#[derive(Clone, Copy)]
enum Kind {
    Signal(leptos::RwSignal<Held>),
    Memo(leptos::Memo<Held>),
    Derived(StoredValue<Derived>),
}

type Derived = Box<dyn Fn() -> Held + Send + Sync>;

impl<T: Send + Sync + 'static> Signal<T> {
    /// What a closure gives, computed at each reading.
    pub fn derive(derive: impl Fn() -> T + Send + Sync + 'static) -> Self {
        let derive: Derived = Box::new(move || std::sync::Arc::new(derive()));
        Self(Kind::Derived(StoredValue::new(derive)), PhantomData)
    }
}

impl Source for leptos::RwSignal<Held> {
    #[inline(never)]
    fn held(&self, follow: Follow) -> Option<Held> {
        if follow == Follow::Yes {
            self.track();
        }
        self.try_get_untracked()
    }
}

impl Source for leptos::ArcRwSignal<Held> {
    #[inline(never)]
    fn held(&self, follow: Follow) -> Option<Held> {
        if follow == Follow::Yes {
            self.track();
        }
        self.try_get_untracked()
    }
}

impl Source for leptos::Memo<Held> {
    #[inline(never)]
    fn held(&self, follow: Follow) -> Option<Held> {
        if follow == Follow::Yes {
            self.track();
        }
        self.try_read_untracked().map(|held| held.clone())
    }
}

impl Source for Kind {
    fn held(&self, follow: Follow) -> Option<Held> {
        match self {
            Self::Signal(signal) => signal.held(follow),
            Self::Memo(memo) => memo.held(follow),
            Self::Derived(derive) => match follow {
                Follow::Yes => derive.try_with_value(|derive| derive()),
                Follow::No => leptos::untrack(|| derive.try_with_value(|derive| derive())),
            },
        }
    }
}

macro_rules! readable {
    ($($name:ident)*) => { $(
        impl<T: 'static> $name<T> {
            /// A copy of the value; whoever reads it follows it.
            #[must_use]
            pub fn get(&self) -> T
            where
                T: Clone,
            {
                there(copy(&self.0, Follow::Yes))
            }

            /// The same without following.
            #[must_use]
            pub fn get_untracked(&self) -> T
            where
                T: Clone,
            {
                there(copy(&self.0, Follow::No))
            }

            /// The same; none, when the owner is gone.
            #[must_use]
            pub fn try_get_untracked(&self) -> Option<T>
            where
                T: Clone,
            {
                copy(&self.0, Follow::No)
            }

            /// Looks at the value; whoever does so follows it.
            pub fn with<U>(&self, see: impl FnOnce(&T) -> U) -> U {
                there(look(&self.0, Follow::Yes, see))
            }

            /// The same without following.
            pub fn with_untracked<U>(&self, see: impl FnOnce(&T) -> U) -> U {
                there(look(&self.0, Follow::No, see))
            }

            /// The same; none, when the owner is gone.
            pub fn try_with_untracked<U>(&self, see: impl FnOnce(&T) -> U) -> Option<U> {
                look(&self.0, Follow::No, see)
            }

            /// Follows the value without looking at it.
            pub fn track(&self) {
                let _value = self.0.held(Follow::Yes);
            }
        }
    )* };
}

readable! { RwSignal ArcRwSignal ReadSignal Memo Signal }

copies! { ReadSignal Signal }

impl<T> From<RwSignal<T>> for Signal<T> {
    fn from(signal: RwSignal<T>) -> Self {
        Self(Kind::Signal(signal.0), PhantomData)
    }
}

impl<T> From<ReadSignal<T>> for Signal<T> {
    fn from(signal: ReadSignal<T>) -> Self {
        Self(Kind::Signal(signal.0), PhantomData)
    }
}

impl<T> From<Memo<T>> for Signal<T> {
    fn from(memo: Memo<T>) -> Self {
        Self(Kind::Memo(memo.0), PhantomData)
    }
}

impl<T: Send + Sync + 'static> From<T> for Signal<T> {
    fn from(value: T) -> Self {
        RwSignal::new(value).into()
    }
}

impl From<&'static str> for Signal<String> {
    fn from(value: &'static str) -> Self {
        value.to_owned().into()
    }
}
