//! What is shown only sometimes.

use leptos::prelude::component;

use super::signal::Memo;
use super::{ChildrenFn, IntoView, ViewFn};

/// Shows its children while `when` holds, else `fallback`; what it shows is built anew only when that changes.
#[component]
pub fn Show<W>(
    /// Whether the children are shown.
    when: W,
    /// What is shown instead.
    #[prop(optional, into)]
    fallback: ViewFn,
    /// What is shown.
    children: ChildrenFn,
) -> impl IntoView
where
    W: Fn() -> bool + Send + Sync + 'static,
{
    let when = Memo::new(move |_| when());
    move || {
        if when.get() {
            children()
        } else {
            fallback.run()
        }
    }
}
