//! The login page.

use crate::ui::view::prelude::*;
use leptos::ev::SubmitEvent;
use leptos::html::{self, Input};
use leptos::task::spawn_local;

use super::check::{self, Trouble, Typed};
use super::password::PasswordInput;
use crate::boundary::command::{Command, LogIn};
use crate::entity::problem::Problem;
use crate::ui::app::LoggingIn;
use crate::ui::browser;
use crate::ui::config::{Config, Feature};
use crate::ui::handle::use_handle;
use crate::ui::i18n::problem::Concerns;
use crate::ui::i18n::use_text;
use crate::ui::left;
use crate::ui::place::Place;
use crate::ui::shell::device::DeviceAlert;
use crate::ui::widget::alert::{Alert, field_error, field_words};
use crate::ui::widget::icon::Icon;

/// The fields that problems are shown next to.
#[derive(Clone, Copy)]
struct Fields {
    address: NodeRef<Input>,
    password: NodeRef<Input>,
    websocket: NodeRef<Input>,
    stay: NodeRef<Input>,
    settings: NodeRef<html::Details>,
    /// The WebSocket address of the link, until something else is typed.
    link: RwSignal<Option<String>>,
}

impl Fields {
    fn typed(self) -> Typed {
        let value = |node: NodeRef<Input>| node.get_untracked().map(|input| input.value());
        let websocket = value(self.websocket).unwrap_or_default();
        Typed {
            address: value(self.address).unwrap_or_default(),
            password: value(self.password).unwrap_or_default(),
            from_link: self
                .link
                .with_untracked(|link| link.as_ref() == Some(&websocket)),
            websocket,
            stay: self
                .stay
                .get_untracked()
                .is_some_and(|input| input.checked()),
        }
    }

    /// Leads the keyboard to what is wrong.
    fn focus(self, concerns: Concerns) {
        let node = match concerns {
            Concerns::Address => self.address,
            Concerns::Password => self.password,
            Concerns::WebSocket => {
                if let Some(settings) = self.settings.get_untracked() {
                    settings.set_open(true);
                }
                self.websocket
            }
            Concerns::Whole => return,
        };
        if let Some(input) = node.get_untracked() {
            let _unfocusable = input.focus();
            input.select();
        }
    }
}

/// What a trouble concerns.
fn concerns(trouble: &Trouble) -> Concerns {
    match trouble {
        Trouble::PasswordMissing => Concerns::Password,
        Trouble::ForeignHost(_) => Concerns::WebSocket,
        Trouble::Problem(problem) => Concerns::of(problem),
    }
}

/// The login page.
#[component]
pub fn LogInPage() -> impl IntoView {
    let text = use_text();
    let handle = use_handle();
    let config: &'static Config = expect_context();
    let busy = expect_context::<LoggingIn>().0;
    let trouble = RwSignal::new(None::<Trouble>);
    let fields = Fields {
        address: NodeRef::new(),
        password: NodeRef::new(),
        websocket: NodeRef::new(),
        stay: NodeRef::new(),
        settings: NodeRef::new(),
        link: RwSignal::new(browser::query("ws")),
    };

    let fail = move |found: Trouble| {
        let place = concerns(&found);
        trouble.set(Some(found));
        fields.focus(place);
    };
    // Whose log-in was refused last: what is confirmed about one account says nothing about another.
    let refused = RwSignal::new(String::new());
    let start = move |command: LogIn| {
        if busy.get_untracked() {
            return;
        }
        trouble.set(None);
        refused.set(command.address.clone());
        busy.set(true);
        let typed = command.address.clone();
        let asked = handle.ask(Command::LogIn(command));
        spawn_local(async move {
            let answer = asked.await;
            match answer {
                Ok(_) => {
                    left::is_back(&typed);
                    if let Some(password) = fields.password.try_get_untracked().flatten() {
                        password.set_value("");
                    }
                    busy.set(false);
                }
                // `busy` is false when it was given up: then its answer is no news.
                Err(problem) if busy.get_untracked() => {
                    busy.set(false);
                    fail(Trouble::Problem(problem));
                }
                Err(_) => {}
            }
        });
    };
    let log_in = move |weaker: bool| match check::log_in(fields.typed(), config, &browser::host()) {
        Ok(command) => {
            let weaker = weaker && refused.with_untracked(|refused| *refused == command.address);
            start(LogIn { weaker, ..command });
        }
        Err(found) => fail(found),
    };
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        log_in(false);
    };
    let cancel = move |_| {
        busy.set(false);
        handle.send(Command::CancelLogIn);
    };
    let error = move |place: Concerns, id: &'static str| {
        Signal::derive(move || {
            let is_here =
                |found: &Option<Trouble>| found.as_ref().is_some_and(|t| concerns(t) == place);
            if trouble.with(is_here) { id } else { "" }
        })
    };
    let shown = move |place: Concerns, id: &'static str| {
        move || {
            let found = trouble.get().filter(|found| concerns(found) == place)?;
            Some(match found {
                Trouble::Problem(problem) => field_error(id, &problem),
                Trouble::PasswordMissing => field_words(id, text.login.password_missing.to_owned()),
                Trouble::ForeignHost(host) => field_words(id, text.login.foreign_host.with(&host)),
            })
        }
    };
    // The one problem that the user may overrule: somebody may have changed the server on purpose.
    let all_the_same = move |_| log_in(true);
    let whole = move || match trouble.get() {
        Some(Trouble::Problem(problem @ Problem::Downgrade)) => Some(view! {
            <Alert problem />
            <p class="login__instructions">{text.login.weaker_means}</p>
            <button type="button" class="button" data-kind="danger" data-wide="" on:click=all_the_same>
                {text.login.all_the_same}
            </button>
        }),
        Some(Trouble::Problem(problem)) if Concerns::of(&problem) == Concerns::Whole => {
            Some(view! { <Alert problem /> })
        }
        _ => None,
    };
    // A session that ended by itself, and is to go on where it was.
    let interrupted = move || {
        handle.model.interrupted.get().then(|| {
            view! {
                <div class="alert" data-kind="info" role="status">
                    <Icon name="info" />
                    <p class="alert__body">{text.login.interrupted}</p>
                </div>
            }
        })
    };
    // Who was here before is likely who comes back; what the link or the person says goes before.
    Effect::new(move || {
        let last = handle.model.remembered.with(|all| all.first().cloned());
        let (Some(input), Some(last)) = (fields.address.get(), last) else {
            return;
        };
        if input.value().is_empty() {
            input.set_value(&check::typed_address(last.as_str(), config));
            let has_focus = document().active_element().as_ref() == Some(input.as_ref());
            if let (true, Some(password)) = (has_focus, fields.password.get_untracked()) {
                let _unfocusable = password.focus();
            }
        }
    });
    let address_error = error(Concerns::Address, "address-error");
    let settings = config.has(Feature::ConnectionSettings).then(|| {
        settings(
            fields,
            busy,
            error(Concerns::WebSocket, "websocket-error"),
            shown(Concerns::WebSocket, "websocket-error"),
        )
    });
    let suffix = config.domain.as_ref().filter(|_| !config.other_servers);
    let suffix =
        suffix.map(|domain| view! { <span class="field__suffix">"@" {domain.clone()}</span> });

    view! {
        <main class="screen">
            <div class="login">
                <div class="login__head">
                    <img class="screen__logo" src="icon.svg" alt="" width="72" height="72" />
                    <h1 class="screen__title">"Waxwing"</h1>
                    <p class="screen__text">{text.login.tagline}</p>
                </div>
                <DeviceAlert />
                <form class="login__form" aria-label=text.login.log_in novalidate on:submit=submit>
                    {interrupted}
                    {whole}
                    <div class="field">
                        <label class="field__label" for="address">{text.login.address}</label>
                        <div class="field__control">
                            <input
                                class="field__input"
                                id="address"
                                name="username"
                                type="text"
                                inputmode="email"
                                autocomplete="username"
                                autocapitalize="none"
                                spellcheck="false"
                                required
                                autofocus
                                placeholder=suffix.is_none().then_some(text.login.address_example)
                                value=browser::query("jid")
                                node_ref=fields.address
                                readonly=busy
                                aria-invalid=move || (!address_error.get().is_empty()).then_some("true")
                                aria-describedby=move || Some(address_error.get()).filter(|id| !id.is_empty())
                            />
                            {suffix}
                        </div>
                        {shown(Concerns::Address, "address-error")}
                    </div>
                    <div class="field">
                        <label class="field__label" for="password">{text.login.password}</label>
                        <PasswordInput
                            id="password"
                            node=fields.password
                            autocomplete="current-password"
                            error=error(Concerns::Password, "password-error")
                            busy
                        />
                        {shown(Concerns::Password, "password-error")}
                    </div>
                    <label class="checkbox">
                        <input
                            class="checkbox__input"
                            type="checkbox"
                            name="stay"
                            aria-describedby="stay-hint"
                            aria-label=text.login.stay
                            node_ref=fields.stay
                        />
                        <span>
                            {text.login.stay}
                            <span class="checkbox__hint" id="stay-hint">{text.login.stay_hint}</span>
                        </span>
                    </label>
                    {settings}
                    <div class="login__actions">
                        <button type="submit" class="button" data-kind="primary" data-wide="" aria-disabled=move || busy.get().then_some("true")>
                            {move || busy.get().then(|| view! { <span class="spinner" data-size="s"></span> })}
                            {move || if busy.get() { text.login.logging_in } else { text.login.log_in }}
                        </button>
                        {move || if busy.get() {
                            view! {
                                <button type="button" class="button" data-wide="" on:click=cancel>{text.common.cancel}</button>
                            }.into_any()
                        } else {
                            others(config, start)
                        }}
                    </div>
                </form>
                {links(config)}
            </div>
        </main>
    }
    .into_any()
}

/// The folded group "Connection settings".
fn settings(
    fields: Fields,
    busy: RwSignal<bool>,
    error: Signal<&'static str>,
    shown: impl Fn() -> Option<AnyView> + Send + Sync + 'static,
) -> AnyView {
    let text = use_text();
    let given = fields.link.get_untracked();
    let is_given = given.is_some();
    view! {
        <details
            class="disclosure"
            aria-label=text.login.connection_settings
            open=is_given
            node_ref=fields.settings
        >
            <summary class="disclosure__summary">
                <Icon name="chevron-down" size="s" /> {text.login.connection_settings}
            </summary>
            <div class="disclosure__body">
                <div class="field">
                    <label class="field__label" for="websocket">{text.login.websocket}</label>
                    <div class="field__control">
                        <input
                            class="field__input"
                            id="websocket"
                            name="websocket"
                            type="text"
                            inputmode="url"
                            autocomplete="off"
                            autocapitalize="none"
                            spellcheck="false"
                            placeholder="wss://example.org/xmpp-websocket"
                            value=given
                            node_ref=fields.websocket
                            on:input=move |_| fields.link.set(None)
                            readonly=busy
                            aria-invalid=move || (!error.get().is_empty()).then_some("true")
                            aria-describedby=move || Some(error.get()).filter(|id| !id.is_empty()).unwrap_or("websocket-hint")
                        />
                    </div>
                    <p class="field__hint" id="websocket-hint">{text.login.websocket_hint}</p>
                    {shown}
                </div>
            </div>
        </details>
    }
    .into_any()
}

/// The other ways in: an account of one's own, or none at all.
fn others(config: &'static Config, start: impl Fn(LogIn) + Copy + 'static) -> AnyView {
    let text = use_text();
    let router = crate::ui::place::use_router();
    let register = config.registration.then(|| {
        view! {
            <button type="button" class="button" data-wide="" on:click=move |_| router.go(Place::Register)>
                {text.login.create_account}
            </button>
        }
    });
    let guest = check::guest(config).map(|guest| {
        view! {
            <button type="button" class="button" data-wide="" on:click=move |_| start(guest.clone())>
                <Icon name="person" /> {text.login.guest}
            </button>
        }
    });
    view! { {register} {guest} }.into_any()
}

/// Links that the host has set.
fn links(config: &'static Config) -> AnyView {
    let text = use_text();
    let links = [
        (&config.password_reset, text.login.password_reset),
        (&config.help, text.login.help),
        (&config.privacy, text.login.privacy),
    ];
    let links: Vec<_> = links
        .into_iter()
        .filter_map(|(url, words)| {
            let url = url.clone()?;
            Some(view! { <a href=url target="_blank" rel="noopener noreferrer">{words}</a> })
        })
        .collect();
    (!links.is_empty())
        .then(|| view! { <nav class="screen__links" aria-label="Links">{links}</nav> })
        .into_any()
}
