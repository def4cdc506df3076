//! `view!` in a real browser: what it builds, and what of it changes when a signal does.
#![cfg(target_arch = "wasm32")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use leptos::html;
use wasm_bindgen::JsCast;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use waxwing::ui::view::mount_to;
use waxwing::ui::view::prelude::*;
use web_sys::{Element, HtmlElement, HtmlInputElement};

wasm_bindgen_test_configure!(run_in_browser);

/// A view in the document, and the owner of what it made.
struct Stage {
    root: Element,
    _owner: Owner,
}

impl Stage {
    fn new<V: IntoView>(view: impl FnOnce() -> V) -> Self {
        // The first test sets it for all.
        let _set = any_spawner::Executor::init_wasm_bindgen();
        let root = document().create_element("div").unwrap();
        document().body().unwrap().append_child(&root).unwrap();
        let owner = mount_to(&root, view);
        Self {
            root,
            _owner: owner,
        }
    }

    /// Its markup, once all effects have run.
    async fn html(&self) -> String {
        leptos::task::tick().await;
        self.root.inner_html()
    }

    fn find(&self, selector: &str) -> HtmlElement {
        let found = self.root.query_selector(selector).unwrap();
        found.unwrap().unchecked_into()
    }
}

#[wasm_bindgen_test]
async fn elements_have_attributes_texts_and_children() {
    let stage = Stage::new(|| {
        let no = None::<&'static str>;
        view! {
            <p class="a" title=no hidden=false draggable="true" data-x="1".to_owned()>"one " <b>{2_u32}</b> {"<i>"}</p>
            <svg><use href="#x"></use></svg>
        }
    });
    assert_eq!(
        stage.html().await,
        r##"<p class="a" draggable="true" data-x="1">one <b>2</b>&lt;i&gt;</p><svg><use href="#x"></use></svg>"##
    );
    let space = stage.find("use").namespace_uri();
    assert_eq!(space.as_deref(), Some("http://www.w3.org/2000/svg"));
}

#[wasm_bindgen_test]
async fn what_follows_a_signal_changes_alone() {
    let name = RwSignal::new("Romeo".to_owned());
    let on = RwSignal::new(false);
    let stage = Stage::new(move || {
        view! {
            <p aria-busy=move || on.get().to_string() data-on=move || on.get().then_some("") style:--hue=name>{name} "!"</p>
        }
    });
    let p = stage.find("p");
    let text = p.first_child().unwrap();
    assert_eq!(
        stage.html().await,
        r#"<p aria-busy="false" style="--hue: Romeo;">Romeo!</p>"#
    );
    name.set("Juliet".into());
    on.set(true);
    assert_eq!(
        stage.html().await,
        r#"<p aria-busy="true" style="--hue: Juliet;" data-on="">Juliet!</p>"#
    );
    assert!(text.is_same_node(p.first_child().as_ref()), "the same text");
}

#[wasm_bindgen_test]
async fn properties_are_set_and_events_heard() {
    let value = RwSignal::new("a".to_owned());
    let node = NodeRef::<html::Input>::new();
    let stage = Stage::new(move || {
        view! { <input prop:value=value node_ref=node on:input=move |event| value.set(event_target_value(&event)) /> }
    });
    let input: HtmlInputElement = stage.find("input").unchecked_into();
    assert_eq!(input.value(), "a");
    assert!(node.get_untracked().unwrap().is_same_node(Some(&input)));
    input.set_value("b");
    input
        .dispatch_event(&web_sys::Event::new("input").unwrap())
        .unwrap();
    assert_eq!(value.get_untracked(), "b");
    value.set("c".into());
    stage.html().await;
    assert_eq!(input.value(), "c");
}

#[wasm_bindgen_test]
async fn a_region_goes_from_nothing_to_a_text_to_elements_and_back() {
    let state = RwSignal::new(0);
    let stage = Stage::new(move || {
        view! {
            <p>"<" {move || match state.get() {
                0 => ().into_any(),
                1 => "one".into_any(),
                2 => view! { <b>"two"</b> <i>{move || state.get()}</i> }.into_any(),
                _ => view! { {move || (state.get() > 3).then(|| view! { <u></u> })} }.into_any(),
            }} ">"</p>
        }
    });
    for (now, shown) in [
        (0, "&lt;&gt;"),
        (2, "&lt;<b>two</b><i>2</i>&gt;"),
        (1, "&lt;one&gt;"),
        (4, "&lt;<u></u>&gt;"),
        (3, "&lt;&gt;"),
        (2, "&lt;<b>two</b><i>2</i>&gt;"),
        (0, "&lt;&gt;"),
    ] {
        state.set(now);
        assert_eq!(stage.html().await, format!("<p>{shown}</p>"), "{now}");
    }
}

#[wasm_bindgen_test]
async fn what_is_shown_sometimes_is_built_only_when_that_changes() {
    let count = RwSignal::new(0);
    let built = StoredValue::new(0);
    let ended = RwSignal::new(0);
    let stage = Stage::new(move || {
        let children = move || {
            built.update_value(|built| *built += 1);
            on_cleanup(move || ended.update(|ended| *ended += 1));
            view! { <b>{count}</b> }
        };
        view! { <Show when=move || count.with(|count| *count > 0) fallback=|| "none">{children()}</Show> }
    });
    assert_eq!(stage.html().await, "none");
    count.set(1);
    assert_eq!(stage.html().await, "<b>1</b>");
    count.set(2);
    assert_eq!(stage.html().await, "<b>2</b>");
    assert_eq!(built.get_value(), 1);
    count.set(0);
    assert_eq!(stage.html().await, "none");
    assert_eq!(ended.get_untracked(), 1);
}

#[wasm_bindgen_test]
async fn rows_of_a_list_are_built_once_and_moved() {
    let keys = RwSignal::new(vec!["a", "b", "c"]);
    let ended = RwSignal::new(Vec::new());
    let stage = Stage::new(move || {
        view! {
            <ul>
                <For each=move || keys.get() key=|key| *key let:key>
                    {
                        on_cleanup(move || ended.update(|ended| ended.push(key)));
                        view! { <li>{key}</li> }
                    }
                </For>
            </ul>
            <ol>
                <For each=move || keys.get() key=|key| *key let:key>
                    {key}
                    {move || view! { <b></b> }}
                </For>
            </ol>
        }
    });
    let first = stage.find("li");
    for order in ["abc", "cab", "bca", "", "xabcy", "yxb", "bb"] {
        let now: Vec<&'static str> = order
            .chars()
            .filter_map(|letter| {
                ["a", "b", "c", "x", "y"]
                    .into_iter()
                    .find(|key| key.contains(letter))
            })
            .collect();
        keys.set(now);
        let mut seen = String::new();
        for letter in order.chars() {
            if !seen.contains(letter) {
                seen.push(letter);
            }
        }
        let row = |tag: &str, letter: char| match tag {
            "li" => format!("<li>{letter}</li>"),
            _ => format!("{letter}<b></b>"),
        };
        let all = |tag: &str| {
            seen.chars()
                .map(|letter| row(tag, letter))
                .collect::<String>()
        };
        assert_eq!(
            stage.html().await,
            format!("<ul>{}</ul><ol>{}</ol>", all("li"), all("")),
            "{order}"
        );
        if order == "bca" {
            assert!(
                first.is_same_node(stage.find("li:last-child").dyn_ref()),
                "the same row"
            );
            assert!(ended.with_untracked(Vec::is_empty));
        }
    }
    assert_eq!(
        ended.with_untracked(|ended| ended.iter().filter(|key| **key == "a").count()),
        2
    );
}

#[wasm_bindgen_test]
async fn a_row_that_stays_keeps_the_focus() {
    let keys = RwSignal::new(vec![1, 2, 3, 4]);
    let stage = Stage::new(move || {
        view! {
            <For each=move || keys.get() key=|key| *key children=|key: u32| view! { <button id=key.to_string()></button> } />
        }
    });
    let focused = || document().active_element().map(|element| element.id());
    stage.find("[id='2']").focus().unwrap();
    for order in [
        vec![4, 1, 2, 3],
        vec![2, 3, 9],
        vec![1, 2, 3],
        vec![3, 1, 2],
    ] {
        keys.set(order.clone());
        stage.html().await;
        assert_eq!(focused().as_deref(), Some("2"), "{order:?}");
    }
}
