//! Whole spans out of a segment: only the columns that the traces have are read.

use super::Segment;
use super::columns::{Fixed, in_file};
use super::gather::attribute_leaf;
use super::index::Index;
use super::view::{as_type, plain_list};
use crate::buffer::assemble::list;
use crate::recode::{Recoder, binary, dictionary};
use crate::rest_text;
use crate::view::{ColumnRef, Result, Rows, StoreError, View};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int32Type, Int64Type};
use arrow_array::{Array, ArrayRef, Int32Array, Int64Array, RecordBatch, UInt8Array, UInt32Array};
use arrow_schema::DataType;
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use lymer_decode::schema::{Column, SPAN_SCHEMA, attribute_fields, event_fields, link_fields};
use std::sync::Arc;

/// An attribute of a shape and where its value is: in a column, or next among the rest.
#[derive(Clone, Copy, Debug)]
pub struct ShapedAttribute {
    pub key: u32,
    pub value_type: u8,
    pub column: Option<usize>,
}

/// Shapes as they are needed, each looked up once.
pub struct Shaper<'a> {
    index: &'a Index,
    known: HashMap<u32, Vec<ShapedAttribute>, RandomState>,
}

impl<'a> Shaper<'a> {
    pub fn new(index: &'a Index) -> Self {
        Self {
            index,
            known: HashMap::default(),
        }
    }

    /// The attributes of a shape. The second value of a key with the same type is among the rest.
    pub fn items(&mut self, shape: u32) -> &[ShapedAttribute] {
        let index = self.index;
        self.known.entry(shape).or_insert_with(|| {
            let items = index.shape(shape);
            let attribute = |(at, &(key, value_type)): (usize, &(u32, u8))| ShapedAttribute {
                key,
                value_type,
                column: index
                    .column(key, value_type)
                    .filter(|_| !items[..at].contains(&(key, value_type))),
            };
            items.iter().enumerate().map(attribute).collect()
        })
    }
}

impl Segment {
    /// All columns of THE schema for these traces, in this order.
    pub(super) fn spans(&self, traces: &[u32]) -> Result<RecordBatch> {
        if let Some(&trace) = traces.iter().find(|&&trace| trace >= self.trace_count()) {
            return Err(StoreError(format!(
                "trace {trace} of a segment of {} traces",
                self.trace_count()
            )));
        }
        let mut sorted = traces.to_vec();
        sorted.sort_unstable();
        sorted.dedup();
        let mut rows: Vec<u32> = Vec::new();
        for &trace in &sorted {
            rows.extend(self.index.trace_rows(trace));
        }
        let consecutive = rows
            .last()
            .zip(rows.first())
            .is_some_and(|(last, first)| last - first + 1 == rows.len() as u32);
        let rows = if consecutive {
            Rows::Range(rows[0]..rows[0] + rows.len() as u32)
        } else {
            Rows::List(rows)
        };
        let batch = self.assemble(&rows, &sorted)?;
        if sorted == traces {
            Ok(batch)
        } else {
            self.reorder(&batch, &sorted, traces)
        }
    }

    fn reorder(&self, batch: &RecordBatch, sorted: &[u32], wanted: &[u32]) -> Result<RecordBatch> {
        let (mut first, mut place) = (HashMap::<u32, u32, RandomState>::default(), 0);
        for &trace in sorted {
            first.insert(trace, place);
            place += self.index.trace_rows(trace).len() as u32;
        }
        let places: UInt32Array = wanted
            .iter()
            .flat_map(|trace| {
                first[trace]..first[trace] + self.index.trace_rows(*trace).len() as u32
            })
            .collect();
        arrow_select::take::take_record_batch(batch, &places)
            .map_err(|error| StoreError(error.to_string()))
    }

    pub(super) fn assemble(&self, rows: &Rows, traces: &[u32]) -> Result<RecordBatch> {
        let len = match rows {
            Rows::Range(range) => range.len(),
            Rows::List(list) => list.len(),
        };
        let column = |column: Column| -> Result<ArrayRef> {
            let wanted = SPAN_SCHEMA.field(column as usize).data_type();
            let Some(fixed) = in_file(column) else {
                return match column {
                    Column::Attributes => self.span_attributes(rows),
                    Column::Events if self.some_may_have(traces, &ColumnRef::Events) => {
                        plain_list(&self.events(rows)?, event_fields())
                    }
                    Column::Links if self.some_may_have(traces, &ColumnRef::Links) => {
                        plain_list(&self.links(rows)?, link_fields())
                    }
                    Column::Events => no_entries(event_fields(), len),
                    _ => no_entries(link_fields(), len),
                };
            };
            let values = self.gather(fixed as usize, rows)?;
            if matches!(wanted, DataType::Dictionary(..)) {
                small_dictionary(values)
            } else {
                as_type(values, wanted)
            }
        };
        let columns = COLUMNS
            .into_iter()
            .map(column)
            .collect::<Result<Vec<_>>>()?;
        RecordBatch::try_new(SPAN_SCHEMA.clone(), columns)
            .map_err(|error| StoreError(error.to_string()))
    }

    fn some_may_have(&self, traces: &[u32], column: &ColumnRef) -> bool {
        traces.iter().any(|&trace| self.may_have(trace, column))
    }

    /// The attributes of these rows, in their order.
    fn span_attributes(&self, rows: &Rows) -> Result<ArrayRef> {
        let shapes = self.gather(Fixed::AttributeOrder as usize, rows)?;
        let shapes = shapes.as_primitive::<Int32Type>().values();
        let mut shaper = Shaper::new(&self.index);
        let mut sources: Vec<Option<Source>> = self.index.attributes.iter().map(|_| None).collect();
        let mut needs_rest = false;
        for &shape in shapes {
            for item in shaper.items(shape as u32) {
                match item.column {
                    Some(column) if sources[column].is_none() => {
                        sources[column] =
                            Some(Source::new(self.gather(attribute_leaf(column), rows)?)?);
                    }
                    Some(_) => {}
                    None => needs_rest = true,
                }
            }
        }
        let rest = if needs_rest {
            Some(RestReader::new(self.rest(rows)?)?)
        } else {
            None
        };
        Attributes {
            index: &self.index,
            sources,
            rest,
        }
        .build(shapes, &mut shaper)
    }
}

/// Values of a column, ready to be picked from.
enum Source {
    Text(Int32Array, ArrayRef),
    Plain(ArrayRef),
    Int(ArrayRef),
    Double(ArrayRef),
    Bool(ArrayRef),
}

impl Source {
    fn new(values: ArrayRef) -> Result<Self> {
        if let Some(dictionary) = values.as_dictionary_opt::<Int32Type>() {
            return Ok(Self::Text(
                dictionary.keys().clone(),
                dictionary.values().clone(),
            ));
        }
        Ok(match values.data_type() {
            DataType::Utf8 | DataType::Binary => Self::Plain(values),
            DataType::Int64 => Self::Int(values),
            DataType::Float64 => Self::Double(values),
            DataType::Boolean => Self::Bool(values),
            other => return Err(StoreError(format!("an attribute column of type {other}"))),
        })
    }

    /// `number` and `text` of THE schema.
    fn value(&self, row: usize) -> (i64, &[u8]) {
        match self {
            Self::Text(keys, values) => (0, bytes_at(values, keys.value(row) as usize)),
            Self::Plain(values) => (0, bytes_at(values, row)),
            Self::Int(values) => (values.as_primitive::<Int64Type>().value(row), b""),
            Self::Double(values) => (
                values.as_primitive::<Float64Type>().value(row).to_bits() as i64,
                b"",
            ),
            Self::Bool(values) => (i64::from(values.as_boolean().value(row)), b""),
        }
    }
}

fn bytes_at(values: &ArrayRef, at: usize) -> &[u8] {
    match values.as_string_opt::<i32>() {
        Some(values) => values.value(at).as_bytes(),
        None => values.as_binary::<i32>().value(at),
    }
}

/// The rest attributes, entry after entry.
struct RestReader {
    map: ArrayRef,
    next: usize,
}

impl RestReader {
    fn new(map: ArrayRef) -> Result<Self> {
        Ok(Self { map, next: 0 })
    }

    fn begin_row(&mut self, row: usize) {
        self.next = self.map.as_map().value_offsets()[row] as usize;
    }

    fn take(&mut self, value_type: u8) -> Result<(i64, Vec<u8>)> {
        let texts = self.map.as_map().values().as_dictionary::<Int32Type>();
        if self.next >= texts.len() {
            return Err(StoreError(
                "a span has fewer rest attributes than its shape says".into(),
            ));
        }
        let code = texts.keys().value(self.next) as usize;
        self.next += 1;
        let text = texts.values().as_string::<i32>().value(code);
        rest_text::read(value_type, text)
    }
}

struct Attributes<'a> {
    index: &'a Index,
    sources: Vec<Option<Source>>,
    rest: Option<RestReader>,
}

impl Attributes<'_> {
    fn build(mut self, shapes: &[i32], shaper: &mut Shaper<'_>) -> Result<ArrayRef> {
        let mut keys = Recoder::new(self.index.key_count() as usize, shapes.len());
        let (mut key_codes, mut types, mut numbers) = (Vec::new(), Vec::new(), Vec::new());
        let (mut texts, mut ends): (Vec<u8>, Vec<usize>) = (Vec::new(), Vec::new());
        let mut offsets = Vec::with_capacity(shapes.len() + 1);
        offsets.push(0);
        for (row, &shape) in shapes.iter().enumerate() {
            if let Some(rest) = &mut self.rest {
                rest.begin_row(row);
            }
            for item in shaper.items(shape as u32) {
                key_codes.push(keys.get(item.key));
                types.push(item.value_type);
                let source = item.column.and_then(|column| self.sources[column].as_ref());
                match (source, &mut self.rest) {
                    (Some(source), _) => {
                        let (number, text) = source.value(row);
                        numbers.push(number);
                        texts.extend_from_slice(text);
                    }
                    (None, Some(rest)) => {
                        let (number, text) = rest.take(item.value_type)?;
                        numbers.push(number);
                        texts.extend_from_slice(&text);
                    }
                    (None, None) => return Err(StoreError("an attribute without a value".into())),
                }
                ends.push(texts.len());
            }
            offsets.push(key_codes.len() as i32);
            if texts.len().max(key_codes.len()) > i32::MAX as usize {
                return Err(too_large());
            }
        }
        let starts = std::iter::once(0).chain(ends.iter().copied());
        let children: Vec<ArrayRef> = vec![
            keys.texts(key_codes, None, |key| self.index.key(key)),
            Arc::new(UInt8Array::from(types)),
            Arc::new(Int64Array::from(numbers)),
            Arc::new(binary(
                starts.zip(&ends).map(|(start, &end)| &texts[start..end]),
            )),
        ];
        list(attribute_fields(), offsets, children)
    }
}

/// What is said of spans whose attributes pass what an array holds.
pub fn too_large() -> StoreError {
    StoreError("the attributes of these spans take more than 2 GiB; read fewer at once".into())
}

/// A dictionary with the values that are used, when it has many more.
fn small_dictionary(array: ArrayRef) -> Result<ArrayRef> {
    let array = super::gather::in_dictionary(array);
    let dictionary_array = array.as_dictionary::<Int32Type>();
    if dictionary_array.values().len() <= 2 * dictionary_array.len() + 8 {
        return Ok(array);
    }
    let mut recoder = Recoder::new(dictionary_array.values().len(), dictionary_array.len());
    let codes = dictionary_array
        .keys()
        .values()
        .iter()
        .map(|&code| recoder.get(code as u32))
        .collect();
    let values = super::gather::take(dictionary_array.values(), &recoder.used)?;
    Ok(dictionary(codes, None, values))
}

fn no_entries(fields: arrow_schema::Fields, len: usize) -> Result<ArrayRef> {
    let children = fields
        .iter()
        .map(|field| arrow_array::new_empty_array(field.data_type()))
        .collect();
    list(fields, vec![0; len + 1], children)
}

/// The columns of THE schema in its order.
const COLUMNS: [Column; 27] = [
    Column::TraceId,
    Column::SpanId,
    Column::ParentSpanId,
    Column::TraceState,
    Column::Flags,
    Column::Name,
    Column::Kind,
    Column::StartTime,
    Column::Duration,
    Column::StatusCode,
    Column::StatusMessage,
    Column::Attributes,
    Column::DroppedAttributes,
    Column::Events,
    Column::DroppedEvents,
    Column::Links,
    Column::DroppedLinks,
    Column::ServiceName,
    Column::ResourceAttributes,
    Column::ResourceDroppedAttributes,
    Column::ResourceEntityRefs,
    Column::ResourceSchemaUrl,
    Column::ScopeName,
    Column::ScopeVersion,
    Column::ScopeAttributes,
    Column::ScopeDroppedAttributes,
    Column::ScopeSchemaUrl,
];
