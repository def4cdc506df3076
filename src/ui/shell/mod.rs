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
use super::browser;
use super::config::{Config, Feature};
use super::conversation::ConversationPane;
use super::conversations::Sidebar;
use super::diagnostics::DiagnosticsPane;
use super::handle::use_handle;
use super::i18n::use_text;
use super::notify::Notifications;
use super::place::{Place, use_router};
use super::profile::{Alone, ContactDetails};
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

    // On a narrow screen one pane shows, and that is the main one.
    let view = Memo::new(move |_| {
        let is_known = open.now.get().known().is_some();
        router.place.with(|place| match place {
            Place::Home | Place::Register => "list",
            Place::Diagnostics if !config.has(Feature::Diagnostics) => "list",
            Place::Details { .. } if is_known => "details",
            _ => "main",
        })
    });
    let narrow = browser::follow_narrow();
    let main = Memo::new(move |_| if narrow.get() { view.get() } else { "main" });
    let role = move |pane: &'static str, other: Option<&'static str>| {
        move || {
            if main.get() == pane {
                Some("main")
            } else {
                other
            }
        }
    };
    provide_context(Alone(Signal::derive(move || main.get() == "details")));
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
            <div class="shell__details" role=role("details", Some("complementary")) aria-label=text.shell.details>
                <ContactDetails peer />
            </div>
        })
    };
    view! {
        <div class="shell" data-view=view data-accounts=accounts>
            <ConnectionBar />
            <DeviceAlert />
            <div class="shell__aside" role=role("list", None)>
                <nav class="shell__navigation" aria-label=text.shell.navigation>
                    <Sidebar />
                </nav>
            </div>
            <div class="shell__main" role=role("main", None)>
                <Notifications />
                {move || match middle.get() {
                    Middle::Nothing => nothing_open(),
                    Middle::Conversation => conversation(open),
                    Middle::Link(link) => view! { <LinkPane link /> }.into_any(),
                    Middle::Settings => view! { <SettingsPane /> }.into_any(),
                    Middle::Diagnostics => view! { <DiagnosticsPane /> }.into_any(),
                }}
            </div>
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
                <h1 class="notice__title">{text.shell.opening}</h1>
            </div>
        }
        .into_any(),
        Opened::Refused(refusal) => open::refused(refusal),
    })
    .into_any()
}
