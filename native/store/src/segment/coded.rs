//! Pages of values that repeat: codes as narrow as their dictionary allows, so that many pages fit into the cache.

use crate::view::{Result, Rows, StoreError};
use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{Array, ArrayRef, DictionaryArray, Int32Array};
use arrow_buffer::{NullBuffer, NullBufferBuilder};
use std::sync::Arc;

/// Codes of a page.
#[derive(Debug)]
pub enum Codes {
    Narrow(Vec<u8>),
    Medium(Vec<u16>),
    Wide(Vec<u32>),
}

/// A page whose values are codes of a dictionary.
#[derive(Debug)]
pub struct Coded {
    /// One for each row, 0 where there is no value. All are below the length of the dictionary, unless no row has a value.
    codes: Codes,
    nulls: Option<NullBuffer>,
    /// The values, shared by all pages of a chunk.
    pub dictionary: ArrayRef,
}

/// A code as wide as it is.
pub trait Code: Copy + Default + Ord {
    /// Cut to its width.
    fn cut(code: u32) -> Self;
    /// As a place in the dictionary.
    fn place(self) -> usize;
}

macro_rules! code {
    ($type:ty) => {
        impl Code for $type {
            #[inline]
            fn cut(code: u32) -> Self {
                code as $type
            }

            #[inline]
            fn place(self) -> usize {
                self as usize
            }
        }
    };
}

code!(u8);
code!(u16);
code!(u32);

/// Calls `$body` with the codes as a slice of their width.
macro_rules! with_codes {
    ($codes:expr, $slice:ident => $body:expr) => {
        match $codes {
            Codes::Narrow($slice) => $body,
            Codes::Medium($slice) => $body,
            Codes::Wide($slice) => $body,
        }
    };
}

impl Coded {
    /// A page; None when a code is too large.
    pub fn new(codes: Codes, nulls: Option<NullBuffer>, dictionary: ArrayRef) -> Option<Self> {
        // A fold of values becomes one instruction a vector; `any` and `max` of references are a branch a code.
        let largest = with_codes!(&codes, codes => codes.iter().copied().fold(0, Ord::max).place());
        let is_empty = nulls
            .as_ref()
            .is_some_and(|nulls| nulls.null_count() == nulls.len());
        let coded = Self {
            codes,
            nulls,
            dictionary,
        };
        (largest < coded.dictionary.len() || coded.len() == 0 || is_empty && largest == 0)
            .then_some(coded)
    }

    /// How many rows.
    pub fn len(&self) -> usize {
        with_codes!(&self.codes, codes => codes.len())
    }

    /// Bytes of memory, the dictionary apart.
    pub fn memory_bytes(&self) -> usize {
        let nulls = self.nulls.as_ref().map_or(0, |nulls| nulls.len() / 8);
        nulls + with_codes!(&self.codes, codes => size_of_val(codes.as_slice()))
    }

    fn is_valid(&self, at: usize) -> bool {
        self.nulls.as_ref().is_none_or(|nulls| nulls.is_valid(at))
    }

    /// Those of the rows whose code passes; `places` says where each stands in this page.
    pub fn filter(
        &self,
        places: &Rows,
        rows: &Rows,
        mut passes: impl FnMut(usize) -> bool,
        found: &mut Vec<u32>,
    ) {
        with_codes!(&self.codes, codes => match places {
            Rows::Range(range) => {
                let from = range.start as usize;
                let codes = &codes[from..from + range.len()];
                for (at, code) in codes.iter().enumerate() {
                    if passes(code.place()) && self.is_valid(from + at) {
                        found.push(rows.get(at));
                    }
                }
            }
            Rows::List(list) => {
                for (at, &place) in list.iter().enumerate() {
                    let place = place as usize;
                    if passes(codes[place].place()) && self.is_valid(place) {
                        found.push(rows.get(at));
                    }
                }
            }
        });
    }
}

/// Puts the codes of several pages with one dictionary together.
pub struct CodedBuilder {
    keys: Vec<i32>,
    nulls: NullBufferBuilder,
    dictionary: ArrayRef,
}

impl CodedBuilder {
    /// Nothing yet, of about so many rows.
    pub fn new(dictionary: &ArrayRef, rows: usize) -> Self {
        Self {
            keys: Vec::with_capacity(rows),
            nulls: NullBufferBuilder::new(rows),
            dictionary: dictionary.clone(),
        }
    }

    /// Whether the page has the same dictionary.
    pub fn takes(&self, coded: &Coded) -> bool {
        Arc::ptr_eq(&self.dictionary, &coded.dictionary)
    }

    /// These rows of the page, counted from its first.
    pub fn add(&mut self, coded: &Coded, rows: &Rows) {
        match rows {
            Rows::Range(range) => {
                let range = range.start as usize..range.end as usize;
                with_codes!(&coded.codes, codes => {
                    self.keys.extend(codes[range.clone()].iter().map(|code| code.place() as i32));
                });
                match &coded.nulls {
                    Some(nulls) => self
                        .nulls
                        .append_buffer(&nulls.slice(range.start, range.len())),
                    None => self.nulls.append_n_non_nulls(range.len()),
                }
            }
            Rows::List(list) => {
                with_codes!(&coded.codes, codes => {
                    self.keys.extend(list.iter().map(|&row| codes[row as usize].place() as i32));
                });
                match &coded.nulls {
                    Some(nulls) => list
                        .iter()
                        .for_each(|&row| self.nulls.append(nulls.is_valid(row as usize))),
                    None => self.nulls.append_n_non_nulls(list.len()),
                }
            }
        }
    }

    /// Texts stay in their dictionary; numbers and ids are looked up.
    pub fn finish(mut self) -> Result<ArrayRef> {
        let keys = Int32Array::new(self.keys.into(), self.nulls.finish());
        let values = self.dictionary;
        if values.as_string_opt::<i32>().is_some() || values.as_binary_opt::<i32>().is_some() {
            // SAFETY: `Coded::new` has compared every code with the length of this dictionary; where there is no value at
            // all, every key is null.
            let array = unsafe { DictionaryArray::<Int32Type>::new_unchecked(keys, values) };
            return Ok(Arc::new(array));
        }
        if values.is_empty() {
            return Ok(arrow_array::new_null_array(values.data_type(), keys.len()));
        }
        arrow_select::take::take(&values, &keys, None)
            .map_err(|error| StoreError(error.to_string()))
    }
}
