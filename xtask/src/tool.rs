//! Other programs: run with their output shown, or quietly with its end shown when they fail.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::error::{Context, Error, Result};

/// Says what is being done, in one line.
pub fn say(what: impl std::fmt::Display) {
    eprintln!("  {what}");
}

/// Runs a program whose output the reader sees.
///
/// # Errors
/// When it cannot be started or fails.
pub fn run(command: &mut Command) -> Result<()> {
    let line = line(command);
    let status = command
        .stdin(Stdio::null())
        .status()
        .context(|| format!("start `{line}`"))?;
    if status.success() {
        return Ok(());
    }
    Err(Error::Command {
        command: line,
        status: status.to_string(),
        tail: String::new(),
    })
}

/// Runs a program and returns what it wrote to its standard output.
///
/// # Errors
/// When it cannot be started or fails; then with the end of its output.
pub fn quiet(command: &mut Command) -> Result<String> {
    let line = line(command);
    let output = command
        .stdin(Stdio::null())
        .output()
        .context(|| format!("start `{line}`"))?;
    let out = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(out);
    }
    let all = format!("{out}{}", String::from_utf8_lossy(&output.stderr));
    let mut last: Vec<&str> = all.lines().rev().take(30).collect();
    last.reverse();
    Err(Error::Command {
        command: line,
        status: output.status.to_string(),
        tail: format!("\n{}", last.join("\n")),
    })
}

/// Cargo, as it was called for this program.
#[must_use]
pub fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(crate::paths::root());
    // `cargo run` sets these for us; in a nested build they would only cause rebuilds.
    for name in [
        "CARGO_MANIFEST_DIR",
        "CARGO_MANIFEST_PATH",
        "CARGO_PKG_NAME",
        "CARGO_PKG_VERSION",
    ] {
        command.env_remove(name);
    }
    command
}

/// Does something, and says how long it took.
///
/// # Errors
/// Those of `work`.
pub fn timed<T>(what: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let start = Instant::now();
    let result = work()?;
    say(format!("{what} ({})", duration(start.elapsed())));
    Ok(result)
}

/// A duration for people: `0.4 s`, `12 s`, `3 min 20 s`.
#[must_use]
pub fn duration(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..10 => format!("{:.1} s", time.as_secs_f32()),
        10..60 => format!("{seconds} s"),
        _ => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}

fn line(command: &Command) -> String {
    let mut line = command.get_program().to_string_lossy().into_owned();
    for argument in command.get_args() {
        line.push(' ');
        line.push_str(&argument.to_string_lossy());
    }
    line
}
