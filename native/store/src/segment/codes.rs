//! Codes for numbers that repeat, where the open buffer has none.

use super::encode::Values;
use foldhash::fast::RandomState;
use hashbrown::HashMap;

/// Numbers below this are looked up in a table.
const SMALL: usize = 1 << 12;

/// Codes by first use.
pub struct Coder<const N: usize> {
    small: Vec<u32>,
    large: HashMap<u64, u32, RandomState>,
    latest: (u64, u32),
    dictionary: Vec<u8>,
    count: u32,
}

impl<const N: usize> Coder<N> {
    /// One that knows nothing yet. Values take N bytes in the file.
    pub fn new() -> Self {
        Self {
            small: vec![0; SMALL],
            large: HashMap::default(),
            latest: (0, u32::MAX),
            dictionary: Vec::new(),
            count: 0,
        }
    }

    /// The code of a number.
    #[inline]
    pub fn code(&mut self, number: u64) -> u32 {
        if self.latest == (number, self.latest.1) && self.latest.1 != u32::MAX {
            return self.latest.1;
        }
        let next = self.count;
        let code = match self.small.get_mut(number as usize) {
            Some(place) => {
                if *place == 0 {
                    *place = next + 1;
                }
                *place - 1
            }
            None => *self.large.entry(number).or_insert(next),
        };
        if code == next {
            self.count += 1;
            self.dictionary
                .extend_from_slice(&number.to_le_bytes()[..N]);
        }
        self.latest = (number, code);
        code
    }

    /// The column of these codes.
    pub fn values(self, codes: Vec<u32>) -> Values {
        Values::Coded {
            codes,
            dictionary: self.dictionary,
            count: self.count as usize,
        }
    }
}

/// A column of numbers that repeat.
pub fn coded<const N: usize>(numbers: impl Iterator<Item = u64>) -> Values {
    let mut coder = Coder::<N>::new();
    let codes = numbers.map(|number| coder.code(number)).collect();
    coder.values(codes)
}
