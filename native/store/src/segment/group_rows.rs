//! The rows of a row group, gathered once: whoever needs a field of them walks a slice.

use super::ahead::Ahead;
use super::plan::Plan;
use crate::buffer::data::Data;
use crate::buffer::layout::{EXTRAS_HEAD, Extras};
use crate::buffer::rows::{HAS_EXTRAS, RowPiece};

/// So many rows are located together, so that the waits for their memory overlap.
const AHEAD: usize = 64;

/// Fields of rows, in the segment's order.
#[derive(Debug, Default)]
pub struct GroupRows<'a> {
    pub span_id: Vec<u64>,
    /// 0 where there is none.
    pub parent_span_id: Vec<u64>,
    pub start: Vec<i64>,
    pub duration: Vec<i64>,
    pub name: Vec<u32>,
    pub unit: Vec<u32>,
    pub kind: Vec<u32>,
    pub status_code: Vec<u32>,
    pub flags: Vec<u32>,
    /// Without HAS_EXTRAS.
    pub shape: Vec<u32>,
    pub slots: Vec<&'a [u32]>,
    /// Of the rows that have some, by the row's place here.
    pub extras: Vec<(u32, Extras<'a>)>,
    /// The heads of these extras side by side: they are looked at again and again.
    heads: Vec<u32>,
}

impl<'a> GroupRows<'a> {
    /// These rows of the buffer.
    pub fn of(data: &'a Data, rows: &[u32], plan: &Plan) -> Self {
        let mut found = Self::with_capacity(rows.len());
        let mut ahead = Ahead::default();
        for rows in rows.chunks(AHEAD) {
            ahead.read(data, rows);
            found.add(data, rows, plan);
        }
        found
    }

    fn with_capacity(rows: usize) -> Self {
        Self {
            span_id: Vec::with_capacity(rows),
            parent_span_id: Vec::with_capacity(rows),
            start: Vec::with_capacity(rows),
            duration: Vec::with_capacity(rows),
            name: Vec::with_capacity(rows),
            unit: Vec::with_capacity(rows),
            kind: Vec::with_capacity(rows),
            status_code: Vec::with_capacity(rows),
            flags: Vec::with_capacity(rows),
            shape: Vec::with_capacity(rows),
            slots: Vec::with_capacity(rows),
            extras: Vec::new(),
            heads: Vec::new(),
        }
    }

    /// Of the rows that have extras, the place and what comes before events and links.
    pub fn heads(&self) -> impl Iterator<Item = (u32, Extras<'_>)> {
        let places = self.extras.iter().map(|(place, _)| *place);
        places.zip(self.heads.chunks_exact(EXTRAS_HEAD).map(Extras::new))
    }

    /// How many rows.
    pub fn len(&self) -> usize {
        self.shape.len()
    }

    /// A field at a time: the reads of one field do not wait for each other.
    fn add(&mut self, data: &'a Data, rows: &[u32], plan: &Plan) {
        let mut located = [data.rows.locate(rows[0]); AHEAD];
        for (place, &row) in located.iter_mut().zip(rows) {
            *place = data.rows.locate(row);
        }
        let located: &[(&'a RowPiece, usize)] = &located[..rows.len()];
        let first = self.len() as u32;
        for (place, &(piece, at)) in (first..).zip(located) {
            let (shape, slots) = (piece.shape[at], piece.slots(at));
            if shape & HAS_EXTRAS != 0 {
                let values = plan.slot_count(shape & !HAS_EXTRAS);
                let extras = Extras::new(&slots[values..]);
                self.heads
                    .extend_from_slice(&slots[values..values + EXTRAS_HEAD]);
                self.extras.push((place, extras));
            }
            self.shape.push(shape & !HAS_EXTRAS);
            self.slots.push(slots);
        }
        let at = |&(piece, at): &(&'a RowPiece, usize)| (piece, at);
        macro_rules! gather {
            ($($field:ident as $type:ty),*) => {
                $(self.$field.extend(located.iter().map(at).map(|(piece, at)| piece.$field[at] as $type));)*
            };
        }
        gather!(
            span_id as u64,
            parent_span_id as u64,
            start as i64,
            duration as i64,
            name as u32
        );
        gather!(unit as u32, kind as u32, status_code as u32, flags as u32);
    }
}
