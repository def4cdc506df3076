//! Where things are: the project, what it builds, and what a run leaves behind.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

/// The project's top folder.
#[must_use]
pub fn root() -> PathBuf {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    here.parent().map(PathBuf::from).unwrap_or(here)
}

/// Cargo's target folder.
#[must_use]
pub fn target() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(dir) => root().join(dir),
        None => root().join("target"),
    }
}

/// The built site.
#[must_use]
pub fn dist() -> PathBuf {
    root().join("dist")
}

/// The folder of these commands below the target folder: downloads, stamps, servers' data.
#[must_use]
pub fn work() -> PathBuf {
    target().join("waxwing")
}

/// A folder name that no other instance of this process or of another one has.
#[must_use]
pub fn fresh(name: &str) -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    work().join(format!("{name}-{}-{number}", std::process::id()))
}
