//! A conversation: its head, its messages, and the composer.

mod date;

use crate::ui::view::prelude::*;

use super::composer::Composer;
use super::contacts::words;
use super::handle::use_handle;
use super::i18n::{use_format, use_text};
use super::place::{Place, use_router};
use super::reactive::model::PeerKey;
use super::timeline::view::Timeline;
use super::widget::avatar::Avatar;
use super::widget::icon::Icon;
use super::widget::icon_button::IconButton;
use date::DateDialog;

/// A conversation, the whole middle pane.
#[component]
pub fn ConversationPane(
    /// With whom.
    peer: PeerKey,
) -> impl IntoView {
    let text = use_text();
    let format = use_format();
    let handle = use_handle();
    let model = handle.model;
    let jumps = RwSignal::new(0);
    let goal = RwSignal::new(None);
    let dating = RwSignal::new(false);

    let name = {
        let peer = peer.clone();
        Memo::new(move |_| model.name(&peer))
    };
    let contact = model.contacts.row(&peer);
    let presence = {
        let peer = peer.clone();
        Memo::new(move |_| handle.presence(&peer))
    };
    let availability = Signal::derive(move || presence.with(|presence| presence.availability));
    let state = {
        let peer = peer.clone();
        Memo::new(move |_| {
            if contact.with(Option::is_some) && handle.has_session(peer.account) {
                presence.with(|presence| words::presence(text, &format, presence))
            } else {
                super::text::clean::one_line(peer.address.as_str(), 80)
            }
        })
    };
    let account = model.accounts.row(&peer.account);
    let router = use_router();
    let has_details = Memo::new(move |_| {
        let is_details = |place: &Place| matches!(place, Place::Details { .. });
        router.place.with(is_details)
    });
    let details = {
        let peer = peer.clone();
        move |_| {
            let Some(account) = account.get_untracked() else {
                return;
            };
            router.go(if has_details.get_untracked() {
                Place::conversation(&account.address, &peer.address)
            } else {
                Place::details(&account.address, &peer.address)
            });
        }
    };
    let dated = peer.clone();
    view! {
        <div class="pane-header">
            <a class="icon-button pane-header__back" href=Place::Home.href() aria-label=text.common.back title=text.common.back>
                <Icon name="back" turns=true />
            </a>
            <div class="pane-header__subject">
                <Avatar address=peer.address.to_string() name availability />
                <div class="pane-header__words">
                    <h1 class="pane-header__title"><bdi>{name}</bdi></h1>
                    <p class="pane-header__state" dir="auto">{state}</p>
                </div>
                <button
                    type="button"
                    class="pane-header__cover"
                    aria-label=text.shell.details
                    title=text.shell.details
                    aria-expanded=move || has_details.get().to_string()
                    on:click=details
                ></button>
            </div>
            <IconButton
                icon="calendar"
                label=text.timeline.to_date
                on_press=Callback::new(move |()| dating.set(true))
            />
        </div>
        <Show when=move || dating.get()>
            <DateDialog
                peer=dated.clone()
                on_close=Callback::new(move |()| dating.set(false))
                on_found=Callback::new(move |place| {
                    dating.set(false);
                    goal.set(Some(place));
                })
            />
        </Show>
        <Timeline peer=peer.clone() jumps goal />
        <Composer peer jumps />
    }
    .into_any()
}
