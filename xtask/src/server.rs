//! What Prosody and ejabberd have in common: a folder, ports, a certificate, a log, a start, a moment when they are ready,
//! and three ways to end.

use std::fs::File;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::error::{Context, Error, Result};
use crate::net::free_port;
use crate::process::Group;
use crate::{net, paths};

/// How long a server may take to start on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long a server may take to close its streams.
const GRACE: Duration = Duration::from_secs(20);

/// What one kind of server does in its own way.
pub trait Software: Sized {
    /// Its name; in lower case also its log's and its folder's.
    const NAME: &'static str;
    /// A path that its HTTP port answers once all of it is there.
    const READY: &'static str;

    /// Makes its folder ready for a start, by a command that stays in the foreground.
    ///
    /// # Errors
    /// When it is not installed.
    fn prepare(server: &Server<Self>) -> Result<Command>;
}

/// A running server on loopback, of its own. Dropping it ends it.
#[derive(Debug)]
pub struct Server<S> {
    /// The domain of the accounts.
    pub domain: String,
    /// The TCP port for clients (STARTTLS with a self-signed certificate).
    pub c2s_port: u16,
    /// The HTTP port: WebSocket, uploads, administration.
    pub http_port: u16,
    // The order matters: the process ends before its folder is removed.
    group: Option<Group>,
    folder: Folder,
    software: PhantomData<S>,
}

impl<S: Software> Server<S> {
    /// One that does not run yet, in a folder that is kept if it is `given`; ports that are not given are any free ones.
    pub(crate) fn new(
        domain: &str,
        given: Option<PathBuf>,
        [c2s_port, http_port]: [Option<u16>; 2],
    ) -> Result<Self> {
        Ok(Self {
            domain: domain.to_owned(),
            c2s_port: c2s_port.map_or_else(free_port, Ok)?,
            http_port: http_port.map_or_else(free_port, Ok)?,
            group: None,
            folder: Folder::new(given, &S::NAME.to_lowercase())?,
            software: PhantomData,
        })
    }

    /// The server's folder: configuration, data, log.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.folder.path
    }

    /// The server's log so far.
    #[must_use]
    pub fn log(&self) -> String {
        tail(&self.log_file(), usize::MAX)
    }

    /// Whether its process is still there.
    pub fn is_running(&mut self) -> bool {
        self.group.as_mut().is_some_and(Group::is_running)
    }

    /// Ends it as `systemctl stop` would: streams are closed first.
    pub fn stop(&mut self) {
        if let Some(mut group) = self.group.take() {
            group.stop(GRACE);
        }
    }

    /// Ends it as a power cut would.
    pub fn kill(&mut self) {
        self.group = None;
    }

    /// Starts a stopped or killed server again, or stops and starts a running one: same ports, same data.
    ///
    /// # Errors
    /// When it does not start.
    pub fn restart(&mut self) -> Result<()> {
        self.stop();
        self.run()
    }

    /// Keeps its sockets open and answers nothing until [`Self::thaw`].
    pub fn freeze(&self) {
        if let Some(group) = &self.group {
            group.freeze();
        }
    }

    /// Ends a [`Self::freeze`].
    pub fn thaw(&self) {
        if let Some(group) = &self.group {
            group.thaw();
        }
    }

    /// Starts it, and waits until it answers.
    pub(crate) fn run(&mut self) -> Result<()> {
        let mut command = S::prepare(self)?;
        let what = || "create output.log".into();
        let output = File::create(self.output_file()).context(what)?;
        let errors = output.try_clone().context(what)?;
        command
            .current_dir(self.dir())
            .stdout(Stdio::from(output))
            .stderr(Stdio::from(errors));
        let mut group = Group::spawn(&mut command)?;
        self.await_ready(&mut group)?;
        self.group = Some(group);
        Ok(())
    }

    /// Waits until it answers with a status that is not an error.
    fn await_ready(&self, group: &mut Group) -> Result<()> {
        let not_ready = |why: String| Error::NotReady {
            what: S::NAME.into(),
            why,
            // What it says before it has a log, or while it cannot write one, is in the other.
            log: [self.log_file(), self.output_file()]
                .map(|file| tail(&file, 20))
                .join("\n"),
        };
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(how) = group.end() {
                return Err(not_ready(format!("it ended ({how})")));
            }
            let answer = net::request(self.http_port, "GET", S::READY, &[], b"");
            if answer.is_ok_and(|answer| (200..400).contains(&answer.status)) {
                return Ok(());
            }
            if Instant::now() > deadline {
                return Err(not_ready("it did not answer in time".into()));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// What it writes to standard output and error.
    fn output_file(&self) -> PathBuf {
        self.dir().join("output.log")
    }

    pub(crate) fn log_file(&self) -> PathBuf {
        self.dir().join(format!("{}.log", S::NAME.to_lowercase()))
    }
}

/// A server's own folder. A temporary one is removed with it, unless a test is failing.
#[derive(Debug)]
struct Folder {
    path: PathBuf,
    keep: bool,
}

impl Folder {
    /// `given` is kept; otherwise a fresh one is made.
    fn new(given: Option<PathBuf>, name: &str) -> Result<Self> {
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
pub(crate) fn certificate(dir: &Path, names: &[String]) -> Result<()> {
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

/// The last lines of a log.
fn tail(log: &Path, lines: usize) -> String {
    let text = std::fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let mut last: Vec<&str> = text.lines().rev().take(lines).collect();
    last.reverse();
    last.join("\n")
}

/// Whether a program is on the PATH (or at one of the places that a user's PATH may lack).
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let extra = ["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from);
    std::env::split_paths(&path)
        .chain(extra)
        .map(|dir| dir.join(program))
        .find(|file| file.is_file())
}
