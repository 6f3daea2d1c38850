//! Rows of the open buffer: fixed columns, and one stream of 32-bit slots for what differs from span to span.
//!
//! The slots of a row are the values of its attributes in the order of its shape (a code, a bool, or two slots of a number),
//! and then, if the row has any, its extras: trace state, status message, dropped counts, events, links.

use super::pieces::Pieces;
use std::sync::Arc;

/// Rows of a piece.
pub const ROWS_PER_PIECE: usize = 4096;
const PIECE_BITS: u32 = 12;
/// A piece begins with room for somewhat more slots than the one before it has, but for no more than this.
const RESERVED_SLOTS_MAX: usize = 64 * ROWS_PER_PIECE;

/// In `RowPiece::shape`: the row has extras.
pub const HAS_EXTRAS: u32 = 1 << 31;
/// In `RowPiece::previous`: the trace's first row.
pub const NO_ROW: u32 = u32::MAX;

/// Some thousand rows, column by column.
#[derive(Clone, Debug, Default)]
pub struct RowPiece {
    pub trace: Vec<u32>,
    pub span_id: Vec<u64>,
    pub parent_span_id: Vec<u64>,
    pub start: Vec<i64>,
    pub duration: Vec<i64>,
    pub name: Vec<u32>,
    pub unit: Vec<u32>,
    pub kind: Vec<i32>,
    pub status_code: Vec<i32>,
    pub flags: Vec<u32>,
    pub shape: Vec<u32>,
    pub first_slot: Vec<u32>,
    pub previous: Vec<u32>,
    pub slots: Vec<u32>,
}

/// One row, apart from its slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    pub trace: u32,
    /// As a big-endian number, so that numbers order as ids do.
    pub span_id: u64,
    /// 0 where there is none.
    pub parent_span_id: u64,
    pub start: i64,
    pub duration: i64,
    pub name: u32,
    pub unit: u32,
    pub kind: i32,
    pub status_code: i32,
    pub flags: u32,
    /// Code of the shape, with HAS_EXTRAS.
    pub shape: u32,
}

/// What a row costs without its slots.
pub const ROW_BYTES: usize = 68;

impl RowPiece {
    fn len(&self) -> usize {
        self.trace.len()
    }

    /// An empty one that has room for what probably comes after this one.
    fn after(full: &Self) -> Self {
        Self {
            trace: Vec::with_capacity(ROWS_PER_PIECE),
            span_id: Vec::with_capacity(ROWS_PER_PIECE),
            parent_span_id: Vec::with_capacity(ROWS_PER_PIECE),
            start: Vec::with_capacity(ROWS_PER_PIECE),
            duration: Vec::with_capacity(ROWS_PER_PIECE),
            name: Vec::with_capacity(ROWS_PER_PIECE),
            unit: Vec::with_capacity(ROWS_PER_PIECE),
            kind: Vec::with_capacity(ROWS_PER_PIECE),
            status_code: Vec::with_capacity(ROWS_PER_PIECE),
            flags: Vec::with_capacity(ROWS_PER_PIECE),
            shape: Vec::with_capacity(ROWS_PER_PIECE),
            first_slot: Vec::with_capacity(ROWS_PER_PIECE),
            previous: Vec::with_capacity(ROWS_PER_PIECE),
            slots: Vec::with_capacity(
                (full.slots.len() + full.slots.len() / 8).min(RESERVED_SLOTS_MAX),
            ),
        }
    }

    /// Give back what was allocated in advance.
    fn shrink(&mut self) {
        self.slots.shrink_to_fit();
    }

    fn push(&mut self, row: &Row, slots: &[u32], previous: u32) {
        self.trace.push(row.trace);
        self.span_id.push(row.span_id);
        self.parent_span_id.push(row.parent_span_id);
        self.start.push(row.start);
        self.duration.push(row.duration);
        self.name.push(row.name);
        self.unit.push(row.unit);
        self.kind.push(row.kind);
        self.status_code.push(row.status_code);
        self.flags.push(row.flags);
        self.shape.push(row.shape);
        self.first_slot.push(self.slots.len() as u32);
        self.previous.push(previous);
        self.slots.extend_from_slice(slots);
    }

    /// The row at this place.
    pub fn row(&self, index: usize) -> Row {
        Row {
            trace: self.trace[index],
            span_id: self.span_id[index],
            parent_span_id: self.parent_span_id[index],
            start: self.start[index],
            duration: self.duration[index],
            name: self.name[index],
            unit: self.unit[index],
            kind: self.kind[index],
            status_code: self.status_code[index],
            flags: self.flags[index],
            shape: self.shape[index],
        }
    }

    /// The slots of the row at this place.
    #[inline]
    pub fn slots(&self, index: usize) -> &[u32] {
        let end = match self.first_slot.get(index + 1) {
            Some(&next) => next as usize,
            None => self.slots.len(),
        };
        &self.slots[self.first_slot[index] as usize..end]
    }
}

/// All rows, in the order in which they came. Full pieces are shared by clones, the last one is copied.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    full: Vec<Arc<RowPiece>>,
    last: RowPiece,
    len: u32,
}

impl Rows {
    pub fn len(&self) -> u32 {
        self.len
    }

    /// The piece of a row, and its place there.
    #[inline]
    pub fn locate(&self, row: u32) -> (&RowPiece, usize) {
        let piece = match self.full.get((row >> PIECE_BITS) as usize) {
            Some(piece) => piece,
            None => &self.last,
        };
        (piece, row as usize & (ROWS_PER_PIECE - 1))
    }

    /// The pieces in order.
    pub fn pieces(&self) -> impl Iterator<Item = &RowPiece> {
        self.full
            .iter()
            .map(Arc::as_ref)
            .chain(std::iter::once(&self.last))
    }

    /// Add a row and get its number.
    pub fn push(&mut self, row: &Row, slots: &[u32], previous: u32) -> u32 {
        let number = self.len;
        self.last.push(row, slots, previous);
        self.len += 1;
        if self.last.len() == ROWS_PER_PIECE {
            let next = RowPiece::after(&self.last);
            let mut full = std::mem::replace(&mut self.last, next);
            full.shrink();
            self.full.push(Arc::new(full));
        }
        number
    }
}

/// A trace as far as it is here.
#[derive(Clone, Copy, Debug)]
pub struct TraceState {
    pub trace_id: [u8; 16],
    /// Of the earliest span.
    pub start: i64,
    /// The latest end of an interval.
    pub end: i64,
    pub first_position: u64,
    pub last_position: u64,
    pub span_count: u32,
    pub error_count: u32,
    /// The row that came last; each row knows the one before it.
    pub last_row: u32,
}

/// What a trace costs, with its entry in the table of ids.
pub const TRACE_BYTES: usize = size_of::<TraceState>() + 8;

/// All traces, in the order in which they came.
pub type Traces = Pieces<TraceState>;

/// A trace's rows, as they came.
pub fn rows_of(rows: &Rows, trace: &TraceState) -> Vec<u32> {
    let mut found = Vec::new();
    rows_into(&mut found, rows, trace);
    found
}

/// The same, in a place that is used again and again.
pub fn rows_into(found: &mut Vec<u32>, rows: &Rows, trace: &TraceState) {
    found.clear();
    found.resize(trace.span_count as usize, 0);
    let mut row = trace.last_row;
    for place in found.iter_mut().rev() {
        *place = row;
        let (piece, index) = rows.locate(row);
        row = piece.previous[index];
    }
}
