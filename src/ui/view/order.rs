//! Which rows of a list stay where they are when its order changes.

/// For each row, by the place where it stood before (none: it is new), whether it can stay while the others are put
/// around it. As many stay as possible: the longest run of growing places.
pub(super) fn staying(places: &[Option<usize>]) -> Vec<bool> {
    // For each length, the row at which a run of that length ends, at the smallest place found.
    let mut ends: Vec<usize> = Vec::new();
    // For each row, the row before it in the longest run that ends there.
    let mut before = vec![None; places.len()];
    let place = |row: &usize| places.get(*row).copied().flatten();
    for (row, here) in places.iter().enumerate() {
        let Some(here) = here else { continue };
        let length = ends.partition_point(|end| place(end) < Some(*here));
        let previous = length.checked_sub(1).and_then(|length| ends.get(length));
        if let Some(slot) = before.get_mut(row) {
            *slot = previous.copied();
        }
        match ends.get_mut(length) {
            Some(end) => *end = row,
            None => ends.push(row),
        }
    }
    let mut stays = vec![false; places.len()];
    let mut next = ends.last().copied();
    while let Some(row) = next {
        if let Some(stays) = stays.get_mut(row) {
            *stays = true;
        }
        next = before.get(row).copied().flatten();
    }
    stays
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `x` moves, `.` stays; a minus is a new row.
    fn moves(places: &str) -> String {
        let places: Vec<_> = places
            .chars()
            .map(|c| c.to_digit(10).map(|digit| digit as usize))
            .collect();
        let sign = |stays: bool| if stays { '.' } else { 'x' };
        staying(&places).into_iter().map(sign).collect()
    }

    #[test]
    fn only_the_row_that_changes_its_place_moves() {
        assert_eq!(moves(""), "");
        assert_eq!(moves("0123"), "....");
        assert_eq!(moves("3012"), "x...", "to the front");
        assert_eq!(moves("1230"), "...x", "to the end");
        assert_eq!(moves("0-12-"), ".x..x", "new ones come between");
        assert_eq!(moves("257"), "...", "others are gone");
        assert_eq!(moves("21"), "x.");
    }

    #[test]
    fn as_many_stay_as_can() {
        assert_eq!(moves("3214765"), "xx..xx.");
        for places in ["71523640", "02461357", "9081726354"] {
            let stays: Vec<char> = places
                .chars()
                .zip(moves(places).chars())
                .filter_map(|(place, sign)| (sign == '.').then_some(place))
                .collect();
            assert!(stays.is_sorted(), "{places}");
            assert!(stays.len() >= 4, "{places}: {stays:?}");
        }
    }
}
