//! Signals, memos, effects and stored values: those of Leptos, whose code is in the program once for all types.
//!
//! Why: Leptos compiles the whole of a signal (its place in the arena, its lock, its list of followers) anew for each
//! type of value, and of a memo or an effect for each closure. Here Leptos keeps every value as the same type and
//! runs every closure as the same box, and only the last step is compiled for each type: to look at the value.
//!
//! What is different from Leptos: a value is never locked while somebody looks at it, and a signal that is split into
//! its two halves is still one signal.

/// A copy is the same signal, whatever its values are.
macro_rules! copies {
    ($($name:ident)*) => { $(
        impl<T> Clone for $name<T> {
            fn clone(&self) -> Self {
                *self
            }
        }

        impl<T> Copy for $name<T> {}
    )* };
}

mod effect;
mod held;
mod memo;
mod node;
mod read;
mod stored;
mod write;

pub use effect::Effect;
pub use memo::Memo;
pub use node::NodeRef;
pub use read::{ReadSignal, Signal};
pub use stored::{Callback, StoredValue};
pub use write::{ArcRwSignal, RwSignal, WriteSignal, signal};

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use leptos::prelude::Owner;

    use super::*;

    #[test]
    fn a_signal_and_its_halves_are_one() {
        let owner = Owner::new();
        owner.with(|| {
            let (read, write) = signal("a".to_owned());
            write.update(|value| value.push('b'));
            assert_eq!(read.get_untracked(), "ab");
            assert!(write.try_set("c".to_owned()));
            assert_eq!(read.with_untracked(String::len), 1);
            // Who looks at a value has it, whatever becomes of the signal.
            read.with_untracked(|value| {
                write.set("d".to_owned());
                assert_eq!(value, "c");
            });
            assert_eq!(read.try_get_untracked().as_deref(), Some("d"));
        });
    }

    #[test]
    fn what_has_no_owner_any_more_is_not_there() {
        let owner = Owner::new();
        let (signal, stored) = owner.with(|| (RwSignal::new(1), StoredValue::new(2)));
        let kept = ArcRwSignal::new(3);
        assert_eq!(stored.try_update_value(|value| *value += 1), Some(()));
        assert_eq!(stored.try_get_value(), Some(3));
        owner.cleanup();
        assert_eq!(signal.try_get_untracked(), None);
        assert!(!signal.try_set(2));
        assert_eq!(signal.try_update(|value| *value), None);
        assert_eq!(stored.try_get_value(), None);
        assert_eq!(kept.get_untracked(), 3);
    }

    #[test]
    fn a_memo_is_computed_once_and_wakes_others_only_when_it_changes() {
        let owner = Owner::new();
        owner.with(|| {
            let number = RwSignal::new(1);
            let (halved, shown) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
            let (halvings, showings) = (halved.clone(), shown.clone());
            let half = Memo::new(move |_| {
                halvings.fetch_add(1, Ordering::Relaxed);
                number.get() / 2
            });
            let text = Memo::new(move |before: Option<&String>| {
                showings.fetch_add(1, Ordering::Relaxed);
                format!("{}{}", before.map_or("", String::as_str), half.get())
            });
            let counts = || [&halved, &shown].map(|count| count.load(Ordering::Relaxed));
            assert_eq!(counts(), [0, 0], "nobody has read");
            assert_eq!([text.get_untracked(), text.get_untracked()], ["0", "0"]);
            assert_eq!(counts(), [1, 1]);
            number.set(0);
            assert_eq!((text.get_untracked().as_str(), counts()), ("0", [2, 1]));
            number.set(5);
            assert_eq!((text.get_untracked().as_str(), counts()), ("02", [3, 2]));
        });
    }

    #[test]
    fn anything_that_can_be_read_is_a_signal() {
        let owner = Owner::new();
        owner.with(|| {
            let value = RwSignal::new(2);
            let all: [Signal<i32>; 4] = [
                value.into(),
                value.read_only().into(),
                Memo::new(move |_| value.get()).into(),
                Signal::derive(move || value.get()),
            ];
            value.set(7);
            assert_eq!(all.map(|signal| signal.get_untracked()), [7; 4]);
            assert_eq!(Signal::from(7).get_untracked(), 7);
            assert_eq!(Signal::<String>::from("a").get_untracked(), "a");
        });
    }
}
