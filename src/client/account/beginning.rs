//! What an account begins with: its record, what is stored of it, and perhaps a log-in.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use std::time::Duration;

use futures::channel::mpsc::unbounded;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::client::agent::agent;
use crate::client::backoff::Backoff;
use crate::client::hub::Asker;
use crate::client::link::Link;
use crate::client::merge::Seen;
use crate::entity::archive::Cursor;
use crate::entity::conversation::Conversation;
use crate::entity::id::ItemId;
use crate::entity::message::Message;
use crate::entity::secret::Secret;
use crate::model::{self, Model};
use crate::store::memory::MemoryStore;
use crate::store::{self, AccountRecord, Store, StoreError};
use crate::xmpp::engine::{Credentials, Engine, Purpose, Settings, Snapshot};

use super::pace::Pace;
use super::{
    Account, Handle, Phase, Surroundings, ToAccount, catch_up, displayed, gaps, past, untold,
};

/// How far the clocks of server and client may differ: by a day and a zone.
pub(super) const SKEW: Duration = Duration::from_secs(26 * 3600);

/// What an account is made of.
pub(in crate::client) struct Beginning {
    pub(in crate::client) record: AccountRecord,
    pub(in crate::client) login: Option<Login>,
    /// The account's store, if there is one already.
    pub(in crate::client) stored: Option<Opened>,
}

/// A store and what it holds, or why it could not be opened.
pub(in crate::client) type Opened = Result<(Rc<dyn Store>, store::Snapshot), StoreError>;

/// A log-in that has not succeeded yet.
#[derive(Clone, Debug)]
pub(in crate::client) struct Login {
    pub(in crate::client) asker: Asker,
    pub(in crate::client) password: Secret,
    pub(in crate::client) stay: bool,
    pub(in crate::client) anonymous: bool,
}

impl Account {
    /// Makes an account, and what the client holds of it.
    pub(in crate::client) fn new(around: Surroundings, beginning: Beginning) -> (Self, Handle) {
        let Beginning {
            record,
            login,
            stored,
        } = beginning;
        let (sender, inbox) = unbounded();
        let report = {
            let sender = sender.clone();
            Rc::new(move |report| {
                // An account that is over hears nothing more.
                let _ = sender.unbounded_send(ToAccount::Link(report));
            })
        };
        let id = record.id;
        let fresh = stored.is_none();
        let (opened, error) = match stored {
            Some(Ok(opened)) => (Some(opened), None),
            Some(Err(error)) => (None, Some(error)),
            None => (None, None),
        };
        let (store, snapshot) =
            opened.unwrap_or_else(|| (Rc::new(MemoryStore::default()), store::Snapshot::default()));
        let settings = Settings {
            domain: record.address.domain().to_owned(),
            purpose: purpose(&record, login.as_ref()),
            language: around.language.clone(),
        };
        let engine = Engine::new(
            settings,
            of_core(&record, &snapshot),
            around.ports.entropy.seed(),
        );
        let outbox = by_id(&snapshot.outbox);
        let span = catch_up::Span::of(&snapshot.gaps.all);
        let address = record.address.clone();
        let model = Rc::new(RefCell::new(Model::new(id, address, of_model(snapshot))));
        let visible = Rc::new(Cell::new(login.is_none()));
        let anonymous = login.as_ref().is_some_and(|login| login.anonymous);
        let handle = Handle {
            address: (!anonymous).then(|| record.address.clone()),
            model: model.clone(),
            visible: visible.clone(),
            inbox: sender.clone(),
        };
        let mut account = Self {
            link: Link::new(around.ports.clone(), report).known(login.is_none()),
            random: ChaCha8Rng::from_seed(around.ports.entropy.seed()),
            id,
            keys: record.credentials.clone(),
            stay: login
                .as_ref()
                .map_or(record.credentials.is_some(), |login| login.stay),
            anonymous,
            fresh,
            opened: false,
            phase: match login {
                Some(login) => Phase::LoggingIn(login.asker),
                None => Phase::Stopped,
            },
            around,
            inbox,
            to_us: sender,
            record,
            store,
            failed: None,
            past: past::Past::Known,
            blind: past::Blind::default(),
            model,
            visible,
            engine,
            backoff: Backoff::default(),
            location: None,
            eager: None,
            network: true,
            is_looked_at: true,
            is_idle: false,
            drift: 0,
            answers: HashMap::new(),
            last_request: 0,
            seen: Seen::default(),
            outbox,
            deleted: HashSet::new(),
            composed: 0,
            asking: HashMap::new(),
            is_behind: false,
            is_archived: false,
            forgotten: HashMap::new(),
            shortened: HashSet::new(),
            recount: HashSet::new(),
            moved: HashSet::new(),
            streamed: HashMap::new(),
            resumed: false,
            untold: untold::Untold::default(),
            ahead: catch_up::Ahead::default(),
            caught_up: HashMap::new(),
            span,
            fills: gaps::Fills::default(),
            displayed: displayed::Displayed::default(),
            pace: Pace::default(),
            retiring: false,
            over: false,
        };
        if let Some(error) = error {
            account.begin_blind(&error);
        }
        (account, handle)
    }
}

/// What the core begins with.
pub(super) fn of_core(record: &AccountRecord, stored: &store::Snapshot) -> Snapshot {
    let roster = stored.roster.clone();
    Snapshot {
        roster: roster.map(|roster| (roster.contacts, roster.version)),
        mechanism: record.mechanism.clone(),
        agent: Some(agent(record.id)),
        caps: stored.caps.clone(),
        outbox: stored.outbox.clone(),
        presence: stored.presence.clone(),
        cursor: stored.cursor.clone().or_else(|| cursor_of(stored)),
        reach: stored.gaps.all.clone(),
    }
}

/// Where conversations are stored and no cursor is: what came after the one that rested longest was never asked for as a
/// whole. Where the clocks differ, some comes twice, and is known.
fn cursor_of(stored: &store::Snapshot) -> Option<Cursor> {
    let latest = |known: &Conversation| known.latest.as_ref().map(|latest| latest.time);
    let first = stored.conversations.iter().filter_map(latest).min()?;
    Some(Cursor {
        id: None,
        time: first - SKEW,
    })
}

/// What the model begins with.
pub(super) fn of_model(stored: store::Snapshot) -> model::Stored {
    model::Stored {
        roster: stored.roster.map(|roster| roster.contacts),
        conversations: stored.conversations,
        presence: stored.presence,
        gaps: stored.gaps,
    }
}

/// Messages by what they are called here.
pub(super) fn by_id(messages: &[Message]) -> HashMap<ItemId, Message> {
    let own = messages.iter().map(|message| (message.id, message.clone()));
    own.collect()
}

fn purpose(record: &AccountRecord, login: Option<&Login>) -> Purpose {
    match login {
        Some(login) if login.anonymous => Purpose::Anonymous,
        Some(login) => Purpose::Session {
            address: record.address.clone(),
            credentials: Credentials::Password(login.password.clone()),
        },
        None => Purpose::Session {
            address: record.address.clone(),
            credentials: match &record.credentials {
                Some(keys) => Credentials::Kept(keys.clone()),
                None => Credentials::None,
            },
        },
    }
}
