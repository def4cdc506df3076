//! What the commands need beside Rust: found, or installed with one line of progress.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::{Error, Result, create_dir, read};
use crate::server::find as find_on_path;
use crate::tool::{cargo, quiet, say};
use crate::{paths, tool};

/// The version of Trunk that is installed where there is none.
const TRUNK: &str = "0.21.14";

/// What building the site needs.
///
/// # Errors
/// When something cannot be installed.
pub fn for_build() -> Result<()> {
    wasm_target()?;
    trunk()?;
    wasm_bindgen()
}

/// A program on the PATH, in Cargo's own folder, or in ours.
#[must_use]
pub fn find(program: &str) -> Option<PathBuf> {
    let ours = tools().join(program);
    let cargo_home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let cargo_home = cargo_home.or_else(|| std::env::home_dir().map(|home| home.join(".cargo")));
    let cargos = cargo_home.map(|home| home.join("bin").join(program));
    [Some(ours), find_on_path(program), cargos]
        .into_iter()
        .flatten()
        .find(|file| file.is_file())
}

/// A PATH on which the tools of the right versions come first.
#[must_use]
pub fn path() -> std::ffi::OsString {
    let mut dirs = vec![tools()];
    dirs.extend(find("trunk").and_then(|file| file.parent().map(Path::to_owned)));
    dirs.extend(std::env::split_paths(
        &std::env::var_os("PATH").unwrap_or_default(),
    ));
    std::env::join_paths(dirs).unwrap_or_default()
}

/// Where tools go that must not replace the user's own.
fn tools() -> PathBuf {
    paths::work().join("tools").join("bin")
}

fn wasm_target() -> Result<()> {
    const TARGET: &str = "wasm32-unknown-unknown";
    let sysroot = quiet(Command::new("rustc").args(["--print", "sysroot"]))?;
    let lib = Path::new(sysroot.trim()).join("lib/rustlib").join(TARGET);
    if lib.is_dir() {
        return Ok(());
    }
    say(format!("adding Rust's target {TARGET}"));
    if find("rustup").is_none() {
        return Err(Error::Missing {
            what: format!("Rust's target {TARGET}"),
            remedy: "Install it the way Rust was installed (there is no rustup here).".into(),
        });
    }
    quiet(Command::new("rustup").args(["target", "add", TARGET])).map(drop)
}

fn trunk() -> Result<()> {
    if find("trunk").is_some() {
        return Ok(());
    }
    cargo_install("trunk", TRUNK, true, None, "5 to 8 minutes")
}

/// wasm-bindgen's program must have the very version of the library that the site links.
fn wasm_bindgen() -> Result<()> {
    let wanted = locked_version("wasm-bindgen")?;
    if let Some(program) = find("wasm-bindgen") {
        let version = quiet(Command::new(program).arg("--version"))?;
        if version.split_whitespace().nth(1) == Some(wanted.as_str()) {
            return Ok(());
        }
        // Another project's version stays where it is.
        let root = paths::work().join("tools");
        return cargo_install(
            "wasm-bindgen-cli",
            &wanted,
            false,
            Some(&root),
            "about a minute",
        );
    }
    cargo_install("wasm-bindgen-cli", &wanted, false, None, "about a minute")
}

/// `locked`: with the crate's own lock file. wasm-bindgen-cli's may name a version that has been withdrawn.
fn cargo_install(
    name: &str,
    version: &str,
    locked: bool,
    root: Option<&Path>,
    how_long: &str,
) -> Result<()> {
    if find("cargo-binstall").is_some() {
        say(format!("installing {name} {version} with cargo binstall"));
        let mut command = cargo();
        command.args(["binstall", "--no-confirm", &format!("{name}@{version}")]);
        if let Some(root) = root {
            command.arg("--root").arg(root);
        }
        if quiet(&mut command).is_ok() {
            return Ok(());
        }
    }
    say(format!(
        "installing {name} {version} with cargo install ({how_long})"
    ));
    let mut command = cargo();
    // A target folder of its own would be a temporary one: the dependencies are of no other use.
    command
        .args(["install", name, "--version", version])
        .env_remove("CARGO_TARGET_DIR");
    if locked {
        command.arg("--locked");
    }
    if let Some(root) = root {
        command.arg("--root").arg(root);
    }
    quiet(&mut command).map(drop)
}

/// The version of a package in `Cargo.lock`.
///
/// # Errors
/// When the file names none.
pub fn locked_version(package: &str) -> Result<String> {
    let lock = read(&paths::root().join("Cargo.lock"))?;
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines().skip_while(|line| *line != name).skip(1);
    let version = lines
        .next()
        .and_then(|line| line.strip_prefix("version = \""));
    let version = version.and_then(|line| line.strip_suffix('"'));
    version
        .map(str::to_owned)
        .ok_or_else(|| Error::Usage(format!("Cargo.lock names no {package}")))
}

/// Debian packages, each with a file that shows it is there.
///
/// # Errors
/// When one is missing and we are not root, or the package manager fails.
pub fn debian(packages: &[(&str, &str)]) -> Result<()> {
    let missing: Vec<&str> = packages
        .iter()
        .filter(|(_, proof)| !Path::new(proof).exists())
        .map(|(package, _)| *package)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let list = missing.join(" ");
    let apt = find_on_path("apt-get");
    let root = rustix::process::geteuid().is_root();
    let (Some(apt), true) = (apt, root) else {
        return Err(Error::Missing {
            what: list.clone(),
            remedy: format!("Run this, then try again:\n\n    sudo apt-get install --yes {list}\n"),
        });
    };
    say(format!("installing {list} with apt-get"));
    let install = || {
        let mut command = Command::new(&apt);
        command
            .args(["install", "--yes", "--no-install-recommends"])
            .args(&missing)
            .env("DEBIAN_FRONTEND", "noninteractive");
        tool::quiet(&mut command)
    };
    if install().is_ok() {
        return Ok(());
    }
    // A fresh system has no package lists, or old ones.
    quiet(Command::new(&apt).arg("update"))?;
    install().map(drop)
}

/// axe-core, the judge of accessibility: its script, out of the package in which Python's registry has it.
///
/// # Errors
/// When pip is missing or fails.
pub fn axe() -> Result<PathBuf> {
    let dir = paths::target().join("axe");
    let script = dir.join("axe_core_python/axe.min.js");
    if script.exists() {
        return Ok(script);
    }
    say("installing axe-core with pip");
    create_dir(&dir)?;
    // Debian's own interpreter: others may stand before it on the PATH.
    let python = || Command::new("/usr/bin/python3");
    quiet(
        python()
            .args(["-m", "pip", "download", "--quiet", "--no-deps", "--dest"])
            .arg(&dir)
            .arg("axe-core-python==0.1.0"),
    )?;
    let wheel = dir.join("axe_core_python-0.1.0-py3-none-any.whl");
    quiet(
        python()
            .args(["-m", "zipfile", "--extract"])
            .arg(&wheel)
            .arg(&dir),
    )?;
    Ok(script)
}

/// Prosody and the modules that Debian keeps apart.
pub const PROSODY: [(&str, &str); 2] = [
    ("prosody", "/usr/bin/prosody"),
    ("prosody-modules", "/usr/lib/prosody/modules/mod_sasl2"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lock_file_names_the_version_of_wasm_bindgen() {
        let version = locked_version("wasm-bindgen").unwrap();
        assert!(version.starts_with("0.2."), "{version}");
        assert!(locked_version("no-such-package").is_err());
    }
}
