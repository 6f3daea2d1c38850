//! Columns of a segment at some rows: which pages hold them, and their values put together.

use super::Segment;
use super::cache::{self, DICTIONARY, PageKey};
use super::coded::CodedBuilder;
use super::columns::{ATTRIBUTES_LEAF, Leaf, leaf};
use super::page::{self, Page, Values};
use super::records::ChunkEntry;
use crate::view::{CHUNK_ROWS, Result, Rows, StoreError};
use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{Array, ArrayRef, DictionaryArray, Int32Array, UInt32Array};
use std::ops::Range;
use std::sync::Arc;

/// Rows of one page.
struct Piece {
    page: Arc<Page>,
    /// Counted from the page's first.
    rows: Rows,
}

/// Lists at some rows: the entries of several leaves, and where those of each row begin and end.
pub struct Lists {
    /// One more than rows.
    pub offsets: Vec<i32>,
    /// For each leaf, all entries.
    pub entries: Vec<ArrayRef>,
}

impl Segment {
    /// A flat column. Text is a dictionary or plain, as it was stored.
    pub(super) fn gather(&self, number: usize, rows: &Rows) -> Result<ArrayRef> {
        let pieces = self.pieces(number, rows)?;
        concat(arrays(&pieces)?, || self.leaf(number))
    }

    /// Leaves of one list column.
    pub(super) fn gather_lists(&self, leaves: Range<usize>, rows: &Rows) -> Result<Lists> {
        let mut lists = Lists {
            offsets: vec![0],
            entries: Vec::new(),
        };
        let first = leaves.start;
        for number in leaves {
            let pieces = self.pieces(number, rows)?;
            let mut arrays = Vec::with_capacity(pieces.len());
            for piece in &pieces {
                let offsets = piece.page.offsets.as_deref().unwrap_or_default();
                arrays.push(entries(
                    piece,
                    offsets,
                    (number == first).then_some(&mut lists.offsets),
                )?);
            }
            lists.entries.push(concat(arrays, || self.leaf(number))?);
        }
        Ok(lists)
    }

    pub(super) fn leaf(&self, number: usize) -> Leaf {
        leaf(number, |attribute| {
            self.index.attributes[attribute].value_type
        })
    }

    fn pieces(&self, number: usize, rows: &Rows) -> Result<Vec<Piece>> {
        let mut pieces = Vec::new();
        self.each_page(number, rows, &mut |page, first_row, rows| {
            let rows = match rows {
                Rows::Range(range) => Rows::Range(range.start - first_row..range.end - first_row),
                Rows::List(mut list) => {
                    list.iter_mut().for_each(|row| *row -= first_row);
                    Rows::List(list)
                }
            };
            pieces.push(Piece { page, rows });
            Ok(())
        })?;
        Ok(pieces)
    }

    /// Calls `each` with every page that has some of the rows, with its first row, and with these rows.
    pub(super) fn each_page(
        &self,
        number: usize,
        rows: &Rows,
        each: &mut dyn FnMut(Arc<Page>, u32, Rows) -> Result<()>,
    ) -> Result<()> {
        match rows {
            Rows::Range(range) => {
                let mut row = range.start;
                while row < range.end {
                    let (page, found) = self.page_of(number, row)?;
                    let end = range.end.min(found.end);
                    each(page, found.start, Rows::Range(row..end))?;
                    row = end;
                }
            }
            Rows::List(list) => {
                let mut rest = list.as_slice();
                while let Some(&row) = rest.first() {
                    let (page, found) = self.page_of(number, row)?;
                    let (here, behind) =
                        rest.split_at(rest.partition_point(|&row| row < found.end));
                    each(page, found.start, Rows::List(here.to_vec()))?;
                    rest = behind;
                }
            }
        }
        Ok(())
    }

    /// The page of a column that has this row, and which rows it has.
    fn page_of(&self, number: usize, row: u32) -> Result<(Arc<Page>, Range<u32>)> {
        if row >= self.index.facts.span_count as u32 {
            return Err(StoreError(format!(
                "row {row} of a segment of {} spans",
                self.index.facts.span_count
            )));
        }
        let group = row / CHUNK_ROWS;
        let first_row = group * CHUNK_ROWS;
        let chunk = group as usize * self.index.leaf_count + number;
        let pages = self.index.chunk_pages(chunk);
        let (mut low, mut high) = (pages.start, pages.end);
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            match self.index.page(middle) {
                Some(page) if page.first_row <= row - first_row => low = middle,
                _ => high = middle,
            }
        }
        let begin = self.index.page(low).map_or(0, |page| page.first_row);
        let group_rows = CHUNK_ROWS.min(self.index.facts.span_count as u32 - first_row);
        let end = if low + 1 < pages.end {
            self.index.page(low + 1).map(|page| page.first_row)
        } else {
            Some(group_rows)
        };
        let rows = first_row + begin..first_row + end.unwrap_or(group_rows);
        let page = self.page(chunk, low, self.leaf(number))?;
        if page.len() != rows.len() || !rows.contains(&row) {
            return Err(self.damaged("a page has another number of rows than the index says"));
        }
        Ok((page, rows))
    }

    fn page(&self, chunk: usize, number: u32, leaf: Leaf) -> Result<Arc<Page>> {
        let key = PageKey {
            segment: self.number,
            chunk: chunk as u32,
            page: number,
        };
        if let Some(page) = cache::get(key) {
            return Ok(page);
        }
        let entry = self
            .index
            .chunk(chunk)
            .ok_or_else(|| self.damaged("a column chunk is missing"))?;
        let dictionary = match entry.dictionary_bytes {
            0 => None,
            _ => Some(self.dictionary(chunk, &entry, leaf)?),
        };
        let dictionary = dictionary.as_ref().and_then(|page| page.array());
        let place = self
            .index
            .page(number)
            .ok_or_else(|| self.damaged("a page is missing"))?;
        let page = self
            .bytes(place.offset, u64::from(place.bytes))
            .and_then(|bytes| page::decode(bytes, leaf, entry.compressed, dictionary))
            .ok_or_else(|| {
                self.damaged(&format!("the page at byte {} cannot be read", place.offset))
            })?;
        let page = Arc::new(page);
        cache::put(key, &page);
        Ok(page)
    }

    pub(super) fn dictionary(
        &self,
        chunk: usize,
        entry: &ChunkEntry,
        leaf: Leaf,
    ) -> Result<Arc<Page>> {
        let offset = entry.dictionary;
        let key = PageKey {
            segment: self.number,
            chunk: chunk as u32,
            page: DICTIONARY,
        };
        if let Some(page) = cache::get(key) {
            return Ok(page);
        }
        let values = self
            .bytes(offset, u64::from(entry.dictionary_bytes))
            .and_then(|bytes| page::decode_dictionary(bytes, leaf, entry.compressed))
            .ok_or_else(|| {
                self.damaged(&format!("the dictionary at byte {offset} cannot be read"))
            })?;
        let page = Arc::new(Page {
            values: Values::Array(values),
            offsets: None,
        });
        cache::put(key, &page);
        Ok(page)
    }
}

/// The values of pieces: those of pages with one dictionary as one array.
fn arrays(pieces: &[Piece]) -> Result<Vec<ArrayRef>> {
    let row_count = pieces.iter().map(|piece| piece.rows.len()).sum();
    let mut arrays = Vec::new();
    let mut building: Option<CodedBuilder> = None;
    for Piece { page, rows } in pieces {
        let coded = match &page.values {
            Values::Coded(coded) => Some(coded),
            Values::Array(_) => None,
        };
        let goes_on = building
            .as_ref()
            .zip(coded)
            .is_some_and(|(building, coded)| building.takes(coded));
        if !goes_on && let Some(done) = building.take() {
            arrays.push(done.finish()?);
        }
        match (&page.values, rows) {
            (Values::Coded(coded), rows) => building
                .get_or_insert_with(|| CodedBuilder::new(&coded.dictionary, row_count))
                .add(coded, rows),
            (Values::Array(array), Rows::Range(range)) => {
                arrays.push(array.slice(range.start as usize, range.len()))
            }
            (Values::Array(array), Rows::List(list)) => arrays.push(take(array, list)?),
        }
    }
    arrays.extend(building.map(CodedBuilder::finish).transpose()?);
    Ok(arrays)
}

/// The entries of the rows of a piece; their offsets are appended where they are asked for.
fn entries(
    piece: &Piece,
    page_offsets: &[u32],
    mut offsets: Option<&mut Vec<i32>>,
) -> Result<ArrayRef> {
    let mut end = offsets
        .as_ref()
        .and_then(|offsets| offsets.last().copied())
        .unwrap_or(0);
    let mut note = |count: u32| {
        end += count as i32;
        if let Some(offsets) = &mut offsets {
            offsets.push(end);
        }
    };
    let bounds = |row: u32| (page_offsets[row as usize], page_offsets[row as usize + 1]);
    let values = piece
        .page
        .array()
        .ok_or_else(|| StoreError("lists of codes".into()))?;
    match &piece.rows {
        Rows::Range(range) => {
            range
                .clone()
                .for_each(|row| note(bounds(row).1 - bounds(row).0));
            let (start, stop) = (
                page_offsets[range.start as usize],
                page_offsets[range.end as usize],
            );
            Ok(values.slice(start as usize, (stop - start) as usize))
        }
        Rows::List(list) => {
            list.iter()
                .for_each(|&row| note(bounds(row).1 - bounds(row).0));
            let picked: Vec<u32> = list
                .iter()
                .flat_map(|&row| bounds(row).0..bounds(row).1)
                .collect();
            take(values, &picked)
        }
    }
}

/// Values at these places.
pub fn take(values: &ArrayRef, places: &[u32]) -> Result<ArrayRef> {
    arrow_select::take::take(values, &UInt32Array::from(places.to_vec()), None)
        .map_err(|error| StoreError(error.to_string()))
}

/// Arrays of one column, one behind the other. Text may be in dictionaries here and plain there.
fn concat(mut arrays: Vec<ArrayRef>, leaf: impl Fn() -> Leaf) -> Result<ArrayRef> {
    if arrays.len() == 1 {
        return Ok(arrays.remove(0));
    }
    let Some(first) = arrays.first() else {
        return Ok(super::values::empty(leaf().physical));
    };
    let mixed = arrays
        .iter()
        .any(|array| array.data_type() != first.data_type());
    if mixed {
        arrays = arrays.into_iter().map(in_dictionary).collect();
    }
    let parts: Vec<&dyn Array> = arrays.iter().map(AsRef::as_ref).collect();
    arrow_select::concat::concat(&parts).map_err(|error| StoreError(error.to_string()))
}

/// Plain text as a dictionary in which nothing is shared.
pub fn in_dictionary(array: ArrayRef) -> ArrayRef {
    if array.as_dictionary_opt::<Int32Type>().is_some() {
        return array;
    }
    let keys = Int32Array::new(
        (0..array.len() as i32).collect::<Vec<_>>().into(),
        array.nulls().cloned(),
    );
    Arc::new(DictionaryArray::<Int32Type>::new(keys, array))
}

/// The number of the first leaf of an attribute column.
pub fn attribute_leaf(attribute: usize) -> usize {
    ATTRIBUTES_LEAF + attribute
}
