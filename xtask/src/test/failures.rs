//! What failed, and by which words: told once more at the end, where people look, as far as it is short.

use std::fmt;

/// So many failures are told, so many lines of each, and so much of each line.
const MOST: usize = 12;
const LINES: usize = 5;
const WIDTH: usize = 600;

/// The failures that a run has shown so far.
#[derive(Debug, Default)]
pub struct Failures {
    all: Vec<Failure>,
    at: At,
}

#[derive(Debug)]
struct Failure {
    name: String,
    /// Where and why it panicked.
    words: Vec<String>,
}

/// Where in the output of a runner we are.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum At {
    #[default]
    Elsewhere,
    /// In what a failed test has written, before its panic.
    Output,
    /// In the words of its panic.
    Panic,
}

impl Failures {
    /// Something failed that has no words of its own.
    pub fn note(&mut self, name: &str) {
        self.at = At::Elsewhere;
        self.all.push(Failure {
            name: name.to_owned(),
            words: Vec::new(),
        });
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.all.len()
    }

    /// Reads a line of a runner, native or in a browser.
    pub fn read(&mut self, line: &str) {
        let line = line.trim();
        if let Some(name) = heading(line) {
            self.note(name);
            self.at = At::Output;
            return;
        }
        let is_panic = line.contains("panicked at ") || line.starts_with("Error: ");
        match self.at {
            At::Output if is_panic => self.at = At::Panic,
            At::Panic if !is_end(line) && !is_panic => {}
            At::Panic => {
                // The first panic is the cause; what follows it is no word of it.
                self.at = At::Elsewhere;
                return;
            }
            At::Output | At::Elsewhere => return,
        }
        let Some(failure) = self.all.last_mut() else {
            return;
        };
        if !line.is_empty() && failure.words.len() < LINES {
            failure.words.push(line.chars().take(WIDTH).collect());
        }
    }
}

/// The name in a line like `---- a::test stdout ----`.
fn heading(line: &str) -> Option<&str> {
    let line = line.strip_prefix("---- ")?;
    let line = line.strip_suffix(" ----")?;
    let name = line.strip_suffix(" stdout");
    name.or_else(|| line.strip_suffix(" output"))
}

fn is_end(line: &str) -> bool {
    let ends = [
        "note: run with",
        "stack backtrace:",
        "Stack:",
        "last words:",
        "failures:",
        "test result:",
    ];
    ends.iter().any(|end| line.starts_with(end))
}

impl fmt::Display for Failures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for failure in self.all.iter().take(MOST) {
            writeln!(f, "failed: {}", failure.name)?;
            for line in &failure.words {
                writeln!(f, "    {line}")?;
            }
        }
        match self.all.len().saturating_sub(MOST) {
            0 => Ok(()),
            more => writeln!(f, "failed: {more} more"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(output: &str) -> String {
        let mut failures = Failures::default();
        output.lines().for_each(|line| failures.read(line));
        failures.to_string()
    }

    #[test]
    fn the_words_of_a_native_panic_are_told() {
        let output = "test a::b ... FAILED\n\nfailures:\n\n---- a::b stdout ----\nsaid before\n\n\
            thread 'a::b' (42) panicked at tests/a.rs:3:5:\nassertion `left == right` failed: that\n  left: 1\n \
            right: 2\nnote: run with `RUST_BACKTRACE=1` environment variable to display a backtrace\nlast words:\n\
            all kinds of things\n\n\nfailures:\n    a::b\n\ntest result: FAILED. 0 passed; 1 failed\n";
        let expected = "failed: a::b\n    thread 'a::b' (42) panicked at tests/a.rs:3:5:\n    \
            assertion `left == right` failed: that\n    left: 1\n    right: 2\n";
        assert_eq!(told(output), expected);
    }

    #[test]
    fn the_words_of_a_panic_in_a_browser_are_told() {
        let output = "---- store::kept output ----\n    log output:\n        something\n    error output:\n        \
            panicked at tests/store.rs:9:1:\n        no\n        \n        Stack:\n        \n        Error\n";
        let expected = "failed: store::kept\n    panicked at tests/store.rs:9:1:\n    no\n";
        assert_eq!(told(output), expected);
    }

    #[test]
    fn a_second_panic_is_not_mixed_with_the_first() {
        let output = "---- a stdout ----\nthread 'x' panicked at a.rs:1:1:\nfirst\nthread 'a' panicked at b.rs:1:1:\n\
            second\n";
        let expected = "failed: a\n    thread 'x' panicked at a.rs:1:1:\n    first\n";
        assert_eq!(told(output), expected);
    }

    #[test]
    fn what_is_said_of_tests_that_pass_is_not_told() {
        assert_eq!(
            told("test a ... ok\nthread 'a' panicked at a.rs:1:1:\nno\n"),
            ""
        );
    }

    #[test]
    fn many_failures_are_counted() {
        let mut failures = Failures::default();
        (0..MOST + 2).for_each(|number| failures.note(&number.to_string()));
        assert!(
            failures
                .to_string()
                .ends_with("failed: 11\nfailed: 2 more\n")
        );
    }
}
