//! Short news at the lower edge, which goes by itself.

use std::sync::Arc;
use std::time::Duration;

use crate::ui::view::prelude::*;

use super::icon::Icon;
use crate::ui::i18n::use_text;

/// How long a toast stays, if it is not pointed at.
const STAY: Duration = Duration::from_secs(6);

/// The toasts of this page. A copy is the same.
#[derive(Clone, Copy)]
pub struct Toasts {
    all: RwSignal<Vec<Toast>>,
    next: StoredValue<u32>,
}

#[derive(Clone)]
struct Toast {
    number: u32,
    text: String,
    action: Option<(String, Arc<dyn Fn() + Send + Sync>)>,
}

impl Toasts {
    /// None yet. Belongs to the owner that is current.
    #[must_use]
    pub fn new() -> Self {
        Self {
            all: RwSignal::default(),
            next: StoredValue::new(0),
        }
    }

    /// Shows a text for a while.
    pub fn show(&self, text: String) {
        self.push(text, None);
    }

    /// Shows a text, with a button that does something about it.
    pub fn offer(&self, text: String, label: String, act: impl Fn() + Send + Sync + 'static) {
        self.push(text, Some((label, Arc::new(act))));
    }

    fn push(&self, text: String, action: Option<(String, Arc<dyn Fn() + Send + Sync>)>) {
        let number = self.next.get_value();
        self.next.set_value(number.wrapping_add(1));
        self.all.update(|all| {
            // Four are as many as anybody reads.
            if all.len() >= 4 {
                all.remove(0);
            }
            all.push(Toast {
                number,
                text,
                action,
            });
        });
        let toasts = *self;
        if cfg!(target_arch = "wasm32") {
            set_timeout(move || toasts.hide(number), STAY);
        }
    }

    /// What they say.
    #[cfg(test)]
    #[must_use]
    pub fn texts(&self) -> Vec<String> {
        let texts = |all: &Vec<Toast>| all.iter().map(|toast| toast.text.clone()).collect();
        self.all.with_untracked(texts)
    }

    fn hide(&self, number: u32) {
        // The page may be gone.
        self.all
            .try_update(|all| all.retain(|toast| toast.number != number));
    }
}

impl Default for Toasts {
    fn default() -> Self {
        Self::new()
    }
}

/// The toasts of this page.
#[must_use]
pub fn use_toasts() -> Toasts {
    expect_context()
}

/// The place where they appear.
#[component]
pub fn ToastRegion() -> impl IntoView {
    let toasts = use_toasts();
    view! {
        <div class="toast-region" role="status">
            <For each=move || toasts.all.get() key=|toast| toast.number let:toast>
                {one(toasts, toast)}
            </For>
        </div>
    }
    .into_any()
}

fn one(toasts: Toasts, toast: Toast) -> AnyView {
    let number = toast.number;
    let button = toast.action.map(|(label, act)| {
        let press = move |_| {
            toasts.hide(number);
            act();
        };
        view! { <button type="button" class="button" data-kind="plain" on:click=press>{label}</button> }
    });
    view! {
        <div class="toast">
            <span class="toast__text">{toast.text}</span>
            {button}
            <button
                type="button"
                class="icon-button"
                aria-label=use_text().common.close
                on:click=move |_| toasts.hide(number)
            >
                <Icon name="close" size="s" />
            </button>
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_newest_toasts_stay() {
        let owner = Owner::new();
        owner.set();
        let toasts = Toasts::new();
        for number in 0..6 {
            toasts.show(number.to_string());
        }
        let texts = || {
            toasts
                .all
                .with_untracked(|all| all.iter().map(|t| t.text.clone()).collect::<Vec<_>>())
        };
        assert_eq!(texts(), ["2", "3", "4", "5"]);
        toasts.hide(3);
        assert_eq!(texts(), ["2", "4", "5"]);
    }
}
