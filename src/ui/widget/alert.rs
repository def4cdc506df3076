//! What went wrong, beside what it concerns: `role="alert"`.

use crate::ui::view::prelude::*;

use super::icon::Icon;
use crate::entity::problem::Problem;
use crate::ui::i18n::problem::Words;
use crate::ui::i18n::use_text;

/// A problem in words, with what to do next.
#[component]
pub fn Alert(
    /// What went wrong.
    problem: Problem,
    /// Buttons and the like.
    #[prop(optional)]
    actions: Option<AnyView>,
) -> impl IntoView {
    let words = Words::of(&problem, use_text());
    view! {
        <div class="alert" role="alert">
            <Icon name="warning" />
            <div class="alert__body">
                <p class="alert__title">{words.what}</p>
                {(!words.next.is_empty()).then(|| view! { <p>{words.next}</p> })}
                {words.quote.map(|quote| view! { <p><q dir="auto">{quote}</q></p> })}
            </div>
            {actions}
        </div>
    }
    .into_any()
}

/// A problem below the field that it concerns; the field names `id` in its `aria-describedby`.
#[must_use]
pub fn field_error(id: &'static str, problem: &Problem) -> AnyView {
    let words = Words::of(problem, use_text());
    view! {
        <p class="field__error" role="alert" id=id>
            <Icon name="warning" size="s" />
            <span>
                {words.what} " " {words.next}
                {words.quote.map(|quote| view! { " " <q dir="auto">{quote}</q> })}
            </span>
        </p>
    }
    .into_any()
}

/// Words of our own below the field that they are about.
pub fn field_words(id: &'static str, words: String) -> AnyView {
    view! {
        <p class="field__error" role="alert" id=id>
            <Icon name="warning" size="s" />
            <span>{words}</span>
        </p>
    }
    .into_any()
}
