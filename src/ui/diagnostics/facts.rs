//! The state of each account's connection, in facts.

use crate::ui::view::prelude::*;

use crate::boundary::change::AccountRow;
use crate::boundary::codec;
use crate::entity::account::{Connection, Step};
use crate::ui::handle::use_handle;
use crate::ui::i18n::problem::Words;
use crate::ui::i18n::{Texts, use_text};

/// What is known of each connection.
#[component]
pub fn Facts() -> impl IntoView {
    let texts = use_text();
    let text = &texts.diagnostics;
    let model = use_handle().model;
    let account = move |id| {
        let row = model.accounts.row(&id);
        move || row.get().map(|row| facts(texts, &row))
    };
    view! {
        <div class="diagnostics__panel" tabindex="0" role="region" aria-label=text.connection>
            <div class="diagnostics__facts">
                <dl class="facts">
                    <dt>{text.build}</dt>
                    <dd>{codec::BUILD}</dd>
                </dl>
            </div>
            <For each=move || model.account_order.get().to_vec() key=|id| *id children=account />
        </div>
    }
    .into_any()
}

fn facts(texts: &'static Texts, row: &AccountRow) -> AnyView {
    let text = &texts.diagnostics;
    let server = &row.server;
    let fact = |name: &'static str, value: Option<String>| {
        value.map(|value| view! { <dt>{name}</dt><dd><bdi>{value}</bdi></dd> })
    };
    let features = (!server.features.is_empty()).then(|| {
        let all = server
            .features
            .iter()
            .map(|feature| view! { <li>{feature.clone()}</li> })
            .collect_view();
        view! {
            <dt>{text.features}</dt>
            <dd>
                <ul role="list">{all}</ul>
            </dd>
        }
    });
    view! {
        <div class="diagnostics__facts">
            <dl class="facts">
                {fact(text.account, Some(row.address.to_string()))}
                {fact(text.state, Some(state(texts, &row.connection)))} {fact(text.websocket, server.url.clone())}
                {fact(text.mechanism, server.mechanism.clone())} {fact(text.session, server.bound.clone())} {features}
            </dl>
        </div>
    }
    .into_any()
}

fn state(texts: &Texts, connection: &Connection) -> String {
    let text = &texts.diagnostics;
    match connection {
        Connection::Idle => text.idle.to_owned(),
        Connection::Connecting(Step::Discovering) => text.discovering.to_owned(),
        Connection::Connecting(Step::Opening) => text.opening.to_owned(),
        Connection::Connecting(Step::Authenticating) => text.authenticating.to_owned(),
        Connection::Connecting(Step::Starting) => text.starting.to_owned(),
        Connection::Online => texts.shell.online.to_owned(),
        Connection::Waiting { problem, .. } | Connection::Failed(problem) => {
            let words = Words::of(problem, texts);
            match words.quote {
                Some(quote) => format!("{} “{quote}”", words.what),
                None => words.what,
            }
        }
    }
}
