//! The judge: what was written against what each place has. It knows nothing of how it came there.

use std::collections::HashMap;
use std::fmt;

/// What somebody wrote to somebody, in order.
#[derive(Clone, Debug)]
pub struct Written {
    /// What each of these messages begins with, and no other.
    pub mark: &'static str,
    /// The messages.
    pub all: Vec<String>,
}

/// Something that is not as it must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// Where.
    pub place: String,
    /// What.
    pub kind: Kind,
    /// Which message.
    pub message: String,
}

/// What can be wrong with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It is not there.
    Lost,
    /// It is there more than once.
    Doubled,
    /// One that its sender wrote later stands before it.
    OutOfOrder,
    /// Nobody wrote it.
    Strange,
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {:?} is {:?}", self.place, self.message, self.kind)
    }
}

/// Compares what a place has, in its order, with all that must be there.
#[must_use]
pub fn judge(place: &str, written: &[&Written], found: &[String]) -> Vec<Flaw> {
    let mut flaws = Vec::new();
    let mut flaw = |kind, message: &str| {
        flaws.push(Flaw {
            place: place.to_owned(),
            kind,
            message: message.to_owned(),
        });
    };
    let mut known = HashMap::new();
    for one in written {
        for (at, message) in one.all.iter().enumerate() {
            known.insert(message.as_str(), (one.mark, at, 0_u32));
        }
    }
    let mut latest: HashMap<&str, usize> = HashMap::new();
    for message in found {
        let Some((mark, at, times)) = known.get_mut(message.as_str()) else {
            flaw(Kind::Strange, message);
            continue;
        };
        *times += 1;
        if *times > 1 {
            flaw(Kind::Doubled, message);
            continue;
        }
        let latest = latest.entry(mark).or_insert(*at);
        if *at < *latest {
            flaw(Kind::OutOfOrder, message);
        }
        *latest = (*latest).max(*at);
    }
    for one in written {
        for message in &one.all {
            if known.get(message.as_str()).is_some_and(|(_, _, n)| *n == 0) {
                flaw(Kind::Lost, message);
            }
        }
    }
    flaws
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(mark: &'static str, count: usize) -> Written {
        Written {
            mark,
            all: (0..count).map(|n| format!("{mark}{n}")).collect(),
        }
    }

    fn kinds(found: &[&str]) -> Vec<(Kind, String)> {
        let (a, b) = (written("a", 3), written("b", 2));
        let found: Vec<String> = found.iter().map(ToString::to_string).collect();
        let flaws = judge("here", &[&a, &b], &found);
        flaws.into_iter().map(|f| (f.kind, f.message)).collect()
    }

    #[test]
    fn two_rows_may_mingle_but_each_keeps_its_order() {
        assert!(kinds(&["a0", "b0", "a1", "b1", "a2"]).is_empty());
        assert!(kinds(&["b0", "b1", "a0", "a1", "a2"]).is_empty());
    }

    #[test]
    fn each_fault_of_a_timeline_is_caught() {
        let one = |kind, message: &str| vec![(kind, message.to_owned())];
        assert_eq!(kinds(&["a0", "b0", "a2", "b1"]), one(Kind::Lost, "a1"));
        assert_eq!(
            kinds(&["a0", "a1", "a1", "a2", "b0", "b1"]),
            one(Kind::Doubled, "a1")
        );
        assert_eq!(
            kinds(&["a0", "a2", "a1", "b0", "b1"]),
            one(Kind::OutOfOrder, "a1")
        );
        assert_eq!(
            kinds(&["a0", "a1", "a2", "b0", "b1", "c"]),
            one(Kind::Strange, "c")
        );
    }
}
