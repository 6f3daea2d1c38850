//! A column chunk before it is encoded: its levels, its values, and how they are cut into pages.

use super::deltas::put_deltas;
use super::levels::{put_numbers, put_run};
use super::lists::{ListPage, Lists};
use super::presence::Presence;
use parquet::bloom_filter::Sbbf;
use std::ops::Range;
use std::rc::Rc;

pub const PLAIN: i64 = 0;
pub const DELTA_BINARY_PACKED: i64 = 5;
pub const RLE_DICTIONARY: i64 = 8;
pub const BYTE_STREAM_SPLIT: i64 = 9;
/// Rows of a page.
const PAGE_ROWS: usize = 8192;
/// Rows of a page of texts or numbers that do not repeat: what is read of them is a few rows here and there.
const WIDE_PAGE_ROWS: usize = 2048;
/// Bytes of a page of texts, unless one text alone is longer.
const TEXT_PAGE_BYTES: usize = 4 << 20;

/// A column chunk: a leaf of a row group.
pub struct Chunk {
    /// Which rows have a value.
    pub levels: Levels,
    /// The values of these rows.
    pub values: Values,
    /// What answers "surely not here" for a value.
    pub bloom: Option<Sbbf>,
}

/// Which rows have a value, or several.
pub enum Levels {
    /// Every row must have one.
    Required,
    /// Some rows have one.
    Optional(Presence),
    /// It is a leaf of a list or a map, or one of several.
    Lists(Rc<Lists>),
}

/// Values, one for each row or entry that has one.
pub enum Values {
    /// Values that repeat: codes, and the distinct values as they stand in a dictionary page. Where there is one value the
    /// codes are not looked at, and need not be there.
    Coded {
        codes: Vec<u32>,
        dictionary: Vec<u8>,
        count: usize,
    },
    /// Values of so many bytes, stored as they are.
    Fixed { bytes: Vec<u8>, size: usize },
    /// Numbers that do not repeat, though there are patterns in them.
    Longs(Vec<i64>),
    /// Measured numbers, without patterns.
    Measures(Vec<i64>),
    /// Numbers near those before them.
    Times(Vec<i64>),
    /// Texts that do not repeat, as they stand in a page, and where each ends.
    Texts { ends: Vec<usize>, bytes: Vec<u8> },
    /// Bools.
    Bools(Vec<bool>),
}

/// What a page has.
pub struct Page<'a> {
    pub rows: Range<usize>,
    pub values: Range<usize>,
    /// Values, and what stands for those that are not there.
    pub level_count: usize,
    /// Those of a list.
    pub levels: &'a [u8],
}

impl Chunk {
    /// The pages of so many rows.
    pub fn pages(&self, rows: usize) -> Vec<Page<'_>> {
        if let Levels::Lists(lists) = &self.levels {
            return lists.pages.iter().map(Page::of_list).collect();
        }
        let (mut pages, mut first, mut value) = (Vec::new(), 0, 0);
        while first < rows {
            let count = self.page_rows(first, value, rows);
            let values = value..value + self.value_count(first..first + count);
            value = values.end;
            pages.push(Page {
                rows: first..first + count,
                values,
                level_count: count,
                levels: &[],
            });
            first += count;
        }
        pages
    }

    /// How many rows the page has that begins with this row and this value: fewer where texts are long.
    fn page_rows(&self, first: usize, value: usize, rows: usize) -> usize {
        let wide = WIDE_PAGE_ROWS.min(rows - first);
        if matches!(self.values, Values::Longs(_) | Values::Measures(_)) {
            return wide;
        }
        let Values::Texts { ends, .. } = &self.values else {
            return PAGE_ROWS.min(rows - first);
        };
        let end = |at: usize| at.checked_sub(1).map_or(0, |before| ends[before]);
        let mut count = wide;
        let values = |count| self.value_count(first..first + count);
        while count > 1 && end(value + values(count)) - end(value) > TEXT_PAGE_BYTES {
            count /= 2;
        }
        count
    }

    /// How many of these rows have a value.
    fn value_count(&self, rows: Range<usize>) -> usize {
        match &self.levels {
            Levels::Optional(presence) => presence.count(rows),
            _ => rows.len(),
        }
    }

    /// How to compress it: not where all values are equal, and not random ids.
    pub fn effort(&self) -> Effort {
        match &self.values {
            Values::Fixed { size: 8, .. } => Effort::None,
            Values::Coded { count: ..=1, .. } if !self.has_levels() => Effort::None,
            Values::Measures(_) | Values::Times(_) => Effort::Little,
            _ => Effort::Usual,
        }
    }

    pub fn has_levels(&self) -> bool {
        !matches!(self.levels, Levels::Required)
    }
}

impl<'a> Page<'a> {
    fn of_list(page: &'a ListPage) -> Self {
        Self {
            rows: page.rows.clone(),
            values: page.entries.clone(),
            level_count: page.level_count,
            levels: &page.levels,
        }
    }
}

/// How hard to try to make pages smaller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// As it is.
    None,
    /// A third of the usual one. Where there are no patterns, the result is as small within a hundredth.
    Little,
    /// Zstd's level 1.
    Usual,
}

impl Values {
    pub fn encoding(&self) -> i64 {
        match self {
            Self::Coded { .. } => RLE_DICTIONARY,
            Self::Longs(_) | Self::Measures(_) => BYTE_STREAM_SPLIT,
            Self::Times(_) => DELTA_BINARY_PACKED,
            _ => PLAIN,
        }
    }

    /// Append these values as a page has them.
    pub fn put(&self, out: &mut Vec<u8>, range: Range<usize>) {
        match self {
            Self::Coded { codes, count, .. } => {
                let bit_width = usize::BITS - count.saturating_sub(1).leading_zeros();
                out.push(bit_width as u8);
                match (bit_width, range.is_empty()) {
                    (_, true) => {}
                    (0, _) => put_run(out, 0, range.len(), 0),
                    _ => put_numbers(out, &codes[range], bit_width),
                }
            }
            Self::Fixed { bytes, size } => {
                out.extend_from_slice(&bytes[range.start * size..range.end * size])
            }
            Self::Longs(values) | Self::Measures(values) => put_streams(out, &values[range]),
            Self::Times(values) => put_deltas(out, &values[range]),
            Self::Texts { ends, bytes } => {
                let end = |at: usize| at.checked_sub(1).map_or(0, |before| ends[before]);
                out.extend_from_slice(&bytes[end(range.start)..end(range.end)]);
            }
            Self::Bools(values) => put_bits(out, &values[range]),
        }
    }
}

/// Append a text as Parquet's PLAIN has it.
pub fn put_text(out: &mut Vec<u8>, text: &[u8]) {
    out.extend_from_slice(&(text.len() as u32).to_le_bytes());
    out.extend_from_slice(text);
}

fn put_streams(out: &mut Vec<u8>, values: &[i64]) {
    for stream in 0..8 {
        out.extend(values.iter().map(|value| (value >> (8 * stream)) as u8));
    }
}

fn put_bits(out: &mut Vec<u8>, values: &[bool]) {
    out.extend(values.chunks(8).map(|eight| {
        eight
            .iter()
            .rev()
            .fold(0, |byte, bit| byte << 1 | u8::from(*bit))
    }));
}
