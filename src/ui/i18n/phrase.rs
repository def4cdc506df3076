//! Phrases with gaps, and phrases that count.

use std::fmt::Display;

use super::{Locale, intl};

/// A phrase with one gap: `{}`.
#[derive(Clone, Copy)]
pub struct Fill(pub &'static str);

impl Fill {
    /// Fills the gap.
    #[must_use]
    pub fn with(&self, what: &dyn Display) -> String {
        fill(self.0, &[what])
    }
}

/// A phrase with two gaps, in any order: `{0}` and `{1}`.
#[derive(Clone, Copy)]
pub struct Fill2(pub &'static str);

impl Fill2 {
    /// Fills both gaps.
    #[must_use]
    pub fn with(&self, first: &dyn Display, second: &dyn Display) -> String {
        fill(self.0, &[first, second])
    }
}

/// A phrase that counts: `{}` is the number. A category that the language does not have stays empty.
#[derive(Clone, Copy)]
pub struct Count {
    /// The language.
    pub locale: Locale,
    /// As in "1 message".
    pub one: &'static str,
    /// As in "5 messages"; all that some languages have.
    pub other: &'static str,
}

impl Count {
    /// The phrase for this number.
    #[must_use]
    pub fn of(&self, count: u32) -> String {
        let text = match &*intl::plural_category(self.locale.tag(), count) {
            "one" if !self.one.is_empty() => self.one,
            _ => self.other,
        };
        fill(text, &[&count])
    }
}

fn fill(text: &str, gaps: &[&dyn Display]) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let Some((gap, after)) = after.split_once('}') else {
            rest = after;
            break;
        };
        if let Some(what) = gaps.get(gap.parse().unwrap_or(0_usize)) {
            out.push_str(&what.to_string());
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_filled_in_any_order_and_never_twice() {
        assert_eq!(Fill("{} is typing").with(&"Juliet"), "Juliet is typing");
        assert_eq!(Fill2("{1} of {0}").with(&10, &3), "3 of 10");
        // What fills a gap is not looked at for gaps.
        assert_eq!(Fill2("{0}, {1}").with(&"{1}", &"{0}"), "{1}, {0}");
    }

    #[test]
    fn numbers_choose_their_words() {
        let count = Count {
            locale: Locale::En,
            one: "{} message",
            other: "{} messages",
        };
        assert_eq!(
            [0, 1, 2].map(|n| count.of(n)),
            ["0 messages", "1 message", "2 messages"]
        );
        let count = Count {
            locale: Locale::ZhCn,
            one: "",
            other: "{} 条消息",
        };
        assert_eq!(count.of(1), "1 条消息");
    }
}
