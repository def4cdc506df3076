//! Where the rows of a virtual list lie, apart from the browser.

use super::KINDS;

/// Rows beyond the edge that are kept in the document, so that scrolling never shows a hole.
const OVERSCAN: usize = 8;
/// The window moves in steps of so many rows: not every pixel of scrolling is a change.
const STEP: usize = 4;

/// Where each row begins.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Geometry {
    /// The beginning of each row, and the end of the last.
    starts: Vec<f64>,
}

/// The rows that are in the document.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Span {
    /// The first.
    pub start: usize,
    /// One beyond the last.
    pub end: usize,
    /// Where the first begins, in pixels.
    pub offset: f64,
}

impl Geometry {
    /// Lays rows of these kinds out.
    pub fn new(kinds: impl Iterator<Item = usize>, heights: [f64; KINDS]) -> Self {
        let mut starts = Vec::with_capacity(kinds.size_hint().0 + 1);
        let mut at = 0.0;
        for kind in kinds {
            starts.push(at);
            at += heights.get(kind).copied().unwrap_or_default();
        }
        starts.push(at);
        Self { starts }
    }

    /// How high all rows are together.
    pub fn total(&self) -> f64 {
        self.starts.last().copied().unwrap_or_default()
    }

    /// The rows for a frame that looks at `height` pixels from `top` on.
    pub fn span(&self, top: f64, height: f64) -> Span {
        let count = self.starts.len().saturating_sub(1);
        // The first row that begins beyond a place; the one before it holds the place.
        let beyond = |place: f64| self.starts.partition_point(|start| *start <= place);
        let first = beyond(top).saturating_sub(1 + OVERSCAN);
        let last = beyond(top + height) + OVERSCAN;
        let start = (first - first % STEP).min(count);
        let end = last.next_multiple_of(STEP).min(count);
        Span {
            start,
            end,
            offset: self.starts.get(start).copied().unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_holds_what_the_frame_shows_and_little_more() {
        let list = Geometry::new(std::iter::repeat_n(0, 5000), [50.0, 30.0]);
        assert_eq!(list.total(), 250_000.0);
        for top in [0.0, 49.0, 50.0, 12_345.0, 249_000.0, 1e9, -50.0] {
            let span = list.span(top, 600.0);
            assert!(
                span.end - span.start <= 12 + 2 * OVERSCAN + 2 * STEP,
                "{span:?}"
            );
            assert_eq!(span.offset, list.starts[span.start]);
            let visible = (0..5000)
                .filter(|row| list.starts[row + 1] > top && list.starts[*row] < top + 600.0);
            for row in visible {
                assert!(
                    (span.start..span.end).contains(&row),
                    "{top}: {row} is not in {span:?}"
                );
            }
        }
    }

    #[test]
    fn an_empty_list_has_no_rows() {
        let list = Geometry::new(std::iter::empty(), [50.0, 30.0]);
        assert_eq!(list.span(0.0, 600.0), Span::default());
        assert_eq!(Geometry::default().span(0.0, 600.0), Span::default());
    }

    #[test]
    fn kinds_have_their_own_heights() {
        let list = Geometry::new([1, 0, 0, 1, 0].into_iter(), [50.0, 30.0]);
        assert_eq!(list.total(), 210.0);
        assert_eq!(list.starts, [0.0, 30.0, 80.0, 130.0, 160.0, 210.0]);
    }
}
