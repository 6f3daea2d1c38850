//! One row group of a segment as Arrow arrays, column by column, out of the rows of the open buffer.

use super::columns::{FIXED_COUNT, Fixed};
use super::order::Order;
use super::plan::{AttributeColumnPlan, Plan};
use crate::buffer::assemble::{Table, number};
use crate::buffer::layout::{Extras, ShapeItem, UnitField, is_text};
use crate::buffer::rows::HAS_EXTRAS;
use crate::recode::{Recoder, dictionary, strings};
use crate::rest_text::{self, RestBuilder};
use crate::view::Result;
use arrow_array::{
    ArrayRef, BinaryArray, BooleanArray, Float64Array, Int32Array, Int64Array, StringArray,
    TimestampNanosecondArray, UInt32Array,
};
use arrow_buffer::{BooleanBufferBuilder, NullBuffer, OffsetBuffer, ScalarBuffer};
use lymer_decode::schema::AttributeType;
use std::ops::Range;
use std::sync::Arc;

/// A row group that is about to be written.
pub struct Group<'a> {
    table: Table<'a>,
    order: &'a Order,
    range: Range<usize>,
    shape_codes: Vec<u32>,
    attributes: Vec<Sparse>,
    rest: Option<RestBuilder>,
}

/// Values of a column where there are any.
#[derive(Debug, Default)]
struct Sparse {
    places: Vec<u32>,
    values: Vec<i64>,
}

impl<'a> Group<'a> {
    /// The rows `range` of the segment; their shapes are coded by `shapes`.
    pub fn new(
        table: Table<'a>,
        order: &'a Order,
        range: Range<usize>,
        plan: &Plan,
        shapes: &mut Recoder,
    ) -> Self {
        let mut group = Self {
            table,
            order,
            range,
            shape_codes: Vec::with_capacity(table.rows.len()),
            attributes: plan.attributes.iter().map(|_| Sparse::default()).collect(),
            rest: Some(RestBuilder::default()),
        };
        group.scatter(plan, shapes);
        group
    }

    /// Sort the attributes of all rows into their columns.
    fn scatter(&mut self, plan: &Plan, shapes: &mut Recoder) {
        let data = self.table.data;
        let mut rest = RestBuilder::default();
        let mut seen: Vec<ShapeItem> = Vec::new();
        for (place, &row) in (0_u32..).zip(self.table.rows) {
            let (piece, at) = data.rows.locate(row);
            self.shape_codes
                .push(shapes.get(piece.shape[at] & !HAS_EXTRAS) as u32);
            seen.clear();
            for (item, slots) in data
                .attributes_and_extras(piece.shape[at], piece.slots(at))
                .0
            {
                let is_first = !data.has_duplicates || !seen.contains(&item);
                match plan.column(item) {
                    Some(column) if is_first => {
                        let text = is_text(item.value_type);
                        let value = if text {
                            i64::from(slots[0])
                        } else {
                            number(item.value_type, slots)
                        };
                        self.attributes[column].places.push(place);
                        self.attributes[column].values.push(value);
                    }
                    _ => {
                        let text = is_text(item.value_type)
                            .then(|| data.key_texts[item.key as usize].get(slots[0]))
                            .unwrap_or_default();
                        let text =
                            rest_text::write(item.value_type, number(item.value_type, slots), text);
                        rest.entry(data.keys.get(item.key), text.as_bytes());
                    }
                }
                if data.has_duplicates {
                    seen.push(item);
                }
            }
            rest.end_row();
        }
        self.rest = Some(rest);
    }

    /// The array of a field of the file's schema. Each may be asked for once.
    pub fn array(&mut self, field: usize, plan: &Plan) -> Result<ArrayRef> {
        const REST: usize = FIXED_COUNT;
        const EVENTS: usize = FIXED_COUNT + 1;
        const LINKS: usize = FIXED_COUNT + 2;
        match field {
            0..FIXED_COUNT => Ok(self.fixed(FIXED[field])),
            REST => self.rest.take().unwrap_or_default().finish(),
            EVENTS => self.table.events(),
            LINKS => self.table.links(),
            _ => {
                let attribute = field - LINKS - 1;
                let values = std::mem::take(&mut self.attributes[attribute]);
                Ok(self.attribute(&plan.attributes[attribute], values))
            }
        }
    }

    fn fixed(&self, column: Fixed) -> ArrayRef {
        let table = &self.table;
        let ints = |values: Vec<i32>| Arc::new(Int32Array::from(values)) as ArrayRef;
        let longs = |values: Vec<i64>| Arc::new(Int64Array::from(values)) as ArrayRef;
        let counts = |values: &[u32]| {
            Arc::new(UInt32Array::from(values[self.range.clone()].to_vec())) as ArrayRef
        };
        match column {
            Fixed::TraceId => table.trace_ids(),
            Fixed::SpanId => table.span_ids(),
            Fixed::ParentSpanId => table.parent_span_ids(),
            Fixed::TraceState => table.words(Extras::trace_state),
            Fixed::Flags => table.counts(|piece, at| piece.flags[at]),
            Fixed::Name => table.names(),
            Fixed::Kind => ints(table.gather(|piece, at| piece.kind[at])),
            Fixed::StartTime => {
                let starts = table.gather(|piece, at| piece.start[at]);
                Arc::new(TimestampNanosecondArray::from(starts).with_timezone("UTC"))
            }
            Fixed::Duration => longs(table.gather(|piece, at| piece.duration[at])),
            Fixed::StatusCode => ints(table.gather(|piece, at| piece.status_code[at])),
            Fixed::StatusMessage => table.words(Extras::status_message),
            Fixed::ServiceName => table.unit_text(UnitField::Service),
            Fixed::ResourceAttributes => table.unit_text(UnitField::ResourceAttributes),
            Fixed::ResourceDroppedAttributes => table.unit_count(UnitField::ResourceDropped),
            Fixed::ResourceEntityRefs => table.unit_bytes(UnitField::ResourceEntityRefs),
            Fixed::ResourceSchemaUrl => table.unit_text(UnitField::ResourceSchemaUrl),
            Fixed::ScopeName => table.unit_text(UnitField::ScopeName),
            Fixed::ScopeVersion => table.unit_text(UnitField::ScopeVersion),
            Fixed::ScopeAttributes => table.unit_text(UnitField::ScopeAttributes),
            Fixed::ScopeDroppedAttributes => table.unit_count(UnitField::ScopeDropped),
            Fixed::ScopeSchemaUrl => table.unit_text(UnitField::ScopeSchemaUrl),
            Fixed::DroppedAttributes => table.extra_counts(Extras::dropped_attributes),
            Fixed::DroppedEvents => table.extra_counts(Extras::dropped_events),
            Fixed::DroppedLinks => table.extra_counts(Extras::dropped_links),
            Fixed::AttributeOrder => Arc::new(UInt32Array::from(self.shape_codes.clone())),
            Fixed::ParentDistance => counts(&self.order.parent_distance),
            Fixed::Depth => counts(&self.order.depth),
            Fixed::SubtreeSize => counts(&self.order.subtree_size),
            Fixed::SelfTime => longs(self.order.self_time[self.range.clone()].to_vec()),
            Fixed::CriticalTime => longs(self.order.critical_time[self.range.clone()].to_vec()),
        }
    }

    fn attribute(&self, plan: &AttributeColumnPlan, sparse: Sparse) -> ArrayRef {
        let len = self.table.rows.len();
        let mut validity = BooleanBufferBuilder::new(len);
        validity.append_n(len, false);
        sparse
            .places
            .iter()
            .for_each(|&place| validity.set_bit(place as usize, true));
        let nulls = NullBuffer::new(validity.finish());
        if is_text(plan.value_type) {
            return self.texts(plan, &sparse, nulls);
        }
        let mut values = vec![0_i64; len];
        for (&place, &value) in sparse.places.iter().zip(&sparse.values) {
            values[place as usize] = value;
        }
        const BOOL: u8 = AttributeType::Bool as u8;
        const INT: u8 = AttributeType::Int as u8;
        match plan.value_type {
            BOOL => {
                let values = values.into_iter().map(|value| value != 0).collect();
                Arc::new(BooleanArray::new(values, Some(nulls)))
            }
            INT => Arc::new(Int64Array::new(values.into(), Some(nulls))),
            _ => {
                let values: Vec<f64> = values
                    .into_iter()
                    .map(|bits| f64::from_bits(bits as u64))
                    .collect();
                Arc::new(Float64Array::new(values.into(), Some(nulls)))
            }
        }
    }

    fn texts(&self, plan: &AttributeColumnPlan, sparse: &Sparse, nulls: NullBuffer) -> ArrayRef {
        let texts = &self.table.data.key_texts[plan.key as usize];
        let is_bytes = plan.value_type == AttributeType::Bytes as u8;
        if plan.in_dictionary {
            let mut recoder = Recoder::new(texts.len() as usize, sparse.places.len());
            let mut codes = vec![0; self.table.rows.len()];
            for (&place, &code) in sparse.places.iter().zip(&sparse.values) {
                codes[place as usize] = recoder.get(code as u32);
            }
            return match is_bytes {
                true => recoder.bytes(codes, Some(nulls), |code| texts.get(code)),
                false => dictionary(
                    codes,
                    Some(nulls),
                    strings(recoder.used.iter().map(|&code| texts.get(code))),
                ),
            };
        }
        let (mut offsets, mut bytes) = (Vec::with_capacity(self.table.rows.len() + 1), Vec::new());
        for (&place, &code) in sparse.places.iter().zip(&sparse.values) {
            offsets.resize(place as usize + 1, bytes.len() as i32);
            bytes.extend_from_slice(texts.get(code as u32));
        }
        offsets.resize(self.table.rows.len() + 1, bytes.len() as i32);
        let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
        if is_bytes {
            return Arc::new(BinaryArray::new(offsets, bytes.into(), Some(nulls)));
        }
        match StringArray::try_new(offsets.clone(), bytes.clone().into(), Some(nulls.clone())) {
            Ok(array) => Arc::new(array),
            Err(_) => arrow_array::new_null_array(&arrow_schema::DataType::Utf8, nulls.len()),
        }
    }
}

const FIXED: [Fixed; FIXED_COUNT] = [
    Fixed::TraceId,
    Fixed::SpanId,
    Fixed::ParentSpanId,
    Fixed::TraceState,
    Fixed::Flags,
    Fixed::Name,
    Fixed::Kind,
    Fixed::StartTime,
    Fixed::Duration,
    Fixed::StatusCode,
    Fixed::StatusMessage,
    Fixed::ServiceName,
    Fixed::ResourceAttributes,
    Fixed::ResourceDroppedAttributes,
    Fixed::ResourceEntityRefs,
    Fixed::ResourceSchemaUrl,
    Fixed::ScopeName,
    Fixed::ScopeVersion,
    Fixed::ScopeAttributes,
    Fixed::ScopeDroppedAttributes,
    Fixed::ScopeSchemaUrl,
    Fixed::DroppedAttributes,
    Fixed::DroppedEvents,
    Fixed::DroppedLinks,
    Fixed::AttributeOrder,
    Fixed::ParentDistance,
    Fixed::Depth,
    Fixed::SubtreeSize,
    Fixed::SelfTime,
    Fixed::CriticalTime,
];
