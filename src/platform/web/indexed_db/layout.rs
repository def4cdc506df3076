//! The layout of the databases, and the steps from each version to the next.
//!
//! An account's tables:
//!
//! | table | key | value | index |
//! |---|---|---|---|
//! | `messages` | conversation, item | `{v: record, p: place, n: names, o: moment}` | `place`: newest first; `names`; `outbox`: only what is being sent |
//! | `conversations` | address | record | |
//! | `roster` | number | record of a chunk | |
//! | `caps` | `hash` + `ver` | record | |
//! | `meta` | `roster`, `presence`, `cursor`, `gaps` | record | |
//! | | `trusted` | anything, as long as conversations say truly where their history ends | |

use indexed_db_futures::KeyPath;
use indexed_db_futures::database::Database;
use indexed_db_futures::error::Error;
use indexed_db_futures::prelude::*;
use wasm_bindgen::JsValue;

use crate::store::schema::{RECORD, SCHEMA};

pub(super) const MESSAGES: &str = "messages";
pub(super) const CONVERSATIONS: &str = "conversations";
pub(super) const ROSTER: &str = "roster";
pub(super) const CAPS: &str = "caps";
pub(super) const META: &str = "meta";

/// The key of our own presence in [`META`].
pub(super) const PRESENCE: &str = "presence";
/// The key of the cursor in [`META`]; databases of builds that did not catch up have none.
pub(super) const CURSOR: &str = "cursor";
/// The key of the gaps in [`META`]; databases of builds that knew none have none.
pub(super) const GAPS: &str = "gaps";

/// The key in [`META`] that is there unless messages were removed to make room; databases of builds that removed none, and
/// so had none, are looked through once.
pub(super) const TRUSTED: &str = "trusted";

pub(super) const BY_PLACE: &str = "place";
pub(super) const BY_NAME: &str = "names";
pub(super) const OUTBOX: &str = "outbox";

pub(super) const ACCOUNTS: &str = "accounts";
pub(super) const DEVICE: &str = "device";

/// How many versions of records there are to one of the layout, in the version of a database.
const RECORDS: u32 = 256;

/// The version that the browser is told: of layout and records both, so that it opens nothing to an older build that would
/// skip the newer of either, or write over them. The first builds told it the layout alone.
pub(super) fn version() -> u32 {
    SCHEMA * RECORDS + u32::from(RECORD)
}

/// The layout of a database of this version; 0 if there was none.
pub(super) fn layout_of(version: u32) -> usize {
    let layout = if version < RECORDS {
        version
    } else {
        version / RECORDS
    };
    usize::try_from(layout).unwrap_or(usize::MAX)
}

/// One step from a version of a layout to the next.
pub(super) type Step = fn(&Database) -> Result<(), Error>;

/// The steps of an account's database; the first one makes version 1 of nothing.
pub(super) const ACCOUNT: [Step; SCHEMA as usize] = [account_1];

/// The steps of the device's database.
pub(super) const DEVICE_STEPS: [Step; SCHEMA as usize] = [device_1];

fn account_1(database: &Database) -> Result<(), Error> {
    let messages = database.create_object_store(MESSAGES).build()?;
    messages.create_index(BY_PLACE, KeyPath::One("p")).build()?;
    messages
        .create_index(BY_NAME, KeyPath::One("n"))
        .with_multi_entry(true)
        .build()?;
    messages.create_index(OUTBOX, KeyPath::One("o")).build()?;
    for table in [CONVERSATIONS, ROSTER, CAPS] {
        database.create_object_store(table).build()?;
    }
    let meta = database.create_object_store(META).build()?;
    let trusted = meta.put(JsValue::TRUE).with_key(TRUSTED);
    trusted.without_key_type().primitive()?;
    Ok(())
}

fn device_1(database: &Database) -> Result<(), Error> {
    database.create_object_store(ACCOUNTS).build()?;
    database.create_object_store(DEVICE).build()?;
    Ok(())
}
