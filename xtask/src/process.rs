//! A server process and all that it starts, in a process group that ends with us.
//!
//! **Invariant:** the group ends when its [`Group`] is dropped, and also when this process is killed without a chance to
//! clean up. A watchdog holds the reading end of a pipe of ours: when the pipe closes unannounced, it kills the group.
//! (`PR_SET_PDEATHSIG` would follow the *thread* that started the server, which in tests ends early.)

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use crate::error::{Context, Result};

/// A running process group.
#[derive(Debug)]
pub struct Group {
    child: Child,
    watchdog: Child,
    ended: bool,
}

impl Group {
    /// Starts `command` in a process group of its own.
    ///
    /// # Errors
    /// When the program or the watchdog cannot be started.
    pub fn spawn(command: &mut Command) -> Result<Self> {
        let child = command
            .process_group(0)
            .stdin(Stdio::null())
            .spawn()
            .context(|| format!("start {}", command.get_program().display()))?;
        let watchdog = Command::new("sh")
            .args(["-c", r#"read -r _ && exit 0; kill -KILL -- "-$1""#, "sh"])
            .arg(child.id().to_string())
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context(|| "start sh".into())?;
        Ok(Self {
            child,
            watchdog,
            ended: false,
        })
    }

    /// The leader's process id, which is the group's too.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether the leader still runs.
    pub fn is_running(&mut self) -> bool {
        !self.ended && matches!(self.child.try_wait(), Ok(None))
    }

    /// Asks the group to end, waits as long as `grace`, then kills what is left.
    pub fn stop(&mut self, grace: Duration) {
        if self.is_running() {
            self.signal(Signal::TERM);
            let deadline = Instant::now() + grace;
            while self.is_running() && Instant::now() < deadline {
                std::thread::sleep(Duration::from_millis(10));
            }
        }
        self.kill();
    }

    /// Kills the group at once, as a power cut would.
    pub fn kill(&mut self) {
        if self.ended {
            return;
        }
        self.signal(Signal::KILL);
        self.child.wait().ok();
        if let Some(mut pipe) = self.watchdog.stdin.take() {
            pipe.write_all(b"ended\n").ok();
        }
        self.watchdog.wait().ok();
        self.ended = true;
    }

    /// Suspends the group: it keeps its sockets and answers nothing, as a dead network would.
    pub fn freeze(&self) {
        self.signal(Signal::STOP);
    }

    /// Lets a suspended group go on.
    pub fn thaw(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        let group = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        if let (false, Some(group)) = (self.ended, group) {
            kill_process_group(group, signal).ok();
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dropped_group_takes_its_grandchildren_along() {
        let mut command = Command::new("sh");
        command.args(["-c", "sleep 600 & echo $!; wait"]);
        let mut group = Group::spawn(command.stdout(Stdio::piped())).unwrap();
        let mut line = String::new();
        let out = group.child.stdout.take().unwrap();
        std::io::BufRead::read_line(&mut std::io::BufReader::new(out), &mut line).unwrap();
        let grandchild = format!("/proc/{}/stat", line.trim());
        assert!(std::fs::exists(&grandchild).unwrap());

        drop(group);

        let state = std::fs::read_to_string(&grandchild).unwrap_or_else(|_| ") Z".into());
        let deadline = Instant::now() + Duration::from_secs(5);
        let gone = |text: &str| {
            text.rsplit(')')
                .next()
                .is_some_and(|s| s.trim().starts_with('Z'))
        };
        let mut state = state;
        while !gone(&state) && Instant::now() < deadline {
            state = std::fs::read_to_string(&grandchild).unwrap_or_else(|_| ") Z".into());
        }
        assert!(gone(&state), "the grandchild still runs: {state}");
    }
}
