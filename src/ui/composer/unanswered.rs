//! Messages that no engine has answered: the page that comes after this one asks for them again, and so does this one when an
//! account is here again that was not to be kept.
//!
//! **Invariant:** nobody knows whether such a message was stored. So its text is no draft: the next engine is asked for the
//! very same message, and sends it unless it was.
//! **Invariant:** what is noted in this tab says what is unanswered, whichever page was there last: a page that comes back out of
//! the browser's memory believes that, and not itself. Whose answer came to a later page may have been removed there.
//! **Invariant:** it is asked of its own account alone, and waits in this tab until that is here. Where all messages of an account
//! are removed from the browser, these are, too.

use crate::ui::view::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsCast;

use super::notes::{Note, read, take_due, write};
use super::outgoing::body;
use crate::boundary::change::Change;
use crate::boundary::command::{AccountCommand, Command};
use crate::entity::address::Address;
use crate::entity::id::{AccountId, ItemId};
use crate::entity::problem::Problem;
use crate::ui::browser;
use crate::ui::handle::Handle;
use crate::ui::i18n::Texts;
use crate::ui::reactive::model::PeerKey;
use crate::ui::widget::toast::{Toasts, use_toasts};

/// Where they are handed over.
const KEY: &str = "waxwing-unanswered";

/// What this page knows of them beside what it asks at the moment. A copy is the same.
#[derive(Clone, Copy)]
pub(super) struct Unanswered {
    handle: Handle,
    toasts: Toasts,
    inner: StoredValue<Inner>,
}

#[derive(Default)]
struct Inner {
    /// This page went, and could note what was unanswered.
    has_noted: bool,
    /// Their accounts are not here.
    waiting: Vec<Note>,
    /// Nothing is to be left of these.
    removed: Vec<AccountId>,
    /// These are gone, and the engine died before it was known whether anything is to be left.
    undecided: Vec<(AccountId, Option<Address>)>,
}

/// Asks for those of the page before this one, and hands over what is unanswered when this one goes. Belongs to the owner
/// that is current, whose context tells composers of it.
pub fn follow(handle: Handle, texts: impl Fn() -> &'static Texts + Copy + 'static) {
    let unanswered = Unanswered {
        handle,
        toasts: use_toasts(),
        inner: StoredValue::new(Inner::default()),
    };
    provide_context(unanswered);
    unanswered.take_over();
    Effect::new(move || {
        handle.model.accounts.track_order();
        if handle.model.ready.get() {
            unanswered.ask(texts);
        }
    });
    handle.listen(move |change| match change {
        Change::AccountGone(id) => unanswered.on_gone(*id),
        Change::Remembered(all) => unanswered.on_remembered(all),
        _ => {}
    });
    let leaving = window_event_listener_untyped("pagehide", move |_| unanswered.leave());
    // Out of the browser's memory: the page that comes after the one that came after this one is this one.
    let coming = window_event_listener_untyped("pageshow", move |event| {
        let event = event.dyn_ref::<web_sys::PageTransitionEvent>();
        if event.is_some_and(web_sys::PageTransitionEvent::persisted) {
            unanswered.take_over();
            unanswered.ask(texts);
        }
    });
    on_cleanup(move || {
        leaving.remove();
        coming.remove();
    });
}

impl Unanswered {
    /// An account's own address.
    pub(super) fn own(self, account: AccountId) -> Option<Address> {
        let row = self.handle.model.accounts.peek(&account)?;
        Some(row.address.clone())
    }

    /// Takes over what is noted. A page that is killed notes nothing more: it stays there until it is answered.
    fn take_over(self) {
        let noted = browser::handed_over(KEY);
        let mut noted: Vec<_> = noted.iter().flat_map(|noted| read(noted)).collect();
        let has_noted = |inner: &mut Inner| std::mem::take(&mut inner.has_noted);
        if self.inner.try_update_value(has_noted) == Some(true) {
            let is_noted = |command: &Command| {
                let asked = Note::of(command, |_| None);
                asked.is_none_or(|asked| noted.iter().any(|note| note.id == asked.id))
            };
            self.handle.answered_elsewhere(is_noted);
        }
        let asked = self.handle.unanswered().into_iter();
        let asked: Vec<_> = asked
            .filter_map(|command| Note::of(&command, |_| None))
            .map(|note| note.id)
            .collect();
        noted.retain(|note| !asked.contains(&note.id));
        self.inner.update_value(|inner| inner.waiting.clear());
        self.wait(noted);
    }

    /// Asks for what waits for accounts that are here.
    fn ask(self, texts: impl Fn() -> &'static Texts + Copy + 'static) {
        let here = self.handle.model.accounts.all().into_iter();
        let here: Vec<_> = here.map(|(id, row)| (id, row.address.clone())).collect();
        let due = |inner: &mut Inner| take_due(&mut inner.waiting, &here);
        for note in self.inner.try_update_value(due).unwrap_or_default() {
            let asked = self
                .handle
                .ask_account(note.peer.account, note.command(true));
            spawn_local(async move {
                if let Err(problem) = asked.await {
                    self.refused(note, &problem, texts()).await;
                }
                let _noted = self.note();
            });
        }
    }

    /// It was not taken. Is its account gone, it waits for it; else its text becomes a draft.
    pub(super) async fn refused(self, note: Note, problem: &Problem, texts: &'static Texts) {
        let account = note.peer.account;
        if self.own(account).is_some() {
            self.toasts.problem(problem, texts);
            keep_unsent(self.handle, note.peer, note.body).await;
        } else {
            self.wait(vec![note]);
            let _noted = self.note();
        }
    }

    fn wait(self, notes: Vec<Note>) {
        self.inner.update_value(|inner| {
            let notes = notes.into_iter();
            let removed = &inner.removed;
            let kept = notes.filter(|note| !removed.contains(&note.peer.account));
            inner.waiting.extend(kept);
        });
    }

    /// The page goes. Where nothing can be noted, it still has to know by itself what is unanswered when it comes back.
    fn leave(self) {
        let noted = self.note();
        let has_noted = browser::handed_over(KEY) == noted;
        self.inner.update_value(|inner| inner.has_noted = has_noted);
    }

    /// A message was answered. Of what was handed over, nothing more is left than needs be.
    pub(super) fn on_answered(self) {
        if browser::handed_over(KEY).is_some() {
            let _noted = self.note();
        }
    }

    /// Hands over what is unanswered now; says what that is.
    fn note(self) -> Option<String> {
        let notes = |inner: &Inner| {
            let asked = self.handle.unanswered().into_iter();
            let asked = asked.filter_map(|command| Note::of(&command, |id| self.own(id)));
            let asked = asked.filter(|note| !inner.removed.contains(&note.peer.account));
            inner.waiting.iter().cloned().chain(asked).collect()
        };
        let notes: Vec<_> = self.inner.try_with_value(notes).unwrap_or_default();
        let noted = write(&notes);
        browser::hand_over(KEY, noted.as_deref());
        noted
    }

    /// Somebody has logged out. Whose messages stay in this browser are remembered by the engine.
    fn on_gone(self, account: AccountId) {
        let own = self.own(account);
        // By its answer all of this page that belonged to the account has come to its end, and left what it leaves.
        let settled = self.handle.ask(Command::Activity);
        spawn_local(async move {
            if settled.await.is_err() {
                // The next engine tells who is remembered.
                let undecided = (account, own);
                self.inner
                    .update_value(|inner| inner.undecided.push(undecided));
                return;
            }
            let remembered = self.handle.model.remembered;
            let stays = |own| remembered.try_with_untracked(|all| all.contains(own));
            if own.as_ref().and_then(stays) != Some(true) {
                self.forget(account);
            }
        });
    }

    /// The engine says whose messages stay in this browser.
    fn on_remembered(self, all: &[Address]) {
        let undecided = |inner: &mut Inner| std::mem::take(&mut inner.undecided);
        let undecided = self.inner.try_update_value(undecided);
        for (account, own) in undecided.unwrap_or_default() {
            if own.is_none_or(|own| !all.contains(&own)) {
                self.forget(account);
            }
        }
    }

    /// Nothing is left of an account.
    fn forget(self, account: AccountId) {
        self.inner.update_value(|inner| {
            inner.waiting.retain(|note| note.peer.account != account);
            inner.removed.push(account);
        });
        browser::forget_handed_over(&drafts_of(account));
        let _noted = self.note();
    }

    /// Whether a draft is the text of a message, of those `which` are meant, that may have been stored: then it is none.
    pub(super) fn holds(self, peer: &PeerKey, draft: &str, which: impl Fn(ItemId) -> bool) -> bool {
        let Some(text) = body(draft) else {
            return false;
        };
        let own = self.own(peer.account);
        let is_it = |note: &Note| {
            let is_there = note.peer.address == peer.address;
            is_there
                && note.is_of(peer.account, own.as_ref())
                && note.body == text
                && which(note.id)
        };
        let waits = |inner: &Inner| inner.waiting.iter().any(is_it);
        let asked = self.handle.unanswered().into_iter();
        let mut asked = asked.filter_map(|command| Note::of(&command, |_| None));
        self.inner.try_with_value(waits) == Some(true) || asked.any(|note| is_it(&note))
    }
}

/// Where the drafts of an account are handed over: so each of their places begins.
fn drafts_of(account: AccountId) -> String {
    format!("waxwing-draft:{account}:")
}

/// Where the draft of a conversation is handed over.
pub(super) fn draft_key(peer: &PeerKey) -> String {
    drafts_of(peer.account) + peer.address.as_str()
}

/// Keeps a text that was not sent, before what was written there since.
async fn keep_unsent(handle: Handle, peer: PeerKey, body: String) {
    let row = handle.model.conversations.peek(&peer);
    let since = row.map(|row| row.draft.clone()).unwrap_or_default();
    let text = match since.strip_prefix(&*body) {
        Some(_) => since,
        None if since.is_empty() => body,
        None => [&*body, "\n", &*since].concat(),
    };
    let key = draft_key(&peer);
    browser::hand_over(&key, Some(&text));
    let command = AccountCommand::SaveDraft {
        conversation: peer.address,
        text: text.clone(),
    };
    if handle.ask_account(peer.account, command).await.is_ok() {
        browser::take_back(&key, &text);
    }
}
