//! The engine without a browser: how many messages a second it takes in (`tests/bench/engine.rs`).

use super::report::Findings;
use super::rows::Key;
use crate::error::Result;
use crate::tool;

/// Runs the native benchmark. Its last line is the whole way: gate, tree, dispatch, fold, drain.
///
/// # Errors
/// When it fails.
pub fn measure(findings: &mut Findings) -> Result<()> {
    let mut command = tool::cargo();
    // Some processors are slow at what glibc takes for their best comparison of memory; wasm brings its own.
    command
        .args(["bench", "--quiet", "--bench", "engine"])
        .env("GLIBC_TUNABLES", "glibc.cpu.hwcaps=-MOVBE");
    let said = tool::quiet(&mut command)?;
    for line in said.lines().filter(|line| !line.trim().is_empty()) {
        findings.note(Key::Engine, line.trim());
    }
    let last = said
        .lines()
        .rfind(|line| line.contains("fold"))
        .unwrap_or_default();
    for rate in rates(last) {
        findings.add(Key::Engine, rate);
    }
    Ok(())
}

/// The rounds of a line like `engine: gate: 290 messages/s (of 280 290 310)`.
fn rates(line: &str) -> Vec<f64> {
    let rounds = line.split_once("(of ").map_or("", |(_, rounds)| rounds);
    let rounds = rounds.trim_end().trim_end_matches(')');
    rounds
        .split(' ')
        .filter_map(|rate| rate.parse().ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_round_of_the_engine_counts() {
        let line = "engine: gate, fold: 290 messages/s (of 280 290 310)";
        assert_eq!(rates(line), [280.0, 290.0, 310.0]);
        assert!(rates("").is_empty());
    }
}
