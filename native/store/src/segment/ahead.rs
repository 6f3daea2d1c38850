//! Reading ahead. The rows of a segment stand near where they came, but not in that order: read here and there, each waits
//! for its memory. A piece of rows read through from front to back, just before its first row is wanted, waits much less.

use crate::buffer::data::Data;
use crate::buffer::rows::{ROWS_PER_PIECE, RowPiece};
use std::ops::BitXor;

/// Bytes that come from memory together.
const LINE_BYTES: usize = 64;

/// How far the pieces were read.
#[derive(Debug, Default)]
pub struct Ahead {
    newest: Option<u32>,
}

impl Ahead {
    /// These rows come next: if they are the first of a piece, and no later one was read, it is read.
    pub fn read(&mut self, data: &Data, rows: &[u32]) {
        let last = rows.iter().max().copied();
        let newest = last.map(|row| row / ROWS_PER_PIECE as u32);
        if let Some(row) = last.filter(|_| newest > self.newest) {
            self.newest = newest;
            read_through(data.rows.locate(row).0);
        }
    }
}

/// All that a segment keeps.
fn read_through(piece: &RowPiece) {
    read_column(&piece.span_id);
    read_column(&piece.parent_span_id);
    read_column(&piece.start);
    read_column(&piece.duration);
    read_column(&piece.kind);
    read_column(&piece.name);
    read_column(&piece.unit);
    read_column(&piece.status_code);
    read_column(&piece.flags);
    read_column(&piece.shape);
    read_column(&piece.first_slot);
    read_column(&piece.slots);
}

/// One value of each line.
fn read_column<T: Copy + Default + BitXor<Output = T>>(values: &[T]) {
    let some = values.iter().step_by(LINE_BYTES / size_of::<T>());
    std::hint::black_box(some.fold(T::default(), |all, &value| all ^ value));
}
