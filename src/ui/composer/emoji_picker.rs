//! The emoji picker: a dialog above the composer, by group and by name, for mouse and keyboard.

use std::cell::RefCell;
use std::sync::Arc;

use crate::ui::view::prelude::*;
use leptos::ev::KeyboardEvent;
use leptos::task::spawn_local;
use leptos::{ev, html};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

use super::emoji_list::{Emoji, EmojiList};
use crate::ui::browser;
use crate::ui::i18n::{Locale, use_text};

/// Where the recently used are remembered, and how many.
const RECENT: (&str, usize) = ("waxwing.emoji", 24);
/// The faces of the groups, in the order of the list.
const FACES: [&str; 9] = ["😀", "👋", "🐻", "🍎", "✈️", "⚽", "💡", "❤️", "🏳️"];

thread_local! {
    /// Read once for each page.
    static LIST: RefCell<Option<Arc<EmojiList>>> = const { RefCell::new(None) };
}

/// A dialog in which one picks emoji. It stays open for more than one.
#[component]
pub fn EmojiPicker(
    /// One was picked.
    pick: impl Fn(String) + Copy + Send + Sync + 'static,
    /// The dialog is to be closed.
    close: impl Fn() + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let text = use_text();
    let chinese = text.locale == Locale::ZhCn;
    let list = RwSignal::new(LIST.with(|list| list.borrow().clone()));
    let failed = RwSignal::new(false);
    let query = RwSignal::new(String::new());
    let recent = RwSignal::new(recall());
    // A group, or the recently used.
    let group = RwSignal::new(if recent.with_untracked(Vec::is_empty) {
        Some(0)
    } else {
        None
    });
    let dialog = NodeRef::<html::Div>::new();
    let search = NodeRef::<html::Input>::new();

    if list.with_untracked(Option::is_none) {
        spawn_local(async move {
            match load().await {
                Some(loaded) => {
                    let loaded = Arc::new(loaded);
                    LIST.with(|list| list.replace(Some(loaded.clone())));
                    list.try_set(Some(loaded));
                }
                None => {
                    failed.try_set(true);
                }
            }
        });
    }
    Effect::new(move |_| {
        if let Some(search) = search.get() {
            let _never = search.focus();
        }
    });
    let outside = window_event_listener(ev::pointerdown, move |event| {
        let target = event
            .target()
            .and_then(|target| target.dyn_into::<Element>().ok());
        let inside = match (&target, dialog.get_untracked()) {
            (Some(target), Some(dialog)) => {
                // The button that opened it closes it by itself.
                dialog.contains(Some(target))
                    || matches!(target.closest("[aria-haspopup=dialog]"), Ok(Some(_)))
            }
            _ => true,
        };
        if !inside {
            close();
        }
    });
    on_cleanup(move || outside.remove());

    let shown = Memo::new(move |_| {
        let Some(list) = list.get() else {
            return Vec::new();
        };
        query.with(|query| match (query.trim(), group.get()) {
            ("", Some(group)) => list.group(group).to_vec(),
            // In the order of before: nothing moves under the finger.
            ("", None) => recent.with_untracked(|recent| list.those(recent)),
            (query, _) => list.find(query),
        })
    });
    let choose = move |emoji: String| {
        recent.update(|recent| {
            recent.retain(|other| *other != emoji);
            recent.insert(0, emoji.clone());
            recent.truncate(RECENT.1);
            browser::remember(RECENT.0, Some(&recent.join(" ")));
        });
        pick(emoji);
    };
    let keys = move |event: KeyboardEvent| {
        if event.key() == "Escape" {
            event.prevent_default();
            event.stop_propagation();
            close();
        } else if let Some(dialog) = dialog.get_untracked()
            && walk(&dialog, &event.key())
        {
            event.prevent_default();
        }
    };
    let tab = move |this: Option<usize>, face: &'static str, name: &'static str| {
        view! {
            <button
                type="button"
                role="tab"
                class="emoji-picker__group"
                aria-label=name
                title=name
                aria-selected=move || (group.get() == this && query.with(String::is_empty)).to_string()
                on:click=move |_| {
                    query.set(String::new());
                    group.set(this);
                }
            >
                {face}
            </button>
        }
    };
    let button = move |emoji: Emoji| {
        let name = emoji.name(chinese);
        view! {
            <button
                type="button"
                class="emoji-picker__emoji"
                tabindex="-1"
                aria-label=name.clone()
                title=name
            >
                {emoji.text}
            </button>
        }
    };
    // One ear for hundreds of buttons.
    let clicked = move |event: ev::MouseEvent| {
        let target = event
            .target()
            .and_then(|target| target.dyn_into::<Element>().ok());
        let button =
            target.and_then(|target| target.closest(".emoji-picker__emoji").ok().flatten());
        if let Some(emoji) = button.and_then(|button| button.text_content()) {
            choose(emoji);
        }
    };
    view! {
        <div
            class="emoji-picker"
            role="dialog"
            aria-label=text.composer.emoji
            node_ref=dialog
            on:keydown=keys
        >
            <div class="emoji-picker__head field" data-kind="search">
                <div class="field__control">
                    <input
                        class="field__input"
                        type="search"
                        autocomplete="off"
                        aria-label=text.composer.search
                        placeholder=text.composer.search
                        node_ref=search
                        prop:value=move || query.get()
                        on:input=move |event| query.set(event_target_value(&event))
                        on:keydown=move |event: KeyboardEvent| {
                            if event.key() == "Enter" && !event.is_composing() {
                                event.prevent_default();
                                if let Some(first) = shown.with(|shown| shown.first().cloned()) {
                                    choose(first.text);
                                }
                            }
                        }
                    />
                </div>
            </div>
            <div class="emoji-picker__groups" role="tablist" aria-label=text.composer.emoji>
                {tab(None, "🕘", text.composer.recent)}
                {FACES
                    .into_iter()
                    .zip(text.composer.groups)
                    .enumerate()
                    .map(|(number, (face, name))| tab(Some(number), face, name))
                    .collect_view()}
            </div>
            <div class="emoji-picker__list" tabindex="0" role="group" aria-label=text.composer.emoji>
                <div class="emoji-picker__grid" on:click=clicked>
                    {move || shown.get().into_iter().map(button).collect_view()}
                </div>
                {move || {
                    let words = if failed.get() {
                        text.composer.no_emoji
                    } else if list.with(Option::is_none) {
                        text.common.loading
                    } else if shown.with(Vec::is_empty) && !query.with(|query| query.trim().is_empty()) {
                        text.composer.nothing_found
                    } else {
                        return None;
                    };
                    Some(view! { <p class="emoji-picker__heading" role="status">{words}</p> })
                }}
            </div>
        </div>
    }
    .into_any()
}

/// Moves the focus among the emoji with the arrow keys. Says whether it did.
fn walk(dialog: &HtmlElement, key: &str) -> bool {
    let Ok(buttons) = dialog.query_selector_all(".emoji-picker__emoji") else {
        return false;
    };
    let button = |at: u32| {
        buttons
            .item(at)
            .and_then(|node| node.dyn_into::<HtmlElement>().ok())
    };
    let focused = document().active_element();
    let at = (0..buttons.length()).find(|at| {
        let here = button(*at);
        here.is_some() && here.as_ref().map(AsRef::as_ref) == focused.as_ref()
    });
    let Some(first) = button(0) else { return false };
    let columns = (0..buttons.length())
        .take_while(|at| button(*at).is_some_and(|other| other.offset_top() == first.offset_top()))
        .count();
    let columns = u32::try_from(columns).unwrap_or(1).max(1);
    let to = match (key, at) {
        ("ArrowDown", None) => Some(0),
        ("ArrowRight", Some(at)) => Some(at + 1),
        ("ArrowLeft", Some(at)) => at.checked_sub(1),
        ("ArrowDown", Some(at)) => Some(at + columns),
        ("ArrowUp", Some(at)) => at.checked_sub(columns),
        ("Home", Some(_)) => Some(0),
        ("End", Some(_)) => buttons.length().checked_sub(1),
        _ => return false,
    };
    let next = match to {
        Some(to) => button(to),
        // Above the first row is the search field.
        None => dialog
            .query_selector("input")
            .ok()
            .flatten()
            .and_then(|input| input.dyn_into().ok()),
    };
    if let Some(next) = next {
        let _never = next.focus();
    }
    true
}

fn recall() -> Vec<String> {
    let kept = browser::recall(RECENT.0).unwrap_or_default();
    kept.split(' ')
        .filter(|emoji| !emoji.is_empty())
        .take(RECENT.1)
        .map(str::to_owned)
        .collect()
}

async fn load() -> Option<EmojiList> {
    let (200, Some(text)) = browser::fetch("emoji.txt").await? else {
        return None;
    };
    let list = EmojiList::parse(&text);
    (list.groups() > 0).then_some(list)
}
