//! Attributes without a column of their own: a map of key to text, beside it the types. The text of a value reads back as
//! the same value; it is what a person would write, but for the NaNs that hide something in their bits.

use crate::view::{Result, StoreError};
use arrow_array::builder::{ListBuilder, UInt8Builder};
use arrow_array::{ArrayRef, MapArray, StructArray};
use arrow_buffer::{NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::{DataType, Field, Fields};
use base64::prelude::{BASE64_STANDARD, Engine};
use lymer_decode::schema::AttributeType;
use std::borrow::Cow;
use std::sync::Arc;

const BOOL: u8 = AttributeType::Bool as u8;
const INT: u8 = AttributeType::Int as u8;
const DOUBLE: u8 = AttributeType::Double as u8;
const BYTES: u8 = AttributeType::Bytes as u8;
const EMPTY: u8 = AttributeType::Empty as u8;

/// The text of a value, from THE schema's `number` and `text`.
pub fn write<'a>(value_type: u8, number: i64, text: &'a [u8]) -> Cow<'a, str> {
    match value_type {
        EMPTY => "".into(),
        BOOL => if number != 0 { "true" } else { "false" }.into(),
        INT => number.to_string().into(),
        DOUBLE => write_double(number as u64).into(),
        BYTES => BASE64_STANDARD.encode(text).into(),
        _ => String::from_utf8_lossy(text),
    }
}

/// The `number` and `text` of a value, from what `write` wrote.
pub fn read(value_type: u8, text: &str) -> Result<(i64, Vec<u8>)> {
    let wrong = || {
        StoreError(format!(
            "not the text of an attribute of type {value_type}: {text:.80}"
        ))
    };
    Ok(match value_type {
        EMPTY => (0, Vec::new()),
        BOOL => (i64::from(text == "true"), Vec::new()),
        INT => (text.parse().map_err(|_| wrong())?, Vec::new()),
        DOUBLE => (read_double(text).ok_or_else(wrong)? as i64, Vec::new()),
        BYTES => (0, BASE64_STANDARD.decode(text).map_err(|_| wrong())?),
        _ => (0, text.as_bytes().to_vec()),
    })
}

fn write_double(bits: u64) -> String {
    let value = f64::from_bits(bits);
    if value.is_nan() {
        return if bits == f64::NAN.to_bits() {
            "NaN".into()
        } else {
            format!("NaN:{bits:016x}")
        };
    }
    if value.is_infinite() {
        return if value > 0.0 { "Infinity" } else { "-Infinity" }.into();
    }
    let mut text = Vec::new();
    lymer_decode::number::put_python_repr(&mut text, value);
    String::from_utf8(text).unwrap_or_default()
}

fn read_double(text: &str) -> Option<u64> {
    match text {
        "NaN" => Some(f64::NAN.to_bits()),
        "Infinity" => Some(f64::INFINITY.to_bits()),
        "-Infinity" => Some(f64::NEG_INFINITY.to_bits()),
        _ => match text.strip_prefix("NaN:") {
            Some(bits) => u64::from_str_radix(bits, 16).ok(),
            None => text.parse::<f64>().ok().map(f64::to_bits),
        },
    }
}

/// Builds the maps; a row without entries is null.
#[derive(Debug, Default)]
pub struct RestBuilder {
    keys: Vec<u8>,
    key_ends: Vec<i32>,
    texts: Vec<u8>,
    text_ends: Vec<i32>,
    row_ends: Vec<i32>,
}

impl RestBuilder {
    /// One more entry of this row.
    pub fn entry(&mut self, key: &[u8], text: &[u8]) {
        self.keys.extend_from_slice(key);
        self.key_ends.push(self.keys.len() as i32);
        self.texts.extend_from_slice(text);
        self.text_ends.push(self.texts.len() as i32);
    }

    /// The row has no more.
    pub fn end_row(&mut self) {
        self.row_ends.push(self.key_ends.len() as i32);
    }

    /// Map<Utf8, Utf8>, nullable.
    pub fn finish(self) -> Result<ArrayRef> {
        let (offsets, nulls) = row_offsets(&self.row_ends);
        let text = |ends: Vec<i32>, bytes: Vec<u8>| {
            arrow_array::StringArray::try_new(with_zero(&ends), bytes.into(), None)
                .map(|array| Arc::new(array) as ArrayRef)
        };
        let columns = vec![
            text(self.key_ends, self.keys).map_err(error)?,
            text(self.text_ends, self.texts).map_err(error)?,
        ];
        let entries = StructArray::try_new(map_fields(), columns, None).map_err(error)?;
        Ok(Arc::new(
            MapArray::try_new(map_entries(), offsets, entries, Some(nulls), false)
                .map_err(error)?,
        ))
    }
}

/// The type of the rest column.
pub fn map_type() -> DataType {
    DataType::Map(map_entries(), false)
}

fn map_fields() -> Fields {
    Fields::from(vec![
        Field::new("key", DataType::Utf8, false),
        Field::new("value", DataType::Utf8, true),
    ])
}

fn map_entries() -> Arc<Field> {
    Arc::new(Field::new(
        "key_value",
        DataType::Struct(map_fields()),
        false,
    ))
}

fn row_offsets(ends: &[i32]) -> (OffsetBuffer<i32>, NullBuffer) {
    let offsets = with_zero(ends);
    let nulls = offsets.windows(2).map(|pair| pair[1] > pair[0]).collect();
    (offsets, nulls)
}

fn with_zero(ends: &[i32]) -> OffsetBuffer<i32> {
    OffsetBuffer::new(
        std::iter::once(0)
            .chain(ends.iter().copied())
            .collect::<ScalarBuffer<i32>>(),
    )
}

fn error(error: arrow_schema::ArrowError) -> StoreError {
    StoreError(error.to_string())
}

/// Builds the lists of types; a row without entries is null.
#[derive(Debug, Default)]
pub struct TypesBuilder {
    types: ListBuilder<UInt8Builder>,
    in_row: bool,
}

impl TypesBuilder {
    /// One more entry of this row.
    pub fn entry(&mut self, value_type: u8) {
        self.types.values().append_value(value_type);
        self.in_row = true;
    }

    /// The row has no more.
    pub fn end_row(&mut self) {
        self.types.append(std::mem::take(&mut self.in_row));
    }

    /// List<UInt8>, nullable.
    pub fn finish(mut self) -> Result<ArrayRef> {
        Ok(Arc::new(self.types.finish()))
    }
}
