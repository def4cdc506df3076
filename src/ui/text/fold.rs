//! How much of a long text is shown at first: hostile ones must not cost a frame, long ones not the screen.

use super::piece;

/// How far a message is unfolded.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum Fold {
    /// The first screenful.
    #[default]
    Closed,
    /// Ten times as much.
    Wider,
    /// All.
    Open,
}

impl Fold {
    /// The step that "Show more" takes.
    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::Closed => Self::Wider,
            Self::Wider | Self::Open => Self::Open,
        }
    }

    /// At most so many bytes and lines.
    fn limits(self) -> Option<(usize, usize)> {
        match self {
            Self::Closed => Some((2_400, 30)),
            Self::Wider => Some((24_000, 300)),
            Self::Open => None,
        }
    }

    /// The part of a text that is shown, and whether there is more. What would hide little hides nothing.
    #[must_use]
    pub fn cut(self, text: &str) -> (&str, bool) {
        let Some((bytes, lines)) = self.limits() else {
            return (text, false);
        };
        let by_lines = nth_newline(text, lines);
        let much_longer = text.len() > bytes + bytes / 4;
        let much_taller = nth_newline(text, lines + lines / 4).is_some();
        if !much_longer && !much_taller {
            return (text, false);
        }
        let mut end = by_lines.unwrap_or(text.len()).min(bytes);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let shown = piece(text, 0, end);
        // Between two words, if there is such a place near.
        let words = shown
            .char_indices()
            .rev()
            .take(80)
            .find(|(at, c)| c.is_whitespace() && *at > 0)
            .map_or(end, |(at, _)| at);
        let words = if by_lines == Some(end) { end } else { words };
        (piece(shown, 0, words), true)
    }
}

/// The offset of the n-th line break, counted from one.
fn nth_newline(text: &str, n: usize) -> Option<usize> {
    text.match_indices('\n')
        .nth(n.saturating_sub(1))
        .map(|(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_texts_are_whole() {
        for text in ["", "hello", &"x".repeat(2_900), &"a\n".repeat(35)] {
            assert_eq!(Fold::Closed.cut(text), (text, false));
        }
    }

    // E11
    #[test]
    fn long_ones_are_cut_between_characters() {
        for text in [
            format!("a{}", "\u{301}".repeat(5_000)),
            "b".repeat(200_000),
            "\n".repeat(10_000),
            "👨‍👩‍👧‍👦".repeat(2_000),
            "word ".repeat(1_000),
        ] {
            let (shown, folded) = Fold::Closed.cut(&text);
            assert!(folded && shown.len() <= 2_400 && shown.lines().count() <= 31);
            let (wider, _) = Fold::Wider.cut(&text);
            assert!(wider.starts_with(shown) && wider.len() > shown.len());
            assert_eq!(Fold::Open.cut(&text), (text.as_str(), false));
        }
    }
}
