//! A column of text as an array: a dictionary, of which every distinct text is looked at once at most, or plain.

use crate::view::{Result, Rows, StoreError};
use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{Array, ArrayRef, StringArray};
use arrow_buffer::NullBuffer;

/// Text by position.
pub struct Texts<'a> {
    /// The code of each position; None for plain text.
    pub codes: Option<&'a [i32]>,
    /// The texts of the codes, or of the positions.
    pub values: &'a StringArray,
    nulls: Option<&'a NullBuffer>,
}

impl<'a> Texts<'a> {
    /// The text in this array.
    pub fn of(array: &'a ArrayRef) -> Result<Self> {
        let wrong = || StoreError(format!("a text column has the type {}", array.data_type()));
        if let Some(dictionary) = array.as_dictionary_opt::<Int32Type>() {
            return Ok(Self {
                codes: Some(dictionary.keys().values()),
                values: dictionary.values().as_string_opt().ok_or_else(wrong)?,
                nulls: dictionary.nulls(),
            });
        }
        let values = array.as_string_opt::<i32>().ok_or_else(wrong)?;
        Ok(Self {
            codes: None,
            values,
            nulls: None,
        })
    }

    /// How many distinct texts there may be, as a bound for `code`.
    pub fn code_count(&self) -> usize {
        self.values.len()
    }

    /// The code at a position: the same code means the same text. None where there is none.
    pub fn code(&self, at: usize) -> Option<usize> {
        if self.nulls.is_some_and(|nulls| nulls.is_null(at)) {
            return None;
        }
        let code = self.codes.map_or(at, |codes| codes[at] as usize);
        (code < self.values.len() && !self.values.is_null(code)).then_some(code)
    }

    /// The text at a position.
    pub fn get(&self, at: usize) -> Option<&'a str> {
        self.code(at).map(|code| self.values.value(code))
    }

    /// How many of the first positions have each code.
    pub fn counts(&self, positions: usize) -> Vec<(usize, u64)> {
        let mut counts = vec![0u64; self.code_count()];
        for code in (0..positions).filter_map(|at| self.code(at)) {
            counts[code] += 1;
        }
        counts
            .into_iter()
            .enumerate()
            .filter(|(_, count)| *count > 0)
            .collect()
    }

    /// Whether some distinct text passes. Texts that no position has are looked at, too.
    pub fn any(&self, mut holds: impl FnMut(&str) -> bool) -> bool {
        self.values.iter().flatten().any(&mut holds)
    }

    /// The rows whose text passes; `rows` are as many as positions.
    pub fn filter(&self, rows: &Rows, mut holds: impl FnMut(&str) -> bool) -> Vec<u32> {
        if self.codes.is_none() {
            return rows.filter(|at| self.get(at).is_some_and(&mut holds));
        }
        let mut verdicts = vec![0u8; self.code_count()];
        rows.filter(|at| {
            let Some(code) = self.code(at) else {
                return false;
            };
            if verdicts[code] == 0 {
                verdicts[code] = 1 + u8::from(holds(self.values.value(code)));
            }
            verdicts[code] == 2
        })
    }
}
