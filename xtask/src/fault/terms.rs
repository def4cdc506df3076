//! What a [`super::FaultProxy`] does at the moment.

use std::fmt;
use std::time::Duration;

/// A direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// From the browser to the server.
    Up,
    /// From the server to the browser.
    Down,
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Up => "->",
            Self::Down => "<-",
        })
    }
}

/// Who learns of a cut: their side is reset (TCP RST).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ends {
    /// Both.
    #[default]
    Both,
    /// The browser; the server believes that all is well, as behind a router that forgot the connection.
    Browser,
}

/// What happens to a connection that asks for the server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Door {
    /// It gets through.
    #[default]
    Open,
    /// It is reset at once.
    Shut,
    /// It gets no answer until another word is given, and is then treated by that.
    Silent,
    /// The upgrade is answered with this status.
    Answer(u16),
}

/// How it goes in one way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shape {
    /// Each piece takes so long.
    pub latency: Duration,
    /// And up to so much longer.
    pub jitter: Duration,
    /// So many bytes a second, if there is a limit.
    pub bandwidth: Option<u32>,
    /// At most so many bytes in one segment, if there is a limit.
    pub slice: Option<usize>,
}

/// Something that strikes once, when its moment comes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trap {
    /// The first frame with this text passes up to a byte, counted modulo its length; then the connection is cut.
    Tear {
        /// Which way the frame goes.
        way: Way,
        /// What it contains.
        text: String,
        /// After which of its bytes.
        byte: usize,
        /// Who is told.
        ends: Ends,
    },
    /// The first frame with this text is lost, and the connection with it.
    Lose {
        /// Which way the frame goes.
        way: Way,
        /// What it contains.
        text: String,
        /// Who is told.
        ends: Ends,
    },
    /// The first frame with this text passes; then the connection is cut.
    CutAfter {
        /// Which way the frame goes.
        way: Way,
        /// What it contains.
        text: String,
        /// Who is told.
        ends: Ends,
    },
    /// So many more bytes pass this way, wherever that is; then the connection is cut.
    Count {
        /// Which way they go.
        way: Way,
        /// How many.
        bytes: usize,
        /// Who is told.
        ends: Ends,
    },
}

/// One of each for both ways.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Both<T> {
    up: T,
    down: T,
}

impl<T> Both<T> {
    pub(super) fn of(&self, way: Way) -> &T {
        match way {
            Way::Up => &self.up,
            Way::Down => &self.down,
        }
    }

    pub(super) fn of_mut(&mut self, way: Way) -> &mut T {
        match way {
            Way::Up => &mut self.up,
            Way::Down => &mut self.down,
        }
    }
}

/// A closing handshake, as it is read.
pub(super) const GOODBYE: &str = "(close)";

/// All of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Terms {
    /// The number of the last connection; they are numbered from 1.
    pub opened: u32,
    /// Connections up to this one are reset.
    pub cuts: u32,
    pub cut_ends: Ends,
    /// Connections up to this one are black holes.
    pub holes: Both<u32>,
    pub stalled: Both<bool>,
    pub shapes: Both<Shape>,
    pub idle: Option<Duration>,
    pub door: Door,
    pub traps: Vec<Trap>,
    pub strikes: u32,
    /// Up to this connection the browser has said goodbye, and may not have been heard.
    pub left: u32,
    pub closed: bool,
}

/// What becomes of a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Passes,
    IsSwallowed,
    /// So many of its bytes pass; then the connection is cut.
    IsTorn(usize, Ends),
}

impl Terms {
    /// What becomes of a piece of so many bytes with this text; a trap that strikes is gone after that.
    pub(super) fn judge(&mut self, connection: u32, way: Way, length: usize, text: &str) -> Fate {
        if connection <= *self.holes.of(way) {
            return Fate::IsSwallowed;
        }
        if way == Way::Up && text == GOODBYE {
            self.left = self.left.max(connection);
        }
        // A server may still speak into a connection that its browser has left: so it is with one that is a black hole the
        // other way, too.
        if connection <= self.left.max(self.holes.up).max(self.holes.down) {
            return Fate::Passes;
        }
        let mut struck = None;
        for (at, trap) in self.traps.iter_mut().enumerate() {
            let (passing, ends) = match trap {
                Trap::Tear {
                    way: its,
                    text: part,
                    byte,
                    ends,
                } if *its == way && text.contains(part.as_str()) => {
                    (byte.checked_rem(length).unwrap_or(0), *ends)
                }
                Trap::Lose {
                    way: its,
                    text: part,
                    ends,
                } if *its == way && text.contains(part.as_str()) => (0, *ends),
                Trap::CutAfter {
                    way: its,
                    text: part,
                    ends,
                } if *its == way && text.contains(part.as_str()) => (length, *ends),
                Trap::Count {
                    way: its,
                    bytes,
                    ends,
                } if *its == way => {
                    if *bytes >= length {
                        *bytes -= length;
                        continue;
                    }
                    (*bytes, *ends)
                }
                _ => continue,
            };
            struck = Some((at, Fate::IsTorn(passing, ends)));
            break;
        }
        let Some((at, fate)) = struck else {
            return Fate::Passes;
        };
        self.traps.remove(at);
        self.strikes += 1;
        fate
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trap_strikes_once_and_only_what_it_is_for() {
        let mut terms = Terms::default();
        terms.traps.push(Trap::Tear {
            way: Way::Down,
            text: "<a ".into(),
            byte: 7,
            ends: Ends::Both,
        });
        assert_eq!(terms.judge(1, Way::Up, 5, "<a h"), Fate::Passes);
        assert_eq!(terms.judge(1, Way::Down, 5, "<r/>"), Fate::Passes);
        let torn = Fate::IsTorn(2, Ends::Both);
        assert_eq!(terms.judge(1, Way::Down, 5, "<a h"), torn);
        assert_eq!(terms.judge(2, Way::Down, 5, "<a h"), Fate::Passes);
        assert_eq!(terms.strikes, 1);
    }

    #[test]
    fn bytes_are_counted_over_pieces() {
        let mut terms = Terms::default();
        terms.traps.push(Trap::Count {
            way: Way::Up,
            bytes: 12,
            ends: Ends::Browser,
        });
        assert_eq!(terms.judge(1, Way::Up, 10, "a"), Fate::Passes);
        assert_eq!(terms.judge(1, Way::Down, 10, "b"), Fate::Passes);
        let torn = Fate::IsTorn(2, Ends::Browser);
        assert_eq!(terms.judge(1, Way::Up, 10, "c"), torn);
    }

    #[test]
    fn a_black_hole_is_for_those_that_were_there() {
        let mut terms = Terms {
            opened: 2,
            ..Terms::default()
        };
        *terms.holes.of_mut(Way::Up) = 2;
        assert_eq!(terms.judge(2, Way::Up, 1, ""), Fate::IsSwallowed);
        assert_eq!(terms.judge(2, Way::Down, 1, ""), Fate::Passes);
        assert_eq!(terms.judge(3, Way::Up, 1, ""), Fate::Passes);
        // What a server says to a browser that has left is no prey.
        terms.traps.push(Trap::Lose {
            way: Way::Down,
            text: "<body>".into(),
            ends: Ends::Both,
        });
        assert_eq!(terms.judge(2, Way::Down, 6, "<body>"), Fate::Passes);
        assert_eq!(terms.judge(3, Way::Up, 7, GOODBYE), Fate::Passes);
        assert_eq!(terms.judge(3, Way::Down, 6, "<body>"), Fate::Passes);
        let lost = Fate::IsTorn(0, Ends::Both);
        assert_eq!(terms.judge(4, Way::Down, 6, "<body>"), lost);
    }
}
