//! The index writer's part for the data file: where every page is, and a hash of every part.

use super::records::{ChunkEntry, PageEntry, RangeHash};
use super::sections::{Section, SectionsWriter};
use super::thrift;
use crate::view::{Result, StoreError};
use parquet::basic::Compression;
use parquet::file::metadata::ParquetMetaData;
use xxhash_rust::xxh3::xxh3_64;

/// Where every page is, and a hash of every part of the file.
pub fn add_chunks(out: &mut SectionsWriter, metadata: &ParquetMetaData, file: &[u8]) -> Result<()> {
    let (mut chunks, mut pages, mut starts, mut parts) =
        (Vec::new(), Vec::new(), vec![0_u32], Vec::new());
    for (number, group) in metadata.row_groups().iter().enumerate() {
        let index = metadata.page_index_for_row_group(number);
        for (leaf, chunk) in group.columns().iter().enumerate() {
            let (start, len) = chunk.byte_range();
            parts.push((start, start + len));
            let bloom = match (chunk.bloom_filter_offset(), chunk.bloom_filter_length()) {
                (Some(offset), Some(len)) => bloom_bits(file, offset as u64, len as u64)?,
                _ => (0, 0),
            };
            let locations = index
                .page_locations(leaf)
                .ok_or_else(|| StoreError("a column chunk without a page index".into()))?;
            pages.extend(locations.iter().map(|page| {
                PageEntry {
                    offset: page.offset as u64,
                    bytes: page.compressed_page_size as u32,
                    first_row: page.first_row_index as u32,
                }
                .write()
            }));
            starts.push(pages.len() as u32);
            let dictionary = chunk
                .dictionary_page_offset()
                .map_or(0, |offset| offset as u64);
            let first_page = locations.first().map_or(0, |page| page.offset as u64);
            chunks.push(
                ChunkEntry {
                    dictionary,
                    dictionary_bytes: if dictionary == 0 {
                        0
                    } else {
                        (first_page - dictionary) as u32
                    },
                    compressed: chunk.compression() != Compression::UNCOMPRESSED,
                    bloom: bloom.0,
                    bloom_bytes: bloom.1,
                }
                .write(),
            );
        }
    }
    out.add_numbers(
        Section::ChunkPages,
        starts.into_iter().map(u32::to_le_bytes),
    );
    out.add_numbers(Section::Pages, pages);
    out.add_numbers(Section::Chunks, chunks);
    out.add_numbers(Section::Hashes, hashes(parts, file));
    Ok(())
}

/// The bits of a bloom filter: behind its header.
fn bloom_bits(file: &[u8], offset: u64, len: u64) -> Result<(u64, u32)> {
    let whole = file.get(offset as usize..(offset + len) as usize);
    let header = whole.and_then(thrift::bloom_header);
    let (bits, header_bytes) =
        header.ok_or_else(|| StoreError("a bloom filter that cannot be read".into()))?;
    Ok((offset + header_bytes as u64, bits))
}

/// Hashes of the parts, and of what lies between them.
fn hashes(mut parts: Vec<(u64, u64)>, file: &[u8]) -> Vec<[u8; RangeHash::BYTES]> {
    parts.sort_unstable();
    let (mut whole, mut end) = (Vec::new(), 0);
    for (start, stop) in parts {
        if end < start {
            whole.push((end, start));
        }
        whole.push((start, stop));
        end = stop;
    }
    whole.push((end, file.len() as u64));
    let hash = |(start, end): (u64, u64)| RangeHash {
        start,
        end,
        hash: xxh3_64(&file[start as usize..end as usize]),
    };
    whole.into_iter().map(|range| hash(range).write()).collect()
}
