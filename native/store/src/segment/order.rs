//! The order of a segment's rows, and what sealing finds out about each: traces by start, spans in pre-order.

use crate::buffer::snapshot::Snapshot;
use crate::buffer::trees::compute;
use crate::structure::{self, Structure};
use crate::view::{Result, StoreError, View};
use arrow_array::{ArrayRef, Int64Array, RecordBatch, UInt32Array};
use std::sync::Arc;

/// A trace, as the index keeps it.
#[derive(Clone, Copy, Debug)]
pub struct OrderedTrace {
    /// Its number in the buffer.
    pub number: u32,
    /// Where its rows begin.
    pub first_row: u32,
    /// Its root's row.
    pub root: u32,
    /// How many orphans it has.
    pub orphan_count: u32,
}

/// All rows of a segment.
#[derive(Debug, Default)]
pub struct Order {
    /// The buffer's row for each row.
    pub rows: Vec<u32>,
    /// Row minus the parent's row, 0 at the top.
    pub parent_distance: Vec<u32>,
    /// 0 at the top.
    pub depth: Vec<u32>,
    /// With the span itself.
    pub subtree_size: Vec<u32>,
    /// Nanoseconds.
    pub self_time: Vec<i64>,
    /// Nanoseconds.
    pub critical_time: Vec<i64>,
    /// The traces in order.
    pub traces: Vec<OrderedTrace>,
}

impl Order {
    /// The order of everything in the snapshot.
    pub fn of(snapshot: &Snapshot) -> Self {
        let mut numbers: Vec<u32> = (0..snapshot.trace_count()).collect();
        numbers.sort_by_cached_key(|&trace| {
            let state = snapshot.state(trace);
            (state.start, state.trace_id)
        });
        let mut order = Self::default();
        let mut structure = Structure::default();
        let all_rows = rows_by_trace(snapshot, &numbers);
        let mut rest = all_rows.as_slice();
        for trace in numbers {
            let rows = rest.split_off(..snapshot.state(trace).span_count as usize);
            let rows = rows.unwrap_or_default();
            compute(&mut structure, &snapshot.data, rows);
            order.add(snapshot.buffer_trace(trace), rows, &structure);
        }
        order
    }

    /// Append a trace, whose rows of the buffer have this structure.
    pub fn add(&mut self, number: u32, rows: &[u32], structure: &Structure) {
        let first_row = self.rows.len() as u32;
        self.traces.push(OrderedTrace {
            number,
            first_row,
            root: first_row + structure.root,
            orphan_count: structure.orphan_count,
        });
        self.rows
            .extend(structure.order.iter().map(|&place| rows[place as usize]));
        let distance = |(row, &parent): (usize, &u32)| {
            if parent == structure::NONE {
                0
            } else {
                row as u32 - parent
            }
        };
        self.parent_distance
            .extend(structure.parent.iter().enumerate().map(distance));
        self.depth.extend_from_slice(&structure.depth);
        self.subtree_size.extend_from_slice(&structure.size);
        self.self_time.extend_from_slice(&structure.self_time);
        self.critical_time
            .extend_from_slice(&structure.critical_time);
    }

    /// What was found out, as columns.
    pub fn to_record_batch(&self) -> Result<RecordBatch> {
        let parents = (0_u32..).zip(&self.parent_distance);
        let parents: UInt32Array = parents
            .map(|(row, distance)| (*distance > 0).then(|| row - distance))
            .collect();
        let counts = |values: &[u32]| Arc::new(UInt32Array::from(values.to_vec())) as ArrayRef;
        let times = |values: &[i64]| Arc::new(Int64Array::from(values.to_vec())) as ArrayRef;
        RecordBatch::try_from_iter_with_nullable([
            ("parent", Arc::new(parents) as ArrayRef, true),
            ("depth", counts(&self.depth), false),
            ("subtree_size", counts(&self.subtree_size), false),
            ("self_time_nano", times(&self.self_time), false),
            ("critical_time_nano", times(&self.critical_time), false),
        ])
        .map_err(|error| StoreError(error.to_string()))
    }
}

/// The rows of these traces, one trace after the other, those of each as they came.
fn rows_by_trace(snapshot: &Snapshot, numbers: &[u32]) -> Vec<u32> {
    const NOT_HERE: u32 = u32::MAX;
    let data = &snapshot.data;
    let mut next = vec![NOT_HERE; data.traces.len() as usize];
    let mut end = 0;
    for &trace in numbers {
        next[snapshot.buffer_trace(trace) as usize] = end;
        end += snapshot.state(trace).span_count;
    }
    let (mut rows, mut first) = (vec![0; end as usize], 0);
    for piece in data.rows.pieces() {
        for (row, &trace) in (first..).zip(&piece.trace) {
            let place = &mut next[trace as usize];
            if *place != NOT_HERE {
                rows[*place as usize] = row;
                *place += 1;
            }
        }
        first += piece.trace.len() as u32;
    }
    rows
}
