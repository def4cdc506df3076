//! The emoji that can be picked: a text file, read when the picker is first opened.

use crate::ui::browser::lowercase;
use crate::ui::reactive::order::ordered_by;

/// At most so many are found.
const FOUND: usize = 120;

/// All emoji, by group.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct EmojiList {
    groups: Vec<Vec<Emoji>>,
}

/// An emoji, and the words it is found by.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Emoji {
    /// The characters.
    pub text: String,
    /// English, then Chinese.
    words: [String; 2],
}

impl Emoji {
    /// What it is called: its first words.
    #[must_use]
    pub fn name(&self, chinese: bool) -> String {
        let own = self.words.get(usize::from(chinese));
        let words = own.filter(|words| !words.is_empty());
        let words = words.or(self.words.first()).map_or("", String::as_str);
        if chinese {
            words.split(' ').next().unwrap_or_default().to_owned()
        } else {
            words.split(' ').take(4).collect::<Vec<_>>().join(" ")
        }
    }

    /// How well it fits: every word of the query must begin one of its words; lower is better.
    fn fits(&self, query: &[String]) -> Option<usize> {
        let mut sum = 0;
        for wanted in query {
            let mut words = self
                .words
                .iter()
                .flat_map(|words| words.split(' ').enumerate());
            let (at, exact) = words.find_map(|(at, word)| {
                // Chinese words have no spaces around them: any part will do.
                let fits = word.starts_with(wanted.as_str())
                    || (!wanted.is_ascii() && word.contains(wanted.as_str()));
                fits.then_some((at, word == wanted))
            })?;
            sum += 2 * at + usize::from(!exact);
        }
        Some(sum)
    }
}

impl EmojiList {
    /// Reads the file: groups begin with `=`, remarks with `#`; else emoji, English and Chinese words.
    #[must_use]
    pub fn parse(file: &str) -> Self {
        let mut groups: Vec<Vec<Emoji>> = Vec::new();
        for line in file.lines() {
            if line.starts_with('=') {
                groups.push(Vec::new());
            } else if !line.starts_with('#')
                && let Some(group) = groups.last_mut()
            {
                let mut fields = line.split('\t');
                let mut field = || fields.next().unwrap_or_default().to_owned();
                let text = field();
                if !text.is_empty() {
                    group.push(Emoji {
                        text,
                        words: [field(), field()],
                    });
                }
            }
        }
        Self { groups }
    }

    /// The emoji of a group.
    #[must_use]
    pub fn group(&self, number: usize) -> &[Emoji] {
        self.groups.get(number).map_or(&[], Vec::as_slice)
    }

    /// How many groups there are.
    #[must_use]
    pub fn groups(&self) -> usize {
        self.groups.len()
    }

    /// The emoji that fit a query, in English or Chinese, best first.
    #[must_use]
    pub fn find(&self, query: &str) -> Vec<Emoji> {
        let query: Vec<String> = query.split_whitespace().map(lowercase).collect();
        if query.is_empty() {
            return Vec::new();
        }
        let all = self.groups.iter().flatten();
        let found: Vec<(usize, &Emoji)> = all
            .filter_map(|emoji| Some((emoji.fits(&query)?, emoji)))
            .collect();
        let best = ordered_by(&found, |(fit, _)| fit).into_iter().take(FOUND);
        best.map(|(_, emoji)| (*emoji).clone()).collect()
    }

    /// These emoji, as far as they are known, in the order given.
    #[must_use]
    pub fn those(&self, texts: &[String]) -> Vec<Emoji> {
        let known = |text: &String| {
            self.groups
                .iter()
                .flatten()
                .find(|emoji| emoji.text == *text)
        };
        texts.iter().filter_map(known).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shipped() -> EmojiList {
        EmojiList::parse(include_str!("../../../public/emoji.txt"))
    }

    #[test]
    fn the_shipped_list_is_whole() {
        let list = shipped();
        assert_eq!(list.groups(), 9);
        let count: usize = (0..9).map(|group| list.group(group).len()).sum();
        assert!(count > 1_500, "{count}");
        for emoji in list.groups.iter().flatten() {
            assert!(crate::ui::text::emoji::is_jumbo(&emoji.text), "{emoji:?}");
            assert!(
                !emoji.words[0].is_empty() && !emoji.words[1].is_empty(),
                "{emoji:?}"
            );
        }
    }

    #[test]
    fn words_of_both_languages_find() {
        let list = shipped();
        for (query, expected) in [
            ("thumbs up", "👍️"),
            ("THUMB", "👍️"),
            ("cat", "🐈️"),
            ("猫", "🐈️"),
            ("心", "❤️"),
            ("germany", "🇩🇪"),
        ] {
            let found = list.find(query);
            let same = |text: &str| {
                text.trim_end_matches('\u{fe0f}') == expected.trim_end_matches('\u{fe0f}')
            };
            assert!(found.iter().any(|emoji| same(&emoji.text)), "{query}");
        }
        assert!(list.find("zzzz").is_empty());
        assert!(list.find("a").len() <= FOUND);
        assert!(list.find(" ").is_empty());
    }
}
