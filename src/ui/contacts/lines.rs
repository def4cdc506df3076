//! The lines of the contact list: contacts under the heads of their groups.

use std::sync::Arc;

use crate::ui::browser::lowercase;
use crate::ui::reactive::model::PeerKey;
use crate::ui::reactive::order::ordered_by;

/// A line of the list. A contact in two groups has two lines.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Line {
    /// The head of a group; the empty name is that of contacts without one.
    Head(Arc<str>),
    /// A contact in a group.
    Contact(Arc<str>, PeerKey),
}

/// Puts contacts (in order of their names, with their groups) under the heads of their groups. Groups are in order of
/// their names, contacts without a group last; where nobody has a group there are no heads. Groups in `folded` show
/// only their heads.
pub fn lines(contacts: &[(PeerKey, Vec<String>)], folded: &[Arc<str>]) -> Vec<Line> {
    let nobody: Arc<str> = Arc::from("");
    // (without a group, its name as it is ordered, its name, who)
    let mut placed: Vec<(bool, String, &str, &PeerKey)> = Vec::with_capacity(contacts.len());
    for (key, names) in contacts {
        if names.is_empty() {
            placed.push((true, String::new(), "", key));
        }
        for name in names {
            placed.push((name.is_empty(), lowercase(name), name, key));
        }
    }
    if placed.iter().all(|(nowhere, ..)| *nowhere) {
        let all = placed.into_iter();
        return all
            .map(|(.., key)| Line::Contact(nobody.clone(), key.clone()))
            .collect();
    }
    let mut lines = Vec::with_capacity(placed.len());
    let mut group = nobody;
    let mut begun = false;
    for (_, _, name, key) in ordered_by(&placed, |(nowhere, ordered, name, _)| {
        (*nowhere, ordered, *name)
    }) {
        if !begun || *group != **name {
            begun = true;
            group = Arc::from(*name);
            lines.push(Line::Head(group.clone()));
        }
        if !folded.contains(&group) {
            lines.push(Line::Contact(group.clone(), (*key).clone()));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::address::Address;
    use crate::entity::id::AccountId;

    fn key(name: &str) -> PeerKey {
        PeerKey::new(
            AccountId(1),
            Address::parse(&format!("{name}@example.org")).unwrap(),
        )
    }

    fn contact(name: &str, groups: &[&str]) -> (PeerKey, Vec<String>) {
        (key(name), groups.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn contacts_stand_under_each_of_their_groups_and_those_without_last() {
        let contacts = [
            contact("benvolio", &[]),
            contact("juliet", &["Verona", "friends"]),
            contact("romeo", &["friends"]),
        ];
        let [friends, verona, none] = ["friends", "Verona", ""].map(Arc::<str>::from);
        assert_eq!(
            lines(&contacts, &[]),
            [
                Line::Head(friends.clone()),
                Line::Contact(friends.clone(), key("juliet")),
                Line::Contact(friends.clone(), key("romeo")),
                Line::Head(verona.clone()),
                Line::Contact(verona.clone(), key("juliet")),
                Line::Head(none.clone()),
                Line::Contact(none.clone(), key("benvolio")),
            ]
        );
        let folded = [friends.clone(), none.clone()];
        assert_eq!(
            lines(&contacts, &folded),
            [
                Line::Head(friends),
                Line::Head(verona.clone()),
                Line::Contact(verona, key("juliet")),
                Line::Head(none),
            ]
        );
    }

    #[test]
    fn without_groups_there_are_no_heads() {
        let none: Arc<str> = Arc::from("");
        let contacts = [contact("juliet", &[]), contact("romeo", &[])];
        assert_eq!(
            lines(&contacts, &[]),
            [
                Line::Contact(none.clone(), key("juliet")),
                Line::Contact(none, key("romeo"))
            ]
        );
        assert!(lines(&[], &[]).is_empty());
    }
}
