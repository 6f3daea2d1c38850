//! One row group of a segment, column by column, out of the rows of the open buffer.

use super::chunk::{Chunk, Levels, Values, put_text};
use super::codes::coded;
use super::columns::{FIXED, FIXED_COUNT, Fixed};
use super::group_attributes::{Sparse, bloom};
use super::group_lists;
use super::group_rows::GroupRows;
use super::order::Order;
use super::plan::Plan;
use super::presence::Presence;
use crate::buffer::assemble::number;
use crate::buffer::data::Data;
use crate::buffer::layout::{Extras, UnitField, is_text, shape_item, unit_field};
use crate::recode::Recoder;
use crate::rest_text::{self, RestBuilder};
use std::ops::Range;

/// The slots of so many rows are looked at together before their attributes are sorted.
const AHEAD: u32 = 64;

/// A row group that is about to be written.
pub struct Group<'a> {
    pub(super) data: &'a Data,
    pub(super) rows: GroupRows<'a>,
    order: &'a Order,
    range: Range<usize>,
    shape_codes: Vec<u32>,
    units: Recoder,
    /// Of each row, coded by `units`.
    unit_codes: Vec<u32>,
    attributes: Vec<Sparse>,
    rest: RestBuilder,
}

impl<'a> Group<'a> {
    /// The rows `range` of the segment; their shapes are coded by `shapes`.
    pub fn new(
        data: &'a Data,
        order: &'a Order,
        range: Range<usize>,
        plan: &Plan,
        shapes: &mut Recoder,
    ) -> Self {
        let rows = GroupRows::of(data, &order.rows[range.clone()], plan);
        let (count, all) = (rows.len(), order.rows.len());
        let mut units = Recoder::new(data.units.len() as usize, count);
        let unit_codes = rows.unit.iter().map(|&unit| units.get(unit) as u32);
        let sparse = plan.attributes.iter();
        let mut group = Self {
            data,
            order,
            range,
            shape_codes: rows
                .shape
                .iter()
                .map(|&shape| shapes.get(shape) as u32)
                .collect(),
            unit_codes: unit_codes.collect(),
            units,
            attributes: sparse
                .map(|attribute| Sparse::new(attribute, count, all))
                .collect(),
            rest: RestBuilder::default(),
            rows,
        };
        group.scatter(plan);
        group
    }

    /// Sort the attributes of all rows into their columns.
    fn scatter(&mut self, plan: &Plan) {
        let rows = std::mem::take(&mut self.rows);
        for (place, (&shape, slots)) in (0_u32..).zip(rows.shape.iter().zip(&rows.slots)) {
            if place.is_multiple_of(AHEAD) {
                touch(&rows.slots[place as usize..]);
            }
            for (number, step) in plan.steps(shape).iter().enumerate() {
                match step.column() {
                    Some(column) => self.attributes[column].push(place, slots, step.slot),
                    None => self.add_rest(shape, number, &slots[step.slot as usize..]),
                }
            }
            self.rest.end_row();
        }
        self.rows = rows;
    }

    fn add_rest(&mut self, shape: u32, at: usize, slots: &[u32]) {
        let data = self.data;
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

    /// The leaves of a field of the file's schema. Each field may be asked for once.
    pub fn leaves(&mut self, field: usize, plan: &mut Plan) -> Vec<Chunk> {
        const REST: usize = FIXED_COUNT;
        const EVENTS: usize = FIXED_COUNT + 1;
        const LINKS: usize = FIXED_COUNT + 2;
        match field {
            0..FIXED_COUNT => vec![self.fixed(FIXED[field])],
            REST => group_lists::rest(std::mem::take(&mut self.rest)),
            EVENTS => self.events(),
            LINKS => self.links(),
            _ => {
                let attribute = field - LINKS - 1;
                let values = std::mem::take(&mut self.attributes[attribute]);
                vec![self.attribute(&mut plan.attributes[attribute], values)]
            }
        }
    }

    fn fixed(&self, column: Fixed) -> Chunk {
        let order = self.order;
        match column {
            Fixed::TraceId => self.trace_ids(),
            Fixed::ParentSpanId => self.parent_span_ids(),
            Fixed::SpanId => {
                let ids = self.rows.span_id.iter().map(|id| id.to_be_bytes());
                required(Values::Fixed {
                    bytes: ids.collect::<Vec<_>>().into_flattened(),
                    size: 8,
                })
            }
            Fixed::TraceState => self.words(Extras::trace_state),
            Fixed::StatusMessage => self.words(Extras::status_message),
            Fixed::Flags => self.counts(&self.rows.flags),
            Fixed::Kind => self.counts(&self.rows.kind),
            Fixed::StatusCode => self.counts(&self.rows.status_code),
            Fixed::Name => self.names(),
            Fixed::Duration => required(Values::Measures(self.rows.duration.clone())),
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
            Fixed::StartTime => required(Values::Times(self.rows.start.clone())),
        }
    }

    /// Traces are consecutive, so the code of an id is the trace's place in the group.
    fn trace_ids(&self) -> Chunk {
        let (mut codes, mut dictionary) = (Vec::with_capacity(self.rows.len()), Vec::new());
        let traces = &self.order.traces;
        let first = traces.partition_point(|trace| trace.first_row as usize <= self.range.start);
        let mut ends = traces[first..].iter().map(|trace| trace.first_row as usize);
        for (code, trace) in (0_u32..).zip(&traces[first - 1..]) {
            let end = ends.next().unwrap_or(self.range.end).min(self.range.end);
            codes.resize(end - self.range.start, code);
            dictionary.extend_from_slice(&self.data.traces.get(trace.number).trace_id);
            if end == self.range.end {
                break;
            }
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
        flat
    }

    /// The parent's id has been seen in most cases, as the id of a row that is known.
    fn parent_span_ids(&self) -> Chunk {
        const UNKNOWN: u32 = u32::MAX;
        let mut code_of_row = vec![UNKNOWN; self.rows.len()];
        let mut presence = Presence::new(self.rows.len());
        let (mut codes, mut dictionary) = (Vec::with_capacity(self.rows.len()), Vec::new());
        for (place, &parent) in self.rows.parent_span_id.iter().enumerate() {
            if parent == 0 {
                continue;
            }
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
            presence.set(place as u32);
            codes.push(code);
        }
        let count = dictionary.len() / 8;
        Chunk {
            levels: Levels::Optional(presence),
            values: Values::Coded {
                codes,
                dictionary,
                count,
            },
            bloom: None,
        }
    }

    fn names(&self) -> Chunk {
        let names = &self.data.names;
        let mut recoder = Recoder::new(names.len() as usize, self.rows.len());
        let codes = self.rows.name.iter();
        let codes = codes.map(|&code| recoder.get(code) as u32).collect();
        required(texts(codes, &recoder, |code| names.get(code)))
    }

    fn unit_texts(&self, field: UnitField) -> Chunk {
        let texts_of_units = &self.data.unit_texts;
        let mut recoder = Recoder::new(texts_of_units.len() as usize, self.units.used.len());
        let codes = self.of_units(|unit| recoder.get(unit_field(unit, field)) as u32);
        required(texts(codes, &recoder, |code| texts_of_units.get(code)))
    }

    fn unit_counts(&self, field: UnitField) -> Chunk {
        self.counts(&self.of_units(|unit| unit_field(unit, field)))
    }

    /// Something of the unit of each row, found out once a unit; one for all rows where all units have the same.
    fn of_units(&self, mut find: impl FnMut(&[u8]) -> u32) -> Vec<u32> {
        let of_unit = |&unit: &u32| find(self.data.units.get(unit));
        let found: Vec<u32> = self.units.used.iter().map(of_unit).collect();
        match found.first() {
            Some(first) if found.iter().all(|other| other == first) => vec![*first],
            _ => self
                .unit_codes
                .iter()
                .map(|&unit| found[unit as usize])
                .collect(),
        }
    }

    fn words<'s>(&'s self, field: impl Fn(&Extras<'s>) -> u32) -> Chunk {
        let words = &self.data.words;
        let mut recoder = Recoder::new(words.len() as usize, self.rows.extras.len() + 1);
        let mut codes = vec![recoder.get(0) as u32; self.rows.len()];
        for (place, extras) in self.rows.heads() {
            codes[place as usize] = recoder.get(field(&extras)) as u32;
        }
        required(texts(codes, &recoder, |code| words.get(code)))
    }

    fn extra_counts<'s>(&'s self, field: impl Fn(&Extras<'s>) -> u32) -> Chunk {
        if self.rows.heads().all(|(_, extras)| field(&extras) == 0) {
            return self.counts(&[0]);
        }
        let mut counts = vec![0; self.rows.len()];
        for (place, extras) in self.rows.heads() {
            counts[place as usize] = field(&extras);
        }
        self.counts(&counts)
    }

    /// One for each row, or one for all.
    fn counts(&self, counts: &[u32]) -> Chunk {
        required(coded(counts))
    }
}

/// Look at the slots of the next rows, so that the waits for their memory overlap.
fn touch(slots: &[&[u32]]) {
    let next = slots.iter().take(AHEAD as usize);
    let ends = next
        .flat_map(|slots| [slots.first(), slots.last()])
        .flatten();
    std::hint::black_box(ends.fold(0, |all, slot| all ^ slot));
}

fn required(values: Values) -> Chunk {
    Chunk {
        levels: Levels::Required,
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
