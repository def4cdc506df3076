//! The composer: a field that grows, "Emoji" and "Send".

use crate::ui::view::prelude::*;
use leptos::ev::{KeyboardEvent, SubmitEvent};

use super::desk::Desk;
use super::emoji_picker::EmojiPicker;
use crate::ui::handle::use_handle;
use crate::ui::i18n::use_text;
use crate::ui::reactive::model::PeerKey;
use crate::ui::widget::alert::Alert;
use crate::ui::widget::icon::Icon;

/// `keyCode` of keys that an input method swallows, also where `isComposing` is already false (WebKit).
const COMPOSING: u32 = 229;

/// Where one writes to somebody.
#[component]
pub fn Composer(
    /// To whom.
    peer: PeerKey,
    /// Goes up with each message that is sent.
    jumps: RwSignal<u32>,
) -> impl IntoView {
    let text = use_text();
    let handle = use_handle();
    let row = handle.model.conversations.row(&peer);
    let desk = Desk::new(handle, peer, jumps);
    let picking = RwSignal::new(false);

    Effect::new(move |begun: Option<bool>| {
        let is_there = desk.input.get().is_some();
        if is_there && begun != Some(true) {
            desk.begin();
        }
        is_there
    });
    let draft = Memo::new(move |_| row.with(|row| row.as_ref().map(|row| row.draft.clone())));
    Effect::new(move |_| {
        if let Some(draft) = draft.get() {
            desk.adopt(&draft);
        }
    });

    let key = move |event: KeyboardEvent| {
        let composing = event.is_composing() || event.key_code() == COMPOSING;
        if event.key() == "Enter" && !event.shift_key() && !composing {
            event.prevent_default();
            desk.send();
        }
    };
    let close = move || {
        picking.set(false);
        desk.focus();
    };
    let pick = move |emoji: String| {
        desk.insert(&emoji);
    };

    view! {
        <form
            class="composer"
            on:submit=move |event: SubmitEvent| {
                event.prevent_default();
                desk.send();
            }
        >
            {move || desk.problem.get().map(|problem| view! { <Alert problem /> })}
            {move || picking.get().then(|| view! { <EmojiPicker pick close /> })}
            <div class="composer__box">
                <div class="composer__row">
                    <div class="composer__field" data-text=move || desk.copy.get()>
                        <textarea
                            class="composer__input"
                            rows="1"
                            dir="auto"
                            aria-label=text.composer.message
                            placeholder=text.composer.placeholder
                            node_ref=desk.input
                            on:keydown=key
                            on:input=move |_| desk.edited()
                            on:blur=move |_| desk.save()
                        ></textarea>
                    </div>
                    <button
                        type="button"
                        class="icon-button"
                        aria-label=text.composer.emoji
                        title=text.composer.emoji
                        aria-haspopup="dialog"
                        aria-expanded=move || picking.get().to_string()
                        on:click=move |_| picking.update(|picking| *picking = !*picking)
                    >
                        <Icon name="emoji" />
                    </button>
                    <button
                        type="submit"
                        class="icon-button composer__send"
                        aria-label=text.composer.send
                        title=text.composer.send
                        aria-disabled=move || desk.is_empty.get().to_string()
                    >
                        <Icon name="send" turns=true />
                    </button>
                </div>
            </div>
        </form>
    }
    .into_any()
}
