//! One row group of a segment, column by column, out of the rows of the open buffer.

use super::codes::coded;
use super::columns::{FIXED, FIXED_COUNT, Fixed};
use super::encode::{Flat, Values, put_text};
use super::group_attributes::{Sparse, bloom};
use super::order::Order;
use super::plan::Plan;
use crate::buffer::assemble::{Table, list, number};
use crate::buffer::layout::{Extras, UnitField, is_text, shape_item, unit_field};
use crate::buffer::rows::{HAS_EXTRAS, RowPiece};
use crate::recode::{Recoder, coded_fields};
use crate::rest_text::{self, RestBuilder};
use crate::view::{Result, StoreError};
use arrow_array::{ArrayRef, TimestampNanosecondArray};
use lymer_decode::schema::{event_fields, link_fields};
use std::ops::Range;
use std::sync::Arc;

/// So many rows are looked at together before their attributes are sorted.
const AHEAD: u32 = 64;

/// A row group that is about to be written.
pub struct Group<'a> {
    pub(super) table: Table<'a>,
    pub(super) order: &'a Order,
    pub(super) range: Range<usize>,
    pub(super) shape_codes: Vec<u32>,
    units: Vec<u32>,
    pub(super) attributes: Vec<Sparse>,
    pub(super) extras: Vec<(u32, Extras<'a>)>,
    pub(super) rest: RestBuilder,
}

/// A column as it is handed to the file.
pub enum Column {
    /// Pages of our own.
    Flat(Flat),
    /// An array for Parquet's writer.
    Array(ArrayRef),
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
        let (rows, all_rows) = (table.rows.len(), order.rows.len());
        let sparse = plan
            .attributes
            .iter()
            .map(|attribute| Sparse::new(attribute, rows, all_rows));
        let mut group = Self {
            table,
            order,
            range,
            shape_codes: Vec::with_capacity(table.rows.len()),
            units: table.gather(|piece, at| piece.unit[at]),
            attributes: sparse.collect(),
            extras: Vec::new(),
            rest: RestBuilder::default(),
        };
        group.scatter(plan, shapes);
        group
    }

    /// Sort the attributes of all rows into their columns.
    fn scatter(&mut self, plan: &Plan, shapes: &mut Recoder) {
        let data = self.table.data;
        for (place, &row) in (0_u32..).zip(self.table.rows) {
            if place.is_multiple_of(AHEAD) {
                self.touch(place as usize);
            }
            let (piece, at) = data.rows.locate(row);
            let shape = piece.shape[at] & !HAS_EXTRAS;
            self.shape_codes.push(shapes.get(shape) as u32);
            if piece.shape[at] & HAS_EXTRAS != 0 {
                self.extras.push((place, self.table.extras(row)));
            }
            let slots = piece.slots(at);
            for (number, step) in plan.steps(shape).iter().enumerate() {
                match step.column() {
                    Some(column) => self.attributes[column].push(place, slots, step.slot),
                    None => self.add_rest(shape, number, &slots[step.slot as usize..]),
                }
            }
            self.rest.end_row();
        }
    }

    /// Look at the slots of the next rows, so that the waits for their memory overlap.
    fn touch(&self, first: usize) {
        let end = self.table.rows.len().min(first + AHEAD as usize);
        let touched = self.table.rows[first..end].iter().fold(0, |all, &row| {
            let (piece, at) = self.table.data.rows.locate(row);
            all ^ piece.shape[at] ^ piece.slots(at).first().copied().unwrap_or_default()
        });
        std::hint::black_box(touched);
    }

    fn add_rest(&mut self, shape: u32, at: usize, slots: &[u32]) {
        let data = self.table.data;
        let item = shape_item(data.shapes.get(shape), at);
        let slots = &slots[..item.slot_count()];
        let text = if is_text(item.value_type) {
            data.key_texts[item.key as usize].get(slots[0])
        } else {
            b""
        };
        let text = rest_text::write(item.value_type, number(item.value_type, slots), text);
        self.rest.entry(data.keys.get(item.key), text.as_bytes());
    }

    /// The column of a field of the file's schema. Each may be asked for once.
    pub fn column(&mut self, field: usize, plan: &Plan) -> Result<Column> {
        const START: usize = Fixed::StartTime as usize;
        const REST: usize = FIXED_COUNT;
        const EVENTS: usize = FIXED_COUNT + 1;
        const LINKS: usize = FIXED_COUNT + 2;
        Ok(match field {
            START => Column::Array(self.starts()),
            0..FIXED_COUNT => Column::Flat(self.fixed(FIXED[field])?),
            REST => Column::Array(std::mem::take(&mut self.rest).finish()?),
            EVENTS => {
                let (offsets, children) = self.table.coded_events(&self.extras);
                Column::Array(list(coded_fields(&event_fields()), offsets, children)?)
            }
            LINKS => {
                let (offsets, children) = self.table.coded_links(&self.extras);
                Column::Array(list(coded_fields(&link_fields()), offsets, children)?)
            }
            _ => {
                let attribute = field - LINKS - 1;
                let values = std::mem::take(&mut self.attributes[attribute]);
                Column::Flat(self.attribute(&plan.attributes[attribute], values))
            }
        })
    }

    fn starts(&self) -> ArrayRef {
        let starts = self.table.gather(|piece, at| piece.start[at]);
        Arc::new(TimestampNanosecondArray::from(starts).with_timezone("UTC"))
    }

    fn fixed(&self, column: Fixed) -> Result<Flat> {
        let order = self.order;
        Ok(match column {
            Fixed::TraceId => return self.trace_ids(),
            Fixed::ParentSpanId => return Ok(self.parent_span_ids()),
            Fixed::SpanId => {
                let ids = self.table.gather(|piece, at| piece.span_id[at]);
                required(Values::Fixed {
                    bytes: ids.into_iter().flat_map(u64::to_be_bytes).collect(),
                    size: 8,
                })
            }
            Fixed::TraceState => self.words(Extras::trace_state),
            Fixed::StatusMessage => self.words(Extras::status_message),
            Fixed::Flags => self.ints(|piece, at| piece.flags[at]),
            Fixed::Kind => self.ints(|piece, at| piece.kind[at] as u32),
            Fixed::StatusCode => self.ints(|piece, at| piece.status_code[at] as u32),
            Fixed::Name => self.names(),
            Fixed::Duration => required(Values::Longs(
                self.table.gather(|piece, at| piece.duration[at]),
            )),
            Fixed::ServiceName => self.unit_texts(UnitField::Service),
            Fixed::ResourceAttributes => self.unit_texts(UnitField::ResourceAttributes),
            Fixed::ResourceDroppedAttributes => self.unit_counts(UnitField::ResourceDropped),
            Fixed::ResourceEntityRefs => self.unit_texts(UnitField::ResourceEntityRefs),
            Fixed::ResourceSchemaUrl => self.unit_texts(UnitField::ResourceSchemaUrl),
            Fixed::ScopeName => self.unit_texts(UnitField::ScopeName),
            Fixed::ScopeVersion => self.unit_texts(UnitField::ScopeVersion),
            Fixed::ScopeAttributes => self.unit_texts(UnitField::ScopeAttributes),
            Fixed::ScopeDroppedAttributes => self.unit_counts(UnitField::ScopeDropped),
            Fixed::ScopeSchemaUrl => self.unit_texts(UnitField::ScopeSchemaUrl),
            Fixed::DroppedAttributes => self.extra_counts(Extras::dropped_attributes),
            Fixed::DroppedEvents => self.extra_counts(Extras::dropped_events),
            Fixed::DroppedLinks => self.extra_counts(Extras::dropped_links),
            Fixed::AttributeOrder => self.counts(&self.shape_codes),
            Fixed::ParentDistance => self.counts(&order.parent_distance[self.range.clone()]),
            Fixed::Depth => self.counts(&order.depth[self.range.clone()]),
            Fixed::SubtreeSize => self.counts(&order.subtree_size[self.range.clone()]),
            Fixed::SelfTime => {
                required(Values::Longs(order.self_time[self.range.clone()].to_vec()))
            }
            Fixed::CriticalTime => required(Values::Longs(
                order.critical_time[self.range.clone()].to_vec(),
            )),
            Fixed::StartTime => return Err(StoreError("starts are an array".into())),
        })
    }

    /// Traces are consecutive, so the code of an id is the trace's place in the group.
    fn trace_ids(&self) -> Result<Flat> {
        let (mut codes, mut dictionary) = (Vec::with_capacity(self.table.rows.len()), Vec::new());
        let mut latest = None;
        for trace in self.table.gather(|piece, at| piece.trace[at]) {
            if latest != Some(trace) {
                dictionary.extend_from_slice(&self.table.data.traces.get(trace).trace_id);
                latest = Some(trace);
            }
            codes.push((dictionary.len() / 16 - 1) as u32);
        }
        let count = dictionary.len() / 16;
        let mut flat = required(Values::Coded {
            codes,
            dictionary,
            count,
        });
        if let Values::Coded { dictionary, .. } = &flat.values {
            flat.bloom = Some(bloom(count, dictionary.chunks_exact(16)));
        }
        Ok(flat)
    }

    /// The parent's id has been seen in most cases, as the id of a row that is known.
    fn parent_span_ids(&self) -> Flat {
        const UNKNOWN: u32 = u32::MAX;
        let mut code_of_row = vec![UNKNOWN; self.table.rows.len()];
        let (mut places, mut codes, mut dictionary) = (Vec::new(), Vec::new(), Vec::new());
        let parents = self.table.gather(|piece, at| piece.parent_span_id[at]);
        for (place, parent) in parents
            .into_iter()
            .enumerate()
            .filter(|(_, parent)| *parent != 0)
        {
            let distance = self.order.parent_distance[self.range.start + place] as usize;
            let row = place.checked_sub(distance).filter(|_| distance > 0);
            let known = row.map_or(UNKNOWN, |row| code_of_row[row]);
            let is_it = |code: u32| {
                dictionary.get(8 * code as usize..8 * code as usize + 8)
                    == Some(parent.to_be_bytes().as_slice())
            };
            let code = if known != UNKNOWN && is_it(known) {
                known
            } else {
                (dictionary.len() / 8) as u32
            };
            if code as usize == dictionary.len() / 8 {
                dictionary.extend_from_slice(&parent.to_be_bytes());
            }
            if let Some(row) = row {
                code_of_row[row] = code;
            }
            places.push(place as u32);
            codes.push(code);
        }
        let count = dictionary.len() / 8;
        Flat {
            places: Some(places),
            values: Values::Coded {
                codes,
                dictionary,
                count,
            },
            bloom: None,
        }
    }

    fn names(&self) -> Flat {
        let names = &self.table.data.names;
        let mut recoder = Recoder::new(names.len() as usize, self.table.rows.len());
        let codes = self.table.gather(|piece, at| piece.name[at]).into_iter();
        let codes = codes.map(|code| recoder.get(code) as u32).collect();
        required(texts(codes, &recoder, |code| names.get(code)))
    }

    fn unit_texts(&self, field: UnitField) -> Flat {
        let data = self.table.data;
        let mut recoder = Recoder::new(data.unit_texts.len() as usize, self.table.rows.len());
        let codes = self.of_units(|unit| recoder.get(unit_field(unit, field)) as u32);
        required(texts(codes, &recoder, |code| data.unit_texts.get(code)))
    }

    fn unit_counts(&self, field: UnitField) -> Flat {
        self.counts(&self.of_units(|unit| unit_field(unit, field)))
    }

    /// Something of the unit of each row, found out once a unit.
    fn of_units(&self, mut find: impl FnMut(&[u8]) -> u32) -> Vec<u32> {
        const UNKNOWN: u32 = u32::MAX;
        let mut known = vec![UNKNOWN; self.table.data.units.len() as usize];
        let of_unit = |&unit: &u32| {
            if known[unit as usize] == UNKNOWN {
                known[unit as usize] = find(self.table.data.units.get(unit));
            }
            known[unit as usize]
        };
        self.units.iter().map(of_unit).collect()
    }

    fn words(&self, field: impl Fn(&Extras<'a>) -> u32) -> Flat {
        let words = &self.table.data.words;
        let mut recoder = Recoder::new(words.len() as usize, self.extras.len() + 1);
        let mut codes = vec![recoder.get(0) as u32; self.table.rows.len()];
        for (place, extras) in &self.extras {
            codes[*place as usize] = recoder.get(field(extras)) as u32;
        }
        required(texts(codes, &recoder, |code| words.get(code)))
    }

    fn extra_counts(&self, field: impl Fn(&Extras<'a>) -> u32) -> Flat {
        let mut counts = vec![0; self.table.rows.len()];
        for (place, extras) in &self.extras {
            counts[*place as usize] = field(extras);
        }
        self.counts(&counts)
    }

    fn ints(&self, value: impl Fn(&RowPiece, usize) -> u32) -> Flat {
        required(coded::<4>(
            self.table.gather(value).into_iter().map(u64::from),
        ))
    }

    fn counts(&self, counts: &[u32]) -> Flat {
        required(coded::<4>(counts.iter().copied().map(u64::from)))
    }
}

fn required(values: Values) -> Flat {
    Flat {
        places: None,
        values,
        bloom: None,
    }
}

/// Texts by codes that a recoder gave.
pub(super) fn texts<'t>(
    codes: Vec<u32>,
    recoder: &Recoder,
    text: impl Fn(u32) -> &'t [u8],
) -> Values {
    let mut dictionary = Vec::new();
    recoder
        .used
        .iter()
        .for_each(|&code| put_text(&mut dictionary, text(code)));
    Values::Coded {
        codes,
        dictionary,
        count: recoder.used.len(),
    }
}
