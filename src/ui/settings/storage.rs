//! What is stored in this browser, and whether the browser keeps it.

use crate::ui::view::prelude::*;
use leptos::task::spawn_local;

use super::row::Section;
use crate::ui::i18n::{use_format, use_text};
use crate::ui::keeping::{self, Keeping, Usage};
use crate::ui::widget::icon::Icon;

/// The section about storage; nothing where the browser says nothing of it.
#[component]
pub fn StorageSection() -> impl IntoView {
    let text = &use_text().settings;
    let format = use_format();
    let keeping = RwSignal::new(Keeping::Unknown);
    let usage = RwSignal::new(None::<Usage>);
    let refused = RwSignal::new(false);
    spawn_local(async move {
        keeping.try_set(keeping::state().await);
        usage.try_set(keeping::usage().await);
    });
    let ask = move |_| {
        spawn_local(async move {
            let now = keeping::ask().await;
            refused.try_set(now != Keeping::Kept);
            keeping.try_set(now);
        });
    };
    let used = move || {
        let usage = usage.get()?;
        let words = |bytes| {
            let (number, unit) = keeping::in_words(bytes);
            [&*format.number(number), "\u{a0}", unit].concat()
        };
        Some(text.used.with(&words(usage.used), &words(usage.quota)))
    };
    let is_known = move || keeping.get() != Keeping::Unknown;
    let may_go = move || keeping.get() == Keeping::Careless;
    view! {
        <Show when=is_known>
            <Section heading=text.storage>
                <div class="setting-row">
                    <span class="setting-row__words">
                        <span class="setting-row__name">{used}</span>
                        <span class="setting-row__hint">
                            {move || if may_go() { text.may_go } else { text.is_kept }}
                        </span>
                    </span>
                </div>
                <Show when=may_go>
                    <button type="button" class="setting-row" aria-label=text.keep on:click=ask>
                        <span class="setting-row__words">
                            <span class="setting-row__name">{text.keep}</span>
                        </span>
                        <Icon name="lock" />
                    </button>
                </Show>
                <div role="status">
                    <Show when=move || refused.get()>
                        <p class="setting-row">{text.keep_refused}</p>
                    </Show>
                </div>
            </Section>
        </Show>
    }
    .into_any()
}
