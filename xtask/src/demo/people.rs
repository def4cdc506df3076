//! Who lives in the demo: accounts, who knows whom, and who is online.

/// The password of every account.
pub const PASSWORD: &str = "verona";

/// The accounts' domain.
pub const DOMAIN: &str = "localhost";

/// The account that answers.
pub const BOT: &str = "bot";

/// An account that the demo makes.
pub struct Person {
    /// The localpart.
    pub user: &'static str,
    /// What contacts call them.
    pub name: &'static str,
    /// Whether a small client keeps them online, and how.
    pub online: Option<Online>,
}

/// A small client's presence.
pub struct Online {
    /// The resource.
    pub resource: &'static str,
    /// RFC 6121 §4.7.2.1: `chat`, `away`, `xa`, `dnd`, or nothing.
    pub show: &'static str,
    /// The status text.
    pub status: &'static str,
}

const fn person(user: &'static str, name: &'static str, online: Option<Online>) -> Person {
    Person { user, name, online }
}

const fn online(
    resource: &'static str,
    show: &'static str,
    status: &'static str,
) -> Option<Online> {
    Some(Online {
        resource,
        show,
        status,
    })
}

/// Everybody.
pub const PEOPLE: &[Person] = &[
    person("romeo", "Romeo", None),
    person(
        "juliet",
        "Juliet",
        online("balcony", "chat", "Listening to the lark"),
    ),
    person("mallory", "Mallory", None),
    person(
        "nurse",
        "Nurse",
        online("phone", "away", "Looking for my fan"),
    ),
    person(
        "mercutio",
        "Mercutio",
        online("tavern", "dnd", "Writing about Queen Mab, do not disturb"),
    ),
    person("benvolio", "Benvolio", online("laptop", "", "")),
    person(
        "laurence",
        "Friar Laurence",
        online("cell", "xa", "In the garden until vespers"),
    ),
    person("meihua", "林美华", online("桌面", "", "写代码中")),
    person("rosaline", "Rosaline", None),
    person("tybalt", "Tybalt", None),
    person("paris", "Paris", None),
    person(BOT, "Echo", online("bot", "", "Write me “help”")),
];

/// The state of a contact in a roster.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Tie {
    /// Both see each other.
    Both,
    /// The owner sees the contact.
    To,
    /// The contact sees the owner.
    From,
    /// The owner has asked and waits.
    Asked,
    /// The contact has asked and waits: not in the roster yet.
    Asking,
}

/// A contact as its owner keeps it.
pub struct Contact {
    /// Whose roster.
    pub owner: &'static str,
    /// The contact's localpart.
    pub user: &'static str,
    /// How they stand.
    pub tie: Tie,
    /// The groups.
    pub groups: &'static [&'static str],
}

const fn contact(
    owner: &'static str,
    user: &'static str,
    tie: Tie,
    groups: &'static [&'static str],
) -> Contact {
    Contact {
        owner,
        user,
        tie,
        groups,
    }
}

/// The rosters. Each tie stands in both.
pub const CONTACTS: &[Contact] = &[
    contact("romeo", "juliet", Tie::Both, &["Friends"]),
    contact("romeo", "mercutio", Tie::Both, &["Friends", "Montague"]),
    contact("romeo", "benvolio", Tie::Both, &["Montague"]),
    contact("romeo", "meihua", Tie::Both, &["Friends"]),
    contact("romeo", "nurse", Tie::Both, &["Capulet"]),
    contact("romeo", "laurence", Tie::Both, &["Advice"]),
    contact("romeo", BOT, Tie::Both, &["Advice"]),
    contact("romeo", "rosaline", Tie::To, &["Capulet"]),
    contact("romeo", "tybalt", Tie::From, &[]),
    contact("romeo", "paris", Tie::Asked, &[]),
    contact("romeo", "mallory", Tie::Asking, &[]),
    contact("juliet", "romeo", Tie::Both, &["Friends"]),
    contact("juliet", "nurse", Tie::Both, &["Capulet"]),
    contact("juliet", "tybalt", Tie::Both, &["Capulet"]),
    contact("juliet", "laurence", Tie::Both, &["Advice"]),
    contact("juliet", BOT, Tie::Both, &["Advice"]),
    contact("juliet", "paris", Tie::Asking, &[]),
    contact("mallory", "romeo", Tie::Asked, &[]),
    contact("mallory", BOT, Tie::Both, &[]),
    contact("nurse", "romeo", Tie::Both, &[]),
    contact("nurse", "juliet", Tie::Both, &[]),
    contact("mercutio", "romeo", Tie::Both, &["Montague"]),
    contact("mercutio", "benvolio", Tie::Both, &["Montague"]),
    contact("benvolio", "romeo", Tie::Both, &["Montague"]),
    contact("benvolio", "mercutio", Tie::Both, &["Montague"]),
    contact("laurence", "romeo", Tie::Both, &[]),
    contact("laurence", "juliet", Tie::Both, &[]),
    contact("meihua", "romeo", Tie::Both, &["朋友"]),
    contact("rosaline", "romeo", Tie::From, &[]),
    contact("tybalt", "juliet", Tie::Both, &["Capulet"]),
    contact("tybalt", "romeo", Tie::To, &[]),
    contact("paris", "romeo", Tie::Asking, &[]),
    contact("paris", "juliet", Tie::Asked, &[]),
    contact(BOT, "romeo", Tie::Both, &[]),
    contact(BOT, "juliet", Tie::Both, &[]),
    contact(BOT, "mallory", Tie::Both, &[]),
];

/// What Romeo and somebody wrote to each other: the other's localpart, the text, and how many weeks it spans.
pub const TALKS: &[(&str, &str, u32)] = &[
    ("juliet", include_str!("talk/juliet.txt"), 8),
    ("mercutio", include_str!("talk/mercutio.txt"), 6),
    ("meihua", include_str!("talk/meihua.txt"), 7),
    ("nurse", include_str!("talk/nurse.txt"), 5),
    ("benvolio", include_str!("talk/benvolio.txt"), 4),
    ("laurence", include_str!("talk/laurence.txt"), 9),
    (BOT, include_str!("talk/bot.txt"), 1),
];

/// The name of an account.
#[must_use]
pub fn name(user: &str) -> &str {
    PEOPLE
        .iter()
        .find(|person| person.user == user)
        .map_or(user, |person| person.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tie_stands_in_both_rosters() {
        for one in CONTACTS {
            let opposite = match one.tie {
                Tie::Both => Tie::Both,
                Tie::To => Tie::From,
                Tie::From => Tie::To,
                Tie::Asked => Tie::Asking,
                Tie::Asking => Tie::Asked,
            };
            let found = CONTACTS.iter().any(|other| {
                other.owner == one.user && other.user == one.owner && other.tie == opposite
            });
            assert!(
                found,
                "{} has {}, but not the other way round",
                one.owner, one.user
            );
            assert!(PEOPLE.iter().any(|person| person.user == one.user));
        }
    }
}
