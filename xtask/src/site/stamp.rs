//! The build's id: the same sources have the same one, on the page, in the engine, and in the engine's address.

use std::path::{Path, PathBuf};

use super::hash;
use crate::error::{Context, Result};
use crate::paths;

/// What a site is made of.
const SOURCES: [&str; 8] = [
    "Cargo.lock",
    "Cargo.toml",
    "Trunk.toml",
    "index.html",
    "public",
    "src",
    "style",
    "xtask/src/site",
];

/// The id of the site that the present sources make.
///
/// # Errors
/// When a source cannot be read.
pub fn build_id() -> Result<String> {
    let root = paths::root();
    let mut all = Vec::new();
    for source in SOURCES {
        for file in sources(&root.join(source))? {
            let bytes = std::fs::read(&file).context(|| format!("read {}", file.display()))?;
            let name = file
                .strip_prefix(&root)
                .unwrap_or(&file)
                .display()
                .to_string();
            all.extend(format!("{name} {}\n", bytes.len()).bytes());
            all.extend(bytes);
        }
    }
    Ok(hash(&all, 12))
}

fn sources(path: &Path) -> Result<Vec<PathBuf>> {
    if path.is_dir() {
        super::files(path)
    } else if path.is_file() {
        Ok(vec![path.to_owned()])
    } else {
        Ok(Vec::new())
    }
}
