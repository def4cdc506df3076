//! How lists are put in order.
//!
//! Why not simply `sort`: it is compiled anew for each type, and is a kilobyte of what goes over the wire each time.

use std::cmp::Ordering;

/// The numbers below `count`, in the order of what they stand for.
#[must_use]
pub fn ordered(count: usize, compare: &dyn Fn(usize, usize) -> Ordering) -> Vec<usize> {
    let mut numbers: Vec<usize> = (0..count).collect();
    // Equal ones stay as they were.
    numbers.sort_unstable_by(|one, two| compare(*one, *two).then(one.cmp(two)));
    numbers
}

/// The same things, in the order of what `by` says of them.
#[must_use]
pub fn ordered_by<'a, T, K: Ord + 'a>(things: &'a [T], by: fn(&'a T) -> K) -> Vec<&'a T> {
    let key = |number: usize| things.get(number).map(by);
    let order = ordered(things.len(), &|one, two| key(one).cmp(&key(two)));
    order
        .into_iter()
        .filter_map(|number| things.get(number))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_things_keep_their_order() {
        let things = [(2, 'a'), (1, 'b'), (2, 'c'), (1, 'd')];
        let letters =
            |things: Vec<&(i32, char)>| things.iter().map(|thing| thing.1).collect::<String>();
        assert_eq!(letters(ordered_by(&things, |thing| thing.0)), "bdac");
        assert_eq!(letters(ordered_by(&things, |thing| thing)), "bdac");
        assert!(ordered_by(&[] as &[u8], |thing| thing).is_empty());
    }
}
