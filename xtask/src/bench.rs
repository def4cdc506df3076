//! `cargo xtask bench`: what the first visit costs over the wire, and how fast the engine is.

use std::fs;

use crate::error::{Context, Result};
use crate::site;
use crate::{paths, tool};

/// Prints the figures.
///
/// # Errors
/// When the site cannot be built, or the benchmark of the engine fails.
pub fn run() -> Result<()> {
    site::build(false)?;
    let (page, engine) = transferred()?;
    println!(
        "over the wire to the login form, brotli           {:>8.1} KB   (budget 90)",
        kilobytes(page)
    );
    println!(
        "over the wire to a usable conversation, brotli    {:>8.1} KB   (budget 400)",
        kilobytes(page + engine)
    );
    println!("engine, native, messages a second                          (budget 200,000)");
    let mut command = tool::cargo();
    // Some processors are slow at what glibc takes for their best comparison of memory; wasm brings its own.
    command
        .args(["bench", "--bench", "engine"])
        .env("GLIBC_TUNABLES", "glibc.cpu.hwcaps=-MOVBE");
    tool::run(&mut command)
}

fn kilobytes(bytes: u64) -> f64 {
    bytes as f64 / 1000.0
}

/// What a first visit transfers: (for the page, for the engine).
fn transferred() -> Result<(u64, u64)> {
    let dist = paths::dist();
    let mut sums = (0, 0);
    for entry in fs::read_dir(&dist).context(|| format!("list {}", dir_name(&dist)))? {
        let entry = entry.context(|| format!("list {}", dir_name(&dist)))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let size = entry
            .metadata()
            .context(|| format!("look at {name}"))?
            .len();
        let Some(name) = name.strip_suffix(".br") else {
            continue;
        };
        if name.starts_with("engine") {
            sums.1 += size;
        } else if !name.starts_with("strength") && name != "emoji.txt" {
            sums.0 += size;
        }
    }
    Ok(sums)
}

fn dir_name(dir: &std::path::Path) -> String {
    dir.display().to_string()
}
