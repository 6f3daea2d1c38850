//! Codes for numbers that repeat, where the open buffer has none.

use super::chunk::Values;
use foldhash::fast::RandomState;
use hashbrown::HashMap;

/// Numbers below this are looked up in a table.
const SMALL: usize = 1 << 12;

/// Codes by first use.
pub struct Coder<const N: usize> {
    small: Vec<u32>,
    large: HashMap<u64, u32, RandomState>,
    dictionary: Vec<u8>,
    count: u32,
}

impl<const N: usize> Coder<N> {
    /// One that knows nothing yet. Values take N bytes in the file.
    pub fn new() -> Self {
        Self {
            small: vec![0; SMALL],
            large: HashMap::default(),
            dictionary: Vec::new(),
            count: 0,
        }
    }

    /// The code of a number.
    #[inline]
    pub fn code(&mut self, number: u64) -> u32 {
        match self.small.get(number as usize) {
            Some(&place) if place != 0 => place - 1,
            _ => self.code_of_other(number),
        }
    }

    /// The code of a number that is large or new.
    fn code_of_other(&mut self, number: u64) -> u32 {
        let next = self.count;
        let code = match self.small.get_mut(number as usize) {
            Some(place) => {
                *place = next + 1;
                next
            }
            None => *self.large.entry(number).or_insert(next),
        };
        if code == next {
            self.count += 1;
            self.dictionary
                .extend_from_slice(&number.to_le_bytes()[..N]);
        }
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
pub fn coded(numbers: &[u32]) -> Values {
    match numbers.first() {
        Some(first) if numbers.iter().all(|number| number == first) => Values::Coded {
            codes: Vec::new(),
            dictionary: first.to_le_bytes().to_vec(),
            count: 1,
        },
        _ => {
            let mut coder = Coder::<4>::new();
            let codes = numbers.iter().map(|&number| coder.code(number.into()));
            let codes = codes.collect();
            coder.values(codes)
        }
    }
}
