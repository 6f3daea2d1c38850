//! The trees of the buffer's traces, and counts over their shapes.

use super::data::Data;
use super::layout::{UnitField, shape_items, unit_field};
use super::rows::HAS_EXTRAS;
use crate::structure::{self, Structure};
use std::cmp::Ordering;

/// Compute the tree of these rows of one trace.
pub(crate) fn compute(structure: &mut Structure, data: &Data, rows: &[u32]) {
    let span = |&row: &u32| {
        let (piece, at) = data.rows.locate(row);
        structure::Span {
            span_id: piece.span_id[at],
            parent_span_id: piece.parent_span_id[at],
            start: piece.start[at],
            duration: piece.duration[at],
            kind: piece.kind[at],
        }
    };
    let spans = rows.iter().map(span);
    structure.compute(spans, |a, b| {
        compare_names(data, rows[a as usize], rows[b as usize])
    });
}

fn compare_names(data: &Data, a: u32, b: u32) -> Ordering {
    let texts = |row: u32| {
        let (piece, at) = data.rows.locate(row);
        let service = unit_field(data.units.get(piece.unit[at]), UnitField::Service);
        (data.unit_texts.get(service), data.names.get(piece.name[at]))
    };
    texts(a).cmp(&texts(b))
}

/// The rows of these traces of the buffer, as they came.
pub(crate) fn rows_among(data: &Data, is_here: &[bool]) -> Vec<u32> {
    let (mut rows, mut first) = (Vec::new(), 0);
    for piece in data.rows.pieces() {
        for (row, &trace) in (first..).zip(&piece.trace) {
            if is_here[trace as usize] {
                rows.push(row);
            }
        }
        first += piece.trace.len() as u32;
    }
    rows
}

/// By key and type, how many of these rows have one.
pub(crate) fn count_attributes(data: &Data, rows: &[u32]) -> Vec<[u32; 8]> {
    let mut rows_by_shape = vec![0_u32; data.shapes.len() as usize];
    for &row in rows {
        let (piece, at) = data.rows.locate(row);
        rows_by_shape[(piece.shape[at] & !HAS_EXTRAS) as usize] += 1;
    }
    let mut counts = vec![[0; 8]; data.keys.len() as usize];
    for (shape, &row_count) in rows_by_shape
        .iter()
        .enumerate()
        .filter(|(_, count)| **count > 0)
    {
        let mut seen = Vec::new();
        for item in shape_items(data.shapes.get(shape as u32)) {
            if !(data.has_duplicates && seen.contains(&item)) {
                counts[item.key as usize][item.value_type as usize] += row_count;
            }
            if data.has_duplicates {
                seen.push(item);
            }
        }
    }
    counts
}
