//! What Prosody and ejabberd have in common: a folder, a certificate, a log, and a moment when they are ready.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::error::{Context, Error, Result};
use crate::process::Group;
use crate::{net, paths};

/// How long a server may take to start on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server's own folder. A temporary one is removed with it, unless a test is failing.
#[derive(Debug)]
pub struct Folder {
    pub path: PathBuf,
    keep: bool,
}

impl Folder {
    /// `given` is kept; otherwise a fresh one is made.
    pub fn new(given: Option<PathBuf>, name: &str) -> Result<Self> {
        let keep = given.is_some();
        let path = given.unwrap_or_else(|| paths::fresh(name));
        if !keep && path.exists() {
            // A process of the same number left it behind.
            std::fs::remove_dir_all(&path).context(|| format!("remove {}", path.display()))?;
        }
        crate::error::create_dir(&path)?;
        Ok(Self { path, keep })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !self.keep && !std::thread::panicking() {
            std::fs::remove_dir_all(&self.path).ok();
        }
    }
}

/// Makes a self-signed certificate for `names` at `cert.pem` and `key.pem` in `dir`, unless one is there.
pub fn certificate(dir: &Path, names: &[String]) -> Result<()> {
    let (cert, key) = (dir.join("cert.pem"), dir.join("key.pem"));
    if cert.exists() && key.exists() {
        return Ok(());
    }
    let first = names.first().map_or("localhost", String::as_str);
    let alt: Vec<String> = names.iter().map(|name| format!("DNS:{name}")).collect();
    let mut command = Command::new("openssl");
    command
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
        ])
        .args(["-days", "3650", "-subj", &format!("/CN={first}")])
        .args(["-addext", &format!("subjectAltName={}", alt.join(","))])
        .arg("-keyout")
        .arg(&key)
        .arg("-out")
        .arg(&cert)
        .stdin(Stdio::null());
    let output = command.output().context(|| "start openssl".into())?;
    if output.status.success() {
        return Ok(());
    }
    Err(Error::Command {
        command: "openssl req -x509".into(),
        status: output.status.to_string(),
        tail: format!("\n{}", String::from_utf8_lossy(&output.stderr)),
    })
}

/// Waits until `path` on `port` answers with a status that is not an error.
pub fn await_http(name: &str, group: &mut Group, port: u16, path: &str, log: &Path) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if !group.is_running() {
            return Err(not_ready(name, "it ended", log));
        }
        if net::request(port, "GET", path, &[], b"").is_ok_and(|a| (200..400).contains(&a.status)) {
            return Ok(());
        }
        if Instant::now() > deadline {
            return Err(not_ready(name, "it did not answer in time", log));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn not_ready(what: &str, why: &str, log: &Path) -> Error {
    Error::NotReady {
        what: what.into(),
        why: why.into(),
        log: tail(log, 20),
    }
}

/// The last lines of a log.
pub fn tail(log: &Path, lines: usize) -> String {
    let text = std::fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let mut last: Vec<&str> = text.lines().rev().take(lines).collect();
    last.reverse();
    last.join("\n")
}

/// Whether a program is on the PATH (or at one of the places that a user's PATH may lack).
pub fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let extra = ["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from);
    std::env::split_paths(&path)
        .chain(extra)
        .map(|dir| dir.join(program))
        .find(|file| file.is_file())
}
