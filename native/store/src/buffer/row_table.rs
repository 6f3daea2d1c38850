//! Which rows have this hash: an open table of small entries, so that looking one up touches one line of memory.

const MIX: u64 = 0x9E37_79B9_7F4A_7C15;
const SMALLEST_LEN: usize = 1 << 10;

/// Rows by hash. Several may have the same one.
#[derive(Debug, Default)]
pub struct RowTable {
    /// A hash above the number of a row and one; 0 where there is none. A power of two, or empty; a third stays free.
    places: Vec<u64>,
    len: usize,
}

impl RowTable {
    /// Make room for so many rows at once.
    pub fn reserve(&mut self, rows: usize) {
        while 3 * rows > 2 * self.places.len() {
            self.grow();
        }
    }

    /// What stands where the search for this hash begins; asked in advance, it is in the cache when it is needed.
    #[inline]
    pub fn touch(&self, hash: u32) -> u64 {
        self.places.get(self.home(hash)).copied().unwrap_or(0)
    }

    /// The first row with this hash that is the one.
    #[inline]
    pub fn find(&self, hash: u32, is_it: impl Fn(u32) -> bool) -> Option<u32> {
        if self.places.is_empty() {
            return None;
        }
        let mut place = self.home(hash);
        while self.places[place] != 0 {
            let entry = self.places[place];
            let row = entry as u32 - 1;
            if (entry >> 32) as u32 == hash && is_it(row) {
                return Some(row);
            }
            place = (place + 1) & (self.places.len() - 1);
        }
        None
    }

    /// Add a row.
    #[inline]
    pub fn insert(&mut self, hash: u32, row: u32) {
        if 3 * (self.len + 1) > 2 * self.places.len() {
            self.grow();
        }
        self.len += 1;
        self.put(u64::from(hash) << 32 | u64::from(row + 1));
    }

    fn home(&self, hash: u32) -> usize {
        let bits = self.places.len().trailing_zeros();
        (u64::from(hash).wrapping_mul(MIX) >> 32) as usize >> (32_u32.saturating_sub(bits))
    }

    fn put(&mut self, entry: u64) {
        let mut place = self.home((entry >> 32) as u32);
        while self.places[place] != 0 {
            place = (place + 1) & (self.places.len() - 1);
        }
        self.places[place] = entry;
    }

    fn grow(&mut self) {
        let len = (2 * self.places.len()).max(SMALLEST_LEN);
        for entry in std::mem::replace(&mut self.places, vec![0; len]) {
            if entry != 0 {
                self.put(entry);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_found_by_their_hash_and_no_others() {
        let mut table = RowTable::default();
        table.reserve(3_000);
        let hash = |row: u32| (row / 2).wrapping_mul(2_654_435_761);
        (0..10_000).for_each(|row| table.insert(hash(row), row));
        for row in 0..10_000 {
            assert_eq!(table.find(hash(row), |other| other == row), Some(row));
            assert_eq!(table.find(hash(row), |other| other / 2 != row / 2), None);
        }
        assert_eq!(RowTable::default().find(7, |_| true), None);
    }
}
