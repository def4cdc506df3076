//! An `xmpp:` link that was handed over: where it leads.
//!
//! **Invariant:** a link does nothing by itself. It shows a conversation, puts a text into the composer, fills in a
//! form; whoever reads it there decides.

use crate::ui::view::prelude::*;
use leptos::task::spawn_local;

use crate::boundary::change::Reply;
use crate::boundary::command::AccountCommand;
use crate::entity::id::AccountId;
use crate::entity::problem::Problem;
use crate::ui::config::{Config, Feature};
use crate::ui::contacts::{Beginning, NewConversation};
use crate::ui::handle::{Handle, use_handle};
use crate::ui::i18n::use_text;
use crate::ui::place::{Place, Router, use_router};
use crate::ui::reactive::model::PeerKey;
use crate::ui::text::clean::one_line;
use crate::ui::widget::alert::Alert;
use crate::ui::xmpp_uri::{Action, XmppUri};

use super::open::account_named;

/// How much of a link is shown that is not understood.
const SHOWN: usize = 300;

/// What a link leads to, in place of the middle pane: most often another place, at once.
#[component]
pub fn LinkPane(
    /// The link, as it was handed over.
    link: String,
) -> impl IntoView {
    let text = use_text();
    let handle = use_handle();
    let router = use_router();
    let config: &'static Config = expect_context();
    let Some(uri) = XmppUri::parse(&link) else {
        let link = one_line(&link, SHOWN);
        return notice(
            text.shell.link_wrong,
            view! { <p class="notice__text"><code>{link}</code></p> },
        );
    };
    let named = uri.account.clone();
    // The accounts may still be on their way.
    let account = Memo::new(move |_| {
        handle.model.accounts.track_order();
        let named = named.as_deref();
        named
            .and_then(|address| account_named(handle, address))
            .or_else(|| {
                let first = |order: &std::sync::Arc<Vec<AccountId>>| order.first().copied();
                handle.model.account_order.with(first)
            })
    });
    let problem = RwSignal::new(None::<Problem>);
    let XmppUri { peer, action, .. } = uri;
    match action {
        Action::Join => notice(
            text.shell.link_room,
            view! { <p class="notice__text">{text.shell.link_room_hint.with(&peer)}</p> },
        ),
        Action::Add { name, group } if config.has(Feature::AddContact) => {
            let beginning = Beginning {
                address: peer,
                name,
                group,
            };
            let on_close = Callback::new(move |()| {
                // Unless it was closed because it leads elsewhere.
                if matches!(router.place.get_untracked(), Place::Link(_)) {
                    router.replace(Place::Home);
                }
            });
            let on_open = Callback::new(move |peer: PeerKey| go(handle, router, &peer));
            let dialog = move || {
                let account = account.get()?;
                let beginning = beginning.clone();
                Some(view! { <NewConversation account add=true beginning on_close on_open /> })
            };
            view! { {dialog} }
        }
        Action::Open | Action::Message(_) | Action::Add { .. } => {
            let body = match action {
                Action::Message(body) => body,
                _ => String::new(),
            };
            Effect::new(move |asked: Option<bool>| {
                let (None | Some(false), Some(account)) = (asked, account.get()) else {
                    return asked.unwrap_or_default();
                };
                let (peer, body) = (peer.clone(), body.clone());
                spawn_local(async move {
                    match prepare(handle, account, peer, body).await {
                        Ok(peer) => go(handle, router, &peer),
                        Err(found) => {
                            problem.try_set(Some(found));
                        }
                    }
                });
                true
            });
            let shown = move || match problem.get() {
                Some(problem) => notice(text.shell.not_opened, view! { <Alert problem /> }),
                None => view! {
                    <div class="notice" data-kind="loading" role="status">
                        <span class="spinner" data-size="l"></span>
                        <h1 class="notice__title">{text.shell.opening}</h1>
                    </div>
                },
            };
            view! { {shown} }
        }
    }
}

/// Opens the conversation, with the text behind what was already being written there.
async fn prepare(
    handle: Handle,
    account: AccountId,
    peer: String,
    body: String,
) -> Result<PeerKey, Problem> {
    let opened = handle.ask_account(account, AccountCommand::OpenConversation(peer));
    let Reply::Address(address) = opened.await? else {
        return Err(Problem::Internal);
    };
    let peer = PeerKey::new(account, address.clone());
    let row = handle.model.conversations.peek(&peer);
    let draft = row.map(|row| row.draft.clone()).unwrap_or_default();
    if let Some(text) = behind(&draft, &body) {
        let command = AccountCommand::SaveDraft {
            conversation: address,
            text,
        };
        handle.ask_account(account, command).await?;
    }
    Ok(peer)
}

/// The draft with a text behind it, unless it is there already.
fn behind(draft: &str, text: &str) -> Option<String> {
    if text.is_empty() || draft.ends_with(text) {
        None
    } else if draft.trim().is_empty() {
        Some(text.to_owned())
    } else {
        Some([draft, "\n", text].concat())
    }
}

/// "Back" leads to where one was before the link.
fn go(handle: Handle, router: Router, peer: &PeerKey) {
    let account = handle.model.accounts.peek(&peer.account);
    // Somebody may have gone elsewhere meanwhile.
    let waits = matches!(router.place.get_untracked(), Place::Link(_));
    if let (Some(account), true) = (account, waits) {
        router.replace(Place::conversation(&account.address, &peer.address));
    }
}

fn notice(title: &'static str, more: AnyView) -> AnyView {
    let text = use_text();
    view! {
        <div class="notice" data-kind="failed">
            <h1 class="notice__title">{title}</h1>
            {more}
            <div class="notice__actions">
                <a class="button" href=Place::Home.href()>{text.shell.to_the_lists}</a>
            </div>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::behind;

    #[test]
    fn a_text_goes_behind_what_was_being_written() {
        assert_eq!(behind("", "hello").as_deref(), Some("hello"));
        assert_eq!(behind(" \n", "hello").as_deref(), Some("hello"));
        assert_eq!(
            behind("half a word", "hello").as_deref(),
            Some("half a word\nhello")
        );
        assert_eq!(behind("half a word\nhello", "hello"), None);
        assert_eq!(behind("half a word", ""), None);
    }
}
