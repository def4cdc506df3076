//! The root: which of its few states the page is in, and what every component finds in the context.

use crate::ui::view::prelude::*;

use super::browser;
use super::composer::unanswered;
use super::config::{Config, Mistake};
use super::handle::{Engine, Handle};
use super::i18n::{self, Format, Locale};
use super::left;
use super::login::page::LogInPage;
use super::place::{Place, Router};
use super::register::RegisterPage;
use super::relocation;
use super::shell::screen;
use super::shell::{Shell, title};
use super::widget::toast::{ToastRegion, Toasts};
use crate::entity::settings::{Settings, Theme};

/// A log-in goes on: until it succeeds, the page stays where it is.
#[derive(Clone, Copy)]
pub struct LoggingIn(pub RwSignal<bool>);

/// What the first paint remembers from the last visit.
mod memory {
    pub const THEME: &str = "waxwing.theme";
    pub const LANGUAGE: &str = "waxwing.language";
    /// Somebody was logged in: show the frame, not the login form, until the engine knows better.
    pub const ACCOUNTS: &str = "waxwing.accounts";
}

/// What is on the screen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    /// `config.json` is wrong.
    Misconfigured,
    /// Two builds, one browser.
    OtherBuild,
    /// Another tab holds the engine.
    OtherTab,
    /// The engine cannot be started.
    Failed,
    /// Nobody is logged in.
    LogIn,
    /// Nobody is logged in, and somebody wants an account.
    Register,
    /// The app.
    Main,
}

/// The root of the view.
#[component]
pub fn App(
    /// What the host has set.
    config: &'static Config,
    /// What of it is wrong.
    mistakes: Vec<Mistake>,
    /// The way to the engine.
    handle: Handle,
) -> impl IntoView {
    let router = Router::new();
    let logging_in = LoggingIn(RwSignal::new(false));
    provide_context(handle);
    provide_context(config);
    provide_context(router);
    provide_context(logging_in);
    provide_context(Toasts::new());

    let locale = Memo::new(move |_| locale(handle, config));
    paint(handle, config, locale);
    remember(handle);

    let is_misconfigured = !mistakes.is_empty();
    if !is_misconfigured {
        relocation::follow(handle, config);
        left::follow(handle);
        unanswered::follow(handle, move || i18n::texts(locale.get_untracked()));
    }
    let stage = Memo::new(move |_| {
        if is_misconfigured {
            Stage::Misconfigured
        } else {
            stage(handle, router, logging_in)
        }
    });
    let mistakes = StoredValue::new(mistakes);
    // A change of language builds everything anew: then no text needs an effect of its own.
    move || {
        let text = i18n::texts(locale.get());
        provide_context(text);
        let format = Format::new(text);
        format.prepare();
        provide_context(format);
        let staged = move || match stage.get() {
            Stage::Misconfigured => mistakes.with_value(|mistakes| screen::misconfigured(mistakes)),
            Stage::OtherBuild => screen::other_build(),
            Stage::OtherTab => screen::other_tab(),
            Stage::Failed => screen::failed(),
            Stage::LogIn => view! { <LogInPage /> }.into_any(),
            Stage::Register => view! { <RegisterPage /> }.into_any(),
            Stage::Main => view! { <Shell /> }.into_any(),
        };
        title::follow();
        view! {
            {staged}
            <ToastRegion />
        }
        .into_any()
    }
}

fn stage(handle: Handle, router: Router, logging_in: LoggingIn) -> Stage {
    match handle.engine.get() {
        Engine::OtherBuild => return Stage::OtherBuild,
        Engine::HeldByAnotherTab => return Stage::OtherTab,
        Engine::Failed(_) => return Stage::Failed,
        Engine::Attaching | Engine::Attached | Engine::Restarting => {}
    }
    handle.model.accounts.track_order();
    let somebody = if handle.model.ready.get() {
        !handle.model.accounts.is_empty()
    } else {
        browser::recall(memory::ACCOUNTS).is_some()
    };
    if somebody && !logging_in.0.get() {
        Stage::Main
    } else if router.place.with(|place| *place == Place::Register) {
        Stage::Register
    } else {
        Stage::LogIn
    }
}

/// The language: the user's choice, else the one remembered, else the host's, else the browser's.
fn locale(handle: Handle, config: &'static Config) -> Locale {
    let settings = if handle.model.ready.get() {
        handle
            .model
            .settings
            .with(|settings| settings.language.clone())
    } else {
        browser::recall(memory::LANGUAGE)
    };
    let chosen = settings.or_else(|| config.language.clone());
    let browsers = browser::languages();
    Locale::choose(
        chosen
            .as_deref()
            .into_iter()
            .chain(browsers.iter().map(String::as_str)),
    )
}

/// Keeps the attributes of the root element in step: `lang`, `dir`, `data-theme`.
fn paint(handle: Handle, config: &'static Config, locale: Memo<Locale>) {
    Effect::new(move || {
        let locale = locale.get();
        browser::root_attribute("lang", Some(locale.tag()));
        browser::root_attribute("dir", Some(locale.direction()));
    });
    Effect::new(move || {
        let theme = if handle.model.ready.get() {
            Some(handle.model.settings.with(|settings| settings.theme))
                .filter(|theme| *theme != Theme::System)
        } else {
            browser::recall(memory::THEME).and_then(|name| theme_named(&name))
        };
        let name = theme_name(theme.unwrap_or(config.theme));
        browser::root_attribute("data-theme", name);
    });
}

/// What `data-theme` says; the system decides where it says nothing.
fn theme_name(theme: Theme) -> Option<&'static str> {
    match theme {
        Theme::System => None,
        Theme::Light => Some("light"),
        Theme::Dark => Some("dark"),
        Theme::Contrast => Some("contrast"),
    }
}

fn theme_named(name: &str) -> Option<Theme> {
    [Theme::Light, Theme::Dark, Theme::Contrast]
        .into_iter()
        .find(|theme| theme_name(*theme) == Some(name))
}

/// Remembers for the next first paint: theme, language, and whether anybody is logged in.
fn remember(handle: Handle) {
    Effect::new(move || {
        if !handle.model.ready.get() {
            return;
        }
        let Settings {
            theme, language, ..
        } = handle.model.settings.get();
        browser::remember(memory::THEME, theme_name(theme));
        browser::remember(memory::LANGUAGE, language.as_deref());
        handle.model.accounts.track_order();
        let somebody = !handle.model.accounts.is_empty();
        browser::remember(memory::ACCOUNTS, somebody.then_some("yes"));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_theme_but_the_systems_has_a_name() {
        for theme in [Theme::Light, Theme::Dark, Theme::Contrast] {
            assert_eq!(theme_name(theme).and_then(theme_named), Some(theme));
        }
        assert_eq!(theme_name(Theme::System), None);
    }
}
