//! A map of few things.
//!
//! Why not `HashMap`: it is compiled anew for each type, and is a kilobyte of what goes over the wire each time. What may
//! hold many is one nevertheless.

/// A map of few things: looked through from the first to the last.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Few<K, V>(Vec<(K, V)>);

impl<K: PartialEq, V> Few<K, V> {
    /// What stands there.
    pub fn get(&self, key: &K) -> Option<&V> {
        let found = self.0.iter().find(|(one, _)| one == key)?;
        Some(&found.1)
    }

    /// The same, to be changed.
    pub fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        let found = self.0.iter_mut().find(|(one, _)| one == key)?;
        Some(&mut found.1)
    }

    /// Puts something there, in place of what stood there.
    pub fn insert(&mut self, key: K, value: V) {
        match self.get_mut(&key) {
            Some(old) => *old = value,
            None => self.0.push((key, value)),
        }
    }

    /// Takes what stands there.
    pub fn remove(&mut self, key: &K) -> Option<V> {
        let at = self.0.iter().position(|(one, _)| one == key)?;
        Some(self.0.swap_remove(at).1)
    }

    /// All, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &(K, V)> {
        self.0.iter()
    }
}

impl<K, V> Default for Few<K, V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_things_are_found_changed_and_taken() {
        let mut few = Few::default();
        few.insert("a", 1);
        few.insert("b", 2);
        few.insert("a", 3);
        assert_eq!((few.get(&"a"), few.get(&"c")), (Some(&3), None));
        *few.get_mut(&"b").unwrap() += 1;
        assert_eq!(few.iter().count(), 2);
        assert_eq!((few.remove(&"a"), few.remove(&"a")), (Some(3), None));
        assert_eq!(few.get(&"b"), Some(&3));
    }
}
