//! Messages that no engine has answered when the page goes: the page that comes after it asks for them again.
//!
//! **Invariant:** nobody knows whether such a message was stored. So its text is no draft: the next engine is asked for the
//! very same message, and sends it unless it was.

use crate::ui::view::prelude::*;
use leptos::task::spawn_local;

use super::outgoing::body;
use crate::boundary::command::{AccountCommand, Command};
use crate::entity::address::Address;
use crate::entity::id::{AccountId, ItemId};
use crate::ui::browser;
use crate::ui::handle::Handle;
use crate::ui::i18n::Texts;
use crate::ui::reactive::model::PeerKey;
use crate::ui::widget::toast::use_toasts;

/// Where they are handed over.
const KEY: &str = "waxwing-unanswered";
/// What stands between two of them: no message has it (`legal`).
const BETWEEN: &str = "\u{1e}";

/// Asks for those of the page before this one, and hands over what is unanswered when this one goes. Belongs to the owner
/// that is current.
pub fn follow(handle: Handle, texts: impl Fn() -> &'static Texts + Copy + 'static) {
    let toasts = use_toasts();
    let noted = browser::taken_over(KEY);
    // A page that is killed hands nothing over: they stay where they are until they are answered.
    browser::hand_over(KEY, noted.as_deref());
    for (peer, command) in noted.iter().flat_map(|noted| read(noted)) {
        let answered = handle.ask_account(peer.account, command.clone());
        spawn_local(async move {
            if let (Err(problem), AccountCommand::SendMessage { body, .. }) =
                (answered.await, command)
            {
                toasts.problem(&problem, texts());
                keep_unsent(handle, peer, body).await;
            }
            browser::hand_over(KEY, note(&handle.unanswered()).as_deref());
        });
    }
    let leaving = window_event_listener_untyped("pagehide", move |_| {
        let noted = note(&handle.unanswered());
        browser::hand_over(KEY, noted.as_deref());
    });
    // Out of the browser's memory: the page that comes after this one is this one.
    let coming = window_event_listener_untyped("pageshow", |_| browser::hand_over(KEY, None));
    on_cleanup(move || {
        leaving.remove();
        coming.remove();
    });
}

/// Where the draft of a conversation is handed over.
pub(super) fn draft_key(peer: &PeerKey) -> String {
    format!("waxwing-draft:{}:{}", peer.account, peer.address)
}

/// Keeps a text that was not sent, before what was written there since.
pub(super) async fn keep_unsent(handle: Handle, peer: PeerKey, body: String) {
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

/// Whether a draft is the text of a message, of those `which` are meant, that may have been stored: then it is none.
pub(super) fn is_unanswered(
    handle: Handle,
    peer: &PeerKey,
    draft: &str,
    which: impl Fn(ItemId) -> bool,
) -> bool {
    let Some(text) = body(draft) else {
        return false;
    };
    handle.unanswered().iter().any(|command| match command {
        Command::Account(account, AccountCommand::SendMessage { to, body, id, .. }) => {
            *account == peer.account && *to == peer.address && *body == text && which(*id)
        }
        _ => false,
    })
}

/// Messages as a text that every build reads.
fn note(unanswered: &[Command]) -> Option<String> {
    let notes = unanswered.iter().filter_map(|command| match command {
        Command::Account(account, AccountCommand::SendMessage { to, body, id, .. }) => {
            let (account, id) = (account.to_string(), id.0.to_string());
            Some([&*account, to.as_str(), &*id, body].join("\n"))
        }
        _ => None,
    });
    let notes: Vec<_> = notes.collect();
    (!notes.is_empty()).then(|| notes.join(BETWEEN))
}

/// What such a text says.
fn read(noted: &str) -> Vec<(PeerKey, AccountCommand)> {
    let message = |note: &str| {
        let mut parts = note.splitn(4, '\n');
        let peer = PeerKey {
            account: AccountId::parse(parts.next()?)?,
            address: Address::parse(parts.next()?).ok()?,
        };
        let command = AccountCommand::SendMessage {
            to: peer.address.clone(),
            id: ItemId(parts.next()?.parse().ok()?),
            body: parts.next()?.to_owned(),
            again: true,
        };
        Some((peer, command))
    };
    noted.split(BETWEEN).filter_map(message).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(id: u64, body: &str, again: bool) -> AccountCommand {
        AccountCommand::SendMessage {
            to: Address::parse("juliet@example.org").unwrap(),
            body: body.into(),
            id: ItemId(id),
            again,
        }
    }

    #[test]
    fn the_next_page_asks_for_the_same_messages_in_the_same_order() {
        let all = [
            message(7, "one\ntwo", false),
            message(u64::MAX, "three", true),
        ];
        let commands = all
            .iter()
            .map(|asked| Command::Account(AccountId(u64::MAX), asked.clone()));
        let commands: Vec<_> = commands.chain([Command::Activity]).collect();
        let peer = PeerKey {
            account: AccountId(u64::MAX),
            address: Address::parse("juliet@example.org").unwrap(),
        };
        let asked: Vec<_> = [
            message(7, "one\ntwo", true),
            message(u64::MAX, "three", true),
        ]
        .map(|again| (peer.clone(), again))
        .into();
        assert_eq!(read(&note(&commands).unwrap()), asked);
        assert_eq!(note(&[Command::Activity]), None);
    }

    #[test]
    fn what_cannot_be_read_is_nothing() {
        for broken in [
            "",
            "1\njuliet@example.org\n7",
            "x\njuliet@example.org\n7\na",
            "1\n@\n7\na",
        ] {
            assert_eq!(read(broken), [], "{broken:?}");
        }
    }
}
