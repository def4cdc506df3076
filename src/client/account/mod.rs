//! One account: its engine, its store, its way to the server, and the loop that drives them.
//!
//! **Invariant:** one `handle`, then drain. Per drain: commit what must survive, then transmit, then publish. All that
//! waits is handled in one turn and committed as one batch.
//!
//! | file | what it does |
//! |---|---|
//! | `mod.rs` | the loop: wait, take all that waits, one turn |
//! | `beginning.rs` | what an account begins with: its record, what is stored, a log-in |
//! | `turn.rs` | one turn: inputs → facts → batch → commit → transmit → publish |
//! | `fold.rs` | facts, made final (no doubles, places given), into batch and model |
//! | `merging.rs` | what the archive has, merged with what is stored |
//! | `session.rs` | attempts, log-in, the end of sessions, logging out |
//! | `reconnect.rs` | when the next attempt is, and when a connection is doubted |
//! | `commands.rs` | the user's wishes; `outbox.rs`: messages on their way out |
//! | `disk.rs` | what is written, and what is done when the disk fails |
//! | `past.rs` | a disk that could be opened only later: what it holds is learnt |
//! | `history.rs` | windows and unread counts; `asking.rs`: history that the archive is asked for |
//! | `displayed.rs` | how far was read here is told to the account, and what it says of other devices is heeded |
//! | `dates.rs` | a date that somebody wants to see |
//! | `gaps.rs` | gaps of a conversation, filled when somebody sees them |
//! | `catch_up.rs` | pages of what was missed, merged with what is stored |

mod asking;
mod beginning;
mod catch_up;
mod commands;
mod dates;
mod disk;
mod displayed;
mod fold;
mod gaps;
mod history;
mod live;
mod mending;
mod merging;
mod outbox;
mod pace;
mod past;
mod reading;
mod reconnect;
mod session;
mod turn;
mod untold;

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use futures::channel::mpsc::{UnboundedReceiver, UnboundedSender};
use futures::future::{Either, select};
use futures::{FutureExt, StreamExt};
use rand_chacha::ChaCha8Rng;

use crate::boundary::command::{AccountCommand, TimelineRequest, Toward};
use crate::entity::address::Address;
use crate::entity::endpoint::Endpoint;
use crate::entity::id::{AccountId, ItemId, RequestId};
use crate::entity::message::{Message, Position};
use crate::entity::problem::Problem;
use crate::entity::secret::Secret;
use crate::entity::time::{Instant, Timestamp};
use crate::model::Model;
use crate::model::timeline::Watch;
use crate::store::{AccountRecord, Depot, Store};
use crate::xmpp::engine::Engine;

pub(super) use self::beginning::{Beginning, Login, Opened};
use self::pace::Pace;
pub(super) use self::reconnect::SLEPT;
use super::backoff::Backoff;
use super::breaker::Breaker;
use super::hub::{Asker, Hub};
use super::link::{Link, Report};
use super::log::Log;
use super::merge::Seen;
use super::ports::{PageId, Ports};

/// How many inputs one turn takes at most: the first of a flood are shown before the last are read.
const MOST: usize = 512;

/// What an account is asked to do.
pub(super) enum ToAccount {
    /// A command.
    Do(Asker, AccountCommand),
    /// A log-in with an address that is known here, but waits for its password.
    LogIn(Asker, Secret),
    /// A page watches a window.
    Watch(Watch, TimelineRequest),
    /// A page wants more of a window.
    Extend(Watch, Toward),
    /// A page wants what is missing in a gap of a window.
    Fill(Watch, ItemId, Toward),
    /// A page does not watch that window any more.
    Unwatch(Watch),
    /// A page is gone.
    PageGone(PageId),
    /// The network came or went.
    Network(bool),
    /// Somebody looks at a page again.
    Seen,
    /// The machine slept: whoever is awake looks at the clock.
    Woke,
    /// Nobody is there since then, or somebody is back.
    Idle(Option<Timestamp>),
    /// Somebody looks at a page, or nobody has for a while.
    Looked(bool),
    /// The log-in is given up.
    CancelLogIn,
    /// Another engine takes over: everything is stored, and the session ended.
    Retire,
    /// The disk was opened, or could not be.
    Disk,
    /// The device could not be read when the account began, and can be now: what is kept there, and what it knows of us.
    Device(Rc<dyn Depot>, Option<AccountRecord>),
    /// From the way to the server.
    Link(Report),
}

/// What an account tells the client.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum FromAccount {
    /// Logged in for the first time: from now on the pages see it.
    LoggedIn(AccountId),
    /// That log-in failed; nothing of it is left.
    LogInFailed(AccountId, Asker),
    /// Logged out.
    LoggedOut {
        /// Which.
        id: AccountId,
        /// What is kept of it, if anything.
        kept: Option<AccountRecord>,
        /// The device was never read, and what it has of the account is still there.
        unread: bool,
    },
    /// The disk failed, or works again (`None`).
    Disk(AccountId, Option<Problem>),
    /// Everything is stored, and the session ended.
    Retired(AccountId),
}

/// What the client holds of an account.
pub(super) struct Handle {
    pub(super) address: Option<Address>,
    pub(super) model: Rc<RefCell<Model>>,
    /// The pages see it: it was logged in at least once.
    pub(super) visible: Rc<Cell<bool>>,
    inbox: UnboundedSender<ToAccount>,
}

impl Handle {
    pub(super) fn send(&self, input: ToAccount) {
        // An account that is over hears nothing more.
        let _ = self.inbox.unbounded_send(input);
    }
}

/// What accounts share with the client.
#[derive(Clone)]
pub(super) struct Surroundings {
    pub(super) ports: Ports,
    pub(super) hub: Rc<Hub>,
    pub(super) log: Log,
    pub(super) up: Rc<dyn Fn(FromAccount)>,
    pub(super) breaker: Rc<Breaker>,
    pub(super) language: Option<String>,
}

/// One account.
pub(super) struct Account {
    around: Surroundings,
    inbox: UnboundedReceiver<ToAccount>,
    /// The other end of that.
    to_us: UnboundedSender<ToAccount>,
    id: AccountId,
    record: AccountRecord,
    /// Kept keys, whether or not they may be stored.
    keys: Option<Vec<u8>>,
    stay: bool,
    anonymous: bool,
    /// The store was made by this log-in.
    fresh: bool,
    /// That store is open.
    opened: bool,
    store: Rc<dyn Store>,
    failed: Option<disk::Failed>,
    past: past::Past,
    /// What was said while the disk had never been read.
    blind: past::Blind,
    model: Rc<RefCell<Model>>,
    visible: Rc<Cell<bool>>,
    engine: Engine,
    link: Link,
    phase: Phase,
    backoff: Backoff,
    /// Where the server wants the session to be taken up again, and whether that was tried since it was cut.
    location: Option<(Endpoint, bool)>,
    /// Until then, a connection that turns out to be lost is tried again at once.
    eager: Option<Instant>,
    network: bool,
    /// A page is seen, and nobody is there to see it.
    is_looked_at: bool,
    is_idle: bool,
    /// The difference between wall clock and monotonic clock: a jump tells that the machine slept.
    drift: i64,
    answers: HashMap<RequestId, Asker>,
    last_request: u32,
    random: ChaCha8Rng,
    seen: Seen,
    outbox: HashMap<ItemId, Message>,
    /// What somebody has deleted: a page that has not heard of it may still ask for it.
    deleted: HashSet<ItemId>,
    composed: u64,
    asking: HashMap<Address, u32>,
    /// Somebody waits for history that is not asked for before catch-up is done.
    is_behind: bool,
    /// In this session, our account has said that it has an archive.
    is_archived: bool,
    /// Where the archive has forgotten a place of a conversation in this session; up to when it is asked instead, if nothing
    /// came of its newest page.
    forgotten: HashMap<Address, Option<Timestamp>>,
    /// Of these conversations, the page of history that is under way was asked for at an end that is none any more.
    shortened: HashSet<Address>,
    recount: HashSet<Address>,
    /// Messages of these have other places: the latest may be another one.
    moved: HashSet<Address>,
    /// Where the last message stands that came in this session, in each conversation; and whether the session was cut, so that
    /// what comes in it was perhaps sent before.
    streamed: HashMap<Address, Position>,
    resumed: bool,
    untold: untold::Untold,
    ahead: catch_up::Ahead,
    /// The newest place of what the pages of catch-up of this engine held, in each conversation.
    caught_up: HashMap<Address, Position>,
    /// The oldest places of what is known above the gap that catch-up fills.
    span: catch_up::Span,
    fills: gaps::Fills,
    displayed: displayed::Displayed,
    /// When pages are told, unless somebody waits for an answer.
    pace: Pace,
    /// Another engine takes over: there is no attempt after this session.
    retiring: bool,
    over: bool,
}

/// How it stands between account and server.
#[derive(Debug)]
enum Phase {
    /// The first log-in; its failure ends the account.
    LoggingIn(Asker),
    /// On the way to a session.
    Connecting { asker: Option<Asker> },
    /// In a session.
    Online,
    /// Waiting for the next attempt.
    Waiting(Instant),
    /// Waiting for the user.
    Stopped,
}

impl Account {
    /// Drives the account until it is logged out, its log-in fails, or another engine takes over.
    pub(super) async fn run(mut self) {
        let now = self.now();
        self.drift = drift(now);
        if self.visible.get() && self.keys.is_none() {
            // The password was nowhere but in an engine that died.
            self.stop(Problem::PasswordLost);
        } else {
            self.attempt(now);
        }
        self.publish(now);
        while !self.over {
            let inputs = self.wait().await;
            self.turn(inputs).await;
            self.around.hub.flush_log();
            // Until the server has said its last word: what it says until then is stored, too.
            self.over |= self.retiring && self.link.is_down();
        }
        if self.retiring {
            (self.around.up)(FromAccount::Retired(self.id));
        }
    }

    /// Waits for something to do, and takes all that waits.
    async fn wait(&mut self) -> Vec<ToAccount> {
        let mut inputs = Vec::new();
        let deadline = self.deadline();
        let first = self.inbox.next();
        match deadline {
            Some(at) => {
                let sleep = self.around.ports.timer.sleep_until(at);
                if let Either::Left((input, _)) = select(first, sleep).await {
                    inputs.extend(input);
                }
            }
            None => inputs.extend(first.await),
        }
        let most = if self.around.breaker.is_careful() {
            1
        } else {
            MOST
        };
        while inputs.len() < most {
            match self.inbox.next().now_or_never().flatten() {
                Some(input) => inputs.push(input),
                None => break,
            }
        }
        inputs
    }

    /// The next moment at which something is due by itself.
    fn deadline(&self) -> Option<Instant> {
        let engine = self.engine.poll_timeout().map(|(at, _)| at);
        let retry = match self.phase {
            Phase::Waiting(at) => Some(at),
            _ => None,
        };
        let (publish, displayed) = (self.pace.timeout(), self.displayed.poll_timeout());
        let (disk, link) = (self.disk_timeout(), self.link.poll_timeout());
        [engine, retry, publish, displayed, disk, link]
            .into_iter()
            .flatten()
            .min()
    }

    fn now(&self) -> Instant {
        self.around.ports.clock.now()
    }
}

/// How far the wall clock is ahead of the monotonic one, in milliseconds.
pub(super) fn drift(now: Instant) -> i64 {
    let monotonic = i64::try_from(now.monotonic.as_millis()).unwrap_or(i64::MAX);
    now.wall.0.saturating_sub(monotonic)
}
