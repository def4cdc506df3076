//! The timeline: `role="log"`, with a button that leads back to the newest message.

use std::rc::Rc;
use std::time::Duration;

use crate::ui::view::prelude::*;
use leptos::task::spawn_local;
use leptos::{ev, html};
use wasm_bindgen::JsCast;
use web_sys::Element;

use super::drive::{Drive, Pressed};
use super::message_row::Shared;
use super::scroller::{Scroller, Stage};
use crate::boundary::change::Edge;
use crate::boundary::command::{Anchor, TimelineRequest};
use crate::entity::message::Position;
use crate::ui::handle::use_handle;
use crate::ui::i18n::problem::Words;
use crate::ui::i18n::{use_format, use_text};
use crate::ui::place::{Place, use_router};
use crate::ui::reactive::model::PeerKey;
use crate::ui::widget::icon::Icon;
use crate::ui::widget::toast::use_toasts;

/// Items at first, and with each extension: some six screens.
const COUNT: u32 = 80;
/// What loads quicker than this needs no word about it.
const PATIENCE: Duration = Duration::from_millis(400);

/// The messages of a conversation.
#[component]
pub fn Timeline(
    /// With whom.
    peer: PeerKey,
    /// Goes up when the newest message is wanted: somebody wrote one.
    jumps: RwSignal<u32>,
    /// A place that somebody wants to see.
    goal: RwSignal<Option<Position>>,
) -> impl IntoView {
    let text = use_text();
    let format = use_format();
    let handle = use_handle();
    let router = use_router();
    let toasts = use_toasts();
    let account = peer.account;
    let window = handle.watch(TimelineRequest {
        account: peer.account,
        conversation: peer.address.clone(),
        anchor: Anchor::Unread,
        count: COUNT,
    });
    let rows = window.rows;

    let log = NodeRef::<html::Div>::new();
    let spacer = NodeRef::<html::Div>::new();
    let column = NodeRef::<html::Div>::new();
    let at_end = RwSignal::new(true);
    let said = RwSignal::new(String::new());
    let drive = StoredValue::new(None::<Rc<Drive>>);
    let drive_now = move || drive.try_get_value().flatten();

    // Once the three elements are there, until they go.
    let whom = peer.clone();
    Effect::new(move |_| {
        let (Some(log), Some(spacer), Some(column)) = (log.get(), spacer.get(), column.get())
        else {
            return;
        };
        let stage = Stage {
            log: log.clone().unchecked_into(),
            spacer: spacer.unchecked_into(),
            window: column.clone().unchecked_into(),
        };
        let name = handle.model.name_now(&whom);
        let own = handle.model.own_name_now(whom.account);
        let Some(shared) = Shared::new(text, format, name, own) else {
            return;
        };
        let scroller = Scroller::new(stage, shared);
        let begun = Drive::new(handle, whom.clone(), window, text, scroller, (at_end, said));
        begun.observe(&log, &column);
        begun.changed();
        drive.set_value(Some(begun));
    });
    Effect::new(move |_| {
        rows.known.track();
        rows.order.track();
        rows.items.track();
        rows.older.track();
        rows.newer.track();
        rows.unread_from.track();
        if let Some(drive) = drive_now() {
            drive.changed();
        }
    });
    let whom = peer.clone();
    // Not at each change of what is known of them: whoever draws asks where things lie, and the page is laid out for that.
    let name = Memo::new(move |_| handle.model.name(&whom));
    Effect::new(move |_| {
        let name = name.get();
        if let Some(drive) = drive_now() {
            drive.rename(name);
        }
    });
    Effect::new(move |before: Option<u32>| {
        let now = jumps.get();
        if let (true, Some(drive)) = (before.is_some_and(|before| before != now), drive_now()) {
            drive.jump();
        }
        now
    });
    Effect::new(move |_| {
        if let (Some(place), Some(drive)) = (goal.get(), drive_now()) {
            goal.set(None);
            drive.go_to(place);
            said.set(format.day(place.time));
        }
    });
    let look = move || {
        if let Some(drive) = drive_now() {
            drive.tell();
        }
    };
    let focused = window_event_listener(ev::focus, move |_| look());
    on_cleanup(move || {
        focused.remove();
        if let Some(drive) = drive_now() {
            drive.leave();
        }
    });

    let pressed = move |event: ev::MouseEvent| {
        let target = event
            .target()
            .and_then(|target| target.dyn_into::<Element>().ok());
        let (Some(target), Some(drive)) = (target, drive_now()) else {
            return;
        };
        match drive.pressed(&target) {
            Pressed::Nothing => {}
            Pressed::Done => event.prevent_default(),
            Pressed::Wish(command) => {
                event.prevent_default();
                let answer = handle.ask_account(account, command);
                spawn_local(async move {
                    if let Err(problem) = answer.await {
                        toasts.problem(&problem, text);
                    }
                });
            }
            Pressed::Link(link) => {
                event.prevent_default();
                router.go(Place::Link(link));
            }
        }
    };

    let late = RwSignal::new(false);
    let patience = set_timeout_with_handle(
        move || {
            late.try_set(true);
        },
        PATIENCE,
    )
    .ok();
    on_cleanup(move || {
        if let Some(patience) = patience {
            patience.clear();
        }
    });
    let is_empty = move || rows.known.get() && rows.order.with(|order| order.is_empty());
    let notice = move || {
        if !rows.known.get() {
            return late.get().then(|| {
                view! {
                    <div class="timeline__wait" role="status">
                        <span class="spinner" data-size="l"></span>
                        <span class="visually-hidden">{text.common.loading}</span>
                    </div>
                }
                .into_any()
            });
        }
        if !is_empty() {
            return None;
        }
        match rows.older.get() {
            Edge::End => Some(
                view! {
                    <div class="notice" data-kind="empty">
                        <Icon name="chat" size="l" />
                        <h2 class="notice__title">{text.timeline.empty}</h2>
                        <p class="notice__text">{text.timeline.empty_hint}</p>
                    </div>
                }
                .into_any(),
            ),
            Edge::Failed(problem) => Some(
                view! {
                    <p class="visually-hidden" role="alert">{Words::of(&problem, text).what}</p>
                }
                .into_any(),
            ),
            Edge::More | Edge::Loading => None,
        }
    };

    let row = handle.model.conversations.row(&peer);
    let unread = Memo::new(move |_| row.with(|row| row.as_ref().map_or(0, |row| row.unread)));

    view! {
        <div class="timeline">
            <div
                class="timeline__log virtual-list"
                role="log"
                aria-label=text.timeline.messages
                // Rows come and go by scrolling: what is news, the line below says.
                aria-live="off"
                aria-busy=move || (!rows.known.get()).to_string()
                tabindex="0"
                node_ref=log
                on:scroll=move |_| if let Some(drive) = drive_now() { drive.scrolled() }
                on:click=pressed
            >
                {notice}
                <div class="virtual-list__spacer" node_ref=spacer hidden=is_empty>
                    <div class="virtual-list__window timeline__column" node_ref=column></div>
                </div>
            </div>
            <Show when=move || !at_end.get() && !is_empty()>
                <button
                    type="button"
                    class="jump-button"
                    aria-label=move || match unread.get() {
                        0 => text.timeline.jump.to_owned(),
                        count => text.common.and.with(&text.timeline.jump, &text.timeline.unread.of(count)),
                    }
                    title=text.timeline.jump
                    on:click=move |_| if let Some(drive) = drive_now() { drive.jump() }
                >
                    <Icon name="arrow-down" />
                    {move || match unread.get() {
                        0 => None,
                        count => Some(view! { <span class="badge" aria-hidden="true">{count.min(999)}</span> }),
                    }}
                </button>
            </Show>
            <p class="visually-hidden" aria-live="polite">{move || said.get()}</p>
        </div>
    }
    .into_any()
}
