//! What concerns this device: colours, language, notifications.

use crate::ui::view::prelude::*;
use leptos::task::spawn_local;

use super::row::{ChoiceRow, Section, SwitchRow};
use crate::boundary::command::Command;
use crate::entity::settings::{Setting, Theme};
use crate::ui::handle::{Handle, use_handle};
use crate::ui::i18n::{Locale, use_text};
use crate::ui::notify::{self, Permission};
use crate::ui::widget::attempt::Attempt;
use crate::ui::widget::problem::ProblemNote;

/// The themes, with the value in the form.
const THEMES: [(Theme, &str); 4] = [
    (Theme::System, "system"),
    (Theme::Light, "light"),
    (Theme::Dark, "dark"),
    (Theme::Contrast, "contrast"),
];

fn set(handle: Handle, attempt: Attempt, setting: Setting) {
    attempt.begin(handle.ask(Command::Set(setting)), |_| {});
}

fn problem(attempt: Attempt) -> AnyView {
    view! {
        <div class="settings__problem">
            <ProblemNote problem=attempt.problem />
        </div>
    }
}

/// Colours and language.
#[component]
pub fn AppearanceSection() -> impl IntoView {
    let text = &use_text().settings;
    let handle = use_handle();
    let settings = handle.model.settings;
    let attempt = Attempt::new();
    let theme = Signal::derive(move || {
        let now = settings.with(|settings| settings.theme);
        THEMES
            .iter()
            .find(|(theme, _)| *theme == now)
            .map_or("system", |(_, value)| *value)
    });
    let choose_theme = Callback::new(move |chosen: String| {
        if let Some((theme, _)) = THEMES.iter().find(|(_, value)| *value == chosen) {
            set(handle, attempt, Setting::Theme(*theme));
        }
    });
    let themes = THEMES
        .iter()
        .map(|(theme, value)| {
            let word = match theme {
                Theme::System => text.as_system,
                Theme::Light => text.light,
                Theme::Dark => text.dark,
                Theme::Contrast => text.contrast,
            };
            (*value, word)
        })
        .collect();
    let language = Signal::derive(move || {
        let chosen = settings.with(|settings| settings.language.clone());
        chosen
            .and_then(|tag| Locale::of_tag(&tag))
            .map_or("", Locale::tag)
    });
    let choose_language = Callback::new(move |chosen: String| {
        let language = Some(chosen).filter(|tag| !tag.is_empty());
        set(handle, attempt, Setting::Language(language));
    });
    let mut languages = vec![("", text.as_browser)];
    languages.extend(
        Locale::ALL
            .iter()
            .map(|locale| (locale.tag(), locale.name())),
    );
    view! {
        <Section heading=text.appearance>
            <ChoiceRow name=text.theme options=themes value=theme on_choose=choose_theme />
            <ChoiceRow name=text.language options=languages value=language on_choose=choose_language />
            {problem(attempt)}
        </Section>
    }
    .into_any()
}

/// Desktop notifications. Switching them on asks the browser for permission.
#[component]
pub fn NotificationSection() -> impl IntoView {
    let text = &use_text().settings;
    let handle = use_handle();
    let settings = handle.model.settings;
    let attempt = Attempt::new();
    let (refused, set_refused) = signal(false);
    let on = Signal::derive(move || settings.with(|settings| settings.notifications));
    let preview = Signal::derive(move || settings.with(|settings| settings.notification_preview));
    let switch = Callback::new(move |wanted: bool| {
        if !wanted {
            set(handle, attempt, Setting::Notifications(false));
            return;
        }
        spawn_local(async move {
            let granted = notify::ask().await;
            set_refused.try_set(!granted);
            // Written back also when it was refused: the switch shows what is.
            set(handle, attempt, Setting::Notifications(granted));
            if !granted {
                settings.notify();
            }
        });
    });
    if notify::permission() == Permission::Unsupported {
        return view! {
            <Section heading=text.notifications>
                <p class="setting-row">{text.notifications_unsupported}</p>
            </Section>
        }
        .into_any();
    }
    view! {
        <Section heading=text.notifications>
            <SwitchRow name=text.desktop_notifications hint=text.desktop_notifications_hint value=on on_switch=switch />
            <div role="status">
                <Show when=move || refused.get()>
                    <p class="setting-row">{text.notifications_refused}</p>
                </Show>
            </div>
            <SwitchRow
                name=text.preview
                hint=text.preview_hint
                value=preview
                on_switch=Callback::new(move |wanted| set(handle, attempt, Setting::NotificationPreview(wanted)))
            />
            {problem(attempt)}
        </Section>
    }
    .into_any()
}
