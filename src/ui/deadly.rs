//! What this browser remembers of frames that killed engines: see [`crate::boundary::deadly`].

use super::browser;
use crate::boundary::codec::BUILD;
use crate::boundary::deadly::fingerprint;

const KEY: &str = "waxwing.deadly";

/// How many deaths are remembered.
const MOST: usize = 12;

/// An engine died with this frame in hand. Every page hears of it, by the engine's own name.
pub fn note(engine: &str, frame: &str) {
    let before = browser::recall(KEY).unwrap_or_default();
    let after = noted(&before, engine, fingerprint(frame));
    browser::remember(KEY, Some(&after));
}

/// The fingerprints, one for each death.
#[must_use]
pub fn known() -> Vec<u64> {
    prints(&browser::recall(KEY).unwrap_or_default())
}

/// The deaths of engines of this build: another one may have learned to live with that frame.
fn deaths(text: &str) -> Vec<&str> {
    let mut words = text.split(' ');
    if words.next() == Some(BUILD) {
        words.collect()
    } else {
        Vec::new()
    }
}

fn noted(before: &str, engine: &str, print: u64) -> String {
    let mut deaths = deaths(before);
    let engine = engine.replace([' ', ':'], "");
    let death = format!("{engine}:{print:x}");
    if !deaths.contains(&&*death) {
        deaths.push(&death);
    }
    let first = deaths.len().saturating_sub(MOST);
    let deaths = deaths.split_off(first);
    [&[BUILD], &deaths[..]].concat().join(" ")
}

fn prints(text: &str) -> Vec<u64> {
    let deaths = deaths(text).into_iter();
    deaths
        .filter_map(|death| u64::from_str_radix(death.split_once(':')?.1, 16).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_death_is_noted_once_and_the_newest_are_remembered() {
        let one = noted("", "engine 1", 7);
        assert_eq!(
            noted(&one, "engine 1", 7),
            one,
            "another page hears the same"
        );
        let two = noted(&one, "engine 2", 7);
        assert_eq!(prints(&two), [7, 7]);
        let many = (0..40).fold(two, |text, n| noted(&text, "engine", n));
        assert_eq!(prints(&many), (28..40).collect::<Vec<_>>());
        assert!(prints("garbage").is_empty());
        assert!(prints("another-build a:7").is_empty());
        assert_eq!(prints(&noted("another-build a:7", "b", 8)), [8]);
    }
}
