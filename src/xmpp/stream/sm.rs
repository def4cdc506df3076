//! XEP-0198: how many stanzas have come. Nothing is enabled or acknowledged yet.
//!
//! **Invariant:** every stanza counts, also one that the gate refused or that nobody understood.

/// Counts stanzas modulo 2³² (XEP-0198 §4).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Received(u32);

impl Received {
    /// One more.
    pub fn count(&mut self) {
        self.0 = self.0.wrapping_add(1);
    }

    /// How many so far: the `h` that an acknowledgement would say.
    #[must_use]
    pub fn h(self) -> u32 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_goes_round() {
        let mut received = Received(u32::MAX);
        received.count();
        received.count();
        assert_eq!(received.h(), 1);
    }
}
