//! An element while it is built, and the place where everything begins.

use leptos::prelude::{Owner, document};
use leptos::tachys::html::event::EventDescriptor;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, UnwrapThrowExt};

use super::IntoView;
use super::region::Run;
use super::signal::NodeRef;

/// An element while it is built.
pub struct El(web_sys::Element);

impl El {
    /// An element of HTML.
    #[must_use]
    #[inline(never)]
    pub fn html(name: &'static str) -> Self {
        // Names are written in the code: none is refused.
        Self(document().create_element(name).unwrap_throw())
    }

    /// An element of SVG.
    #[must_use]
    #[inline(never)]
    pub fn svg(name: &'static str) -> Self {
        let space = Some("http://www.w3.org/2000/svg");
        Self(document().create_element_ns(space, name).unwrap_throw())
    }

    /// The element itself.
    pub(super) fn element(&self) -> &web_sys::Element {
        &self.0
    }

    /// An attribute that stays.
    #[inline(never)]
    pub fn attribute(&self, name: &'static str, value: &str) {
        // Names are written in the code: none is refused.
        let _never = self.0.set_attribute(name, value);
    }

    /// Calls `hear` at each event of this kind, which has this name.
    pub fn on<E>(&self, _kind: E, name: &'static str, mut hear: impl FnMut(E::EventType) + 'static)
    where
        E: EventDescriptor<EventType: JsCast>,
    {
        self.listen(
            name,
            Box::new(move |event: web_sys::Event| hear(event.unchecked_into())),
        );
    }

    #[inline(never)]
    fn listen(&self, name: &str, mut hear: Box<dyn Run<web_sys::Event, ()>>) {
        // The browser frees it with the element; until then it may still be called while the element goes.
        let hear = Closure::<dyn FnMut(web_sys::Event)>::new(move |event| hear.run(event));
        let hear = hear.into_js_value();
        let _never = self
            .0
            .add_event_listener_with_callback(name, hear.unchecked_ref());
    }

    /// Tells who wants to know which element this is.
    pub fn load<E>(&self, node: NodeRef<E>) {
        node.load(&self.0);
    }
}

/// Puts a view into the page, for as long as the page lives.
pub fn mount<V: IntoView>(view: impl FnOnce() -> V) {
    if let Some(body) = document().body() {
        std::mem::forget(mount_to(&body, view));
    }
}

/// Puts a view into an element. Without the owner that comes back nothing of it follows signals.
pub fn mount_to<V: IntoView>(parent: &web_sys::Element, view: impl FnOnce() -> V) -> Owner {
    let owner = Owner::new();
    owner.with(|| view().into_view()).insert(parent, None);
    owner
}
