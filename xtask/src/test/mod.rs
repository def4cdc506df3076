//! `cargo xtask test`: everything that must hold, natively and in a browser, and one line that says whether it does.

mod failures;
mod tally;

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use crate::chaos;
use crate::error::{Context, Error, Result};
use crate::process::Group;
use crate::site;
use crate::tool::{cargo, duration, say};
use crate::{install, paths};
use failures::Failures;
pub use tally::Tally;

/// What the tests need beside what the build needs.
const PACKAGES: [(&str, &str); 7] = [
    ("chromium", "/usr/bin/chromium"),
    ("chromium-driver", "/usr/bin/chromedriver"),
    ("ejabberd", "/usr/sbin/ejabberdctl"),
    (
        "erlang-p1-sqlite3",
        "/usr/share/doc/erlang-p1-sqlite3/copyright",
    ),
    ("sqlite3", "/usr/bin/sqlite3"),
    (
        "python3-pip",
        "/usr/lib/python3/dist-packages/pip/__init__.py",
    ),
    (
        "python3-slixmpp",
        "/usr/lib/python3/dist-packages/slixmpp/__init__.py",
    ),
];

/// After this long without a line of output, a step counts as hung. (Compiling everything on a cold machine is silent.)
const SILENCE: Duration = Duration::from_secs(30 * 60);

/// A check that passes or fails as a whole, or a runner that counts.
struct Step {
    name: &'static str,
    work: Work,
}

enum Work {
    /// Counts one.
    Check(Command),
    /// Its results are counted.
    Tests(Command),
    /// The site, which the end-to-end tests then use. Counts one.
    Site,
}

/// Runs all steps, also after a failure, prints what failed and the time of each, and returns the sum.
///
/// # Errors
/// When something cannot be installed or started.
pub fn run() -> Result<Tally> {
    install::for_build()?;
    let packages: Vec<(&str, &str)> = install::PROSODY.into_iter().chain(PACKAGES).collect();
    install::debian(&packages)?;
    install::axe()?;

    let mut total = Tally::default();
    let mut failures = Failures::default();
    let mut times = Vec::new();
    for step in steps()? {
        println!("\n== {}", step.name);
        let start = Instant::now();
        let failed_before = failures.count();
        let tally = match step.work {
            Work::Check(mut command) => check(&mut command)?,
            Work::Tests(mut command) => tests(&mut command, &mut failures)?,
            Work::Site => match site::build(false) {
                Ok(_) => Tally::PASSED,
                Err(error) => {
                    eprintln!("error: {error}");
                    Tally::FAILED
                }
            },
        };
        if tally.failed > 0 && failures.count() == failed_before {
            failures.note(step.name);
        }
        total += tally;
        times.push(format!(
            "{:>12}  {:<32}  {tally}",
            duration(start.elapsed()),
            step.name
        ));
    }
    println!("\n{failures}\n{}\n", times.join("\n"));
    Ok(total)
}

/// The tests of a file with `name` in theirs, in a fast build, with that many of what a variable says how many of. Returns
/// whether nothing broke.
///
/// # Errors
/// When cargo cannot be started.
pub fn soak(test: &str, name: &str, variable: &str, count: u64) -> Result<bool> {
    let arguments = ["test", "--release", "--package", "waxwing", "--test", test];
    let mut command = with(cargo(), &arguments);
    command
        .args([name, "--", "--nocapture"])
        .env(variable, count.to_string());
    // For properties, which draw the same each time otherwise (`.cargo/config.toml`).
    if test == "properties" {
        let seed = chaos::seed();
        command.env("PROPTEST_RNG_SEED", seed.to_string());
    }
    let status = command.status().context(|| "start cargo".into())?;
    Ok(status.success())
}

fn steps() -> Result<Vec<Step>> {
    let mut steps = vec![
        Step {
            name: "formatting",
            work: Work::Check(with(cargo(), &["fmt", "--all", "--check"])),
        },
        Step {
            name: "lints",
            work: Work::Check(with(
                cargo(),
                &[
                    "clippy",
                    "--workspace",
                    "--all-targets",
                    "--",
                    "--deny",
                    "warnings",
                ],
            )),
        },
        Step {
            name: "lints of what runs in browsers",
            work: Work::Check(with(
                cargo(),
                &[
                    "clippy",
                    "--package",
                    "waxwing",
                    "--target",
                    WASM,
                    "--lib",
                    "--bins",
                    "--",
                    "--deny",
                    "warnings",
                ],
            )),
        },
        Step {
            name: "documentation",
            work: Work::Check(documentation()),
        },
        Step {
            name: "release site",
            work: Work::Site,
        },
        Step {
            name: "native and end-to-end tests",
            work: Work::Tests(with(cargo(), &["test", "--workspace", "--no-fail-fast"])),
        },
    ];
    let browser = browser_tests()?;
    if !browser.is_empty() {
        steps.push(Step {
            name: "tests inside a browser",
            work: Work::Tests(in_browser(&browser)?),
        });
    }
    Ok(steps)
}

/// The target of the site.
const WASM: &str = "wasm32-unknown-unknown";

fn with(mut command: Command, arguments: &[&str]) -> Command {
    command.args(arguments);
    command
}

fn documentation() -> Command {
    let mut command = with(cargo(), &["doc", "--workspace", "--no-deps"]);
    command.env("RUSTDOCFLAGS", "--deny warnings");
    command
}

/// The integration tests that are made for a browser: `tests/*_web.rs`.
fn browser_tests() -> Result<Vec<String>> {
    let dir = paths::root().join("tests");
    let mut names = Vec::new();
    let entries = std::fs::read_dir(&dir).context(|| format!("list {}", dir.display()))?;
    for entry in entries {
        let name = entry
            .context(|| format!("list {}", dir.display()))?
            .file_name();
        if let Some(stem) = name.to_string_lossy().strip_suffix(".rs")
            && stem.ends_with("_web")
        {
            names.push(stem.to_owned());
        }
    }
    names.sort();
    Ok(names)
}

fn in_browser(names: &[String]) -> Result<Command> {
    let missing = |what: &str| Error::Missing {
        what: what.to_owned(),
        remedy: "It comes with wasm-bindgen-cli.".into(),
    };
    let runner = "wasm-bindgen-test-runner";
    let runner: PathBuf = install::find(runner).ok_or_else(|| missing(runner))?;
    let mut command = with(
        cargo(),
        &[
            "test",
            "--package",
            "waxwing",
            "--no-fail-fast",
            "--target",
            WASM,
        ],
    );
    for name in names {
        command.args(["--test", name]);
    }
    command
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", runner)
        .env("CHROMEDRIVER", "/usr/bin/chromedriver")
        // A busy machine with two cores.
        .env("WASM_BINDGEN_TEST_TIMEOUT", "300")
        .env("WASM_BINDGEN_TEST_DRIVER_TIMEOUT", "60");
    Ok(command)
}

fn check(command: &mut Command) -> Result<Tally> {
    let succeeded = watch(command, |_| {})?;
    Ok(if succeeded {
        Tally::PASSED
    } else {
        Tally::FAILED
    })
}

fn tests(command: &mut Command, failures: &mut Failures) -> Result<Tally> {
    let mut tally = Tally::default();
    // The words of a panic and its place tell more than a hundred frames of a runtime, which would bury them.
    command.env("RUST_BACKTRACE", "0");
    let succeeded = watch(command, |line| {
        failures.read(line);
        if let Some(more) = Tally::parse(line) {
            tally += more;
        }
    })?;
    // Something did not compile, or died without a result.
    if !succeeded && tally.failed == 0 {
        tally += Tally::FAILED;
    }
    // A runner that finds nothing to run proves nothing.
    if succeeded && tally == Tally::default() {
        println!("no test ran");
        tally += Tally::FAILED;
    }
    Ok(tally)
}

/// Runs a program, shows its lines and gives them to `on_line`. Returns whether it succeeded; one that hangs did not.
fn watch(command: &mut Command, mut on_line: impl FnMut(&str)) -> Result<bool> {
    let mut group = Group::spawn(command.stdout(Stdio::piped()))?;
    let Some(output) = group.take_output() else {
        return Ok(false);
    };
    let (sender, lines) = mpsc::channel();
    let reader = std::thread::spawn(move || {
        for line in BufReader::new(output)
            .split(b'\n')
            .map_while(std::result::Result::ok)
        {
            let line = String::from_utf8_lossy(&line).into_owned();
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    let hung = loop {
        match lines.recv_timeout(SILENCE) {
            Ok(line) => {
                println!("{line}");
                on_line(&line);
            }
            Err(RecvTimeoutError::Disconnected) => break false,
            Err(RecvTimeoutError::Timeout) => break true,
        }
    };
    if hung {
        say(format!("silent for {}: ended", duration(SILENCE)));
        group.kill();
    }
    reader.join().ok();
    Ok(!hung && group.wait()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        with(Command::new("sh"), &["-c", script])
    }

    #[test]
    fn the_results_of_a_runner_are_summed() {
        let script = "echo 'test result: ok. 3 passed; 0 failed; 0 ignored'; \
                      echo 'test result: FAILED. 1 passed; 2 failed; 0 ignored'; exit 101";
        assert_eq!(
            tests(&mut shell(script), &mut Failures::default()).unwrap(),
            Tally {
                passed: 4,
                failed: 2
            }
        );
    }

    #[test]
    fn a_runner_that_dies_or_runs_nothing_has_failed() {
        let tests = |script| tests(&mut shell(script), &mut Failures::default()).unwrap();
        let dies = "echo 'test result: ok. 3 passed; 0 failed; 0 ignored'; exit 1";
        assert_eq!(
            tests(dies),
            Tally {
                passed: 3,
                failed: 1
            }
        );
        assert_eq!(tests("exit 0"), Tally::FAILED);
        assert_eq!(check(&mut shell("exit 1")).unwrap(), Tally::FAILED);
        assert_eq!(check(&mut shell("exit 0")).unwrap(), Tally::PASSED);
    }
}
