//! What goes wrong, and in which order: drawn from the seed.

use std::fmt;

use crate::demo::talk::Chance;

/// One thing that goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Act {
    /// The connection is reset in the middle of a message to the server.
    TearUp,
    /// The connection is reset in the middle of something from the server.
    TearDown,
    /// The acknowledgement of a message is lost, and the connection with it.
    LoseAck,
    /// A message from the server is lost, and the connection with it.
    LoseMessage,
    /// The connection is reset right after a message has gone to the server.
    CutBehind,
    /// The browser's side is reset; the server is not told.
    CutUntold,
    /// Both sides are reset in the middle of a burst.
    Cut,
    /// Reset, and away for longer than the server keeps the session.
    Expire,
    /// Nothing passes, in either way, and nobody is told.
    Dark,
    /// Nothing passes to the server any more.
    DeadUp,
    /// Nothing passes from the server any more.
    DeadDown,
    /// `kill -9` of the server, and a start.
    KillServer,
    /// An orderly end of the server, and a start.
    StopServer,
    /// `kill -9` of all that runs of the site in the browser, and a new tab.
    KillRenderer,
    /// The engine dies.
    KillEngine,
}

impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TearUp => "torn in the middle of a message",
            Self::TearDown => "torn in the middle of what came",
            Self::LoseAck => "acknowledgement lost",
            Self::LoseMessage => "incoming message lost",
            Self::CutBehind => "cut right behind a message",
            Self::CutUntold => "cut without the server's knowing",
            Self::Cut => "cut in a burst",
            Self::Expire => "session expired",
            Self::Dark => "black hole both ways",
            Self::DeadUp => "black hole to the server",
            Self::DeadDown => "black hole from the server",
            Self::KillServer => "server killed",
            Self::StopServer => "server restarted",
            Self::KillRenderer => "renderers killed",
            Self::KillEngine => "engine killed",
        })
    }
}

/// How often each comes among thirty.
const DECK: [(Act, usize); 15] = [
    (Act::TearUp, 4),
    (Act::TearDown, 3),
    (Act::LoseAck, 4),
    (Act::LoseMessage, 2),
    (Act::CutBehind, 3),
    (Act::CutUntold, 2),
    (Act::Cut, 2),
    (Act::Expire, 1),
    (Act::Dark, 1),
    (Act::DeadUp, 1),
    (Act::DeadDown, 1),
    (Act::KillServer, 1),
    (Act::StopServer, 1),
    (Act::KillRenderer, 2),
    (Act::KillEngine, 2),
];

/// So many of them, in an order that chance gives; each kind comes before any comes too often.
#[must_use]
pub fn deal(count: usize, chance: &mut Chance) -> Vec<Act> {
    let mut dealt = Vec::new();
    while dealt.len() < count {
        let mut deck: Vec<Act> = DECK
            .iter()
            .flat_map(|(act, often)| std::iter::repeat_n(*act, *often))
            .collect();
        while !deck.is_empty() && dealt.len() < count {
            let at = usize::try_from(chance.below(deck.len() as u64)).unwrap_or(0);
            dealt.push(deck.swap_remove(at));
        }
    }
    dealt
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thirty_hold_all_kinds_and_a_seed_gives_the_same_again() {
        let thirty = deal(30, &mut Chance::new("7"));
        assert_eq!(thirty, deal(30, &mut Chance::new("7")));
        assert_ne!(thirty, deal(30, &mut Chance::new("8")));
        for (act, often) in DECK {
            assert_eq!(thirty.iter().filter(|one| **one == act).count(), often);
        }
        assert_eq!(deal(500, &mut Chance::new("7")).len(), 500);
    }
}
