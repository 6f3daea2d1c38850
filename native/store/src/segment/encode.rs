//! Flat columns as Parquet pages. The codes of repeating values are known from the open buffer, so nothing is hashed and
//! compared again, which is most of what Parquet's own writer spends. Columns with lists go through that writer.

use super::levels::{put_numbers, put_presence};
use super::thrift::put_page_header;
use crate::view::{Result, StoreError};
use bytes::Bytes;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::bloom_filter::Sbbf;
use parquet::column::writer::ColumnCloseResult;
use parquet::file::metadata::{ColumnChunkMetaData, OffsetIndexBuilder};
use parquet::schema::types::ColumnDescPtr;
use std::ops::Range;

const PLAIN: i64 = 0;
const RLE_DICTIONARY: i64 = 8;
const BYTE_STREAM_SPLIT: i64 = 9;
/// Rows of a page.
const PAGE_ROWS: usize = 8192;
/// Rows of a page of texts or numbers that do not repeat: what is read of them is a few rows here and there.
const WIDE_PAGE_ROWS: usize = 2048;
/// Bytes of a page of texts, unless one text alone is longer.
const TEXT_PAGE_BYTES: usize = 4 << 20;

/// A flat column of a row group.
pub struct Flat {
    /// The rows that have a value; None when all must have one.
    pub places: Option<Vec<u32>>,
    /// The values of these rows.
    pub values: Values,
    /// What answers "surely not here" for a value.
    pub bloom: Option<Sbbf>,
}

/// Values, one for each place.
pub enum Values {
    /// Values that repeat: codes, and the distinct values as they stand in a dictionary page.
    Coded {
        codes: Vec<u32>,
        dictionary: Vec<u8>,
        count: usize,
    },
    /// Values of so many bytes, stored as they are.
    Fixed { bytes: Vec<u8>, size: usize },
    /// Numbers that do not repeat.
    Longs(Vec<i64>),
    /// Texts that do not repeat, and where each ends.
    Texts { ends: Vec<usize>, bytes: Vec<u8> },
    /// Bools.
    Bools(Vec<bool>),
}

impl Flat {
    /// How many rows the page that begins with row `first` has: fewer where texts are long.
    fn page_rows(&self, first: usize) -> usize {
        if matches!(self.values, Values::Longs(_)) {
            return WIDE_PAGE_ROWS;
        }
        let (Values::Texts { ends, .. }, Some(places)) = (&self.values, &self.places) else {
            return PAGE_ROWS;
        };
        let mut count = WIDE_PAGE_ROWS;
        let at = |row: usize| places.partition_point(|&place| (place as usize) < row);
        let end = |at: usize| at.checked_sub(1).map_or(0, |before| ends[before]);
        while count > 1 && end(at(first + count)) - end(at(first)) > TEXT_PAGE_BYTES {
            count /= 2;
        }
        count
    }
}

impl Flat {
    /// Whether to compress it: not where all values are equal, and not random ids.
    fn can_be_smaller(&self) -> bool {
        match &self.values {
            Values::Fixed { size: 8, .. } => false,
            Values::Coded { count, .. } => *count > 1 || self.places.is_some(),
            _ => true,
        }
    }
}

impl Values {
    fn encoding(&self) -> i64 {
        match self {
            Self::Coded { .. } => RLE_DICTIONARY,
            Self::Longs(_) => BYTE_STREAM_SPLIT,
            _ => PLAIN,
        }
    }

    /// Append these values as a page has them.
    fn put(&self, out: &mut Vec<u8>, range: Range<usize>) {
        match self {
            Self::Coded { codes, count, .. } => {
                let bit_width = usize::BITS - count.saturating_sub(1).leading_zeros();
                out.push(bit_width as u8);
                put_numbers(out, &codes[range], bit_width);
            }
            Self::Fixed { bytes, size } => {
                out.extend_from_slice(&bytes[range.start * size..range.end * size])
            }
            Self::Longs(values) => put_streams(out, &values[range]),
            Self::Texts { ends, bytes } => {
                let mut start = range.start.checked_sub(1).map_or(0, |before| ends[before]);
                for &end in &ends[range] {
                    put_text(out, &bytes[start..end]);
                    start = end;
                }
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

/// Encodes columns, one after the other.
pub struct Encoder {
    compressor: zstd::bulk::Compressor<'static>,
    body: Vec<u8>,
    packed: Vec<u8>,
}

/// The pages of a column chunk.
#[derive(Default)]
struct Pages {
    bytes: Vec<u8>,
    uncompressed: usize,
    index: OffsetIndexBuilder,
}

impl Encoder {
    /// One that compresses as all of the file is compressed.
    pub fn new() -> Result<Self> {
        let mut compressor =
            zstd::bulk::Compressor::new(1).map_err(|error| StoreError(error.to_string()))?;
        // Whoever unpacks a page compares it: damage is found by the read that meets it.
        compressor
            .include_checksum(true)
            .map_err(|error| StoreError(error.to_string()))?;
        Ok(Self {
            compressor,
            body: Vec::new(),
            packed: Vec::new(),
        })
    }

    /// The bytes of a column of so many rows, and what Parquet's writer must know of them.
    pub fn encode(
        &mut self,
        column: Flat,
        rows: usize,
        descriptor: ColumnDescPtr,
    ) -> Result<(Bytes, ColumnCloseResult)> {
        let compressed = column.can_be_smaller();
        let mut pages = Pages::default();
        if let Values::Coded {
            dictionary, count, ..
        } = &column.values
        {
            self.body.clear();
            self.body.extend_from_slice(dictionary);
            self.page(&mut pages, DICTIONARY_PAGE, *count, PLAIN, compressed)?;
        }
        let data_offset = pages.bytes.len();
        let mut first = 0;
        while first < rows {
            let count = column.page_rows(first).min(rows - first);
            self.data_page(&mut pages, &column, first, count, compressed)?;
            first += count;
        }
        let compression = if compressed {
            Compression::ZSTD(ZstdLevel::default())
        } else {
            Compression::UNCOMPRESSED
        };
        let has_dictionary = data_offset > 0;
        let metadata = ColumnChunkMetaData::builder(descriptor)
            .set_compression(compression)
            .set_encodings(encodings(column.values.encoding(), column.places.is_some()))
            .set_total_compressed_size(pages.bytes.len() as i64)
            .set_total_uncompressed_size(pages.uncompressed as i64)
            .set_num_values(rows as i64)
            .set_data_page_offset(data_offset as i64)
            .set_dictionary_page_offset(has_dictionary.then_some(0))
            .build()
            .map_err(|error| StoreError(format!("Parquet: {error}")))?;
        let close = ColumnCloseResult {
            bytes_written: pages.bytes.len() as u64,
            rows_written: rows as u64,
            metadata,
            bloom_filter: column.bloom,
            column_index: None,
            offset_index: Some(pages.index.build()),
        };
        Ok((pages.bytes.into(), close))
    }

    fn data_page(
        &mut self,
        pages: &mut Pages,
        column: &Flat,
        first: usize,
        count: usize,
        compressed: bool,
    ) -> Result<()> {
        self.body.clear();
        let mut range = first..first + count;
        if let Some(places) = &column.places {
            range = places.partition_point(|&place| (place as usize) < first)
                ..places.partition_point(|&place| (place as usize) < first + count);
            self.body.extend_from_slice(&[0; 4]);
            put_presence(&mut self.body, &places[range.clone()], first as u32, count);
            let len = (self.body.len() - 4) as u32;
            self.body[..4].copy_from_slice(&len.to_le_bytes());
        }
        column.values.put(&mut self.body, range);
        let offset = pages.bytes.len();
        self.page(
            pages,
            DATA_PAGE,
            count,
            column.values.encoding(),
            compressed,
        )?;
        pages.index.append_row_count(count as i64);
        pages
            .index
            .append_offset_and_size(offset as i64, (pages.bytes.len() - offset) as i32);
        Ok(())
    }

    fn page(
        &mut self,
        pages: &mut Pages,
        page_type: i64,
        count: usize,
        encoding: i64,
        compressed: bool,
    ) -> Result<()> {
        if self.body.len() > i32::MAX as usize / 2 {
            return Err(StoreError("a page passes 1 GiB".into()));
        }
        let body = if compressed {
            self.packed.clear();
            self.packed
                .reserve(zstd::zstd_safe::compress_bound(self.body.len()));
            self.compressor
                .compress_to_buffer(&self.body, &mut self.packed)
                .map_err(|error| StoreError(error.to_string()))?;
            &self.packed
        } else {
            &self.body
        };
        let start = pages.bytes.len();
        put_page_header(
            &mut pages.bytes,
            page_type,
            [self.body.len(), body.len(), count],
            encoding,
        );
        pages.uncompressed += pages.bytes.len() - start + self.body.len();
        pages.bytes.extend_from_slice(body);
        Ok(())
    }
}

const DATA_PAGE: i64 = 0;
const DICTIONARY_PAGE: i64 = 2;

fn encodings(encoding: i64, has_levels: bool) -> Vec<Encoding> {
    let mut encodings = match encoding {
        RLE_DICTIONARY => vec![Encoding::PLAIN, Encoding::RLE_DICTIONARY],
        BYTE_STREAM_SPLIT => vec![Encoding::BYTE_STREAM_SPLIT],
        _ => vec![Encoding::PLAIN],
    };
    if has_levels || encoding == RLE_DICTIONARY {
        encodings.push(Encoding::RLE);
    }
    encodings
}
