//! Ordered maps and sets out of iterators, entry by entry (floor 0).
//!
//! Goes in: entries. Comes out: the map or set that `collect` would give; of two entries with the
//! same key the later one stays. Why not `collect`: it sorts first, and each type of entry
//! compiles a sort of its own; at a hundred such types that was a tenth of the crate's code.
//! What is collected is short here, and mostly in order.

use std::collections::BTreeMap;

/// What [`Iterator::collect`] does for ordered maps, with less code.
pub trait Ordered: Iterator + Sized {
    /// The map of these entries.
    fn into_map<K: Ord, V>(self) -> BTreeMap<K, V>
    where
        Self: Iterator<Item = (K, V)>,
    {
        let mut map = BTreeMap::new();
        self.for_each(|(key, value)| {
            map.insert(key, value);
        });
        map
    }

    /// The map of these entries.
    ///
    /// # Errors
    /// The first one.
    fn try_into_map<K: Ord, V, E>(self) -> Result<BTreeMap<K, V>, E>
    where
        Self: Iterator<Item = Result<(K, V), E>>,
    {
        let mut map = BTreeMap::new();
        for entry in self {
            let (key, value) = entry?;
            map.insert(key, value);
        }
        Ok(map)
    }
}

impl<I: Iterator> Ordered for I {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_as_collected() {
        let entries = [(3, 'a'), (1, 'b'), (3, 'c'), (2, 'd')];
        let collected: BTreeMap<i32, char> = entries.into_iter().collect();
        assert_eq!(entries.into_iter().into_map(), collected);
        assert_eq!(entries.map(Ok::<_, ()>).into_iter().try_into_map(), Ok(collected));
        let faults = [Ok((1, 'a')), Err("first"), Err("second")];
        assert_eq!(faults.into_iter().try_into_map(), Err("first"));
    }
}
