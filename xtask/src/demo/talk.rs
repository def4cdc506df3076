//! Conversations of the past: texts without dates become messages over several weeks.

/// A day in seconds.
const DAY: u64 = 24 * 60 * 60;

/// One message of the past.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Whether Romeo wrote it, and not the other.
    pub is_romeo: bool,
    /// The text.
    pub text: String,
    /// Seconds since 1970.
    pub when: u64,
}

/// Spreads the dialogues of `text` over the `weeks` before `now`, the same way for the same `salt`.
///
/// Dialogues are separated by empty lines. `> ` begins what Romeo wrote and `< ` what the other wrote; two spaces continue
/// it on a new line.
#[must_use]
pub fn lines(text: &str, weeks: u32, now: u64, salt: &str) -> Vec<Line> {
    let mut chance = Chance::new(salt);
    let dialogues: Vec<&str> = text
        .split("\n\n")
        .filter(|part| !part.trim().is_empty())
        .collect();
    let count = u64::try_from(dialogues.len()).unwrap_or(1).max(1);
    let span = u64::from(weeks) * 7 * DAY;
    let mut all = Vec::new();
    for (number, dialogue) in (0..).zip(dialogues) {
        // Each dialogue has its own stretch of the time, and begins in its first third, between nine and nineteen.
        let stretch = span / count;
        let mut when = now - span + number * stretch + chance.below(stretch / 3);
        when = when - when % DAY + 9 * 3600 + chance.below(10 * 3600);
        // The last one ends before now.
        when = when.min(now - 3600);
        for (is_romeo, text) in turns(dialogue) {
            let typing = u64::try_from(text.chars().count()).unwrap_or(0) / 6;
            when += 3 + typing + chance.below(50);
            all.push(Line {
                is_romeo,
                text,
                when,
            });
        }
    }
    all.sort_by_key(|line| line.when);
    all
}

fn turns(dialogue: &str) -> Vec<(bool, String)> {
    let mut turns: Vec<(bool, String)> = Vec::new();
    for line in dialogue.lines() {
        if let Some(text) = line.strip_prefix("> ") {
            turns.push((true, text.to_owned()));
        } else if let Some(text) = line.strip_prefix("< ") {
            turns.push((false, text.to_owned()));
        } else if let (Some(text), Some((_, last))) = (line.strip_prefix("  "), turns.last_mut()) {
            last.push('\n');
            last.push_str(text);
        }
    }
    turns
}

/// Numbers that look like chance and are always the same (xorshift64*).
#[derive(Debug)]
pub struct Chance(u64);

impl Chance {
    /// Begins a row of numbers that depends on `salt` alone.
    #[must_use]
    pub fn new(salt: &str) -> Self {
        // FNV-1a.
        let mix = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        Self(salt.bytes().fold(0xcbf2_9ce4_8422_2325, mix) | 1)
    }

    /// The next number below `limit`, or 0.
    pub fn below(&mut self, limit: u64) -> u64 {
        (self.next() >> 11).checked_rem(limit).unwrap_or(0)
    }

    /// The next number.
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }
}

/// XEP-0082: a moment as text.
#[must_use]
pub fn date_time(when: u64) -> String {
    let (days, seconds) = (when / DAY, when % DAY);
    // Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days.
    let z = days + 719_468;
    let era = z / 146_097;
    let of_era = z % 146_097;
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400 + u64::from(month <= 2);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::people::TALKS;

    #[test]
    fn moments_become_text() {
        assert_eq!(date_time(0), "1970-01-01T00:00:00Z");
        assert_eq!(date_time(951_827_696), "2000-02-29T12:34:56Z");
        assert_eq!(date_time(1_798_761_599), "2026-12-31T23:59:59Z");
    }

    #[test]
    fn the_past_is_long_in_order_and_past() {
        let now = 1_800_000_000;
        let mut count = 0;
        for (who, text, weeks) in TALKS {
            let all = lines(text, *weeks, now, who);
            assert!(all.is_sorted_by_key(|line| line.when));
            assert!(
                all.iter()
                    .all(|line| line.when < now && !line.text.is_empty()),
                "{who}"
            );
            count += all.len();
        }
        assert!(count > 400, "{count}");
        let juliet = lines(TALKS[0].1, TALKS[0].2, now, "juliet");
        assert!(juliet.len() > 200);
        assert!(juliet[0].when < now - 50 * DAY);
    }

    #[test]
    fn a_text_may_have_several_lines() {
        let all = lines("> a\n  b\n< c\n", 1, 1_800_000_000, "x");
        let texts: Vec<_> = all
            .iter()
            .map(|line| (line.is_romeo, line.text.as_str()))
            .collect();
        assert_eq!(texts, [(true, "a\nb"), (false, "c")]);
    }
}
