//! What the composer does: keeps drafts, cleans, sends, and shows what is left.

use std::borrow::Cow;
use std::time::Duration;

use crate::ui::view::prelude::*;
use leptos::html;
use leptos::task::spawn_local;
use web_sys::HtmlTextAreaElement;

use super::notes::Note;
use super::outgoing::{Outgoing, Sending, body};
use super::unanswered::{Unanswered, draft_key};
use crate::boundary::command::AccountCommand;
use crate::entity::id::ItemId;
use crate::entity::problem::Problem;
use crate::ui::browser;
use crate::ui::handle::Handle;
use crate::ui::i18n::{Texts, use_text};
use crate::ui::keeping;
use crate::ui::reactive::model::PeerKey;
use crate::ui::text::clean::legal;

/// A draft is kept when no key was pressed for so long.
const REST: Duration = Duration::from_millis(700);

/// The state of one composer. A copy is the same.
#[derive(Clone, Copy)]
pub(super) struct Desk {
    handle: Handle,
    peer: StoredValue<PeerKey>,
    /// The field.
    pub input: NodeRef<html::Textarea>,
    /// There is nothing to send.
    pub is_empty: RwSignal<bool>,
    /// Why the last message was not taken.
    pub problem: RwSignal<Option<Problem>>,
    /// The text once more, where the style sheet needs it to know how high the field must be.
    pub copy: RwSignal<String>,
    /// Goes up with each message that is sent.
    jumps: RwSignal<u32>,
    outgoing: StoredValue<Outgoing>,
    saved: StoredValue<String>,
    resting: StoredValue<Option<TimeoutHandle>>,
    /// The text was written here, and not taken from elsewhere.
    is_ours: StoredValue<bool>,
    grows_alone: bool,
    unanswered: Unanswered,
    texts: &'static Texts,
}

impl Desk {
    /// Belongs to the owner that is current; when that goes, the draft is kept.
    pub(super) fn new(handle: Handle, peer: PeerKey, jumps: RwSignal<u32>) -> Self {
        let draft = handle.model.conversations.peek(&peer);
        let draft = draft.map(|row| row.draft.clone()).unwrap_or_default();
        let unanswered: Unanswered = expect_context();
        let draft = if unanswered.holds(&peer, &draft, |_| true) {
            String::new()
        } else {
            draft
        };
        let desk = Self {
            handle,
            peer: StoredValue::new(peer),
            input: NodeRef::new(),
            is_empty: RwSignal::new(true),
            problem: RwSignal::new(None),
            copy: RwSignal::new(String::new()),
            jumps,
            outgoing: StoredValue::new(Outgoing::default()),
            saved: StoredValue::new(draft),
            resting: StoredValue::new(None),
            is_ours: StoredValue::new(false),
            grows_alone: grows_alone(),
            unanswered,
            texts: use_text(),
        };
        let leaving = window_event_listener_untyped("pagehide", move |_| desk.leave());
        // Another tab may take over from now on, and the timers of a tab that nobody sees are slow.
        let hiding = window_event_listener_untyped("visibilitychange", move |_| {
            if document().visibility_state() == web_sys::VisibilityState::Hidden {
                desk.save();
            }
        });
        on_cleanup(move || {
            desk.save();
            desk.rest_no_more();
            leaving.remove();
            hiding.remove();
        });
        desk
    }

    fn field(&self) -> Option<HtmlTextAreaElement> {
        self.input.try_get_untracked().flatten()
    }

    /// The field is there: shows the draft, and takes the focus where there is a keyboard.
    pub(super) fn begin(&self) {
        self.show(&self.saved.try_get_value().unwrap_or_default());
        if let Some(text) = self.key().as_deref().and_then(browser::taken_over) {
            self.is_ours.set_value(true);
            self.show(&text);
            self.save();
        }
        if let (true, Some(field)) = (has_keyboard(), self.field()) {
            let options = web_sys::FocusOptions::new();
            options.set_prevent_scroll(true);
            let _never = field.focus_with_options(&options);
        }
    }

    /// Shows a text that nobody typed.
    fn show(&self, text: &str) {
        if let Some(field) = self.field() {
            field.set_value(text);
            self.is_empty.set(body(text).is_none());
            self.copy.set(text.to_owned());
        }
    }

    /// The user changed the text.
    pub(super) fn edited(&self) {
        let Some(field) = self.field() else { return };
        self.is_ours.set_value(true);
        let mut text = field.value();
        if let Cow::Owned(clean) = legal(&text) {
            replace(&field, &clean);
            text = clean;
        }
        let nothing = body(&text).is_none();
        if self.is_empty.get_untracked() != nothing {
            self.is_empty.set(nothing);
        }
        if !self.grows_alone {
            self.copy.set(text);
        }
        self.rest_no_more();
        let desk = *self;
        let timer = set_timeout_with_handle(move || desk.save(), REST);
        self.resting.set_value(timer.ok());
    }

    fn rest_no_more(&self) {
        if let Some(timer) = self.resting.try_update_value(Option::take).flatten() {
            timer.clear();
        }
    }

    /// The page goes: keeps the draft, also for the page that may come in its place.
    fn leave(&self) {
        self.save();
        let text = self.field().map(|field| field.value());
        let (Some(key), Some(text)) = (self.key(), text) else {
            return;
        };
        let left = self.left(&text);
        if !left.is_empty() {
            browser::hand_over(&key, Some(&left));
        }
    }

    /// What of a text is not on its way.
    fn left(&self, text: &str) -> String {
        let left = |outgoing: &Outgoing| outgoing.left(text).to_owned();
        self.outgoing
            .try_with_value(left)
            .unwrap_or_else(|| text.to_owned())
    }

    fn key(&self) -> Option<String> {
        self.peer.try_with_value(draft_key)
    }

    /// Keeps the draft, if it is different: what was typed, without what is on its way.
    pub(super) fn save(&self) {
        if let Some(field) = self.field() {
            self.keep(legal(&self.left(&field.value())).into_owned());
        }
    }

    fn keep(&self, text: String) {
        let before = self.saved.try_get_value();
        let (Some(before), Some(peer), Some(key)) = (before, self.peer.try_get_value(), self.key())
        else {
            return;
        };
        if before == text {
            return;
        }
        self.saved.set_value(text.clone());
        // Perhaps no engine will ever hear of it: then the page that comes after this one does.
        browser::hand_over(&key, Some(&text));
        let command = AccountCommand::SaveDraft {
            conversation: peer.address,
            text: text.clone(),
        };
        let answered = self.handle.ask_account(peer.account, command);
        let saved = self.saved;
        spawn_local(async move {
            match answered.await {
                Ok(_) => browser::take_back(&key, &text),
                // The engine died, or nobody is logged in any more: it is kept here until somebody writes there again.
                Err(_) => {
                    let _gone = saved.try_update_value(|saved| {
                        if *saved == text {
                            *saved = before;
                        }
                    });
                }
            }
        });
    }

    /// Another window changed the draft: shown here, unless somebody writes here.
    pub(super) fn adopt(&self, draft: &str) {
        let Some(field) = self.field() else { return };
        let is_elsewhere = |id| {
            let is_ours = |outgoing: &Outgoing| outgoing.is_on_its_way(id);
            self.outgoing.try_with_value(is_ours) != Some(true)
        };
        let peer = self.peer.try_get_value();
        let is_sent = peer.is_some_and(|peer| self.unanswered.holds(&peer, draft, is_elsewhere));
        let draft = if is_sent { "" } else { draft };
        let shown = field.value();
        let untouched = self.saved.try_with_value(|saved| *saved == shown) == Some(true);
        let has_focus = document().active_element().as_ref() == Some(field.as_ref());
        let is_ours = self.is_ours.try_get_value() == Some(true);
        if untouched && !(is_ours && has_focus) && shown != draft {
            self.is_ours.set_value(false);
            self.saved.set_value(draft.to_owned());
            self.show(draft);
        }
    }

    /// Sends what is in the field. It stays there until the engine has stored it.
    pub(super) fn send(self) {
        if let Some(field) = self.field() {
            self.send_text(&field.value());
        }
    }

    fn send_text(self, text: &str) {
        let message = self
            .outgoing
            .try_update_value(|outgoing| outgoing.send(text, fresh_id));
        let (Some(Some(message)), Some(peer)) = (message, self.peer.try_get_value()) else {
            return;
        };
        self.jumps.update(|jumps| *jumps = jumps.wrapping_add(1));
        self.ask(peer, message);
        keeping::ask_once();
    }

    /// Asks the engine to send. Asked twice, it sends once.
    fn ask(self, peer: PeerKey, Sending { body, id, again }: Sending) {
        let note = Note {
            own: self.unanswered.own(peer.account),
            peer,
            id,
            body,
        };
        let answered = self
            .handle
            .ask_account(note.peer.account, note.command(again));
        spawn_local(async move {
            let Err(problem) = answered.await else {
                self.sent(id);
                return self.unanswered.on_answered();
            };
            let is_here = self
                .outgoing
                .try_update_value(|outgoing| outgoing.failed(id));
            if is_here == Some(true) {
                self.problem.try_set(Some(problem));
            } else {
                // The field is gone, or is another one.
                self.unanswered.refused(note, &problem, self.texts).await;
            }
        });
    }

    fn sent(self, id: ItemId) {
        if self
            .outgoing
            .try_with_value(|outgoing| outgoing.is_on_its_way(id))
            != Some(true)
        {
            return;
        }
        if self.problem.try_with_untracked(Option::is_some) == Some(true) {
            self.problem.set(None);
        }
        let Some(field) = self.field() else { return };
        let left = self
            .outgoing
            .try_update_value(|outgoing| outgoing.done(&field.value()));
        if let Some((rest, next)) = left {
            self.show(&rest);
            self.keep(rest);
            if let Some(next) = next {
                self.send_text(&next);
            }
        }
    }

    /// Puts a text where the caret is.
    pub(super) fn insert(&self, text: &str) {
        let Some(field) = self.field() else { return };
        let start = field.selection_start().ok().flatten().unwrap_or(0);
        let end = field.selection_end().ok().flatten().unwrap_or(start);
        let _never = field.set_range_text_with_start_and_end(text, start, end);
        let length = u32::try_from(text.encode_utf16().count()).unwrap_or(0);
        let _never = field.set_selection_range(start + length, start + length);
        self.edited();
    }

    /// Gives the field the focus.
    pub(super) fn focus(&self) {
        if let Some(field) = self.field() {
            let _never = field.focus();
        }
    }
}

/// Replaces the text, and leaves the caret as far from the end as it was.
fn replace(field: &HtmlTextAreaElement, text: &str) {
    let length = |text: &str| u32::try_from(text.encode_utf16().count()).unwrap_or(0);
    let from_end = field
        .selection_end()
        .ok()
        .flatten()
        .map_or(0, |end| length(&field.value()).saturating_sub(end));
    field.set_value(text);
    let caret = length(text).saturating_sub(from_end);
    let _never = field.set_selection_range(caret, caret);
}

/// What a message is to be called.
fn fresh_id() -> ItemId {
    ItemId(browser::random())
}

/// Whether the style sheet alone lets the field grow (`field-sizing`).
fn grows_alone() -> bool {
    cfg!(target_arch = "wasm32")
        && web_sys::css::supports_with_value("field-sizing", "content").unwrap_or(false)
}

/// Whether there is likely a keyboard that needs no room on the screen: where fingers point, there is none.
fn has_keyboard() -> bool {
    cfg!(target_arch = "wasm32")
        && window()
            .match_media("(pointer: coarse)")
            .ok()
            .flatten()
            .is_some_and(|coarse| !coarse.matches())
}
