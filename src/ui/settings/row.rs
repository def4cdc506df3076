//! Sections and rows of settings.

use crate::ui::view::prelude::*;

use crate::ui::widget::icon::Icon;

/// Some rows under a heading.
#[component]
pub fn Section(
    /// The heading, and the accessible name of the section.
    #[prop(into)]
    heading: Signal<String>,
    /// The rows.
    children: Children,
) -> impl IntoView {
    view! {
        <section class="settings__section" aria-label=heading>
            <h2 class="settings__heading">
                <bdi>{heading}</bdi>
            </h2>
            <div class="settings__rows">{children()}</div>
        </section>
    }
    .into_any()
}

/// A choice of one of few.
#[component]
pub fn ChoiceRow(
    /// What is chosen.
    name: &'static str,
    /// The choices: (value, word).
    options: Vec<(&'static str, &'static str)>,
    /// The one that is chosen.
    #[prop(into)]
    value: Signal<&'static str>,
    /// Another one was chosen.
    on_choose: Callback<String>,
) -> impl IntoView {
    let options = options
        .into_iter()
        .map(|(option, word)| {
            view! {
                <option value=option prop:selected=move || value.get() == option>
                    {word}
                </option>
            }
        })
        .collect_view();
    view! {
        <label class="setting-row">
            <span class="setting-row__words">
                <span class="setting-row__name">{name}</span>
            </span>
            <span class="setting-row__control select">
                <select class="select__input" aria-label=name on:change=move |event| on_choose.run(event_target_value(&event))>
                    {options}
                </select>
                <span class="select__icon">
                    <Icon name="chevron-down" size="s" />
                </span>
            </span>
        </label>
    }
    .into_any()
}

/// Something that is on or off.
#[component]
pub fn SwitchRow(
    /// What.
    name: &'static str,
    /// What it means.
    hint: &'static str,
    /// Whether it is on.
    #[prop(into)]
    value: Signal<bool>,
    /// It was switched.
    on_switch: Callback<bool>,
) -> impl IntoView {
    view! {
        <label class="setting-row">
            <span class="setting-row__words">
                <span class="setting-row__name">{name}</span>
                <span class="setting-row__hint">{hint}</span>
            </span>
            <input
                class="switch"
                type="checkbox"
                role="switch"
                aria-label=name
                prop:checked=value
                on:change=move |event| on_switch.run(event_target_checked(&event))
            />
        </label>
    }
    .into_any()
}
