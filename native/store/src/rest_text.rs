//! Attributes without a column of their own: a map of key to text, beside it the types. The text of a value reads back as
//! the same value; it is what a person would write, but for the NaNs that hide something in their bits.

use crate::recode::{coded_fields, dictionary, strings};
use crate::view::{Result, StoreError};
use arrow_array::builder::{ListBuilder, UInt8Builder};
use arrow_array::{ArrayRef, MapArray, StructArray};
use arrow_buffer::{NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::{DataType, Field, Fields};
use base64::prelude::{BASE64_STANDARD, Engine};
use foldhash::fast::RandomState;
use hashbrown::HashMap;
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
    pub keys: TextColumn,
    pub texts: TextColumn,
    pub row_ends: Vec<u32>,
}

/// Texts, each distinct one kept once: a large text that many spans repeat costs no more than one.
#[derive(Debug, Default)]
pub struct TextColumn {
    known: HashMap<Box<[u8]>, u32, RandomState>,
    pub distinct: Vec<Box<[u8]>>,
    pub codes: Vec<u32>,
}

impl TextColumn {
    fn push(&mut self, text: &[u8]) {
        let code = match self.known.get(text) {
            Some(code) => *code,
            None => {
                let code = self.distinct.len() as u32;
                self.known.insert(text.into(), code);
                self.distinct.push(text.into());
                code
            }
        };
        self.codes.push(code);
    }

    fn finish(self) -> ArrayRef {
        dictionary(
            self.codes.into_iter().map(|code| code as i32).collect(),
            None,
            strings(self.distinct.iter().map(|text| text.as_ref())),
        )
    }
}

impl RestBuilder {
    /// One more entry of this row.
    pub fn entry(&mut self, key: &[u8], text: &[u8]) {
        self.keys.push(key);
        self.texts.push(text);
    }

    /// The row has no more.
    pub fn end_row(&mut self) {
        self.row_ends.push(self.keys.codes.len() as u32);
    }

    /// A map of texts in dictionaries, nullable.
    pub fn finish(self) -> Result<ArrayRef> {
        let row_ends: Vec<i32> = self.row_ends.iter().map(|&end| end as i32).collect();
        coded_map(&row_ends, [self.keys.finish(), self.texts.finish()])
    }
}

/// A map of texts in dictionaries; where each row's entries end.
pub fn coded_map(row_ends: &[i32], columns: [ArrayRef; 2]) -> Result<ArrayRef> {
    let fields = coded_fields(&map_fields());
    let (offsets, nulls) = row_offsets(row_ends);
    let entries = StructArray::try_new(fields.clone(), columns.to_vec(), None).map_err(error)?;
    let map = MapArray::try_new(map_entries(fields), offsets, entries, Some(nulls), false);
    Ok(Arc::new(map.map_err(error)?))
}

/// The type of the rest column: texts in dictionaries.
pub fn coded_map_type() -> DataType {
    DataType::Map(map_entries(coded_fields(&map_fields())), false)
}

fn map_fields() -> Fields {
    Fields::from(vec![
        Field::new("key", DataType::Utf8, false),
        Field::new("value", DataType::Utf8, true),
    ])
}

fn map_entries(fields: Fields) -> Arc<Field> {
    Arc::new(Field::new("key_value", DataType::Struct(fields), false))
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
