//! The table: what was measured, beside what it may cost.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::rows::{Budget, Key, ROWS, Row};

/// What was measured.
#[derive(Debug, Default)]
pub struct Findings {
    figures: BTreeMap<Key, Vec<f64>>,
    notes: Vec<(Key, String)>,
}

impl Findings {
    /// Adds a run's figure.
    pub fn add(&mut self, key: Key, figure: f64) {
        self.figures.entry(key).or_default().push(figure);
    }

    /// Says something about a row, below the table.
    pub fn note(&mut self, key: Key, words: impl Into<String>) {
        self.notes.push((key, words.into()));
    }

    /// The table and the notes, as Markdown that is legible as it is.
    #[must_use]
    pub fn table(&self, wanted: &[Key]) -> String {
        let head = [
            "what", "others", "floor", "budget", "median", "spread", "runs", "",
        ];
        let mut lines = vec![head.map(str::to_owned).to_vec()];
        let rows = ROWS.iter().filter(|row| wanted.contains(&row.key));
        lines.extend(rows.clone().map(|row| {
            let mut figures = self.figures.get(&row.key).cloned().unwrap_or_default();
            figures.sort_by(f64::total_cmp);
            line(row, &figures)
        }));
        let mut text = String::new();
        let widths: Vec<usize> = (0..head.len())
            .map(|column| {
                lines
                    .iter()
                    .filter_map(|line| line.get(column))
                    .map(|cell| cell.chars().count())
                    .max()
                    .unwrap_or(0)
            })
            .collect();
        for (number, line) in lines.iter().enumerate() {
            for (cell, width) in line.iter().zip(&widths) {
                let _fits = write!(text, "| {cell:width$} ");
            }
            text.push_str("|\n");
            if number == 0 {
                for width in &widths {
                    let _fits = write!(text, "|-{}-", "-".repeat(*width));
                }
                text.push_str("|\n");
            }
        }
        for row in rows {
            for (_, words) in self.notes.iter().filter(|(key, _)| *key == row.key) {
                let _fits = write!(text, "\n- {}: {words}", row.what);
            }
        }
        text
    }
}

/// The cells of a row; `figures` in order of size.
fn line(row: &Row, figures: &[f64]) -> Vec<String> {
    let with_unit = |number: String| match row.unit {
        "" => number,
        unit => format!("{number} {unit}"),
    };
    let (word, limit) = match row.budget {
        Budget::Median(limit) | Budget::P95(limit) | Budget::Each(limit) => ("≤", limit),
        Budget::AtLeast(limit) => ("≥", limit),
    };
    let mut cells = vec![
        row.what.to_owned(),
        if row.others.is_empty() {
            String::new()
        } else {
            with_unit(row.others.to_owned())
        },
        if row.floor.is_empty() {
            String::new()
        } else {
            with_unit(row.floor.to_owned())
        },
        with_unit(format!("{word} {}", number(limit))),
    ];
    let (Some(least), Some(most)) = (figures.first(), figures.last()) else {
        cells.extend(["", "", "0", "not measured"].map(str::to_owned));
        return cells;
    };
    let middle = share(figures, 0.5);
    let (binding, shown) = match row.budget {
        Budget::Median(_) | Budget::AtLeast(_) => (middle, with_unit(number(middle))),
        Budget::P95(_) => {
            let high = share(figures, 0.95);
            (
                high,
                format!("p50 {}, p95 {}", number(middle), with_unit(number(high))),
            )
        }
        Budget::Each(_) => (*most, with_unit(number(middle))),
    };
    let spread = if figures.len() < 10 {
        format!("{} – {}", number(*least), number(*most))
    } else {
        format!(
            "p10 {} – p90 {}",
            number(share(figures, 0.1)),
            number(share(figures, 0.9))
        )
    };
    let met = match row.budget {
        Budget::AtLeast(_) => binding >= limit,
        _ => binding <= limit,
    };
    let verdict = if met { "met" } else { "**missed**" };
    cells.extend([shown, spread, figures.len().to_string(), verdict.to_owned()]);
    cells
}

/// The figure below which a share of them lies (nearest rank).
pub fn share(sorted: &[f64], part: f64) -> f64 {
    let rank = (sorted.len() as f64 * part).ceil().max(1.0);
    let at = rank as usize - 1;
    sorted
        .get(at)
        .or(sorted.last())
        .copied()
        .unwrap_or(f64::NAN)
}

/// A number with as many digits as matter, and its thousands apart.
fn number(value: f64) -> String {
    if value.abs() < 10.0 && value.fract().abs() > 0.004 {
        return format!("{value:.2}");
    }
    let digits = format!("{:.0}", value.abs());
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if value <= -0.5 {
        format!("-{text}")
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_stands_once_and_its_budget_binds() {
        let mut findings = Findings::default();
        for millis in [100.0, 120.0, 131.0] {
            findings.add(Key::ColdStart, millis);
            findings.add(Key::ScrollBackTask, millis / 2.0);
        }
        findings.add(Key::Engine, 310_000.0);
        let keys: Vec<Key> = ROWS.iter().map(|row| row.key).collect();
        let table = findings.table(&keys);
        assert_eq!(table.lines().count(), ROWS.len() + 2);
        let of = |what: &str| table.lines().find(|line| line.contains(what)).unwrap();
        assert!(of("cold start").contains("| 120 ms "), "{table}");
        assert!(of("cold start").contains("| 100 – 131 "), "{table}");
        assert!(of("cold start").contains("| met "), "{table}");
        assert!(of("scrolling's longest").contains("**missed**"), "{table}");
        assert!(
            of("engine, native").contains("310,000") && of("engine, native").contains("| met "),
            "{table}"
        );
        assert!(of("received").contains("not measured"), "{table}");
    }

    #[test]
    fn a_share_is_one_of_the_figures() {
        let figures: Vec<f64> = (1..=20).map(f64::from).collect();
        assert_eq!(share(&figures, 0.5), 10.0);
        assert_eq!(share(&figures, 0.95), 19.0);
        assert_eq!(share(&[7.0], 0.95), 7.0);
    }

    #[test]
    fn numbers_are_short_and_legible() {
        assert_eq!(number(0.2), "0.20");
        assert_eq!(number(2.0), "2");
        assert_eq!(number(1234567.8), "1,234,568");
        assert_eq!(number(-1500.0), "-1,500");
    }
}
