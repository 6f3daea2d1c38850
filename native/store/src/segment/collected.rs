//! What the index says of rows, collected while the rows of each group are at hand.

use super::group_rows::GroupRows;
use super::index_calls::CallsWriter;
use super::index_postings::OperationsWriter;
use super::key_counts::NestedKeys;
use super::order::{Order, OrderedTrace};
use crate::buffer::data::Data;
use crate::buffer::layout::{UnitField, unit_field};
use std::ops::Range;

/// In a trace's flags: some span has events.
const HAS_EVENTS: u8 = 1;
/// And links.
const HAS_LINKS: u8 = 2;

/// Collects from group after group, in order.
pub struct Collected<'a> {
    data: &'a Data,
    /// The service of each unit.
    services: Vec<u32>,
    pub operations: OperationsWriter,
    pub calls: CallsWriter,
    pub nested_keys: NestedKeys,
    pub trace_flags: Vec<u8>,
    /// How many spans each unit has.
    pub unit_spans: Vec<u64>,
    pub max_start: Option<i64>,
}

impl<'a> Collected<'a> {
    /// Nothing yet.
    pub fn new(data: &'a Data, order: &Order) -> Self {
        let units = data.units.iter();
        Self {
            data,
            services: units
                .map(|unit| unit_field(unit, UnitField::Service))
                .collect(),
            operations: OperationsWriter::new(data.names.len() as usize),
            calls: CallsWriter::default(),
            nested_keys: NestedKeys::default(),
            trace_flags: vec![0; order.traces.len()],
            unit_spans: vec![0; data.units.len() as usize],
            max_start: None,
        }
    }

    /// The next group: the rows `range` of the segment.
    pub fn add(&mut self, rows: &GroupRows<'_>, order: &Order, range: Range<usize>) {
        self.max_start = self.max_start.max(rows.start.iter().copied().max());
        self.add_extras(rows, order, range.start as u32);
        let mut traces = Traces::at(&order.traces, range.start as u32);
        for (at, &distance) in order.parent_distance[range.clone()].iter().enumerate() {
            let row = (range.start + at) as u32;
            let service = self.services[rows.unit[at] as usize];
            self.unit_spans[rows.unit[at] as usize] += 1;
            let (trace, first_row) = traces.of(row);
            let operation = (service, rows.name[at], rows.kind[at]);
            self.operations
                .add(operation, rows.start[at], [trace, first_row, row]);
            self.calls
                .add(service, distance, rows.status_code[at], rows.duration[at]);
        }
    }

    fn add_extras(&mut self, rows: &GroupRows<'_>, order: &Order, first: u32) {
        let mut traces = Traces::at(&order.traces, first);
        for (place, extras) in &rows.extras {
            let row = first + place;
            if extras.event_count() + extras.link_count() > 0 {
                let flags = &mut self.trace_flags[traces.of(row).0 as usize];
                *flags |= if extras.event_count() > 0 {
                    HAS_EVENTS
                } else {
                    0
                };
                *flags |= if extras.link_count() > 0 {
                    HAS_LINKS
                } else {
                    0
                };
                self.nested_keys.add(row, extras, &self.data.bags);
            }
        }
    }
}

/// Which trace a row belongs to, asked for rows that ascend.
struct Traces<'a> {
    traces: &'a [OrderedTrace],
    at: usize,
    /// Where the rows of the trace end.
    end: u32,
}

impl<'a> Traces<'a> {
    /// At this row, which is there.
    fn at(traces: &'a [OrderedTrace], row: u32) -> Self {
        let at = traces.partition_point(|trace| trace.first_row <= row) - 1;
        let mut found = Self { traces, at, end: 0 };
        found.end = found.end();
        found
    }

    fn end(&self) -> u32 {
        let next = self.traces.get(self.at + 1);
        next.map_or(u32::MAX, |next| next.first_row)
    }

    /// The trace of a row, and its first row.
    #[inline]
    fn of(&mut self, row: u32) -> (u32, u32) {
        while row >= self.end {
            self.at += 1;
            self.end = self.end();
        }
        (self.at as u32, self.traces[self.at].first_row)
    }
}
