//! `cargo xtask demo`: a server full of people, and the site, in one command.

use crate::error::{Context, Result};

/// Waits for Ctrl-C, a polite kill, or the terminal's end.
///
/// # Errors
/// When the system's signals cannot be had.
pub fn wait_for_the_end() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context(|| "start the main loop".into())?;
    runtime.block_on(end())
}

/// The moment when the process is asked to end.
async fn end() -> Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let what = || "listen to signals".to_owned();
    let mut interrupt = signal(SignalKind::interrupt()).context(what)?;
    let mut terminate = signal(SignalKind::terminate()).context(what)?;
    let mut hangup = signal(SignalKind::hangup()).context(what)?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        _ = hangup.recv() => {}
    }
    Ok(())
}
