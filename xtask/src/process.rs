//! A server process and all that it starts, in a process group that ends with us.
//!
//! **Invariant:** the group ends when its [`Group`] is dropped, and also when this process is killed without a chance to
//! clean up. A watchdog holds the reading end of a pipe of ours: when the pipe closes unannounced, it kills the group.
//! (`PR_SET_PDEATHSIG` would follow the *thread* that started the server, which in tests ends early.)

use std::collections::HashMap;
use std::fs;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdout, Command, Stdio};
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
            .args(["-c", r#"read -r _ && exit 0; kill -s KILL -- "-$1""#, "sh"])
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
        self.end().is_none()
    }

    /// How the leader ended, if it did.
    pub fn end(&mut self) -> Option<String> {
        if self.ended {
            return Some("killed by us".into());
        }
        match self.child.try_wait() {
            Ok(None) => None,
            Ok(Some(status)) => Some(status.to_string()),
            Err(error) => Some(error.to_string()),
        }
    }

    /// What the leader writes, if its output is a pipe that nobody has taken yet.
    pub fn take_output(&mut self) -> Option<ChildStdout> {
        self.child.stdout.take()
    }

    /// Waits for the leader's own end, and says whether it succeeded. What it started and left behind ends then.
    ///
    /// # Errors
    /// When the system cannot tell.
    pub fn wait(&mut self) -> Result<bool> {
        let status = self.child.wait().context(|| "wait for a process".into())?;
        self.kill();
        Ok(status.success())
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

/// All processes that were started by this one, by those, and so on, with their command lines.
#[must_use]
pub fn below(ancestor: u32) -> Vec<(u32, String)> {
    let mut parents = HashMap::<u32, u32>::new();
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    for pid in entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok()) {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let after_name = stat.rsplit(')').next();
        let parent =
            after_name.and_then(|rest| rest.split_whitespace().nth(1)?.parse::<u32>().ok());
        if let Some(parent) = parent {
            parents.insert(pid, parent);
        }
    }
    let is_below = |mut pid: u32| loop {
        match parents.get(&pid) {
            Some(parent) if *parent == ancestor => return true,
            Some(parent) => pid = *parent,
            None => return false,
        }
    };
    let found = parents.keys().copied().filter(|pid| is_below(*pid));
    found
        .map(|pid| {
            let line = fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            (pid, line)
        })
        .collect()
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader};

    use super::*;

    /// A group whose leader has a child; returns it with the child's entry in `/proc`.
    fn family() -> (Group, String) {
        let mut command = Command::new("sh");
        command.args(["-c", "sleep 600 & echo $!; wait"]);
        let mut group = Group::spawn(command.stdout(Stdio::piped())).unwrap();
        let mut line = String::new();
        BufReader::new(group.child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let stat = format!("/proc/{}/stat", line.trim());
        assert!(!is_gone(&stat));
        (group, stat)
    }

    /// Whether the process is no more, or only waits for its parent to notice.
    fn is_gone(stat: &str) -> bool {
        let text = std::fs::read_to_string(stat).unwrap_or_else(|_| ") Z".into());
        text.rsplit(')')
            .next()
            .is_some_and(|rest| rest.trim().starts_with('Z'))
    }

    fn await_end(stat: &str) {
        let deadline = Instant::now() + Duration::from_secs(5);
        while !is_gone(stat) {
            assert!(Instant::now() < deadline, "the grandchild still runs");
        }
    }

    #[test]
    fn a_dropped_group_takes_its_grandchildren_along() {
        let (group, stat) = family();
        drop(group);
        await_end(&stat);
    }

    #[test]
    fn a_group_ends_when_our_end_of_the_pipe_closes_unannounced() {
        let (mut group, stat) = family();
        // What the system does when we are killed.
        drop(group.watchdog.stdin.take());
        await_end(&stat);
        assert!(!group.child.wait().unwrap().success());
    }
}
