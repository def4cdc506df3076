//! The title of the window: how many are unread, and whom one talks to.

use crate::ui::view::prelude::*;

use super::open::{Open, Opened};
use crate::ui::handle::use_handle;

const NAME: &str = "Waxwing";

/// Keeps `document.title` in step until the current owner is cleaned up.
pub fn follow() {
    let handle = use_handle();
    let name = RwSignal::new(None::<String>);
    provide_context(OpenName(name));
    Effect::new(move || {
        let title = title(handle.model.unread.get(), name.get().as_deref());
        if cfg!(target_arch = "wasm32") {
            document().set_title(&title);
        }
    });
}

/// The name of whom one talks to, for the title.
#[derive(Clone, Copy)]
struct OpenName(RwSignal<Option<String>>);

/// Tells the title whom one talks to.
pub(super) fn follow_open(open: Open) {
    let handle = use_handle();
    let Some(OpenName(name)) = use_context() else {
        return;
    };
    Effect::new(move || {
        name.set(match open.now.get() {
            Opened::Known(peer) => Some(handle.model.name(&peer)),
            _ => None,
        });
    });
    on_cleanup(move || {
        name.try_set(None);
    });
}

/// "(3) Juliet · Waxwing"
fn title(unread: u32, name: Option<&str>) -> String {
    let mut title = String::new();
    if unread > 0 {
        title.push('(');
        title.push_str(&unread.to_string());
        title.push_str(") ");
    }
    if let Some(name) = name {
        // A name is hostile text: one line, and not for ever.
        title.extend(
            name.chars()
                .map(|c| if c.is_control() { ' ' } else { c })
                .take(80),
        );
        title.push_str(" · ");
    }
    title.push_str(NAME);
    title
}

#[cfg(test)]
mod tests {
    use super::title;

    #[test]
    fn the_title_says_how_many_are_unread_and_whom_one_talks_to() {
        assert_eq!(title(0, None), "Waxwing");
        assert_eq!(title(3, Some("Juliet")), "(3) Juliet · Waxwing");
        assert_eq!(title(0, Some("a\nb")), "a b · Waxwing");
    }
}
