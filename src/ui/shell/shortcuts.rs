//! The keys that work everywhere, and the list of them all.

use crate::ui::view::prelude::*;
use leptos::ev::{self, KeyboardEvent};
use leptos::html::Dialog;
use wasm_bindgen::JsCast;

use super::open::{Open, Opened, use_open};
use crate::ui::handle::{Handle, use_handle};
use crate::ui::i18n::{Texts, use_text};
use crate::ui::place::{Router, use_router};
use crate::ui::reactive::model::PeerKey;
use crate::ui::widget::icon_button::IconButton;

/// What a key means here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Meaning {
    /// `?`
    List,
    /// Ctrl or ⌘ and K.
    Jump,
    /// Escape.
    Back,
    /// Alt and ↑.
    Previous,
    /// Alt and ↓.
    Next,
}

/// A key as it was pressed.
#[derive(Clone, Copy, Debug, Default)]
struct Press<'a> {
    key: &'a str,
    alt: bool,
    control: bool,
    /// Somebody writes in a field.
    writing: bool,
    /// An input method composes, or somebody else has taken the key.
    taken: bool,
}

fn meaning(press: Press<'_>) -> Option<Meaning> {
    if press.taken {
        return None;
    }
    match press.key {
        "?" if !press.writing && !press.alt && !press.control => Some(Meaning::List),
        "k" | "K" if press.control && !press.alt => Some(Meaning::Jump),
        "Escape" if !press.alt && !press.control => Some(Meaning::Back),
        "ArrowUp" if press.alt && !press.control => Some(Meaning::Previous),
        "ArrowDown" if press.alt && !press.control => Some(Meaning::Next),
        _ => None,
    }
}

/// The neighbour of the open conversation in the list, in a circle.
fn neighbour(order: &[PeerKey], open: Option<&PeerKey>, step: Meaning) -> Option<PeerKey> {
    let at = open.and_then(|open| order.iter().position(|key| key == open));
    let last = order.len().checked_sub(1)?;
    let to = match (at, step) {
        (None, Meaning::Previous) | (Some(0), Meaning::Previous) => last,
        (Some(at), Meaning::Previous) => at - 1,
        (Some(at), _) if at < last => at + 1,
        _ => 0,
    };
    order.get(to).cloned()
}

fn is_writing(event: &KeyboardEvent) -> bool {
    let target = event
        .target()
        .and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    target.is_some_and(|element| {
        matches!(element.tag_name().as_str(), "INPUT" | "TEXTAREA" | "SELECT")
            || element.has_attribute("contenteditable")
    })
}

/// Listens to the keys, and shows their list.
#[component]
pub fn Shortcuts() -> impl IntoView {
    let text = use_text();
    let handle = use_handle();
    let router = use_router();
    let open = use_open();
    let dialog = NodeRef::<Dialog>::new();
    let listener = window_event_listener(ev::keydown, move |event| {
        let key = event.key();
        let press = Press {
            key: &key,
            alt: event.alt_key(),
            control: event.ctrl_key() || event.meta_key(),
            writing: is_writing(&event),
            taken: event.is_composing() || event.default_prevented(),
        };
        if let Some(meaning) = meaning(press)
            && act(meaning, handle, router, open, dialog)
        {
            event.prevent_default();
        }
    });
    on_cleanup(move || listener.remove());
    let close = move |()| {
        if let Some(dialog) = dialog.get_untracked() {
            dialog.close();
        }
    };
    let rows: Vec<_> = rows(text)
        .into_iter()
        .map(|(words, keys)| {
            let keys: Vec<_> = keys
                .iter()
                .map(|key| view! { <kbd class="key">{*key}</kbd> })
                .collect();
            view! { <dt>{words}</dt><dd>{keys}</dd> }
        })
        .collect();
    view! {
        <dialog class="dialog" aria-labelledby="shortcuts-title" node_ref=dialog>
            <div class="dialog__header">
                <h2 class="dialog__title" id="shortcuts-title">{text.shell.shortcuts}</h2>
                <IconButton icon="close" label=text.common.close on_press=Callback::new(close) />
            </div>
            <div class="dialog__body">
                <dl class="shortcuts">{rows}</dl>
            </div>
        </dialog>
    }
    .into_any()
}

fn rows(text: &'static Texts) -> [(&'static str, &'static [&'static str]); 7] {
    let t = &text.shell;
    [
        (t.shortcut_send, &["Enter"]),
        (t.shortcut_line, &["Shift", "Enter"]),
        (t.shortcut_jump, &["Ctrl / ⌘", "K"]),
        (t.shortcut_move, &["Alt", "↑ ↓"]),
        (t.shortcut_back, &["Esc"]),
        (t.shortcut_edit, &["↑"]),
        (t.shortcut_list, &["?"]),
    ]
}

/// Does it; says whether there was something to do.
fn act(
    meaning: Meaning,
    handle: Handle,
    router: Router,
    open: Open,
    dialog: NodeRef<Dialog>,
) -> bool {
    match meaning {
        Meaning::List => {
            if let Some(dialog) = dialog.get_untracked()
                && !dialog.open()
            {
                let _already_open = dialog.show_modal();
                return true;
            }
            false
        }
        Meaning::Jump => focus("nav input[type=search]"),
        Meaning::Back => {
            // An open dialog closes by itself.
            if document()
                .query_selector("dialog[open]")
                .ok()
                .flatten()
                .is_some()
            {
                return false;
            }
            let parent = router.place.with_untracked(|place| place.parent());
            router.go(parent);
            true
        }
        Meaning::Previous | Meaning::Next => {
            let order = handle.model.conversation_order.get_untracked();
            let now = match open.now.get_untracked() {
                Opened::Known(peer) => Some(peer),
                _ => None,
            };
            match neighbour(&order, now.as_ref(), meaning) {
                Some(peer) => {
                    open.go(&peer);
                    true
                }
                None => false,
            }
        }
    }
}

fn focus(selector: &str) -> bool {
    let found = document().query_selector(selector).ok().flatten();
    match found.and_then(|element| element.dyn_into::<web_sys::HtmlElement>().ok()) {
        Some(element) => element.focus().is_ok(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::address::Address;
    use crate::entity::id::AccountId;

    fn key(who: &str) -> PeerKey {
        PeerKey::new(AccountId(1), Address::parse(who).unwrap())
    }

    #[test]
    fn a_key_means_something_only_where_nobody_else_wants_it() {
        let question = Press {
            key: "?",
            ..Press::default()
        };
        assert_eq!(meaning(question), Some(Meaning::List));
        assert_eq!(
            meaning(Press {
                writing: true,
                ..question
            }),
            None
        );
        assert_eq!(
            meaning(Press {
                taken: true,
                ..question
            }),
            None
        );
        let k = Press {
            key: "k",
            ..Press::default()
        };
        assert_eq!(meaning(k), None);
        assert_eq!(
            meaning(Press {
                control: true,
                writing: true,
                ..k
            }),
            Some(Meaning::Jump)
        );
        let up = Press {
            key: "ArrowUp",
            ..Press::default()
        };
        assert_eq!(meaning(up), None);
        assert_eq!(meaning(Press { alt: true, ..up }), Some(Meaning::Previous));
    }

    #[test]
    fn the_neighbours_form_a_circle() {
        let order = [
            "juliet@example.org",
            "nurse@example.org",
            "mallory@example.org",
        ]
        .map(key);
        let to = |from: Option<usize>, step| {
            let found = neighbour(&order, from.map(|at| &order[at]), step).unwrap();
            order.iter().position(|key| *key == found).unwrap()
        };
        assert_eq!(to(Some(0), Meaning::Next), 1);
        assert_eq!(to(Some(2), Meaning::Next), 0);
        assert_eq!(to(Some(0), Meaning::Previous), 2);
        assert_eq!(to(Some(2), Meaning::Previous), 1);
        assert_eq!(to(None, Meaning::Next), 0);
        assert_eq!(to(None, Meaning::Previous), 2);
        assert_eq!(neighbour(&[], None, Meaning::Next), None);
    }
}
