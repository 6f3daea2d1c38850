//! Which rows of a row group have a value, a bit for each.

use super::levels::put_run;
use super::sections::put_varint;
use std::ops::Range;

/// A bit for each row.
#[derive(Debug, Default)]
pub struct Presence {
    words: Vec<u64>,
}

impl Presence {
    /// None of so many rows.
    pub fn new(rows: usize) -> Self {
        Self {
            words: vec![0; rows.div_ceil(64)],
        }
    }

    /// The row has a value.
    #[inline]
    pub fn set(&mut self, row: u32) {
        self.words[row as usize / 64] |= 1 << (row % 64);
    }

    /// How many of these rows have a value.
    pub fn count(&self, rows: Range<usize>) -> usize {
        let below = |row: usize| (1_u64 << (row % 64)) - 1;
        let (first, last) = (rows.start / 64, rows.end / 64);
        let whole = self.words[first..last]
            .iter()
            .map(|word| word.count_ones() as usize)
            .sum::<usize>();
        let before = |row: usize| {
            let word = self.words.get(row / 64).copied().unwrap_or_default();
            (word & below(row)).count_ones() as usize
        };
        whole + before(rows.end) - before(rows.start)
    }

    /// Append the definition levels of these rows, of which so many have a value.
    pub fn put(&self, out: &mut Vec<u8>, rows: Range<usize>, count: usize) {
        if count == rows.len() || count == 0 {
            return put_run(out, u32::from(count > 0), rows.len(), 1);
        }
        let eights = rows.len().div_ceil(8);
        put_varint(out, (eights as u64) << 1 | 1);
        out.extend((0..eights).map(|eight| self.byte(rows.start + 8 * eight)));
        if let (Some(last), rest @ 1..) = (out.last_mut(), rows.len() % 8) {
            *last &= (1 << rest) - 1;
        }
    }

    /// Eight rows from this one on.
    fn byte(&self, row: usize) -> u8 {
        let word = |at: usize| self.words.get(at).copied().unwrap_or_default();
        let (at, bit) = (row / 64, row % 64);
        let high = if bit > 56 {
            word(at + 1) << (64 - bit)
        } else {
            0
        };
        (word(at) >> bit | high) as u8
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::segment::levels::bits;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_rows_that_are_set_come_back(
            rows in prop::collection::vec(any::<bool>(), 1..500), start in 0_usize..500, len in 0_usize..500,
        ) {
            let mut presence = Presence::new(rows.len());
            (0..).zip(&rows).filter(|(_, set)| **set).for_each(|(row, _)| presence.set(row));
            let start = start.min(rows.len() - 1);
            let range = start..rows.len().min(start + len + 1);
            let wanted = &rows[range.clone()];
            let count = presence.count(range.clone());
            prop_assert_eq!(count, wanted.iter().filter(|set| **set).count());
            let mut bytes = Vec::new();
            presence.put(&mut bytes, range, count);
            let (mut found, set) = bits(&bytes, wanted.len()).unwrap();
            prop_assert_eq!(set, count);
            prop_assert_eq!(found.finish().iter().collect::<Vec<_>>(), wanted);
        }
    }
}
