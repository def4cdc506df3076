//! Diagnostics: the state of the connection, the log, the XML console.

mod facts;
mod lines;

use crate::ui::view::prelude::*;

use self::facts::Facts;
use self::lines::{ConsolePanel, Journal, LogPanel, follow};
use super::i18n::use_text;
use super::settings::back;
use super::widget::icon::Icon;

/// What shows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Panel {
    Connection,
    Log,
    Console,
}

/// The diagnostics, the whole middle pane.
#[component]
pub fn DiagnosticsPane() -> impl IntoView {
    let text = &use_text().diagnostics;
    let (panel, set_panel) = signal(Panel::Connection);
    let journal: Journal = follow();
    let option = move |this: Panel, label: &'static str| {
        view! {
            <button
                type="button"
                class="segmented__option"
                aria-pressed=move || (panel.get() == this).to_string()
                on:click=move |_| set_panel.set(this)
            >
                {label}
            </button>
        }
    };
    view! {
        <div class="pane-header">
            {back()}
            <h1 class="pane-header__title">{text.diagnostics}</h1>
        </div>
        <div class="diagnostics">
            <div class="diagnostics__bar">
                <div class="segmented" role="group" aria-label=text.diagnostics>
                    {option(Panel::Connection, text.connection)}
                    {option(Panel::Log, text.log)}
                    {option(Panel::Console, text.console)}
                </div>
                <span class="diagnostics__space"></span>
                <Show when=move || panel.get() != Panel::Connection>
                    <button type="button" class="button" data-size="s" on:click=move |_| journal.clear()>
                        {text.clear}
                    </button>
                    <button
                        type="button"
                        class="button"
                        data-size="s"
                        on:click=move |_| journal.export(panel.get_untracked() == Panel::Console)
                    >
                        <Icon name="download" size="s" />
                        {text.export}
                    </button>
                </Show>
            </div>
            {move || match panel.get() {
                Panel::Connection => view! { <Facts /> }.into_any(),
                Panel::Log => view! { <LogPanel journal /> }.into_any(),
                Panel::Console => view! { <ConsolePanel journal /> }.into_any(),
            }}
        </div>
    }
    .into_any()
}
