//! Rows on their way into the buffer: interned already, but not yet compared with what is there. Some hundred are looked up
//! together, so that the waits for the table's memory overlap.

use super::data::Data;
use super::layout::{join, shape_items};
use super::rows::{HAS_EXTRAS, ROW_BYTES, Row};
use super::writer::Writer;
use std::hash::Hasher;
use std::sync::Arc;

/// How many rows are looked up together.
pub const STAGED_MAX: usize = 256;
const ERROR: i32 = 2;
/// What an entry costs in the table of rows.
const ROW_ENTRY_BYTES: usize = 14;

/// A row on its way.
#[derive(Clone, Copy, Debug)]
pub struct Staged {
    row: Row,
    hash: u32,
    /// Where its slots end, among those of all staged rows.
    slots_end: usize,
    position: u64,
}

impl Writer {
    /// Put a row behind the others; its slots stand at the end of `slots`. `hash` has seen its attributes and extras.
    #[inline]
    pub fn stage(&mut self, row: &Row, mut hash: impl Hasher, position: u64) {
        hash.write_u64(row.span_id);
        hash.write_u64(row.parent_span_id);
        hash.write_i64(row.start);
        hash.write_i64(row.duration);
        hash.write_u64(join(row.name, row.trace));
        hash.write_u64(join(row.shape, row.unit));
        hash.write_u64(join(row.kind as u32, row.flags));
        hash.write_i32(row.status_code);
        self.staged.push(Staged {
            row: *row,
            hash: (hash.finish() >> 32) as u32,
            slots_end: self.slots.len(),
            position,
        });
    }

    /// Add the staged rows that are not here already.
    pub fn add_staged(&mut self, data: &mut Data) {
        let (mut staged, mut slots) = (
            std::mem::take(&mut self.staged),
            std::mem::take(&mut self.slots),
        );
        let touched = staged
            .iter()
            .fold(0, |all, staged| all ^ self.rows.touch(staged.hash));
        std::hint::black_box(touched);
        let mut start = 0;
        for staged in &staged {
            self.add(data, staged, &slots[start..staged.slots_end]);
            start = staged.slots_end;
        }
        staged.clear();
        slots.clear();
        (self.staged, self.slots) = (staged, slots);
    }

    fn add(&mut self, data: &mut Data, staged: &Staged, slots: &[u32]) {
        let (row, position) = (&staged.row, staged.position);
        let known = self.rows.find(staged.hash, |other| {
            let (piece, index) = data.rows.locate(other);
            data.same(row, slots, &piece.row(index), piece.slots(index))
        });
        let trace = data.traces.get_mut(row.trace);
        trace.last_position = trace.last_position.max(position);
        if known.is_some() {
            return;
        }
        let number = data.rows.push(row, slots, trace.last_row);
        trace.last_row = number;
        trace.span_count += 1;
        trace.error_count += u32::from(row.status_code == ERROR);
        trace.start = trace.start.min(row.start);
        trace.end = trace.end.max(row.start.saturating_add(row.duration.max(0)));
        trace.first_position = trace.first_position.min(position);
        self.rows.insert(staged.hash, number);
        self.note_shape(row.shape & !HAS_EXTRAS);
        self.memory_bytes += ROW_BYTES + 4 * slots.len() + ROW_ENTRY_BYTES;
    }

    /// Remember that a row of this shape was added.
    fn note_shape(&mut self, shape: u32) {
        let shape = shape as usize;
        if shape >= self.new_by_shape.len() {
            self.new_by_shape.resize(shape + 1, 0);
        }
        if self.new_by_shape[shape] == 0 {
            self.new_shapes.push(shape as u32);
        }
        self.new_by_shape[shape] += 1;
    }

    /// Count the attributes of the rows that were added.
    pub fn count_new(&mut self, data: &mut Data) {
        let counts = Arc::make_mut(&mut data.counts);
        for shape in self.new_shapes.drain(..) {
            let rows = std::mem::take(&mut self.new_by_shape[shape as usize]);
            for item in shape_items(data.shapes.get(shape)) {
                counts[item.key as usize][item.value_type as usize] += rows;
            }
            let twice = self.shapes_with_duplicates.get(&shape);
            for item in twice.into_iter().flatten() {
                counts[item.key as usize][item.value_type as usize] -= rows;
            }
        }
    }
}
