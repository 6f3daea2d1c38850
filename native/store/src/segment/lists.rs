//! The levels of the leaves of lists and maps, as Parquet's pages have them: where each row's entries begin and end.

use super::levels::put_numbers;
use std::ops::Range;

/// Rows of a page: what is read of lists is that of a few rows here and there.
const PAGE_ROWS: usize = 2048;

/// The levels of a leaf, page after page. A row without entries is at definition level 0.
#[derive(Debug, Default)]
pub struct Lists {
    /// The pages.
    pub pages: Vec<ListPage>,
}

/// The levels of a page.
#[derive(Debug)]
pub struct ListPage {
    /// The rows.
    pub rows: Range<usize>,
    /// The entries of these rows.
    pub entries: Range<usize>,
    /// How many levels: one for each entry, and for each row without.
    pub level_count: usize,
    /// Repetition levels and definition levels.
    pub levels: Vec<u8>,
}

impl Lists {
    /// Of rows whose entries end at these places, and have all a value at this definition level.
    pub fn new(ends: &[u32], max_definition: u32) -> Self {
        let firsts = (0..ends.len()).step_by(PAGE_ROWS);
        let page = |first: usize| {
            let rows = first..ends.len().min(first + PAGE_ROWS);
            ListPage::new(ends, rows, max_definition)
        };
        Self {
            pages: firsts.map(page).collect(),
        }
    }
}

impl ListPage {
    fn new(ends: &[u32], rows: Range<usize>, max_definition: u32) -> Self {
        let first = rows.start.checked_sub(1).map_or(0, |before| ends[before]);
        let last = ends[rows.end - 1];
        let count_max = rows.len() + (last - first) as usize;
        let mut repetitions = Vec::with_capacity(count_max);
        let mut definitions = Vec::with_capacity(count_max);
        let mut end = first;
        for &row_end in &ends[rows.clone()] {
            let count = (row_end - end) as usize;
            end = row_end;
            repetitions.push(0);
            repetitions.resize(repetitions.len() + count.max(1) - 1, 1);
            let definition = if count > 0 { max_definition } else { 0 };
            definitions.resize(repetitions.len(), definition);
        }
        let mut levels = Vec::new();
        put_levels(&mut levels, &repetitions, 1);
        put_levels(
            &mut levels,
            &definitions,
            u32::BITS - max_definition.leading_zeros(),
        );
        Self {
            rows,
            entries: first as usize..end as usize,
            level_count: definitions.len(),
            levels,
        }
    }
}

fn put_levels(out: &mut Vec<u8>, numbers: &[u32], bit_width: u32) {
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    put_numbers(out, numbers, bit_width);
    let len = (out.len() - start - 4) as u32;
    out[start..start + 4].copy_from_slice(&len.to_le_bytes());
}
