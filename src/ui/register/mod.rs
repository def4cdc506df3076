//! Making an account (XEP-0077): which server, then whatever form it gives.

mod field;
mod strength;

use crate::ui::view::prelude::*;
use leptos::ev::SubmitEvent;
use leptos::html;
use leptos::task::spawn_local;

use self::field::{FormField, Held};
use self::strength::Strength;
use super::app::LoggingIn;
use super::config::Config;
use super::handle::use_handle;
use super::i18n::use_text;
use super::left;
use super::place::{Place, use_router};
use super::widget::alert::Alert;
use super::widget::toast::use_toasts;
use crate::boundary::change::Reply;
use crate::boundary::command::{Command, LogIn, Server};
use crate::entity::form::{FieldKind, Form};
use crate::entity::problem::Problem;
use crate::entity::secret::Secret;

/// The page where an account is made, the whole window.
#[component]
pub fn RegisterPage() -> impl IntoView {
    let text = use_text();
    let handle = use_handle();
    let router = use_router();
    let config: &'static Config = expect_context();
    let logging_in = expect_context::<LoggingIn>().0;
    let toasts = use_toasts();
    let (domain, set_domain) = signal(config.domain.clone().unwrap_or_default());
    let (form, set_form) = signal(None::<Form>);
    let (busy, set_busy) = signal(false);
    let (problem, set_problem) = signal(None::<Problem>);
    let fixed = config.domain.is_some() && !config.other_servers;
    let websocket = move || config.websocket_for(&format!("@{}", domain.get_untracked().trim()));

    let open = move || {
        set_busy.set(true);
        set_problem.set(None);
        let server = Server {
            domain: domain.get_untracked().trim().to_owned(),
            websocket: websocket(),
        };
        let asked = handle.ask(Command::RegistrationOpen(server));
        spawn_local(async move {
            let answer = asked.await;
            set_busy.try_set(false);
            match answer {
                Ok(Reply::Form(form)) => drop(set_form.try_set(Some(form))),
                Ok(_) => drop(set_problem.try_set(Some(Problem::Internal))),
                Err(found) => drop(set_problem.try_set(Some(found))),
            }
        });
    };
    if fixed {
        open();
    }
    on_cleanup(move || handle.send(Command::RegistrationCancel));

    // The account is made: its form is of no use any more, whatever becomes of the log-in.
    let made = RwSignal::new(None::<LogIn>);
    let made_address =
        Memo::new(move |_| made.with(|made| made.as_ref().map(|log_in| log_in.address.clone())));
    let log_in = move |command: LogIn| {
        made.try_set(Some(command.clone()));
        set_problem.try_set(None);
        set_busy.try_set(true);
        // Until it succeeds, this page stays.
        logging_in.set(true);
        let typed = command.address.clone();
        let asked = handle.ask(Command::LogIn(command));
        spawn_local(async move {
            let answer = asked.await;
            set_busy.try_set(false);
            match answer {
                Ok(_) => {
                    left::is_back(&typed);
                    router.go(Place::Home);
                }
                // Given up elsewhere, its answer is no news.
                Err(found) if logging_in.get_untracked() => {
                    if !set_problem.try_set(Some(found.clone())) {
                        toasts.problem(&found, text);
                    }
                }
                Err(_) => {}
            }
            logging_in.set(false);
        });
    };
    let made_view = move |address: String| {
        let again = move |_| {
            if let (Some(command), false) = (made.get_untracked(), busy.get_untracked()) {
                log_in(command);
            }
        };
        view! {
            <p class="login__instructions" role="status">{text.register.made.with(&address)}</p>
            <div class="login__actions">
                <button
                    type="button"
                    class="button"
                    data-kind="primary"
                    data-wide=""
                    aria-disabled=move || busy.get().then_some("true")
                    on:click=again
                >
                    {move || busy.get().then(|| view! { <span class="spinner" data-size="s"></span> })}
                    {move || if busy.get() { text.login.logging_in } else { text.login.log_in }}
                </button>
            </div>
        }
    };
    let submit = Callback::new(move |answers: Vec<(String, Vec<String>)>| {
        if busy.get_untracked() {
            return;
        }
        set_busy.set(true);
        set_problem.set(None);
        let password = answers
            .iter()
            .find(|(name, _)| name == "password")
            .and_then(|(_, values)| values.first().cloned());
        let secrets = answers
            .into_iter()
            .map(|(name, values)| (name, values.into_iter().map(Secret::new).collect()))
            .collect();
        let asked = handle.ask(Command::RegistrationSubmit(secrets));
        let websocket = websocket();
        spawn_local(async move {
            let problem = match asked.await {
                Ok(Reply::Registered(address)) => {
                    // They chose a password a moment ago: they are not asked for it again.
                    log_in(LogIn {
                        address: address.to_string(),
                        password: Secret::new(password.unwrap_or_default()),
                        websocket,
                        stay: false,
                        anonymous: false,
                        weaker: false,
                    });
                    return;
                }
                Ok(_) => Problem::Internal,
                Err(found) => found,
            };
            set_busy.try_set(false);
            set_problem.try_set(Some(problem));
        });
    });
    let ask_server = move |event: SubmitEvent| {
        event.prevent_default();
        if !busy.get_untracked() {
            open();
        }
    };
    // A browser minds `autofocus` once for each document.
    let server_field = NodeRef::<html::Input>::new();
    Effect::new(move |_| {
        if let Some(field) = server_field.get() {
            let _never = field.focus();
        }
    });
    let server_form = move || {
        view! {
            <form class="login__form" aria-label=text.login.create_account on:submit=ask_server>
                <div class="field">
                    <label class="field__label" for="server">
                        {text.register.server}
                    </label>
                    <div class="field__control">
                        <input
                            class="field__input"
                            id="server"
                            type="text"
                            inputmode="url"
                            autocapitalize="none"
                            autocomplete="off"
                            spellcheck="false"
                            placeholder="example.org"
                            required
                            node_ref=server_field
                            readonly=busy
                            aria-describedby="server-hint"
                            prop:value=domain
                            on:input=move |event| set_domain.set(event_target_value(&event))
                        />
                    </div>
                    <p class="field__hint" id="server-hint">
                        {text.register.server_hint}
                    </p>
                </div>
                <div class="login__actions">
                    <button type="submit" class="button" data-kind="primary" data-wide="" aria-disabled=move || busy.get().then_some("true")>
                        {move || busy.get().then(|| view! { <span class="spinner" data-size="s"></span> })}
                        {text.register.next}
                    </button>
                </div>
            </form>
        }
        .into_any()
    };
    view! {
        <main class="screen">
            <div class="login">
                <div class="login__head">
                    <img class="screen__logo" src="icon.svg" alt="" width="72" height="72" />
                    <h1 class="screen__title">{text.login.create_account}</h1>
                </div>
                {move || problem.get().map(|problem| view! { <Alert problem /> })}
                {move || match (made_address.get(), form.get()) {
                    (Some(address), _) => made_view(address),
                    (None, Some(form)) => view! { <ServerForm form domain=domain.get_untracked() busy on_submit=submit /> }.into_any(),
                    (None, None) if fixed => {
                        view! {
                            <p class="login__instructions" role="status">
                                {move || busy.get().then_some(text.common.loading)}
                            </p>
                        }
                            .into_any()
                    }
                    (None, None) => server_form(),
                }}
                <div class="screen__links">
                    <a href=Place::Home.href()>{text.register.have_account}</a>
                </div>
            </div>
        </main>
    }
    .into_any()
}

/// The form that the server gave.
#[component]
fn ServerForm(
    /// What it asks.
    form: Form,
    /// Whose it is.
    domain: String,
    /// It is being sent.
    busy: ReadSignal<bool>,
    /// What was filled in: (field name, values).
    on_submit: Callback<Vec<(String, Vec<String>)>>,
) -> impl IntoView {
    let text = use_text();
    let strength = form
        .fields
        .iter()
        .any(|field| field.kind == FieldKind::Password)
        .then(Strength::new);
    let fields: Vec<_> = form
        .fields
        .into_iter()
        .map(|field| (Held(RwSignal::new(field.values.clone())), field))
        .collect();
    let names: Vec<_> = fields
        .iter()
        .map(|(held, field)| (field.name.clone(), field.kind.clone(), *held))
        .collect();
    if let Some(strength) = strength {
        let names = names.clone();
        Effect::new(move |_| {
            let mut password = String::new();
            let mut known = vec![domain.clone()];
            for (_, kind, held) in &names {
                let values = held.0.get();
                match kind {
                    FieldKind::Password => password = values.into_iter().next().unwrap_or_default(),
                    FieldKind::Text => known.extend(values),
                    _ => {}
                }
            }
            if !password.is_empty() {
                strength.judge(&password, &known);
            }
        });
    }
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let answers = names
            .iter()
            .filter(|(_, kind, _)| *kind != FieldKind::Note)
            .map(|(name, _, held)| (name.clone(), held.0.get_untracked()))
            .collect();
        on_submit.run(answers);
    };
    let link = form.link.map(|link| {
        view! {
            <p class="login__instructions">{text.register.elsewhere}</p>
            <a class="button" data-kind="primary" data-wide="" href=link target="_blank" rel="noopener noreferrer">
                {text.register.open_page}
            </a>
        }
    });
    let has_fields = !fields.is_empty();
    let fields = fields
        .into_iter()
        .enumerate()
        .map(|(number, (held, field))| view! { <FormField field held number strength /> })
        .collect_view();
    view! {
        <form class="login__form" aria-label=text.login.create_account on:submit=submit>
            {form.title.map(|title| view! { <h2 dir="auto">{title}</h2> })}
            {form.instructions.map(|words| view! { <p class="login__instructions" dir="auto">{words}</p> })} {link} {fields}
            {has_fields
                .then(|| {
                    view! {
                        <div class="login__actions">
                            <button type="submit" class="button" data-kind="primary" data-wide="" aria-disabled=move || busy.get().then_some("true")>
                                {move || busy.get().then(|| view! { <span class="spinner" data-size="s"></span> })}
                                {text.login.create_account}
                            </button>
                        </div>
                    }
                })}
        </form>
    }
    .into_any()
}
