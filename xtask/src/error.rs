//! What can go wrong while a command prepares, builds or starts something.

use std::io;
use std::path::{Path, PathBuf};

/// A failure, told so that the reader can do something about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file, a socket or a process could not be used.
    #[error("{what}: {source}")]
    Io {
        /// What was attempted, e.g. `read dist/index.html`.
        what: String,
        /// The system's answer.
        source: io::Error,
    },
    /// A program ended with a failure.
    #[error("`{command}` failed ({status}){tail}")]
    Command {
        /// The command line.
        command: String,
        /// How it ended.
        status: String,
        /// The end of what it wrote, or nothing.
        tail: String,
    },
    /// Something that this command needs is not on this machine.
    #[error("{what} is missing. {remedy}")]
    Missing {
        /// The program or file.
        what: String,
        /// What the reader can do.
        remedy: String,
    },
    /// A server ended, or did not answer in time.
    #[error("{what} did not start: {why}\n{log}")]
    NotReady {
        /// The server.
        what: String,
        /// Whether it ended or was too slow.
        why: String,
        /// The end of its log.
        log: String,
    },
    /// A server answered a request with a refusal.
    #[error("{what} was refused: {answer}")]
    Refused {
        /// The request.
        what: String,
        /// The answer.
        answer: String,
    },
    /// The command line, or a file of the project, is not as it must be.
    #[error("{0}")]
    Usage(String),
    /// A browser's file of a built site is not what the loader expects.
    #[error("{}: {what}", path.display())]
    Site {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
}

/// The result of everything here.
pub type Result<T> = std::result::Result<T, Error>;

/// Names the attempt beside the system's answer.
pub trait Context<T> {
    /// Adds `what` was attempted.
    ///
    /// # Errors
    /// The same failure, with its context.
    fn context(self, what: impl FnOnce() -> String) -> Result<T>;
}

impl<T> Context<T> for io::Result<T> {
    fn context(self, what: impl FnOnce() -> String) -> Result<T> {
        self.map_err(|source| Error::Io {
            what: what(),
            source,
        })
    }
}

/// Reads a text file.
///
/// # Errors
/// When it cannot be read.
pub fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).context(|| format!("read {}", path.display()))
}

/// Writes a file, and the folders above it.
///
/// # Errors
/// When it cannot be written.
pub fn write(path: &Path, contents: impl AsRef<[u8]>) -> Result<()> {
    if let Some(parent) = path.parent() {
        create_dir(parent)?;
    }
    std::fs::write(path, contents).context(|| format!("write {}", path.display()))
}

/// Creates a folder and those above it.
///
/// # Errors
/// When it cannot be created.
pub fn create_dir(path: &Path) -> Result<()> {
    std::fs::create_dir_all(path).context(|| format!("create {}", path.display()))
}
