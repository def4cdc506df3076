//! The frame of the app: panes, connection, shortcuts, title.

pub mod connection;
pub mod device;
mod link;
pub mod open;
mod password;
pub mod screen;
pub mod shortcuts;
pub mod title;

use crate::ui::view::prelude::*;

use self::connection::ConnectionBar;
use self::device::DeviceAlert;
use self::link::LinkPane;
use self::open::{Open, Opened};
use self::shortcuts::Shortcuts;
use super::config::{Config, Feature};
use super::conversation::ConversationPane;
use super::conversations::Sidebar;
use super::diagnostics::DiagnosticsPane;
use super::handle::use_handle;
use super::i18n::use_text;
use super::notify::Notifications;
use super::place::{Place, use_router};
use super::profile::ContactDetails;
use super::settings::SettingsPane;
use crate::ui::widget::icon::Icon;

/// What the middle pane shows.
#[derive(Clone, PartialEq)]
enum Middle {
    Nothing,
    Conversation,
    Link(String),
    Settings,
    Diagnostics,
}

/// The app, once somebody is logged in.
#[component]
pub fn Shell() -> impl IntoView {
    let text = use_text();
    let handle = use_handle();
    let router = use_router();
    let config: &'static Config = expect_context();
    let open = Open::new();
    provide_context(open);
    title::follow_open(open);

    // On a narrow screen one pane shows.
    let view = move || {
        router.place.with(|place| match place {
            Place::Home | Place::Register => "list",
            Place::Diagnostics if !config.has(Feature::Diagnostics) => "list",
            Place::Details { .. } => "details",
            _ => "main",
        })
    };
    let middle = Memo::new(move |_| {
        router.place.with(|place| match place {
            Place::Home | Place::Register => Middle::Nothing,
            Place::Conversation { .. } | Place::Details { .. } => Middle::Conversation,
            Place::Link(link) => Middle::Link(link.clone()),
            Place::Settings => Middle::Settings,
            Place::Diagnostics if config.has(Feature::Diagnostics) => Middle::Diagnostics,
            Place::Diagnostics => Middle::Nothing,
        })
    });
    let has_details = Memo::new(move |_| {
        router
            .place
            .with(|place| matches!(place, Place::Details { .. }))
    });
    let accounts = move || {
        if handle.model.account_order.with(|all| all.len() > 1) {
            "many"
        } else {
            "one"
        }
    };
    let details = move || {
        let peer = open.now.get().known().filter(|_| has_details.get())?;
        Some(view! {
            <aside class="shell__details" aria-label=text.shell.details>
                <ContactDetails peer />
            </aside>
        })
    };
    view! {
        <div class="shell" data-view=view data-accounts=accounts>
            <ConnectionBar />
            <DeviceAlert />
            <nav class="shell__aside" aria-label=text.shell.navigation>
                <Sidebar />
            </nav>
            <main class="shell__main">
                <Notifications />
                {move || match middle.get() {
                    Middle::Nothing => nothing_open(),
                    Middle::Conversation => conversation(open),
                    Middle::Link(link) => view! { <LinkPane link /> }.into_any(),
                    Middle::Settings => view! { <SettingsPane /> }.into_any(),
                    Middle::Diagnostics => view! { <DiagnosticsPane /> }.into_any(),
                }}
            </main>
            {details}
        </div>
        <Shortcuts />
    }
    .into_any()
}

fn nothing_open() -> AnyView {
    let text = use_text();
    view! {
        <div class="notice" data-kind="empty">
            <Icon name="chat" />
            <p class="notice__title">{text.shell.nothing_open}</p>
            <p class="notice__text">{text.shell.nothing_open_hint}</p>
        </div>
    }
    .into_any()
}

fn conversation(open: Open) -> AnyView {
    let text = use_text();
    (move || match open.now.get() {
        Opened::Known(peer) => view! { <ConversationPane peer /> }.into_any(),
        Opened::Nothing | Opened::Opening => view! {
            <div class="notice" data-kind="loading" role="status">
                <span class="spinner" data-size="l"></span>
                <p class="notice__text">{text.shell.opening}</p>
            </div>
        }
        .into_any(),
        Opened::Refused(refusal) => open::refused(refusal),
    })
    .into_any()
}
