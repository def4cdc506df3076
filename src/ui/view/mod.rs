//! Elements, text and lists: what `view!` makes, on Leptos' signals, owners and effects.
//!
//! Why not Leptos' own: there each element is a type, and the code that builds, compares and removes it is compiled
//! anew for each; that was two thirds of the page program. Here an element is a few calls, and a view is of one type.
//! The components, signals, owners, effects and node references are those of Leptos.
//!
//! **Invariant:** what is built is never compared. What can change is an effect on one attribute, one text or one
//! region between two marks; each changes alone. Nothing here makes HTML out of text.
//!
//! What [`view!`] understands is said there. What is different from Leptos:
//! - A closure that gives elements builds them anew whenever a signal that it read changes; whoever had the focus in
//!   them loses it. So such a closure reads a `Memo` of exactly what decides about the elements, and what changes
//!   inside them has closures of its own. [`Show`] does that for what is there or not; [`For`] keeps rows by key.
//! - `class:name`, `attr:name`, `use:name`, `bind:name`, spreads and slots are not there.

mod element;
mod flow;
mod list;
mod order;
pub mod plant;
mod region;
pub mod signal;
mod value;

use std::borrow::Cow;
use std::rc::Rc;

use leptos::prelude::document;
use signal::{Memo, ReadSignal, RwSignal, Signal};

pub use element::{El, mount, mount_to};
pub use flow::Show;
pub use list::For;
pub use value::{Attribute, Property, Value};
pub use waxwing_view::view;

/// What components import: Leptos without its own views, and ours.
pub mod prelude {
    pub use leptos::prelude::*;

    pub use super::signal::{
        ArcRwSignal, Callback, Effect, Memo, NodeRef, ReadSignal, RwSignal, Signal, StoredValue,
        WriteSignal, signal,
    };
    pub use super::{
        AnyView, Children, ChildrenFn, CollectView, For, IntoAny, IntoView, Show, View, ViewFn,
        view,
    };
}

/// Something that can be put into the document, once.
pub struct View(Part);

/// Every view is of this type.
pub type AnyView = View;

/// Children that are built once.
pub type Children = Box<dyn FnOnce() -> View>;

/// Children that may be built several times.
pub type ChildrenFn = Rc<dyn Fn() -> View>;

enum Part {
    Nothing,
    Text(Cow<'static, str>),
    Node(web_sys::Node),
    Many(Vec<View>),
}

impl View {
    /// Nothing at all.
    #[must_use]
    pub fn nothing() -> Self {
        Self(Part::Nothing)
    }

    /// A text that stays.
    #[must_use]
    pub fn text(text: &'static str) -> Self {
        Self(Part::Text(Cow::Borrowed(text)))
    }

    /// Several, one after the other.
    #[must_use]
    pub fn many(views: Vec<View>) -> Self {
        Self(Part::Many(views))
    }

    /// A node that is there already.
    #[must_use]
    pub fn node(node: web_sys::Node) -> Self {
        Self(Part::Node(node))
    }

    /// Puts it into `parent`, before `mark` or at the end.
    #[inline(never)]
    fn insert(self, parent: &web_sys::Node, mark: Option<&web_sys::Node>) {
        match self.0 {
            Part::Nothing => {}
            Part::Text(text) => put(parent, &document().create_text_node(&text), mark),
            Part::Node(node) => put(parent, &node, mark),
            Part::Many(views) => {
                for view in views {
                    view.insert(parent, mark);
                }
            }
        }
    }
}

#[inline(never)]
fn put(parent: &web_sys::Node, node: &web_sys::Node, mark: Option<&web_sys::Node>) {
    // It fails only when `mark` is no longer in `parent`: then there is no place for the node any more.
    let _placed = parent.insert_before(node, mark);
}

/// What can be shown.
pub trait IntoView: Sized {
    /// Builds it.
    fn into_view(self) -> View;

    /// Builds it; the word of Leptos for it.
    fn into_any(self) -> View {
        self.into_view()
    }
}

/// The word of Leptos for [`IntoView`], which its own would otherwise take.
pub trait IntoAny {}

impl IntoView for View {
    fn into_view(self) -> View {
        self
    }
}

impl IntoView for () {
    fn into_view(self) -> View {
        View::nothing()
    }
}

impl IntoView for &'static str {
    fn into_view(self) -> View {
        View::text(self)
    }
}

impl IntoView for String {
    fn into_view(self) -> View {
        View(Part::Text(Cow::Owned(self)))
    }
}

impl IntoView for Cow<'static, str> {
    fn into_view(self) -> View {
        View(Part::Text(self))
    }
}

macro_rules! numbers {
    ($($number:ty)*) => {
        $(impl IntoView for $number {
            fn into_view(self) -> View {
                self.to_string().into_view()
            }
        })*
    };
}

numbers! { u32 u64 usize i32 }

impl<T: IntoView> IntoView for Option<T> {
    fn into_view(self) -> View {
        self.map_or_else(View::nothing, IntoView::into_view)
    }
}

impl<T: IntoView> IntoView for Vec<T> {
    fn into_view(self) -> View {
        View::many(self.into_iter().map(IntoView::into_view).collect())
    }
}

impl<T: IntoView, const N: usize> IntoView for [T; N] {
    fn into_view(self) -> View {
        View::many(self.into_iter().map(IntoView::into_view).collect())
    }
}

macro_rules! tuples {
    ($(($($name:ident)*))*) => {
        $(impl<$($name: IntoView),*> IntoView for ($($name,)*) {
            #[allow(non_snake_case)]
            fn into_view(self) -> View {
                let ($($name,)*) = self;
                View::many(vec![$($name.into_view()),*])
            }
        })*
    };
}

tuples! { (A) (A B) (A B C) (A B C D) }

/// What a closure gives is shown, and shown anew when a signal that it read changes.
impl<F, V> IntoView for F
where
    F: FnMut() -> V + 'static,
    V: IntoView,
{
    fn into_view(mut self) -> View {
        region::follow(Box::new(move |()| self().into_view()))
    }
}

macro_rules! signals {
    ($($signal:ident)*) => {
        $(impl<T> IntoView for $signal<T>
        where
            T: IntoView + Clone + Send + Sync + 'static,
        {
            fn into_view(self) -> View {
                region::follow(Box::new(move |()| self.get().into_view()))
            }
        })*
    };
}

signals! { Signal ReadSignal RwSignal Memo }

/// Collects what an iterator gives into one view.
pub trait CollectView {
    /// Builds all of it.
    fn collect_view(self) -> View;
}

impl<I: Iterator<Item = V>, V: IntoView> CollectView for I {
    fn collect_view(self) -> View {
        View::many(self.map(IntoView::into_view).collect())
    }
}

/// A view that may be built several times, or none.
#[derive(Clone, Default)]
pub struct ViewFn(Option<Rc<dyn Fn() -> View>>);

impl ViewFn {
    /// Builds it.
    #[must_use]
    pub fn run(&self) -> View {
        self.0.as_ref().map_or_else(View::nothing, |view| view())
    }
}

impl<F, V> From<F> for ViewFn
where
    F: Fn() -> V + 'static,
    V: IntoView,
{
    fn from(view: F) -> Self {
        Self(Some(Rc::new(move || view().into_view())))
    }
}

/// What stands between the tags of a component, as that component takes it.
pub trait ToChildren<F> {
    /// Makes it.
    fn to_children(children: F) -> Self;
}

impl<F: FnOnce() -> View + 'static> ToChildren<F> for Children {
    fn to_children(children: F) -> Self {
        Box::new(children)
    }
}

impl<F: Fn() -> View + 'static> ToChildren<F> for ChildrenFn {
    fn to_children(children: F) -> Self {
        Rc::new(children)
    }
}
