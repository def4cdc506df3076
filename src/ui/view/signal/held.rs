//! Values whose type Leptos does not know.

use std::any::Any;
use std::sync::Arc;

use wasm_bindgen::throw_str;

/// A value of a signal or a memo.
pub(super) type Held = Arc<dyn Any + Send + Sync>;

/// Whether who reads is called again when the value changes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Follow {
    Yes,
    No,
}

/// What has a value; none, when its owner is gone.
pub(super) trait Source {
    fn held(&self, follow: Follow) -> Option<Held>;
}

/// Looks at the value of a source.
pub(super) fn look<T: 'static, U>(
    source: &dyn Source,
    follow: Follow,
    look: impl FnOnce(&T) -> U,
) -> Option<U> {
    source.held(follow)?.downcast_ref().map(look)
}

/// A copy of it.
pub(super) fn copy<T: Clone + 'static>(source: &dyn Source, follow: Follow) -> Option<T> {
    look(source, follow, T::clone)
}

/// What was read, which is there.
pub(super) fn there<U>(read: Option<U>) -> U {
    match read {
        Some(read) => read,
        None => gone(),
    }
}

/// As in Leptos: whoever reads what may be gone asks with `try_`.
#[cold]
#[inline(never)]
fn gone() -> ! {
    throw_str("a signal was read after its owner had gone")
}
