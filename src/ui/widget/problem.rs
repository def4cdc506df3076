//! A problem, next to what it concerns: what happened, what to do next, what the server said.

use crate::ui::view::prelude::*;

use super::icon::Icon;
use crate::entity::problem::Problem;
use crate::ui::i18n::problem::Words;
use crate::ui::i18n::use_text;

/// An alert in a field or a dialog; empty while there is no problem.
#[component]
pub fn ProblemNote(
    /// What is wrong.
    #[prop(into)]
    problem: Signal<Option<Problem>>,
) -> impl IntoView {
    let texts = use_text();
    view! {
        <div role="alert">
            {move || {
                problem
                    .get()
                    .map(|problem| {
                        let words = Words::of(&problem, texts);
                        view! {
                            <p class="field__error">
                                <Icon name="warning" size="s" />
                                <span>
                                    {words.what} " " {words.next}
                                    {words.quote.map(|quote| view! { " " <q>{quote}</q> })}
                                </span>
                            </p>
                        }
                    })
            }}
        </div>
    }
}
