//! Columns of a segment at some rows: which pages hold them, and their values put together.

use super::Segment;
use super::cache::{self, DICTIONARY, PageKey};
use super::coded::CodedBuilder;
use super::columns::{ATTRIBUTES_LEAF, Leaf, leaf};
use super::page::{self, Body, Page, Values};
use super::records::ChunkEntry;
use super::some_values;
use crate::view::{CHUNK_ROWS, Result, Rows, StoreError};
use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{Array, ArrayRef, DictionaryArray, Int32Array, UInt32Array};
use std::ops::Range;
use std::sync::Arc;

/// Rows of one page, or a page of these rows alone.
pub(super) struct Piece {
    pub(super) page: Arc<Page>,
    /// Where the rows stand in the page.
    pub(super) places: Rows,
}

/// Where a page of a column is.
struct Place {
    /// Row group and leaf.
    chunk: usize,
    page: u32,
    leaf: Leaf,
    /// Its rows.
    rows: Range<u32>,
}

const OTHER_ROWS: &str = "a page has another number of rows than the index says";

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
        self.each_page(number, rows, &mut |piece, _| {
            pieces.push(piece);
            Ok(())
        })?;
        Ok(pieces)
    }

    /// Calls `each` with a piece of every page that has some of the rows, and with these rows.
    pub(super) fn each_page(
        &self,
        number: usize,
        rows: &Rows,
        each: &mut dyn FnMut(Piece, &Rows) -> Result<()>,
    ) -> Result<()> {
        match rows {
            Rows::Range(range) => {
                let mut row = range.start;
                while row < range.end {
                    let place = self.place_of(number, row)?;
                    let end = range.end.min(place.rows.end);
                    let first = place.rows.start;
                    let places = Rows::Range(row - first..end - first);
                    each(self.piece(&place, places)?, &Rows::Range(row..end))?;
                    row = end;
                }
            }
            Rows::List(list) => {
                let mut rest = list.as_slice();
                while let Some(&row) = rest.first() {
                    let place = self.place_of(number, row)?;
                    let first = place.rows.start;
                    let (here, behind) =
                        rest.split_at(rest.partition_point(|&row| row < place.rows.end));
                    let places = here.iter().map(|row| row - first).collect();
                    let piece = self.piece(&place, Rows::List(places))?;
                    each(piece, &Rows::List(here.to_vec()))?;
                    rest = behind;
                }
            }
        }
        Ok(())
    }

    /// Where the page of a column is that has this row.
    fn place_of(&self, number: usize, row: u32) -> Result<Place> {
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
        if !rows.contains(&row) {
            return Err(self.damaged(OTHER_ROWS));
        }
        Ok(Place {
            chunk,
            page: low,
            leaf: self.leaf(number),
            rows,
        })
    }

    /// These places of a page: in the page, or alone where they are few and nobody has asked for many of this page yet.
    fn piece(&self, place: &Place, places: Rows) -> Result<Piece> {
        let key = PageKey {
            segment: self.number,
            chunk: place.chunk as u32,
            page: place.page,
        };
        let known = cache::get(key);
        if let Some(page) = &known
            && !matches!(page.values, Values::Stored(_))
        {
            let page = page.clone();
            return Ok(Piece { page, places });
        }
        let entry = self
            .index
            .chunk(place.chunk)
            .ok_or_else(|| self.damaged("a column chunk is missing"))?;
        let dictionary = match entry.dictionary_bytes {
            0 => None,
            _ => Some(self.dictionary(place.chunk, &entry, place.leaf)?),
        };
        let dictionary = dictionary.as_ref().and_then(|page| page.array());
        let unreadable = || {
            let offset = self.index.page(place.page).map_or(0, |page| page.offset);
            self.damaged(&format!("the page at byte {offset} cannot be read"))
        };
        let fresh = match known {
            None => Some(self.body(place, entry.compressed).ok_or_else(unreadable)?),
            Some(_) => None,
        };
        let stored = known.as_deref().and_then(Page::body);
        let body = fresh.as_ref().or(stored).ok_or_else(unreadable)?;
        if some_values::are_few(places.len(), place.rows.len())
            && some_values::can_be_found(body.encoding, place.leaf)
        {
            if body.count != place.rows.len() {
                return Err(self.damaged(OTHER_ROWS));
            }
            let values = some_values::find(body, place.leaf, dictionary, &places);
            let page = Arc::new(Page::of(values.ok_or_else(unreadable)?));
            if let Some(body) = fresh.and_then(Body::unpacked) {
                cache::put(key, &Arc::new(Page::of(Values::Stored(body))));
            }
            let places = Rows::Range(0..places.len() as u32);
            return Ok(Piece { page, places });
        }
        let page = Arc::new(page::decode(body, place.leaf, dictionary).ok_or_else(unreadable)?);
        if page.len() != place.rows.len() {
            return Err(self.damaged(OTHER_ROWS));
        }
        cache::put(key, &page);
        Ok(Piece { page, places })
    }

    fn body(&self, place: &Place, compressed: bool) -> Option<Body<'_>> {
        let page = self.index.page(place.page)?;
        let bytes = self.bytes(page.offset, u64::from(page.bytes))?;
        page::body(bytes, compressed)
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
        let page = Arc::new(Page::of(Values::Array(values)));
        cache::put(key, &page);
        Ok(page)
    }
}

/// The values of pieces: those of pages with one dictionary as one array.
fn arrays(pieces: &[Piece]) -> Result<Vec<ArrayRef>> {
    let row_count = pieces.iter().map(|piece| piece.places.len()).sum();
    let mut arrays = Vec::new();
    let mut building: Option<CodedBuilder> = None;
    for Piece { page, places } in pieces {
        let coded = match &page.values {
            Values::Coded(coded) => Some(coded),
            _ => None,
        };
        let goes_on = building
            .as_ref()
            .zip(coded)
            .is_some_and(|(building, coded)| building.takes(coded));
        if !goes_on && let Some(done) = building.take() {
            arrays.push(done.finish()?);
        }
        match (&page.values, places) {
            (Values::Coded(coded), places) => building
                .get_or_insert_with(|| CodedBuilder::new(&coded.dictionary, row_count))
                .add(coded, places),
            (Values::Array(array), Rows::Range(range)) => {
                arrays.push(array.slice(range.start as usize, range.len()))
            }
            (Values::Array(array), Rows::List(list)) => arrays.push(take(array, list)?),
            (Values::Stored(_), _) => return Err(StoreError("a page was not decoded".into())),
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
    match &piece.places {
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
