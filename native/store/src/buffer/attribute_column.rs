//! One attribute of rows of the open buffer as a column.

use super::assemble::{Table, number};
use super::data::Data;
use super::layout::{is_text, shape_items, slot_count};
use super::rows::HAS_EXTRAS;
use crate::recode::{Recoder, dictionary, strings};
use arrow_array::{ArrayRef, Int64Array};
use arrow_buffer::NullBuffer;
use base64::prelude::{BASE64_STANDARD, Engine};
use lymer_decode::schema::AttributeType;
use std::sync::Arc;

/// The values of one key and type: null where a row has none, the first where it has several.
pub fn attribute(table: Table<'_>, key: u32, value_type: u8) -> ArrayRef {
    let data = table.data;
    let mut validity = vec![false; table.rows.len()];
    let mut numbers = vec![0_i64; table.rows.len()];
    let mut places = Places::new(data, key, value_type);
    for (place, &row) in table.rows.iter().enumerate() {
        let (piece, at) = data.rows.locate(row);
        if let Some(first) = places.of_shape(piece.shape[at] & !HAS_EXTRAS) {
            let slots = &piece.slots(at)[first..first + slot_count(value_type)];
            validity[place] = true;
            numbers[place] = if is_text(value_type) {
                i64::from(slots[0])
            } else {
                number(value_type, slots)
            };
        }
    }
    let nulls = NullBuffer::from(validity);
    if is_text(value_type) {
        return attribute_texts(data, key, value_type, &numbers, nulls);
    }
    const BOOL: u8 = AttributeType::Bool as u8;
    const INT: u8 = AttributeType::Int as u8;
    match value_type {
        BOOL => {
            let values = numbers.into_iter().map(|number| number != 0).collect();
            Arc::new(arrow_array::BooleanArray::new(values, Some(nulls)))
        }
        INT => Arc::new(Int64Array::new(numbers.into(), Some(nulls))),
        _ => {
            let values: Vec<f64> = numbers
                .into_iter()
                .map(|bits| f64::from_bits(bits as u64))
                .collect();
            Arc::new(arrow_array::Float64Array::new(values.into(), Some(nulls)))
        }
    }
}

/// Where in the slots of a span the first value of a key and type stands; found out once a shape.
struct Places<'a> {
    data: &'a Data,
    key: u32,
    value_type: u8,
    by_shape: Vec<u32>,
}

impl<'a> Places<'a> {
    const UNKNOWN: u32 = 0;
    const NOWHERE: u32 = 1;
    const FIRST: u32 = 2;

    fn new(data: &'a Data, key: u32, value_type: u8) -> Self {
        let by_shape = vec![Self::UNKNOWN; data.shapes.len() as usize];
        Self {
            data,
            key,
            value_type,
            by_shape,
        }
    }

    #[inline]
    fn of_shape(&mut self, shape: u32) -> Option<usize> {
        let mut place = self.by_shape[shape as usize];
        if place == Self::UNKNOWN {
            place = self.find(shape);
            self.by_shape[shape as usize] = place;
        }
        (place >= Self::FIRST).then(|| (place - Self::FIRST) as usize)
    }

    fn find(&self, shape: u32) -> u32 {
        let mut slots = 0;
        for item in shape_items(self.data.shapes.get(shape)) {
            if item.key == self.key && item.value_type == self.value_type {
                return Self::FIRST + slots;
            }
            slots += item.slot_count() as u32;
        }
        Self::NOWHERE
    }
}

fn attribute_texts(
    data: &Data,
    key: u32,
    value_type: u8,
    codes: &[i64],
    nulls: NullBuffer,
) -> ArrayRef {
    let texts = &data.key_texts[key as usize];
    let mut recoder = Recoder::new(texts.len() as usize, codes.len());
    let new_codes = codes
        .iter()
        .zip(nulls.iter())
        .map(|(&code, valid)| if valid { recoder.get(code as u32) } else { 0 })
        .collect();
    if value_type != AttributeType::Bytes as u8 {
        return recoder.texts(new_codes, Some(nulls), |code| texts.get(code));
    }
    let encoded: Vec<String> = recoder
        .used
        .iter()
        .map(|&code| BASE64_STANDARD.encode(texts.get(code)))
        .collect();
    dictionary(
        new_codes,
        Some(nulls),
        strings(encoded.iter().map(String::as_bytes)),
    )
}
