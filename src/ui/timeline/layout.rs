//! Where each row stands: measured heights where there are any, good guesses elsewhere.

use std::collections::HashMap;
use std::ops::Range;

use super::list::{Key, Row, RowKind};
use crate::boundary::change::ItemKind;

/// Heights are kept for at most so many rows.
const KEPT: usize = 4_000;

/// Heights in CSS pixels: those measured, and what they teach about the others.
#[derive(Debug)]
pub struct Heights {
    measured: HashMap<Key, f64>,
    /// Of all measured messages: the sum of their heights, and of what was guessed.
    sums: (f64, f64),
    /// The inner width of the column.
    width: f64,
    /// What is left free above the first row and below the last.
    pad: f64,
}

impl Default for Heights {
    fn default() -> Self {
        Self {
            measured: HashMap::new(),
            sums: (0.0, 0.0),
            width: 600.0,
            pad: 0.0,
        }
    }
}

impl Heights {
    /// The column has another width: what was measured no longer holds.
    pub fn set_width(&mut self, width: f64) {
        if self.is_other_width(width) {
            self.width = width;
            self.measured.clear();
            self.sums = (0.0, 0.0);
        }
    }

    /// Whether a column of this width is another.
    #[must_use]
    pub fn is_other_width(&self, width: f64) -> bool {
        (self.width - width).abs() > 0.5
    }

    /// What is left free above the first row, and below the last. Says whether that is news.
    pub fn set_pad(&mut self, pad: f64) -> bool {
        let news = (self.pad - pad).abs() > 0.1;
        self.pad = pad;
        news
    }

    /// The same.
    #[must_use]
    pub fn pad(&self) -> f64 {
        self.pad
    }

    /// A row was measured. Says whether that is news.
    pub fn measure(&mut self, row: &Row, height: f64) -> bool {
        let old = self.measured.insert(row.key, height);
        if old.is_none() && matches!(row.kind, RowKind::Message { .. }) {
            self.sums.0 += height;
            self.sums.1 += self.guess(row);
        }
        old.is_none_or(|old| (old - height).abs() > 0.1)
    }

    /// These rows have other keys.
    pub fn follow(&mut self, moved: &HashMap<Key, Key>) {
        let heights: Vec<_> = moved
            .iter()
            .filter_map(|(old, new)| Some((*new, self.measured.remove(old)?)))
            .collect();
        self.measured.extend(heights);
    }

    /// A row shows something else: its height is not known.
    pub fn forget(&mut self, key: &Key) {
        self.measured.remove(key);
    }

    /// Forgets what is not among these rows, if there is too much of it.
    pub fn trim(&mut self, rows: &[Row]) {
        if self.measured.len() > KEPT {
            let keep: std::collections::HashSet<Key> = rows.iter().map(|row| row.key).collect();
            self.measured.retain(|key, _| keep.contains(key));
        }
    }

    /// The height of a row, as far as one knows.
    #[must_use]
    pub fn of(&self, row: &Row) -> f64 {
        if let Some(height) = self.measured.get(&row.key) {
            return *height;
        }
        let guess = self.guess(row);
        match (&row.kind, self.sums) {
            (RowKind::Message { .. }, (measured, guessed)) if guessed > 0.0 => {
                guess * (measured / guessed)
            }
            _ => guess,
        }
    }

    fn guess(&self, row: &Row) -> f64 {
        let RowKind::Message { item, first, .. } = &row.kind else {
            return 44.0;
        };
        let ItemKind::Message(message) = &item.kind else {
            return 44.0;
        };
        // About eight pixels a letter, in a bubble that takes most of the column.
        let per_line = (self.width * 0.85 / 8.0).max(10.0);
        let body = message.body.get(..2_400).unwrap_or(&message.body);
        let lines: f64 = body
            .split('\n')
            .take(30)
            .map(|line| (line.len() as f64 / per_line).ceil().max(1.0))
            .sum();
        20.0 + 22.0 * lines.min(60.0) + if *first { 6.0 } else { 0.0 }
    }
}

/// The places of all rows, from the top of what scrolls.
#[derive(Clone, Debug, Default)]
pub struct Layout {
    keys: Vec<Key>,
    /// One more than rows: the last is the end of the last row.
    tops: Vec<f64>,
    pad: f64,
}

impl Layout {
    /// Lays rows out.
    #[must_use]
    pub fn new(rows: &[Row], heights: &Heights) -> Self {
        let mut tops = Vec::with_capacity(rows.len() + 1);
        let mut top = heights.pad;
        tops.push(top);
        for row in rows {
            top += heights.of(row);
            tops.push(top);
        }
        Self {
            keys: rows.iter().map(|row| row.key).collect(),
            tops,
            pad: heights.pad,
        }
    }

    /// The height of all rows, and what is left free around them.
    #[must_use]
    pub fn height(&self) -> f64 {
        self.end() + self.pad
    }

    fn end(&self) -> f64 {
        self.tops.last().copied().unwrap_or(self.pad)
    }

    /// The top of a row; for the row after the last, the end of the last.
    #[must_use]
    pub fn top(&self, index: usize) -> f64 {
        self.tops.get(index).copied().unwrap_or_else(|| self.end())
    }

    /// The place of a row, or of the next after it if it is gone.
    #[must_use]
    pub fn index(&self, key: &Key) -> usize {
        self.keys.partition_point(|other| other < key)
    }

    /// The key of a row.
    #[must_use]
    pub fn key(&self, index: usize) -> Option<Key> {
        self.keys.get(index).copied()
    }

    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The rows that touch what lies between two heights.
    #[must_use]
    pub fn between(&self, from: f64, to: f64) -> Range<usize> {
        let count = self.len();
        let start = self
            .tops
            .partition_point(|top| *top <= from)
            .saturating_sub(1)
            .min(count);
        let end = self
            .tops
            .partition_point(|top| *top < to)
            .clamp(start, count);
        start..end
    }
}

#[cfg(test)]
mod tests {
    use super::super::list::tests::message;
    use super::super::list::{Held, rows};
    use super::*;
    use crate::boundary::change::Edge;

    fn ten() -> Vec<Row> {
        let items: Vec<_> = (0..10).map(|n| message(n, false, "hello")).collect();
        let held = Held {
            items: &items,
            older: &Edge::End,
            newer: &Edge::End,
            unread_from: None,
        };
        rows(&held, |_| 0)
    }

    #[test]
    fn measured_heights_count_and_teach() {
        let rows = ten();
        let mut heights = Heights::default();
        let guessed = heights.of(&rows[5]);
        assert!(heights.measure(&rows[3], guessed * 2.0));
        assert!(!heights.measure(&rows[3], guessed * 2.0));
        assert!((heights.of(&rows[3]) - guessed * 2.0).abs() < 0.01);
        assert!(heights.of(&rows[5]) > guessed * 1.5);
        heights.set_width(300.0);
        assert!((heights.of(&rows[3]) - guessed).abs() < 0.01);
    }

    #[test]
    fn rows_are_found_by_height_and_by_key() {
        let rows = ten();
        let mut heights = Heights::default();
        for row in &rows {
            heights.measure(row, 10.0);
        }
        let layout = Layout::new(&rows, &heights);
        assert_eq!(layout.len(), 12);
        assert!((layout.height() - 120.0).abs() < 0.01);
        assert_eq!(layout.between(0.0, 25.0), 0..3);
        assert_eq!(layout.between(10.0, 20.0), 1..2);
        assert_eq!(layout.between(500.0, 600.0), 12..12);
        assert_eq!(layout.between(-50.0, -10.0), 0..0);
        assert_eq!(layout.index(&rows[4].key), 4);
        // The row is gone: the next takes its place.
        let mut fewer = rows.clone();
        fewer.remove(4);
        let layout = Layout::new(&fewer, &heights);
        assert_eq!(layout.key(layout.index(&rows[4].key)), Some(rows[5].key));
        assert!(Layout::default().between(0.0, 100.0).is_empty());
    }
}
