//! The site in `dist/`: built by Trunk, then made fit for any static host under a strict Content-Security-Policy.

mod compress;
mod page;
mod stamp;
mod style;
mod wasm;

use std::path::{Path, PathBuf};
use std::process::Command;

pub use stamp::build_id;

use crate::error::{Context, Error, Result, read, write};
use crate::tool::{self, say};
use crate::{install, paths};

/// Builds the release site, unless `dist/` already holds what the sources say. Returns its id.
///
/// # Errors
/// When a tool is missing, the sources do not compile, or a file cannot be written.
pub fn build(force: bool) -> Result<String> {
    let id = build_id()?;
    let dist = paths::dist();
    let stamp = paths::work().join("dist.build");
    // What somebody else put there (a debug site of Trunk's, say) is not compressed.
    let is_release = dist.join("index.html.br").is_file();
    if !force && is_release && read(&stamp).is_ok_and(|built| built == id) {
        say(format!("dist/ is up to date (build {id})"));
        return Ok(id);
    }
    install::for_build()?;
    std::fs::remove_file(&stamp).ok();
    say(format!("building the release site (build {id})"));
    tool::timed("built", || {
        let mut trunk = Command::new("trunk");
        trunk
            .args(["build", "--release", "--dist"])
            .arg(&dist)
            .current_dir(paths::root())
            .env("PATH", install::path())
            .env("WAXWING_BUILD", &id)
            // Whatever the caller set is for us; Trunk reads only 'true' and 'false' here.
            .env_remove("NO_COLOR")
            .env_remove("TRUNK_STAGING_DIR");
        tool::run(&mut trunk)
    })?;
    tool::timed("made small", || finish(&dist))?;
    write(&stamp, &id)?;
    Ok(id)
}

/// What Trunk calls at the end of each of its builds, with the site in `TRUNK_STAGING_DIR`.
///
/// # Errors
/// When the site or the styles are not as expected.
pub fn post_build() -> Result<()> {
    let Some(staging) = std::env::var_os("TRUNK_STAGING_DIR").map(PathBuf::from) else {
        return Err(Error::Usage(
            "`cargo xtask post-build` is called by Trunk, with TRUNK_STAGING_DIR set".into(),
        ));
    };
    let css = style::bundle(&paths::root().join("style/main.css"))?;
    let index = staging.join("index.html");
    let first_paint = staging.join("first-paint.js");
    let html = page::rewrite(&read(&index)?, &css, &read(&first_paint)?, |name, text| {
        write(&staging.join(name), text)
    })
    .map_err(|what| Error::Site {
        path: index.clone(),
        what,
    })?;
    // It has a name with its hash now.
    std::fs::remove_file(&first_paint).ok();
    write(&index, html)
}

/// Makes a release small: wasm stripped of names, then everything compressed.
fn finish(dist: &Path) -> Result<()> {
    let files = files(dist)?;
    for file in files
        .iter()
        .filter(|file| file.extension().is_some_and(|e| e == "wasm"))
    {
        wasm::strip_names(file)?;
    }
    let total = compress::all(&files)?;
    say(format!(
        "dist/ is ready: all of it is a download of {} KB (compressed with brotli)",
        total / 1000
    ));
    Ok(())
}

/// Every file below a folder, in order.
fn files(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut all = Vec::new();
    let mut open = vec![dir.to_owned()];
    while let Some(dir) = open.pop() {
        let entries = std::fs::read_dir(&dir).context(|| format!("list {}", dir.display()))?;
        for entry in entries {
            let path = entry.context(|| format!("list {}", dir.display()))?.path();
            if path.is_dir() {
                open.push(path);
            } else {
                all.push(path);
            }
        }
    }
    all.sort();
    Ok(all)
}

/// The first `digits` hexadecimal digits of a SHA-256.
fn hash(bytes: &[u8], digits: usize) -> String {
    use sha2::Digest;
    let sum = sha2::Sha256::digest(bytes);
    let mut text: String = sum.iter().map(|byte| format!("{byte:02x}")).collect();
    text.truncate(digits);
    text
}
