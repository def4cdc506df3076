//! How many passed and how many failed.

use std::fmt;
use std::ops::AddAssign;

/// A count of tests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Those that passed.
    pub passed: u32,
    /// Those that failed.
    pub failed: u32,
}

impl Tally {
    /// One that passed.
    pub const PASSED: Self = Self {
        passed: 1,
        failed: 0,
    };
    /// One that failed.
    pub const FAILED: Self = Self {
        passed: 0,
        failed: 1,
    };

    /// Reads a runner's closing line: `test result: ok. 3 passed; 0 failed; …`, natively and in a browser.
    pub fn parse(line: &str) -> Option<Self> {
        let (_, rest) = line.split_once("test result: ")?;
        let mut tally = Self::default();
        let mut before = "";
        for word in rest.split([' ', ';', '.']).filter(|word| !word.is_empty()) {
            match word {
                "passed" => tally.passed = before.parse().ok()?,
                "failed" => tally.failed = before.parse().ok()?,
                _ => {}
            }
            before = word;
        }
        Some(tally)
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closing_lines_are_read() {
        let line = "test result: FAILED. 12 passed; 3 failed; 0 ignored; 0 measured; 9 filtered out; finished in 0.1s";
        assert_eq!(
            Tally::parse(line),
            Some(Tally {
                passed: 12,
                failed: 3
            })
        );
        assert_eq!(Tally::parse("test a_result ... ok"), None);
        assert_eq!(
            Tally {
                passed: 2,
                failed: 0
            }
            .to_string(),
            "2 passed, 0 failed"
        );
    }
}
