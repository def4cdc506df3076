//! Which conversation is open: the addresses of the place, found among the rows or asked of the engine.

use crate::ui::view::prelude::*;
use leptos::task::spawn_local;

use crate::boundary::change::Reply;
use crate::boundary::command::AccountCommand;
use crate::entity::id::AccountId;
use crate::entity::problem::Problem;
use crate::ui::handle::{Handle, use_handle};
use crate::ui::i18n::use_text;
use crate::ui::place::{Place, Router, use_router};
use crate::ui::reactive::few::Few;
use crate::ui::reactive::model::PeerKey;
use crate::ui::widget::alert::Alert;

/// What became of the place's addresses.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Opened {
    /// The place names nobody.
    Nothing,
    /// The engine was asked, or the model is not there yet.
    Opening,
    /// This is who.
    Known(PeerKey),
    /// It cannot be opened.
    Refused(Refusal),
}

/// Why a conversation cannot be opened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// Nobody is logged in with this address.
    NoSuchAccount(String),
    /// The engine refused.
    Problem(Problem),
}

impl Opened {
    /// Who, if that is known.
    #[must_use]
    pub fn known(self) -> Option<PeerKey> {
        match self {
            Self::Known(peer) => Some(peer),
            _ => None,
        }
    }
}

/// Which conversation is open. A copy is the same.
#[derive(Clone, Copy)]
pub struct Open {
    /// What the place's addresses mean.
    pub now: Memo<Opened>,
    handle: Handle,
    router: Router,
}

/// (account, the other as in the link) → what the engine said.
type Answers = RwSignal<Few<(AccountId, String), Result<PeerKey, Problem>>>;

impl Default for Open {
    fn default() -> Self {
        Self::new()
    }
}

impl Open {
    /// Follows the router. Belongs to the owner that is current.
    #[must_use]
    pub fn new() -> Self {
        let handle = use_handle();
        let router = use_router();
        let answers: Answers = RwSignal::default();
        let place = Memo::new(move |_| {
            router.place.with(|place| {
                let (account, peer) = place.peer()?;
                Some((account.to_owned(), peer.to_owned()))
            })
        });
        let now = Memo::new(move |before: Option<&Opened>| {
            let Some((account, peer)) = place.get() else {
                return Opened::Nothing;
            };
            resolve(handle, answers, &account, &peer, before)
        });
        Effect::new(move || {
            let (Opened::Opening, Some((account, peer))) = (now.get(), place.get()) else {
                return;
            };
            // Before the account is there, there is nobody to ask.
            handle.model.ready.track();
            handle.model.accounts.track_order();
            let Some(account) = account_named(handle, &account) else {
                return;
            };
            let asked = handle.ask_account(account, AccountCommand::OpenConversation(peer.clone()));
            spawn_local(async move {
                let answer = asked.await.and_then(|reply| match reply {
                    Reply::Address(address) => Ok(PeerKey::new(account, address)),
                    _ => Err(Problem::Internal),
                });
                answers.try_update(|answers| answers.insert((account, peer), answer));
            });
        });
        Self {
            now,
            handle,
            router,
        }
    }

    /// Opens a conversation.
    pub fn go(&self, peer: &PeerKey) {
        if let Some(place) = self.place(peer) {
            self.router.go(place);
        }
    }

    /// The link to a conversation, for `href`.
    #[must_use]
    pub fn href(&self, peer: &PeerKey) -> String {
        self.place(peer).unwrap_or_default().href()
    }

    /// Whether this conversation is the open one; follows.
    #[must_use]
    pub fn is(&self, peer: &PeerKey) -> bool {
        self.now
            .with(|now| matches!(now, Opened::Known(open) if open == peer))
    }

    fn place(&self, peer: &PeerKey) -> Option<Place> {
        let account = self.handle.model.accounts.peek(&peer.account)?;
        Some(Place::conversation(&account.address, &peer.address))
    }
}

/// Which conversation is open on this page.
#[must_use]
pub fn use_open() -> Open {
    expect_context()
}

/// The account of this address; looks without following.
pub(super) fn account_named(handle: Handle, address: &str) -> Option<AccountId> {
    let mut found = None;
    handle.model.accounts.each(|id, row| {
        if row.address.as_str().eq_ignore_ascii_case(address) {
            found = Some(*id);
        }
    });
    found
}

fn resolve(
    handle: Handle,
    answers: Answers,
    account: &str,
    peer: &str,
    before: Option<&Opened>,
) -> Opened {
    let model = handle.model;
    model.accounts.track_order();
    let Some(id) = account_named(handle, account) else {
        return if model.ready.get() {
            Opened::Refused(Refusal::NoSuchAccount(account.to_owned()))
        } else {
            Opened::Opening
        };
    };
    let is_it = |key: &PeerKey| key.account == id && key.address.as_str() == peer;
    // Looking through all rows is for the first time only.
    if let Some(Opened::Known(open)) = before
        && is_it(open)
    {
        return Opened::Known(open.clone());
    }
    match answers.with(|answers| answers.get(&(id, peer.to_owned())).cloned()) {
        Some(Ok(key)) => return Opened::Known(key),
        Some(Err(problem)) => return Opened::Refused(Refusal::Problem(problem)),
        None => {}
    }
    let mut found = None;
    model.conversations.each(|key, _| {
        if is_it(key) {
            found = Some(key.clone());
        }
    });
    if found.is_none() {
        model.contacts.each(|key, _| {
            if is_it(key) {
                found = Some(key.clone());
            }
        });
    }
    found.map_or(Opened::Opening, Opened::Known)
}

/// What is shown instead of a conversation that cannot be opened.
#[must_use]
pub fn refused(refusal: Refusal) -> AnyView {
    let text = use_text();
    let (explanation, problem) = match refusal {
        Refusal::NoSuchAccount(address) => (Some(text.shell.no_such_account.with(&address)), None),
        Refusal::Problem(problem) => (None, Some(problem)),
    };
    view! {
        <div class="notice" data-kind="failed">
            <h1 class="notice__title">{text.shell.not_opened}</h1>
            {explanation.map(|words| view! { <p class="notice__text" role="alert">{words}</p> })}
            {problem.map(|problem| view! { <Alert problem /> })}
            <div class="notice__actions">
                <a class="button" href=Place::Home.href()>{text.shell.to_the_lists}</a>
            </div>
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests;
