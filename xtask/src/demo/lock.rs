//! One demo at a time: two Prosodys on one folder would write over each other.
//!
//! **Invariant:** the lock is the process's: however it ends, the next demo can start.

use std::fs::{File, TryLockError};
use std::io::{Read, Write};
use std::path::Path;

use crate::error::{Context, Error, Result, create_dir};

/// The right to the demo's folder. Dropping it gives it back.
#[derive(Debug)]
pub struct Lock(File);

impl Lock {
    /// Takes the lock that lies at `path`.
    ///
    /// # Errors
    /// When a demo runs already.
    pub fn take(path: &Path) -> Result<Self> {
        if let Some(parent) = path.parent() {
            create_dir(parent)?;
        }
        let what = || format!("lock {}", path.display());
        let mut file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .context(what)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut place = String::new();
                file.read_to_string(&mut place).context(what)?;
                return Err(Error::Usage(format!("a demo runs already{place}")));
            }
            Err(TryLockError::Error(error)) => return Err(error).context(what),
        }
        // Where the last one was.
        file.set_len(0).context(what)?;
        Ok(Self(file))
    }

    /// Notes at which port the site is going to be, for those who come later.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn note(&mut self, port: u16) -> Result<()> {
        let place = format!(" at http://localhost:{port}/");
        self.0
            .write_all(place.as_bytes())
            .context(|| "write the demo's lock".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::paths;

    #[test]
    fn the_second_demo_is_told_where_the_first_one_is() {
        let path = paths::fresh("lock-test");
        let told = || Lock::take(&path).unwrap_err().to_string();
        let mut first = Lock::take(&path).unwrap();
        first.note(65_000).unwrap();
        assert_eq!(told(), "a demo runs already at http://localhost:65000/");
        drop(first);
        let mut second = Lock::take(&path).unwrap();
        assert_eq!(told(), "a demo runs already");
        second.note(9).unwrap();
        assert_eq!(told(), "a demo runs already at http://localhost:9/");
        drop(second);
        std::fs::remove_file(&path).unwrap();
    }
}
