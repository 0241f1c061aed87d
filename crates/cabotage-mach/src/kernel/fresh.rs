// SPDX-License-Identifier: MIT OR Apache-2.0
//! A map by numbers whose newest entry lies beside it: what is entered and soon taken out again, as a right to answer one
//! request is, costs no search.

use super::number_map::NumberMap;

/// See the [module](self).
#[derive(Debug)]
pub(crate) struct FreshMap<V> {
    newest: Option<(u64, V)>,
    others: NumberMap<u64, V>,
}

impl<V> Default for FreshMap<V> {
    fn default() -> Self {
        Self { newest: None, others: NumberMap::default() }
    }
}

impl<V> FreshMap<V> {
    /// Enters a value under a number; answers what had it before.
    pub(crate) fn insert(&mut self, number: u64, value: V) -> Option<V> {
        let before = self.remove(number);
        self.insert_new(number, value);
        before
    }

    /// The same under a number that has no value.
    #[inline]
    pub(crate) fn insert_new(&mut self, number: u64, value: V) {
        if let Some((number, value)) = self.newest.replace((number, value)) {
            self.others.insert(number, value);
        }
    }

    #[inline]
    pub(crate) fn get(&self, number: u64) -> Option<&V> {
        match &self.newest {
            Some((newest, value)) if *newest == number => Some(value),
            _ => self.others.get(&number),
        }
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, number: u64) -> Option<&mut V> {
        match &mut self.newest {
            Some((newest, value)) if *newest == number => Some(value),
            _ => self.others.get_mut(&number),
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (u64, &V)> {
        let others = self.others.iter().map(|(number, value)| (*number, value));
        self.newest.iter().map(|(number, value)| (*number, value)).chain(others)
    }

    pub(crate) fn contains(&self, number: u64) -> bool {
        self.get(number).is_some()
    }

    #[inline]
    pub(crate) fn remove(&mut self, number: u64) -> Option<V> {
        match &self.newest {
            Some((newest, _)) if *newest == number => self.newest.take().map(|(_, value)| value),
            _ if self.others.is_empty() => None,
            _ => self.others.remove(&number),
        }
    }

    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.others.len() + usize::from(self.newest.is_some())
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.newest.is_none() && self.others.is_empty()
    }

    /// Takes all values out.
    pub(crate) fn drain(&mut self) -> impl Iterator<Item = V> + '_ {
        self.newest.take().into_iter().chain(self.others.drain()).map(|(_, value)| value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_found_whichever_was_entered_last() {
        let mut map = FreshMap::default();
        for number in 0..100_u64 {
            assert_eq!(map.insert(number, number * 2), None);
        }
        assert_eq!(map.len(), 100);
        assert!((0..100).all(|number| map.get(number) == Some(&(number * 2)) && map.contains(number)));
        assert_eq!(
            (map.remove(99), map.remove(99), map.remove(3), map.remove(3)),
            (Some(198), None, Some(6), None)
        );
        assert_eq!(map.drain().count(), 98);
        assert!(map.is_empty());
    }

    #[test]
    fn a_number_has_one_value() {
        let mut map = FreshMap::default();
        assert_eq!(map.insert(1, "old"), None);
        assert_eq!(map.insert(2, "other"), None);
        assert_eq!(map.insert(1, "new"), Some("old"));
        assert_eq!(map.insert(1, "newer"), Some("new"));
        assert_eq!((map.len(), map.get(1), map.get(2)), (2, Some(&"newer"), Some(&"other")));
    }
}
