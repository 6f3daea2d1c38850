//! Small dictionaries out of large ones: only the codes that are used, numbered by first use.

use crate::view::{Result, StoreError};
use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{ArrayRef, BinaryArray, DictionaryArray, Int32Array, StringArray};
use arrow_buffer::{NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::{DataType, Field, Fields};
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use lymer_decode::schema::dictionary_of;
use std::sync::Arc;

const UNUSED: i32 = -1;

/// Old codes to new ones.
#[derive(Debug)]
pub struct Recoder {
    new_codes: NewCodes,
    /// The old code of each new one.
    pub used: Vec<u32>,
}

#[derive(Debug)]
enum NewCodes {
    Dense(Vec<i32>),
    Sparse(HashMap<u32, i32, RandomState>),
}

impl Recoder {
    /// For codes below `code_count`, of which about `use_count` will be asked for.
    pub fn new(code_count: usize, use_count: usize) -> Self {
        let new_codes = if code_count <= 64 + 4 * use_count {
            NewCodes::Dense(vec![UNUSED; code_count])
        } else {
            NewCodes::Sparse(HashMap::default())
        };
        Self {
            new_codes,
            used: Vec::new(),
        }
    }

    /// The new code of an old one.
    #[inline(always)] // It is asked for every value, and hardly ever has to look further.
    pub fn get(&mut self, code: u32) -> i32 {
        match &self.new_codes {
            NewCodes::Dense(codes) if codes[code as usize] != UNUSED => codes[code as usize],
            _ => self.get_other(code),
        }
    }

    /// The same of a code that is new, or in a table.
    #[inline(never)]
    fn get_other(&mut self, code: u32) -> i32 {
        let next = self.used.len() as i32;
        let place = match &mut self.new_codes {
            NewCodes::Dense(codes) => &mut codes[code as usize],
            NewCodes::Sparse(codes) => codes.entry(code).or_insert(UNUSED),
        };
        if *place == UNUSED {
            *place = next;
            self.used.push(code);
        }
        *place
    }

    /// A dictionary array of these new codes.
    pub fn texts<'a>(
        &self,
        codes: Vec<i32>,
        nulls: Option<NullBuffer>,
        text: impl Fn(u32) -> &'a [u8],
    ) -> ArrayRef {
        dictionary(
            codes,
            nulls,
            strings(self.used.iter().map(|&code| text(code))),
        )
    }

    /// The same, of bytes.
    pub fn bytes<'a>(
        &self,
        codes: Vec<i32>,
        nulls: Option<NullBuffer>,
        text: impl Fn(u32) -> &'a [u8],
    ) -> ArrayRef {
        dictionary(
            codes,
            nulls,
            Arc::new(binary(self.used.iter().map(|&code| text(code)))),
        )
    }
}

/// A dictionary array; codes that are null may be anything.
pub fn dictionary(codes: Vec<i32>, nulls: Option<NullBuffer>, values: ArrayRef) -> ArrayRef {
    let keys = Int32Array::new(codes.into(), nulls);
    Arc::new(DictionaryArray::<Int32Type>::new(keys, values))
}

/// A string array of texts that are known to be UTF-8; empty where one is not.
pub fn strings<'a>(texts: impl Iterator<Item = &'a [u8]>) -> ArrayRef {
    let (offsets, bytes) = pack(texts);
    match StringArray::try_new(offsets.clone(), bytes.clone().into(), None) {
        Ok(array) => Arc::new(array),
        Err(_) => Arc::new(
            offsets
                .windows(2)
                .map(|pair| {
                    std::str::from_utf8(&bytes[pair[0] as usize..pair[1] as usize])
                        .ok()
                        .or(Some(""))
                })
                .collect::<StringArray>(),
        ),
    }
}

/// A binary array.
pub fn binary<'a>(texts: impl Iterator<Item = &'a [u8]>) -> BinaryArray {
    let (offsets, bytes) = pack(texts);
    BinaryArray::new(offsets, bytes.into(), None)
}

fn pack<'a>(texts: impl Iterator<Item = &'a [u8]>) -> (OffsetBuffer<i32>, Vec<u8>) {
    let (mut offsets, mut bytes) = (vec![0], Vec::new());
    for text in texts {
        bytes.extend_from_slice(text);
        offsets.push(bytes.len() as i32);
    }
    (OffsetBuffer::new(ScalarBuffer::from(offsets)), bytes)
}

/// A dictionary as plain values. An error when they are more than an array holds.
pub fn plain(array: &ArrayRef) -> Result<ArrayRef> {
    let Some(dictionary) = array.as_dictionary_opt::<Int32Type>() else {
        return Ok(array.clone());
    };
    arrow_select::take::take(dictionary.values(), dictionary.keys(), None)
        .map_err(|error| StoreError(error.to_string()))
}

/// The same fields with texts in dictionaries.
pub fn coded_fields(fields: &Fields) -> Fields {
    let coded = |field: &Arc<Field>| match field.data_type() {
        DataType::Utf8 => Field::new(
            field.name(),
            dictionary_of(DataType::Utf8),
            field.is_nullable(),
        ),
        _ => field.as_ref().clone(),
    };
    fields.iter().map(coded).collect()
}
