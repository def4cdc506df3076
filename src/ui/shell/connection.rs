//! How the connection is: `role="status"`, quiet when all is well.

use crate::ui::view::prelude::*;

use super::password::PasswordAgain;
use crate::boundary::change::AccountRow;
use crate::boundary::command::AccountCommand;
use crate::entity::account::Connection;
use crate::entity::id::AccountId;
use crate::entity::problem::Problem;
use crate::entity::time::Timestamp;
use crate::ui::handle::{Engine, Handle, use_handle};
use crate::ui::i18n::problem::Words;
use crate::ui::i18n::{Texts, format, use_text};
use crate::ui::widget::icon::Icon;

/// What the bar says.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Standing {
    /// All accounts are online.
    Online,
    /// At work.
    Connecting,
    /// The engine is being started anew.
    Restarting,
    /// Trying again by itself.
    Waiting {
        account: AccountId,
        problem: Problem,
        retry: Timestamp,
    },
    /// The user must act.
    Failed {
        account: AccountId,
        problem: Problem,
    },
    /// Not connected, on purpose.
    Idle { account: AccountId },
}

impl Standing {
    /// What `data-state` says.
    fn state(&self) -> &'static str {
        match self {
            Self::Online => "online",
            Self::Connecting | Self::Restarting => "connecting",
            Self::Waiting { .. } | Self::Idle { .. } => "offline",
            Self::Failed { .. } => "failed",
        }
    }
}

/// The worst of all accounts: who has several must hear of the one that fails.
fn standing<'a>(
    engine: &Engine,
    ready: bool,
    accounts: impl Iterator<Item = &'a AccountRow>,
) -> Standing {
    if *engine == Engine::Restarting {
        return Standing::Restarting;
    }
    if !ready {
        return Standing::Connecting;
    }
    let grave = |standing: &Standing| match standing {
        Standing::Online | Standing::Restarting => 0,
        Standing::Connecting => 1,
        Standing::Idle { .. } => 2,
        Standing::Waiting { .. } => 3,
        Standing::Failed { .. } => 4,
    };
    accounts
        .map(|row| match &row.connection {
            Connection::Online => Standing::Online,
            Connection::Connecting(_) => Standing::Connecting,
            Connection::Idle => Standing::Idle { account: row.id },
            Connection::Waiting { problem, retry } => Standing::Waiting {
                account: row.id,
                problem: problem.clone(),
                retry: *retry,
            },
            Connection::Failed(problem) => Standing::Failed {
                account: row.id,
                problem: problem.clone(),
            },
        })
        .max_by_key(grave)
        .unwrap_or(Standing::Online)
}

/// Seconds until a moment, as people count them: never "0" while there is time.
fn seconds_until(retry: Timestamp, now: Timestamp) -> u32 {
    let left = retry.0.saturating_sub(now.0).max(0);
    u32::try_from(left.unsigned_abs().div_ceil(1000)).unwrap_or(u32::MAX)
}

/// The connection's status, and what can be done about it.
#[component]
pub fn ConnectionBar() -> impl IntoView {
    let text = use_text();
    let handle = use_handle();
    let model = handle.model;
    let standing = Memo::new(move |_| {
        model.accounts.track();
        let rows = model.accounts.all();
        let ready = model.ready.get();
        standing(
            &handle.engine.get(),
            ready,
            rows.iter().map(|(_, row)| &**row),
        )
    });
    let now = clock(standing);
    // The seconds are not read aloud one by one.
    let counted = RwSignal::new(false);
    Effect::new(move || {
        now.track();
        counted.set(standing.with_untracked(|s| matches!(s, Standing::Waiting { .. })));
    });
    let is_quiet = move || standing.with(|standing| *standing == Standing::Online);
    let words = move || standing.with(|standing| words(standing, now.get(), text));
    let explanation = move || standing.with(|standing| explanation(standing, text));
    let offered = Memo::new(move |_| standing.with(Offer::of));
    let action = move || offered.get().map(|offer| action(handle, offer));
    view! {
        <div
            class=move || if is_quiet() { "visually-hidden" } else { "connection-bar" }
            role="region"
            aria-label=text.shell.network
            data-state=move || standing.with(Standing::state)
        >
            <span role="status" aria-live=move || if counted.get() { "off" } else { "polite" }>
                {words}
            </span>
            {explanation}
            {action}
        </div>
    }
    .into_any()
}

/// The wall clock, once a second while somebody waits.
fn clock(standing: Memo<Standing>) -> ReadSignal<Timestamp> {
    let (now, set_now) = signal(format::now());
    Effect::new(move || {
        let waits = standing.with(|standing| matches!(standing, Standing::Waiting { .. }));
        if !waits {
            return;
        }
        set_now.set(format::now());
        let second = std::time::Duration::from_secs(1);
        let tick = set_interval_with_handle(move || set_now.set(format::now()), second);
        if let Ok(tick) = tick {
            on_cleanup(move || tick.clear());
        }
    });
    now
}

fn words(standing: &Standing, now: Timestamp, text: &Texts) -> String {
    let t = &text.shell;
    match standing {
        Standing::Online => t.online.to_owned(),
        Standing::Connecting => t.connecting.to_owned(),
        Standing::Restarting => t.restarting.to_owned(),
        Standing::Idle { .. } => t.offline.to_owned(),
        Standing::Failed { problem, .. } => Words::of(problem, text).what,
        Standing::Waiting { retry, .. } => match seconds_until(*retry, now) {
            0 => t.connecting.to_owned(),
            seconds => t.retry_in.of(seconds),
        },
    }
}

/// Beside the status: why.
fn explanation(standing: &Standing, text: &Texts) -> Option<AnyView> {
    let words = match standing {
        Standing::Waiting { problem, .. } => Words::of(problem, text).what,
        Standing::Failed { problem, .. } => failed(problem, text),
        _ => return None,
    };
    (!words.is_empty()).then(|| view! { <span>{words}</span> }.into_any())
}

/// What to do next. At a log-in the user could confirm that a weaker way will do.
fn failed(problem: &Problem, text: &Texts) -> String {
    let next = Words::of(problem, text).next;
    match problem {
        Problem::Downgrade => [&*next, " ", text.shell.changed_on_purpose].concat(),
        _ => next,
    }
}

/// What can be done about it, for which account.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Offer {
    Retry(AccountId),
    Connect(AccountId),
    Password(AccountId),
}

impl Offer {
    fn of(standing: &Standing) -> Option<Self> {
        Some(match standing {
            Standing::Idle { account } => Self::Connect(*account),
            Standing::Failed { account, problem } if needs_password(problem) => {
                Self::Password(*account)
            }
            Standing::Waiting { account, .. } | Standing::Failed { account, .. } => {
                Self::Retry(*account)
            }
            Standing::Online | Standing::Connecting | Standing::Restarting => return None,
        })
    }
}

fn action(handle: Handle, offer: Offer) -> AnyView {
    let text = use_text();
    let (account, words) = match offer {
        Offer::Retry(account) => (account, text.shell.retry_now),
        Offer::Connect(account) => (account, text.shell.connect),
        Offer::Password(account) => return view! { <PasswordAgain account /> }.into_any(),
    };
    let press = move |_| handle.account(account, AccountCommand::Reconnect);
    view! {
        <button type="button" class="button" data-kind="plain" data-size="s" on:click=press>
            <Icon name="retry" size="s" /> {words}
        </button>
    }
    .into_any()
}

/// Whether only a password helps.
fn needs_password(problem: &Problem) -> bool {
    matches!(
        problem,
        Problem::PasswordNeeded
            | Problem::PasswordLost
            | Problem::WrongPassword
            | Problem::CredentialsExpired
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::boundary::change::ServerRow;
    use crate::entity::account::Step;
    use crate::entity::address::Address;
    use crate::entity::presence::OwnPresence;
    use crate::ui::i18n::{Locale, texts};

    fn row(id: u64, connection: Connection) -> AccountRow {
        AccountRow {
            id: AccountId(id),
            address: Address::parse("romeo@example.org").unwrap(),
            connection,
            presence: OwnPresence::default(),
            roster_known: true,
            roster_problem: None,
            server: ServerRow::default(),
        }
    }

    fn of(rows: &[AccountRow]) -> Standing {
        standing(&Engine::Attached, true, rows.iter())
    }

    #[test]
    fn the_worst_account_is_told() {
        let online = row(1, Connection::Online);
        let connecting = row(2, Connection::Connecting(Step::Opening));
        let failed = row(3, Connection::Failed(Problem::WrongPassword));
        assert_eq!(of(std::slice::from_ref(&online)), Standing::Online);
        assert_eq!(
            of(&[online.clone(), connecting.clone()]),
            Standing::Connecting
        );
        let all = of(&[failed, online, connecting]);
        assert_eq!(all.state(), "failed");
        assert!(matches!(
            all,
            Standing::Failed {
                account: AccountId(3),
                ..
            }
        ));
    }

    #[test]
    fn an_engine_that_is_started_anew_comes_first() {
        let rows = [row(1, Connection::Online)];
        assert_eq!(
            standing(&Engine::Restarting, true, rows.iter()),
            Standing::Restarting
        );
        assert_eq!(
            standing(&Engine::Attaching, false, rows.iter()),
            Standing::Connecting
        );
    }

    #[test]
    fn the_wait_is_counted_down_and_never_says_nought() {
        let texts = texts(Locale::En);
        let waiting = Standing::Waiting {
            account: AccountId(1),
            problem: Problem::ConnectionLost,
            retry: Timestamp(10_000),
        };
        let at = |now| words(&waiting, Timestamp(now), texts);
        assert_eq!(at(5_000), "Offline, retrying in 5 s");
        assert_eq!(at(9_999), "Offline, retrying in 1 s");
        assert_eq!(at(10_001), "Connecting…");
        assert_eq!(words(&Standing::Online, Timestamp(0), texts), "Online");
    }
}
