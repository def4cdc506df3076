//! Web Locks: how pages learn that the engine died, and how one tab keeps another from starting a second one.
//!
//! | lock | who holds it | who waits for it |
//! |---|---|---|
//! | the engine's, one per build and address | its loader (`public/engine-loader.js`), from before its first word to a page until it dies, whatever it dies of | the pages to which it told the lock's name: they learn of the death at once |
//! | [`DATABASE_LOCK`] | the engine that runs the accounts, whatever its build and address | another engine, which takes over ([`super::succession`]) |
//! | [`TAB_LOCK`] | the page that runs the engine, where there is no SharedWorker | nobody: other pages ask, or steal it |

use js_sys::{Function, Object, Promise, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

/// Held by the tab that runs the engine, where there is no SharedWorker.
pub const TAB_LOCK: &str = "waxwing-tab";

/// Held by the engine that runs the accounts.
pub const DATABASE_LOCK: &str = "waxwing-database";

#[wasm_bindgen]
extern "C" {
    /// web-sys has Web Locks only as unstable.
    #[wasm_bindgen(extends = Object)]
    type LockManager;
    #[wasm_bindgen(method, catch)]
    fn request(
        this: &LockManager,
        name: &str,
        options: &JsValue,
        held: &Function,
    ) -> Result<Promise, JsValue>;
}

/// How a lock is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    /// After all who asked before, alone.
    Exclusive,
    /// With all others who ask so, after everybody who holds it alone.
    Shared,
    /// At once, or not at all.
    IfAvailable,
    /// At once: who holds it loses it.
    Steal,
}

/// A lock that is held until this is dropped or it is stolen.
pub struct Held {
    release: Function,
    /// Ends when the lock is released, with an error when it was stolen.
    ended: Promise,
}

impl Held {
    /// Ends when the lock is no longer held; true if somebody stole it.
    pub async fn ended(&self) -> bool {
        JsFuture::from(self.ended.clone()).await.is_err()
    }

    /// Keeps it as long as this page or worker lives.
    pub fn for_ever(self) {
        std::mem::forget(self);
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let _nothing = self.release.call0(&JsValue::NULL);
    }
}

/// Why a lock is not held.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NotHeld {
    /// The browser has no Web Locks here (a page that is not a secure context).
    NoLocks,
    /// Somebody else holds it, and it was asked for with [`Mode::IfAvailable`].
    Taken,
}

/// Waits for a lock.
///
/// # Errors
/// See [`NotHeld`].
pub async fn acquire(name: &str, mode: Mode) -> Result<Held, NotHeld> {
    let locks = locks().ok_or(NotHeld::NoLocks)?;
    let options = Object::new();
    let set = |key: &str, value: JsValue| {
        let _always_true = Reflect::set(&options, &key.into(), &value);
    };
    match mode {
        Mode::Exclusive => {}
        Mode::Shared => set("mode", "shared".into()),
        Mode::IfAvailable => set("ifAvailable", JsValue::TRUE),
        Mode::Steal => set("steal", JsValue::TRUE),
    }
    // The callback is called with the lock, or null; the lock is held until the promise that it returns resolves.
    let mut ended = None;
    let granted = Promise::new(&mut |grant, _| {
        let callback = Closure::once_into_js(move |lock: JsValue| -> JsValue {
            let grant = grant.clone();
            if lock.is_null() {
                let _nothing = grant.call1(&JsValue::NULL, &JsValue::NULL);
                return JsValue::UNDEFINED;
            }
            Promise::new(&mut |release, _| {
                let _nothing = grant.call1(&JsValue::NULL, &release);
            })
            .into()
        });
        ended = locks.request(name, &options, callback.unchecked_ref()).ok();
    });
    let Some(ended) = ended else {
        return Err(NotHeld::NoLocks);
    };
    match JsFuture::from(granted).await {
        Ok(release) if release.is_function() => Ok(Held {
            release: release.unchecked_into(),
            ended,
        }),
        _ => Err(NotHeld::Taken),
    }
}

fn locks() -> Option<LockManager> {
    // `navigator` is there in pages and in workers.
    let navigator = Reflect::get(&js_sys::global(), &"navigator".into()).ok()?;
    let locks = Reflect::get(&navigator, &"locks".into()).ok()?;
    locks.is_object().then(|| locks.unchecked_into())
}
