//! Rows of the open buffer as Arrow columns: single columns for the search kernels, whole spans for everybody else.

use super::data::Data;
use super::dictionary::Dictionary;
use super::layout::{Extras, UnitField, is_text, join, unit_field};
use super::rows::{HAS_EXTRAS, RowPiece};
use crate::recode::{Recoder, binary, plain};
use crate::segment::too_large;
use crate::view::{Result, StoreError};

use arrow_array::{
    ArrayRef, FixedSizeBinaryArray, Int32Array, Int64Array, ListArray, RecordBatch, StructArray,
    TimestampNanosecondArray, UInt8Array, UInt32Array,
};
use arrow_buffer::{NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::{DataType, Field, Fields};
use lymer_decode::schema::{SPAN_SCHEMA, attribute_fields, event_fields, link_fields};
use std::sync::Arc;

/// All columns of THE schema for these rows, in this order.
pub fn spans(data: &Data, rows: &[u32]) -> Result<RecordBatch> {
    let table = Table { data, rows };
    let unit = |field| table.unit_text(field);
    let columns = vec![
        table.trace_ids(),
        table.span_ids(),
        table.parent_span_ids(),
        table.words(Extras::trace_state),
        table.counts(|piece, at| piece.flags[at]),
        table.names(),
        table.ints(|piece, at| piece.kind[at]),
        Arc::new(
            TimestampNanosecondArray::from(table.gather(|piece, at| piece.start[at]))
                .with_timezone("UTC"),
        ),
        Arc::new(Int64Array::from(
            table.gather(|piece, at| piece.duration[at]),
        )),
        table.ints(|piece, at| piece.status_code[at]),
        table.words(Extras::status_message),
        table.attributes()?,
        table.extra_counts(Extras::dropped_attributes),
        table.events()?,
        table.extra_counts(Extras::dropped_events),
        table.links()?,
        table.extra_counts(Extras::dropped_links),
        unit(UnitField::Service),
        unit(UnitField::ResourceAttributes),
        table.unit_count(UnitField::ResourceDropped),
        table.unit_bytes(UnitField::ResourceEntityRefs),
        unit(UnitField::ResourceSchemaUrl),
        unit(UnitField::ScopeName),
        unit(UnitField::ScopeVersion),
        unit(UnitField::ScopeAttributes),
        table.unit_count(UnitField::ScopeDropped),
        unit(UnitField::ScopeSchemaUrl),
    ];
    RecordBatch::try_new(SPAN_SCHEMA.clone(), columns)
        .map_err(|error| StoreError(error.to_string()))
}

/// Some rows of the buffer, in any order.
#[derive(Clone, Copy, Debug)]
pub struct Table<'a> {
    pub data: &'a Data,
    pub rows: &'a [u32],
}

impl<'a> Table<'a> {
    /// One value a row.
    pub fn gather<T>(&self, value: impl Fn(&RowPiece, usize) -> T) -> Vec<T> {
        self.rows
            .iter()
            .map(|&row| {
                let (piece, at) = self.data.rows.locate(row);
                value(piece, at)
            })
            .collect()
    }

    fn ints(&self, value: impl Fn(&RowPiece, usize) -> i32) -> ArrayRef {
        Arc::new(Int32Array::from(self.gather(value)))
    }

    pub fn counts(&self, value: impl Fn(&RowPiece, usize) -> u32) -> ArrayRef {
        Arc::new(UInt32Array::from(self.gather(value)))
    }

    /// FixedSizeBinary(16).
    pub fn trace_ids(&self) -> ArrayRef {
        let mut bytes = Vec::with_capacity(16 * self.rows.len());
        for trace in self.gather(|piece, at| piece.trace[at]) {
            bytes.extend_from_slice(&self.data.traces.get(trace).trace_id);
        }
        Arc::new(FixedSizeBinaryArray::new(16, bytes.into(), None))
    }

    /// FixedSizeBinary(8).
    pub fn span_ids(&self) -> ArrayRef {
        ids(self.gather(|piece, at| piece.span_id[at]), None)
    }

    /// FixedSizeBinary(8), nullable.
    pub fn parent_span_ids(&self) -> ArrayRef {
        let parents = self.gather(|piece, at| piece.parent_span_id[at]);
        let nulls = parents.iter().map(|&parent| parent != 0).collect();
        ids(parents, Some(nulls))
    }

    /// Span names.
    pub fn names(&self) -> ArrayRef {
        let mut recoder = Recoder::new(self.data.names.len() as usize, self.rows.len());
        let codes = self
            .gather(|piece, at| piece.name[at])
            .into_iter()
            .map(|code| recoder.get(code))
            .collect();
        recoder.texts(codes, None, |code| self.data.names.get(code))
    }

    fn unit_codes(&self, field: UnitField) -> (Recoder, Vec<i32>) {
        let data = self.data;
        let mut recoder = Recoder::new(data.unit_texts.len() as usize, self.rows.len());
        let mut latest = (u32::MAX, 0);
        let codes = self
            .gather(|piece, at| piece.unit[at])
            .into_iter()
            .map(|unit| {
                if unit != latest.0 {
                    latest = (unit, recoder.get(unit_field(data.units.get(unit), field)));
                }
                latest.1
            });
        let codes = codes.collect();
        (recoder, codes)
    }

    /// A text of resource or scope.
    pub fn unit_text(&self, field: UnitField) -> ArrayRef {
        let (recoder, codes) = self.unit_codes(field);
        recoder.texts(codes, None, |code| self.data.unit_texts.get(code))
    }

    pub fn unit_bytes(&self, field: UnitField) -> ArrayRef {
        let (recoder, codes) = self.unit_codes(field);
        recoder.bytes(codes, None, |code| self.data.unit_texts.get(code))
    }

    pub fn unit_count(&self, field: UnitField) -> ArrayRef {
        self.counts(|piece, at| unit_field(self.data.units.get(piece.unit[at]), field))
    }

    /// The extras of a row.
    pub fn extras(&self, row: u32) -> Extras<'a> {
        let (piece, at) = self.data.rows.locate(row);
        self.data
            .attributes_and_extras(piece.shape[at], piece.slots(at))
            .1
            .get()
    }

    /// The extras of the rows that have some, by the row's place here.
    pub fn some_extras(&self) -> Vec<(u32, Extras<'a>)> {
        let mut found = Vec::new();
        for (place, &row) in (0..).zip(self.rows) {
            let (piece, at) = self.data.rows.locate(row);
            if piece.shape[at] & HAS_EXTRAS != 0 {
                found.push((place, self.extras(row)));
            }
        }
        found
    }

    /// Trace state or status message.
    pub fn words(&self, field: impl Fn(&Extras<'a>) -> u32) -> ArrayRef {
        let mut recoder = Recoder::new(self.data.words.len() as usize, self.rows.len());
        let codes = self
            .rows
            .iter()
            .map(|&row| recoder.get(field(&self.extras(row))))
            .collect();
        recoder.texts(codes, None, |code| self.data.words.get(code))
    }

    pub fn extra_counts(&self, field: impl Fn(&Extras<'a>) -> u32) -> ArrayRef {
        Arc::new(
            self.rows
                .iter()
                .map(|&row| field(&self.extras(row)))
                .collect::<UInt32Array>(),
        )
    }

    fn attributes(&self) -> Result<ArrayRef> {
        let data = self.data;
        let mut keys = Recoder::new(data.keys.len() as usize, self.rows.len());
        let (mut key_codes, mut types, mut numbers) = (Vec::new(), Vec::new(), Vec::new());
        let (mut texts, mut text_bytes): (Vec<&[u8]>, usize) = (Vec::new(), 0);
        let mut offsets = Vec::with_capacity(self.rows.len() + 1);
        offsets.push(0);
        for &row in self.rows {
            let (piece, at) = data.rows.locate(row);
            let (values, _) = data.attributes_and_extras(piece.shape[at], piece.slots(at));
            for (item, slots) in values {
                key_codes.push(keys.get(item.key));
                types.push(item.value_type);
                numbers.push(number(item.value_type, slots));
                texts.push(match is_text(item.value_type) {
                    true => data.key_texts[item.key as usize].get(slots[0]),
                    false => b"",
                });
                text_bytes += texts.last().map_or(0, |text| text.len());
            }
            offsets.push(key_codes.len() as i32);
        }
        if text_bytes.max(key_codes.len()) > i32::MAX as usize {
            return Err(too_large());
        }
        let children: Vec<ArrayRef> = vec![
            keys.texts(key_codes, None, |code| data.keys.get(code)),
            Arc::new(UInt8Array::from(types)),
            Arc::new(Int64Array::from(numbers)),
            Arc::new(binary(texts.into_iter())),
        ];
        list(attribute_fields(), offsets, children)
    }

    /// Lists of events.
    pub fn events(&self) -> Result<ArrayRef> {
        let (offsets, children) = self.coded_events(&self.some_extras());
        list(event_fields(), offsets, plain_children(&children)?)
    }

    /// Lists of links.
    pub fn links(&self) -> Result<ArrayRef> {
        let (offsets, children) = self.coded_links(&self.some_extras());
        list(link_fields(), offsets, plain_children(&children)?)
    }

    /// Offsets and children of the lists of events, texts in dictionaries; from what `some_extras` says.
    pub fn coded_events(&self, extras: &[(u32, Extras<'a>)]) -> (Vec<i32>, Vec<ArrayRef>) {
        let (words, bags) = (&self.data.words, &self.data.bags);
        let (mut times, mut dropped) = (Vec::new(), Vec::new());
        let (mut names, mut attributes) = (Texts::new(words), Texts::new(bags));
        let mut offsets = Vec::with_capacity(self.rows.len() + 1);
        for (place, extras) in extras {
            offsets.resize(*place as usize + 1, times.len() as i32);
            for event in extras.events() {
                times.push(join(event[0], event[1]) as i64);
                names.push(event[2]);
                attributes.push(event[3]);
                dropped.push(event[4]);
            }
        }
        offsets.resize(self.rows.len() + 1, times.len() as i32);
        let children: Vec<ArrayRef> = vec![
            Arc::new(TimestampNanosecondArray::from(times).with_timezone("UTC")),
            names.finish(),
            attributes.finish(),
            Arc::new(UInt32Array::from(dropped)),
        ];
        (offsets, children)
    }

    /// Offsets and children of the lists of links, in the same way.
    pub fn coded_links(&self, extras: &[(u32, Extras<'a>)]) -> (Vec<i32>, Vec<ArrayRef>) {
        let (words, bags) = (&self.data.words, &self.data.bags);
        let (mut trace_ids, mut span_ids) = (Vec::new(), Vec::new());
        let (mut states, mut attributes) = (Texts::new(words), Texts::new(bags));
        let (mut dropped, mut flags) = (Vec::new(), Vec::new());
        let mut offsets = Vec::with_capacity(self.rows.len() + 1);
        for (place, extras) in extras {
            offsets.resize(*place as usize + 1, dropped.len() as i32);
            for link in extras.links() {
                trace_ids.extend(link[..4].iter().flat_map(|slot| slot.to_be_bytes()));
                span_ids.extend(link[4..6].iter().flat_map(|slot| slot.to_be_bytes()));
                states.push(link[6]);
                attributes.push(link[7]);
                dropped.push(link[8]);
                flags.push(link[9]);
            }
        }
        offsets.resize(self.rows.len() + 1, dropped.len() as i32);
        let children: Vec<ArrayRef> = vec![
            Arc::new(FixedSizeBinaryArray::new(16, trace_ids.into(), None)),
            Arc::new(FixedSizeBinaryArray::new(8, span_ids.into(), None)),
            states.finish(),
            attributes.finish(),
            Arc::new(UInt32Array::from(dropped)),
            Arc::new(UInt32Array::from(flags)),
        ];
        (offsets, children)
    }
}

/// Texts of a dictionary as a column.
struct Texts<'a> {
    dictionary: &'a Dictionary,
    recoder: Recoder,
    codes: Vec<i32>,
}

impl<'a> Texts<'a> {
    fn new(dictionary: &'a Dictionary) -> Self {
        Self {
            dictionary,
            recoder: Recoder::new(dictionary.len() as usize, 0),
            codes: Vec::new(),
        }
    }

    fn push(&mut self, code: u32) {
        self.codes.push(self.recoder.get(code));
    }

    fn finish(self) -> ArrayRef {
        self.recoder
            .texts(self.codes, None, |code| self.dictionary.get(code))
    }
}

fn plain_children(children: &[ArrayRef]) -> Result<Vec<ArrayRef>> {
    children.iter().map(plain).collect()
}

/// `AttributeColumn`s' values and THE schema's `number`: an int, a bool, or the bits of a double, from its slots.
pub fn number(value_type: u8, slots: &[u32]) -> i64 {
    if is_text(value_type) {
        return 0;
    }
    match *slots {
        [low, high] => join(low, high) as i64,
        [bool] => i64::from(bool),
        _ => 0,
    }
}

/// FixedSizeBinary(8) of big-endian numbers.
pub fn ids(numbers: Vec<u64>, nulls: Option<NullBuffer>) -> ArrayRef {
    let bytes: Vec<u8> = numbers.into_iter().flat_map(u64::to_be_bytes).collect();
    Arc::new(FixedSizeBinaryArray::new(8, bytes.into(), nulls))
}

/// A list array of structs, nothing null.
pub fn list(fields: Fields, offsets: Vec<i32>, children: Vec<ArrayRef>) -> Result<ArrayRef> {
    let values = StructArray::try_new(fields.clone(), children, None)
        .map_err(|error| StoreError(error.to_string()))?;
    let item = Arc::new(Field::new("item", DataType::Struct(fields), false));
    let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
    ListArray::try_new(item, offsets, Arc::new(values), None)
        .map(|array| Arc::new(array) as ArrayRef)
        .map_err(|error| StoreError(error.to_string()))
}
