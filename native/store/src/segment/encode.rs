//! Columns as Parquet pages. The codes of repeating values are known from the open buffer, so nothing is hashed and
//! compared again, which is most of what Parquet's own writer spends.

use super::bounds::Bounds;
use super::chunk::{
    BYTE_STREAM_SPLIT, Chunk, DELTA_BINARY_PACKED, Effort, Levels, PLAIN, Page, RLE_DICTIONARY,
    Values,
};
use super::thrift::put_page_header;
use crate::view::{Result, StoreError};
use bytes::Bytes;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::column::writer::ColumnCloseResult;
use parquet::file::metadata::{ColumnChunkMetaData, OffsetIndexBuilder};
use parquet::file::reader::{ChunkReader, Length};
use parquet::schema::types::ColumnDescPtr;

/// Encodes columns, one after the other.
pub struct Encoder {
    usual: zstd::bulk::Compressor<'static>,
    fast: zstd::bulk::Compressor<'static>,
    body: Vec<u8>,
    packed: Vec<u8>,
    pages: Pages,
}

/// The pages of a column chunk. The next one's take their place.
#[derive(Default)]
struct Pages {
    bytes: Vec<u8>,
    uncompressed: usize,
    index: OffsetIndexBuilder,
}

/// Bytes of pages, to be copied into a file.
pub struct PageBytes<'a>(pub &'a [u8]);

impl Length for PageBytes<'_> {
    fn len(&self) -> u64 {
        self.0.len() as u64
    }
}

impl<'a> ChunkReader for PageBytes<'a> {
    type T = &'a [u8];

    fn get_read(&self, start: u64) -> parquet::errors::Result<&'a [u8]> {
        Ok(self.0.get(start as usize..).unwrap_or_default())
    }

    fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<Bytes> {
        let bytes = self.get_read(start)?;
        Ok(Bytes::copy_from_slice(&bytes[..length.min(bytes.len())]))
    }
}

impl Encoder {
    /// One that compresses as all of the file is compressed.
    pub fn new() -> Result<Self> {
        let compressor = |level| {
            let mut compressor = zstd::bulk::Compressor::new(level)?;
            // Whoever unpacks a page compares it: damage is found by the read that meets it.
            compressor.include_checksum(true)?;
            Ok(compressor)
        };
        let failed = |error: std::io::Error| StoreError(error.to_string());
        Ok(Self {
            usual: compressor(1).map_err(failed)?,
            fast: compressor(-1).map_err(failed)?,
            body: Vec::new(),
            packed: Vec::new(),
            pages: Pages::default(),
        })
    }

    /// The bytes of a column of so many rows, and what Parquet's writer must know of them.
    pub fn encode(
        &mut self,
        column: Chunk,
        rows: usize,
        descriptor: ColumnDescPtr,
    ) -> Result<(PageBytes<'_>, ColumnCloseResult)> {
        let effort = column.effort();
        let mut pages = std::mem::take(&mut self.pages);
        pages.bytes.clear();
        pages.uncompressed = 0;
        if let Values::Coded {
            dictionary, count, ..
        } = &column.values
        {
            self.body.clear();
            self.body.extend_from_slice(dictionary);
            self.page(&mut pages, DICTIONARY_PAGE, *count, PLAIN, effort)?;
        }
        let data_offset = pages.bytes.len();
        let (mut level_count, mut bounds) = (0, Bounds::default());
        for page in column.pages(rows) {
            level_count += page.level_count;
            if let (Values::Times(times), Levels::Required) = (&column.values, &column.levels) {
                bounds.add(&times[page.values.clone()]);
            }
            self.data_page(&mut pages, &column, &page, effort)?;
        }
        let compression = if effort != Effort::None {
            Compression::ZSTD(ZstdLevel::default())
        } else {
            Compression::UNCOMPRESSED
        };
        let has_dictionary = data_offset > 0;
        let metadata = ColumnChunkMetaData::builder(descriptor)
            .set_compression(compression)
            .set_encodings(encodings(column.values.encoding(), column.has_levels()))
            .set_total_compressed_size(pages.bytes.len() as i64)
            .set_total_uncompressed_size(pages.uncompressed as i64)
            .set_num_values(level_count as i64)
            .set_data_page_offset(data_offset as i64)
            .set_dictionary_page_offset(has_dictionary.then_some(0));
        let metadata = match bounds.all() {
            Some(all) => metadata.set_statistics(all),
            None => metadata,
        };
        let metadata = metadata.build().map_err(parquet)?;
        let close = ColumnCloseResult {
            bytes_written: pages.bytes.len() as u64,
            rows_written: rows as u64,
            metadata,
            bloom_filter: column.bloom,
            column_index: bounds.finish()?,
            offset_index: Some(std::mem::take(&mut pages.index).build()),
        };
        self.pages = pages;
        Ok((PageBytes(&self.pages.bytes), close))
    }

    fn data_page(
        &mut self,
        pages: &mut Pages,
        column: &Chunk,
        page: &Page<'_>,
        effort: Effort,
    ) -> Result<()> {
        self.body.clear();
        self.body.extend_from_slice(page.levels);
        if let Levels::Optional(presence) = &column.levels {
            self.body.extend_from_slice(&[0; 4]);
            presence.put(&mut self.body, page.rows.clone(), page.values.len());
            let len = (self.body.len() - 4) as u32;
            self.body[..4].copy_from_slice(&len.to_le_bytes());
        }
        column.values.put(&mut self.body, page.values.clone());
        let offset = pages.bytes.len();
        self.page(
            pages,
            DATA_PAGE,
            page.level_count,
            column.values.encoding(),
            effort,
        )?;
        pages.index.append_row_count(page.rows.len() as i64);
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
        effort: Effort,
    ) -> Result<()> {
        if self.body.len() > i32::MAX as usize / 2 {
            return Err(StoreError("a page passes 1 GiB".into()));
        }
        let compressor = match effort {
            Effort::None => None,
            Effort::Little => Some(&mut self.fast),
            Effort::Usual => Some(&mut self.usual),
        };
        let body = if let Some(compressor) = compressor {
            self.packed.clear();
            self.packed
                .reserve(zstd::zstd_safe::compress_bound(self.body.len()));
            compressor
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
        DELTA_BINARY_PACKED => vec![Encoding::DELTA_BINARY_PACKED],
        _ => vec![Encoding::PLAIN],
    };
    if has_levels || encoding == RLE_DICTIONARY {
        encodings.push(Encoding::RLE);
    }
    encodings
}

/// An error of Parquet's, by its text.
pub fn parquet(error: parquet::errors::ParquetError) -> StoreError {
    StoreError(format!("Parquet: {error}"))
}
