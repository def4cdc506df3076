//! One demo at a time: two Prosodys on one folder would write over each other.
//!
//! **Invariant:** the lock is the process's: however it ends, the next demo can start.

use std::fs::{File, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;

use crate::error::{Context, Error, Result, create_dir};

/// The right to the demo's folder. Dropping it gives it back.
#[derive(Debug)]
pub struct Lock(#[expect(dead_code, reason = "open, it holds the lock")] File);

impl Lock {
    /// Takes the lock that lies at `path`, and notes at which port the site will be.
    ///
    /// # Errors
    /// When a demo runs already.
    pub fn take(path: &Path, port: u16) -> Result<Self> {
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
                let mut port = String::new();
                file.read_to_string(&mut port).context(what)?;
                return Err(Error::Usage(format!(
                    "a demo runs already at http://localhost:{}/",
                    port.trim()
                )));
            }
            Err(TryLockError::Error(error)) => return Err(error).context(what),
        }
        file.set_len(0).context(what)?;
        file.rewind().context(what)?;
        file.write_all(port.to_string().as_bytes()).context(what)?;
        Ok(Self(file))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::paths;

    #[test]
    fn the_second_demo_is_told_where_the_first_one_is() {
        let path = paths::fresh("lock-test");
        let first = Lock::take(&path, 65_000).unwrap();
        let told = Lock::take(&path, 9).unwrap_err().to_string();
        assert!(told.contains("http://localhost:65000/"), "{told}");
        drop(first);
        let second = Lock::take(&path, 9).unwrap();
        let told = Lock::take(&path, 8).unwrap_err().to_string();
        assert!(told.contains("http://localhost:9/"), "{told}");
        drop(second);
        std::fs::remove_file(&path).unwrap();
    }
}
