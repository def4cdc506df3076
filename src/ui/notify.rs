//! Desktop notifications: shown when the engine says so, offered when somebody missed a message.
//!
//! **Invariant:** the browser's question comes only after a button that asks for it, and never at start.
//!
//! **Invariant:** what was read, here, in another tab or on another device, is not told of any more.

use crate::ui::view::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::NotificationOptions;

use super::browser;
use super::config::{Config, Feature};
use super::handle::{Handle, use_handle};
use super::i18n::use_text;
use super::place::{Place, Router, use_router};
use super::reactive::model::PeerKey;
use super::text::clean::one_line;
use super::widget::icon::Icon;
use super::widget::toast::Toasts;
use crate::boundary::change::{Change, Notification, Reply};
use crate::boundary::command::Command;
use crate::entity::problem::Problem;
use crate::entity::settings::Setting;

/// Remembers that the offer was declined.
const DECLINED: &str = "waxwing.no-notifications";
/// What fits on a lock screen.
const TITLE: usize = 80;
/// The same.
const BODY: usize = 240;

/// Asks quietly, after a message came while nobody looked, whether to be notified next time. Also shows what the
/// engine notifies of, as long as it is there.
#[component]
pub fn Notifications() -> impl IntoView {
    let text = use_text();
    let handle = use_handle();
    let router = use_router();
    let toasts: Toasts = expect_context();
    let is_allowed = expect_context::<&'static Config>().has(Feature::Notifications);
    let instead = text.notify.new_message;
    let shown = StoredValue::new(Vec::<Shown>::new());
    handle.listen(move |change| {
        if let Change::Notify(notification) = change
            && let Some(new) = show(notification, instead, handle, router)
        {
            shown.try_update_value(|shown| {
                // The browser has put it in the place of the one before, which is not closed: they have one tag.
                shown.retain(|known| known.of != new.of);
                shown.push(new);
            });
        }
    });
    let rows = handle.model.conversations;
    Effect::new(move |_| {
        rows.track();
        shown.try_update_value(|shown| {
            shown.retain_mut(|shown| {
                let unread = rows.peek(&shown.of).map_or(0, |row| row.unread);
                let is_news = shown.is_news(unread);
                if !is_news {
                    shown.notification.close();
                }
                is_news
            });
        });
    });
    // A click on it would lead nowhere.
    on_leave(move || {
        shown.try_update_value(|shown| {
            for shown in shown.drain(..) {
                shown.notification.close();
            }
        });
    });

    // More is unread than before, and nobody looked.
    let missed = RwSignal::new(false);
    Effect::new(move |before: Option<u32>| {
        let unread = handle.model.unread.get();
        let more = before.is_some_and(|before| unread > before);
        if more && is_allowed && !is_looked_at() && may_ask() {
            missed.set(true);
        }
        unread
    });
    let wanted = move || {
        missed.get()
            && handle.model.ready.get()
            && !handle
                .model
                .settings
                .with(|settings| settings.notifications)
    };
    let accept = move |_| {
        missed.set(false);
        spawn_local(async move {
            if ask().await {
                if let Err(problem) = turn_on(handle).await {
                    toasts.problem(&problem, text);
                }
            } else {
                toasts.show(text.notify.refused.to_owned());
            }
        });
    };
    let decline = move |_| {
        browser::remember(DECLINED, Some("yes"));
        missed.set(false);
    };
    view! {
        <Show when=wanted>
            <div class="alert" data-kind="info" role="status">
                <Icon name="bell" />
                <p class="alert__body">{text.notify.offer}</p>
                <button type="button" class="button" data-kind="primary" data-size="s" on:click=accept>
                    {text.notify.turn_on}
                </button>
                <button type="button" class="button" data-size="s" on:click=decline>
                    {text.notify.not_now}
                </button>
            </div>
        </Show>
    }
}

/// A notification that is shown.
struct Shown {
    of: PeerKey,
    notification: web_sys::Notification,
    /// The row has told of what it tells.
    is_counted: bool,
}

impl Shown {
    /// Whether there is still something to tell of, where so much is unread.
    fn is_news(&mut self, unread: u32) -> bool {
        self.is_counted |= unread > 0;
        // It may come before the row that counts it.
        unread > 0 || !self.is_counted
    }
}

fn on_leave(leave: impl Fn() + 'static) {
    if cfg!(target_arch = "wasm32") {
        let left = window_event_listener(leptos::ev::pagehide, move |_| leave());
        on_cleanup(move || left.remove());
    }
}

async fn turn_on(handle: Handle) -> Result<Reply, Problem> {
    let on = Setting::Notifications(true);
    handle.ask(Command::Set(on)).await
}

/// Whether the question was not answered yet, neither to us nor to the browser.
fn may_ask() -> bool {
    browser::recall(DECLINED).is_none() && permission() == Permission::Unasked
}

/// How it stands between the browser and our notifications.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Permission {
    /// Pages of this browser cannot show any (Safari on iOS has no such thing, Android's want a service worker).
    Unsupported,
    /// The browser was not asked.
    Unasked,
    /// They may be shown.
    Granted,
    /// They may not be shown.
    Refused,
}

/// How it stands now. Never throws, whatever the browser lacks.
#[must_use]
pub fn permission() -> Permission {
    if !cfg!(target_arch = "wasm32") {
        return Permission::Unsupported;
    }
    let get = |from: &JsValue, name: &str| js_sys::Reflect::get(from, &name.into());
    let Ok(api) = get(&js_sys::global(), "Notification") else {
        return Permission::Unsupported;
    };
    let agent = window().navigator().user_agent().unwrap_or_default();
    match get(&api, "permission").ok().and_then(|it| it.as_string()) {
        Some(said) if api.is_function() && !throws(&agent) => named(&said),
        _ => Permission::Unsupported,
    }
}

/// Whether the constructor of notifications always throws, though it is there: in Chromium on Android.
fn throws(agent: &str) -> bool {
    agent.contains("Android") && agent.contains("Chrome/")
}

fn named(permission: &str) -> Permission {
    match permission {
        "granted" => Permission::Granted,
        "default" => Permission::Unasked,
        _ => Permission::Refused,
    }
}

fn is_looked_at() -> bool {
    cfg!(target_arch = "wasm32") && !document().hidden() && document().has_focus().unwrap_or(false)
}

/// The browser's own question, unless it said yes before; to be called from a click. Says whether notifications are
/// allowed.
pub async fn ask() -> bool {
    if matches!(permission(), Permission::Unasked | Permission::Refused)
        && let Ok(asked) = web_sys::Notification::request_permission()
    {
        let _answer = JsFuture::from(asked).await;
    }
    permission() == Permission::Granted
}

/// The two texts of a notification: nothing of a message can look like a part of ours.
fn texts(notification: &Notification, instead: &str) -> (String, String) {
    let body = notification
        .body
        .as_deref()
        .map(|body| one_line(body, BODY));
    let body = body.filter(|body| !body.is_empty());
    (
        one_line(&notification.title, TITLE),
        body.unwrap_or_else(|| instead.to_owned()),
    )
}

fn show(
    notification: &Notification,
    instead: &str,
    handle: Handle,
    router: Router,
) -> Option<Shown> {
    if permission() != Permission::Granted {
        return None;
    }
    let (title, body) = texts(notification, instead);
    let options = NotificationOptions::new();
    options.set_body(&body);
    options.set_icon("icon.svg");
    // The next message of the same conversation takes the place of this one.
    options.set_tag(&format!(
        "{}/{}",
        notification.account, notification.conversation
    ));
    // Where a page may not show any (Android wants a service worker), there is none.
    let shown = web_sys::Notification::new_with_options(&title, &options).ok()?;
    let account = handle.model.accounts.peek(&notification.account)?;
    let account = account.address.clone();
    let place = Place::conversation(&account, &notification.conversation);
    let closing = shown.clone();
    let clicked = Closure::<dyn FnMut()>::new(move || {
        let _refused = window().focus();
        router.go(place.clone());
        closing.close();
    });
    shown.set_onclick(Some(clicked.as_ref().unchecked_ref()));
    // Lives as long as the notification may be clicked: the browser's collector frees it with that.
    let _handed_over = clicked.into_js_value();
    let of = PeerKey::new(notification.account, notification.conversation.clone());
    let row = handle.model.conversations.peek(&of);
    Some(Shown {
        of,
        notification: shown,
        is_counted: row.is_some_and(|row| row.unread > 0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::address::Address;
    use crate::entity::id::AccountId;

    #[test]
    fn only_a_browser_that_was_not_asked_is_asked() {
        assert_eq!(named("default"), Permission::Unasked);
        assert_eq!(named("granted"), Permission::Granted);
        assert_eq!(named("denied"), Permission::Refused);
        assert_eq!(named("later"), Permission::Refused);
    }

    #[test]
    fn browsers_whose_pages_cannot_notify_are_known() {
        let chrome = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36";
        assert!(throws(chrome));
        for good in [
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
            "Mozilla/5.0 (Android 14; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0",
        ] {
            assert!(!throws(good), "{good}");
        }
    }

    // E21
    #[test]
    fn a_notification_cannot_pretend() {
        let mut notification = Notification {
            account: AccountId(1),
            conversation: Address::parse("mallory@example.org").unwrap(),
            title: "Bank\n\n\u{202e}Verified".into(),
            body: Some(format!("a\u{2028}b{}", "x".repeat(10_000))),
        };
        let (title, body) = texts(&notification, "New message");
        assert_eq!(title, "Bank Verified");
        assert!(body.starts_with("a bxxx") && body.chars().count() <= BODY + 1);
        notification.body = None;
        assert_eq!(texts(&notification, "New message").1, "New message");
    }
}
