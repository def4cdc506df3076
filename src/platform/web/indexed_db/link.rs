//! The connection to one database: opened when needed, given up when another build wants it, and opened anew
//! when the browser took it away.
//!
//! **Invariant:** nobody waits for ever. A transaction that does not come to its end, because one of another window does not,
//! is given up; what was asked for of that kind may happen all the same, but before all that is asked for after it.
//!
//! **Invariant:** a database that was open and is removed, by a person or by the browser, is not made anew: what somebody has
//! cleared away is not written once more behind their back.

use std::cell::{Cell, RefCell};
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use futures::channel::oneshot;
use futures::future::{Either, select};
use futures::lock::Mutex;
use indexed_db_futures::database::Database;
use indexed_db_futures::error::{DomException, Error, OpenDbError};
use indexed_db_futures::internals::SystemRepr;
use indexed_db_futures::prelude::*;
use indexed_db_futures::transaction::TransactionMode;
use js_sys::Reflect;
use wasm_bindgen::prelude::*;

use super::layout::{Step, layout_of};
use crate::platform::web::timer::sleep;
use crate::store::StoreError;

/// How long opening may take: some browsers never answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// How long opening may take in all when another window still holds an older version.
const PATIENCE_BLOCKED: Duration = Duration::from_secs(5);

/// How long a transaction may take that does not write much.
pub(super) const PATIENCE_WORK: Duration = Duration::from_secs(10);

/// The connection to one database.
pub(super) struct Link {
    name: String,
    version: u32,
    steps: &'static [Step],
    state: Rc<State>,
    opening: Mutex<()>,
}

#[derive(Default)]
struct State {
    open: RefCell<Option<Open>>,
    /// Why it stays closed.
    gone: RefCell<Option<StoreError>>,
    /// It was open: there is a database.
    is_made: Cell<bool>,
    /// A transaction was given up, and the database has answered nothing since.
    is_stuck: Cell<bool>,
}

struct Open {
    database: Database,
    _on_close: Closure<dyn FnMut()>,
    _on_version_change: Closure<dyn FnMut(JsValue)>,
}

impl State {
    fn close(&self) {
        if let Some(open) = self.open.borrow_mut().take() {
            // The closures live until the browser has let go of them.
            open.database.as_sys().set_onclose(None);
            open.database.as_sys().set_onversionchange(None);
            open.database.close();
        }
    }

    fn give_up(&self, why: StoreError) {
        *self.gone.borrow_mut() = Some(why);
        self.close();
    }
}

impl Drop for State {
    fn drop(&mut self) {
        self.close();
    }
}

impl Link {
    /// The database of this name: of this version, which these steps lead to.
    pub(super) fn new(name: String, version: u32, steps: &'static [Step]) -> Self {
        Self {
            name,
            version,
            steps,
            state: Rc::default(),
            opening: Mutex::new(()),
        }
    }

    /// Works on the database; once more if the browser took the connection away meanwhile.
    pub(super) async fn with<T>(
        &self,
        work: impl AsyncFn(&Database) -> Result<T, Error>,
    ) -> Result<T, StoreError> {
        self.within(PATIENCE_WORK, work).await
    }

    /// Works on the database, for so long at most.
    pub(super) async fn within<T>(
        &self,
        patience: Duration,
        work: impl AsyncFn(&Database) -> Result<T, Error>,
    ) -> Result<T, StoreError> {
        let database = self.database().await?;
        match self.wait(patience, &database, work(&database)).await? {
            Err(error) if is_lost(&error) => {
                tracing::warn!("the connection to a database was lost");
                self.state.close();
                let database = self.database().await?;
                let again = self.wait(patience, &database, work(&database));
                again.await?.map_err(into_store_error)
            }
            result => result.map_err(into_store_error),
        }
    }

    /// Waits for work, but not for ever; and not at all while the database answers nobody.
    async fn wait<T>(
        &self,
        patience: Duration,
        database: &Database,
        work: impl Future<Output = T>,
    ) -> Result<T, StoreError> {
        if self.state.is_stuck.get() {
            return Err(unavailable("a transaction does not end"));
        }
        match select(pin!(work), pin!(awake(patience))).await {
            Either::Left((done, _)) => Ok(done),
            Either::Right(_) => {
                tracing::warn!("a transaction does not end");
                self.leave_alone(database.clone());
                Err(unavailable("a transaction does not end"))
            }
        }
    }

    /// Nothing more is asked of the database until it answers.
    fn leave_alone(&self, database: Database) {
        if self.state.is_stuck.replace(true) {
            return;
        }
        let state = Rc::downgrade(&self.state);
        wasm_bindgen_futures::spawn_local(async move {
            if let Err(error) = answers(&database).await {
                // Whoever works on it next is told, too.
                tracing::debug!(%error, "a database cannot be asked");
            }
            if let Some(state) = state.upgrade() {
                state.is_stuck.set(false);
            }
        });
    }

    /// The open database.
    pub(super) async fn database(&self) -> Result<Database, StoreError> {
        let _turn = self.opening.lock().await;
        if let Some(why) = &*self.state.gone.borrow() {
            return Err(why.clone());
        }
        if let Some(open) = &*self.state.open.borrow() {
            return Ok(open.database.clone());
        }
        let is_made = self.state.is_made.get();
        let database = match open(&self.name, self.version, self.steps, is_made).await {
            Ok(database) => database,
            Err(error) => {
                if error == StoreError::Removed {
                    self.state.give_up(error.clone());
                }
                return Err(error);
            }
        };
        self.state.is_made.set(true);
        let state = Rc::downgrade(&self.state);
        let on_close = Closure::new(move || {
            if let Some(state) = state.upgrade() {
                tracing::warn!("the browser closed a database");
                defer(move || state.close());
            }
        });
        let state = Rc::downgrade(&self.state);
        let on_version_change = Closure::new(move |event: JsValue| {
            if let Some(state) = state.upgrade() {
                let version = Reflect::get(&event, &"newVersion".into());
                let why = if version.is_ok_and(|version| version.is_null()) {
                    StoreError::Removed
                } else {
                    unavailable("another window wants the database")
                };
                defer(move || state.give_up(why));
            }
        });
        let raw = database.as_sys();
        raw.set_onclose(Some(on_close.as_ref().unchecked_ref()));
        raw.set_onversionchange(Some(on_version_change.as_ref().unchecked_ref()));
        *self.state.open.borrow_mut() = Some(Open {
            database: database.clone(),
            _on_close: on_close,
            _on_version_change: on_version_change,
        });
        Ok(database)
    }

    /// Closes for good, and destroys the database.
    pub(super) async fn destroy(&self) -> Result<(), StoreError> {
        let _turn = self.opening.lock().await;
        self.state.give_up(unavailable("erased"));
        destroy(&self.name).await
    }
}

/// Destroys a database by its name. It is done when the browser says so; other windows are given some time to let go.
pub(super) async fn destroy(name: &str) -> Result<(), StoreError> {
    let request = Database::delete_by_name(name).map_err(into_open_error)?;
    match select(request, Box::pin(sleep(PATIENCE_BLOCKED))).await {
        Either::Left((result, _)) => result.map_err(into_store_error),
        Either::Right(_) => Err(unavailable("another window holds the database")),
    }
}

/// Comes to its end when everything has that was begun in the database before, by whomever.
pub(super) async fn answers(database: &Database) -> Result<(), Error> {
    let tables: Vec<String> = database.object_store_names().collect();
    let Some(first) = tables.first() else {
        return Ok(());
    };
    let transaction = database
        .transaction(tables.as_slice())
        .with_mode(TransactionMode::Readwrite)
        .build()?;
    let table = transaction.object_store(first)?;
    let asked = table.get::<JsValue, _, _>(u32::MAX).primitive()?;
    asked.await?;
    Ok(())
}

/// Ends after that time, not counting what the machine sleeps meanwhile.
async fn awake(time: Duration) {
    const STEP: Duration = Duration::from_secs(1);
    let mut left = time;
    while !left.is_zero() {
        sleep(left.min(STEP)).await;
        left = left.saturating_sub(STEP);
    }
}

/// Runs a callback after the event that is being handled: a closure must not drop itself.
fn defer(callback: impl FnOnce() + 'static) {
    wasm_bindgen_futures::spawn_local(async move { callback() });
}

/// Opens a database; one that was there before (`is_made`) is not made.
async fn open(
    name: &str,
    version: u32,
    steps: &'static [Step],
    is_made: bool,
) -> Result<Database, StoreError> {
    let removed = Rc::new(Cell::new(false));
    let is_removed = Rc::clone(&removed);
    let blocked = Rc::new(Cell::new(false));
    let on_blocked = {
        let blocked = Rc::clone(&blocked);
        move |_| {
            blocked.set(true);
            Ok(())
        }
    };
    let request = Database::open(name)
        .with_version(version)
        .with_on_blocked(on_blocked)
        .with_on_upgrade_needed(move |event, database| {
            // A version is a small whole number; a new database has version 0.
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            let old = event.old_version() as u32;
            if old == 0 && is_made {
                removed.set(true);
                // So nothing comes of it.
                return Err(JsValue::NULL.into());
            }
            let mut steps = steps.iter().skip(layout_of(old));
            steps.try_for_each(|step| step(&database))
        })
        .build()
        .map_err(into_open_error)?;

    let (found, opened) = oneshot::channel();
    wasm_bindgen_futures::spawn_local(async move {
        // Whoever waited may have given up: then nobody may keep the connection.
        if let Err(Ok(database)) = found.send(request.await) {
            database.close();
        }
    });
    let patience = async {
        sleep(PATIENCE).await;
        if blocked.get() {
            sleep(PATIENCE_BLOCKED.saturating_sub(PATIENCE)).await;
        }
    };
    match select(opened, Box::pin(patience)).await {
        Either::Left((Ok(Err(_)), _)) if is_removed.get() => Err(StoreError::Removed),
        Either::Left((Ok(result), _)) => result.map_err(into_open_error),
        Either::Left((Err(_), _)) => Err(unavailable("opening was given up")),
        Either::Right(_) if blocked.get() => Err(unavailable("another window holds the database")),
        Either::Right(_) => Err(unavailable("the browser does not open the database")),
    }
}

fn unavailable(why: &str) -> StoreError {
    StoreError::Unavailable(why.to_owned())
}

/// Whether the connection itself is gone, not only what was asked of it.
fn is_lost(error: &Error) -> bool {
    matches!(
        error,
        Error::DomException(DomException::InvalidStateError(_) | DomException::AbortError(_))
    ) || name_of(error).as_deref() == Some("UnknownError")
}

fn name_of(error: &Error) -> Option<String> {
    match error {
        Error::DomException(exception) => Some(exception.as_sys().name()),
        _ => None,
    }
}

fn into_open_error(error: OpenDbError) -> StoreError {
    match error {
        OpenDbError::Base(error) => into_store_error(error),
        // What the library calls "version zero" is any refusal to open: a browser that keeps nothing. Its own words would
        // bring the arithmetic to write fractions.
        _ => unavailable("no database can be opened"),
    }
}

/// What a failure of IndexedDB means to us.
pub(super) fn into_store_error(error: Error) -> StoreError {
    match name_of(&error).as_deref() {
        Some("QuotaExceededError") => StoreError::Full,
        Some("VersionError") => StoreError::Newer,
        Some(name) => unavailable(name),
        None => unavailable("unexpected answer"),
    }
}
