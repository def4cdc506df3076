//! Settings: how one is seen, how the app looks, notifications, logging out.

mod account;
mod device;
mod links;
mod log_out;
mod row;
mod storage;

use crate::ui::view::prelude::*;

use self::account::AccountSection;
use self::device::{AppearanceSection, NotificationSection};
use self::links::LinkSection;
use self::row::Section;
use self::storage::StorageSection;
use super::config::{Config, Feature};
use super::handle::use_handle;
use super::i18n::use_text;
use super::place::{Place, use_router};
use super::widget::icon::Icon;

/// The settings, the whole middle pane.
#[component]
pub fn SettingsPane() -> impl IntoView {
    let texts = use_text();
    let text = &texts.settings;
    let model = use_handle().model;
    let config: &'static Config = expect_context();
    let help = config.has(Feature::Diagnostics).then(help);
    let notifications = config
        .has(Feature::Notifications)
        .then(|| view! { <NotificationSection /> });
    view! {
        <div class="pane-header">
            {back()}
            <h1 class="pane-header__title">{text.settings}</h1>
        </div>
        <div class="settings">
            <div class="settings__column">
                <For
                    each=move || model.account_order.get().to_vec()
                    key=|account| *account
                    children=|account| view! { <AccountSection account /> }
                />
                <AppearanceSection />
                {notifications}
                <StorageSection />
                <LinkSection />
                {help}
            </div>
        </div>
    }
    .into_any()
}

fn help() -> AnyView {
    let text = &use_text().settings;
    view! {
        <Section heading=text.help>
            <a class="setting-row" href=Place::Diagnostics.href()>
                <span class="setting-row__words">
                    <span class="setting-row__name">{text.diagnostics}</span>
                    <span class="setting-row__hint">{text.diagnostics_hint}</span>
                </span>
                <Icon name="terminal" />
            </a>
        </Section>
    }
    .into_any()
}

/// The way back to the lists, where only one pane shows.
#[must_use]
pub fn back() -> AnyView {
    let texts = use_text();
    let router = use_router();
    let back = move |_| router.go(router.place.get_untracked().parent());
    view! {
        <button
            type="button"
            class="icon-button pane-header__back"
            aria-label=texts.common.back
            title=texts.common.back
            on:click=back
        >
            <Icon name="back" turns=true />
        </button>
    }
    .into_any()
}
