//! The whole window for one matter: another build, another tab, a start that failed, a wrong configuration.

use crate::ui::view::prelude::*;

use crate::ui::config::{Expected, Mistake};
use crate::ui::handle::{Engine, use_handle};
use crate::ui::i18n::{Texts, use_text};

/// The engine is of another build.
#[must_use]
pub fn other_build() -> AnyView {
    let text = use_text();
    screen(
        text.shell.other_build,
        text.shell.other_build_hint,
        None,
        reload(text.shell.reload),
    )
}

/// Another tab holds the engine.
#[must_use]
pub fn other_tab() -> AnyView {
    let text = use_text();
    screen(
        text.shell.other_tab,
        text.shell.other_tab_hint,
        None,
        again(text.shell.use_here),
    )
}

/// The engine cannot be started.
#[must_use]
pub fn failed() -> AnyView {
    let text = use_text();
    let reason = match use_handle().engine.get_untracked() {
        Engine::Failed(reason) => {
            Some(view! { <p class="screen__text"><code>{reason}</code></p> }.into_any())
        }
        _ => None,
    };
    screen(
        text.shell.engine_failed,
        text.shell.engine_failed_hint,
        reason,
        again(text.common.retry),
    )
}

/// `config.json` is wrong.
#[must_use]
pub fn misconfigured(mistakes: &[Mistake]) -> AnyView {
    let text = use_text();
    let list: Vec<_> = mistakes
        .iter()
        .map(|mistake| {
            let key = match &*mistake.key {
                "" => text.shell.config_file.to_owned(),
                key => key.to_owned(),
            };
            view! { <li><code>{key}</code> " " {expected(mistake.expected, text)}</li> }
        })
        .collect();
    let list = view! { <ul class="screen__text">{list}</ul> }.into_any();
    screen(
        text.shell.config_wrong,
        text.shell.config_hint,
        Some(list),
        reload(text.shell.reload),
    )
}

fn expected(expected: Expected, text: &Texts) -> String {
    let t = &text.shell;
    let words = match expected {
        Expected::Object => t.config_object,
        Expected::Text => t.config_text,
        Expected::Bool => t.config_bool,
        Expected::Texts => t.config_texts,
        Expected::OneOf(names) => return t.config_one_of.with(&names.join(", ")),
        Expected::Domain => t.config_domain,
        Expected::WebSocket => t.config_websocket,
        Expected::Link => t.config_link,
        Expected::Nothing => t.config_nothing,
        Expected::Served => t.config_served,
    };
    words.to_owned()
}

fn reload(words: &'static str) -> AnyView {
    let reload = move |_| {
        let _refused = window().location().reload();
    };
    view! { <button type="button" class="button" data-kind="primary" on:click=reload>{words}</button> }
        .into_any()
}

fn again(words: &'static str) -> AnyView {
    let handle = use_handle();
    view! {
        <button type="button" class="button" data-kind="primary" on:click=move |_| handle.restart()>
            {words}
        </button>
    }
    .into_any()
}

fn screen(
    title: &'static str,
    hint: &'static str,
    more: Option<AnyView>,
    actions: AnyView,
) -> AnyView {
    view! {
        <main class="screen">
            <div class="screen__card" data-align="center">
                <img class="screen__logo" src="icon.svg" alt="" width="72" height="72" />
                <h1 class="screen__title">{title}</h1>
                <div role="alert">
                    <p class="screen__text">{hint}</p>
                    {more}
                </div>
                <div class="screen__actions">{actions}</div>
            </div>
        </main>
    }
    .into_any()
}
