//! Sealed segments: a Parquet file that anybody can read, and a small index beside it. docs/formats/segment.md.

mod ahead;
mod bloom;
mod bounds;
pub mod cache;
mod chunk;
mod coded;
mod codes;
mod collected;
mod columns;
mod deltas;
mod encode;
mod gather;
mod group;
mod group_attributes;
mod group_lists;
mod group_rows;
mod index;
mod index_calls;
mod index_chunks;
mod index_operations;
mod index_postings;
mod index_traces;
mod index_writer;
mod key_counts;
mod levels;
mod lists;
pub mod merge;
pub(crate) mod order;
mod page;
mod plan;
mod presence;
mod records;
#[cfg(test)]
mod round_trips;
mod sections;
mod some_values;
mod spans;
mod text_filter;
mod thrift;
mod trace_rows;
mod values;
mod view;
pub mod write;

pub use plan::SealOptions;
pub(crate) use spans::too_large;

use crate::view::{Result, StoreError};
use index::Index;
use memmap2::Mmap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use write::{data_path, index_path, map};
use xxhash_rust::xxh3::xxh3_64;

/// Segments of this process are numbered, for the cache of pages.
static NEXT_NUMBER: AtomicU64 = AtomicU64::new(0);

/// A sealed segment: both files mapped.
#[derive(Debug)]
pub struct Segment {
    name: String,
    number: u64,
    index: Index,
    data: Mmap,
}

impl Segment {
    /// Map the files and check the hashes of the index; with `verify` those of the data file too. The error says what is
    /// damaged.
    pub fn open(directory: &Path, segment: &str, verify: bool) -> Result<Self> {
        let name = |error: StoreError| StoreError(format!("segment {segment}: {}", error.0));
        let index = Index::open(map(&index_path(directory, segment))?).map_err(name)?;
        let opened = Self {
            name: segment.to_owned(),
            number: NEXT_NUMBER.fetch_add(1, Ordering::Relaxed),
            index,
            data: map(&data_path(directory, segment))?,
        };
        if opened.data.len() as u64 != opened.index.facts.data_bytes {
            return Err(opened.damaged(&format!(
                "its data file has {} bytes, not {}",
                opened.data.len(),
                opened.index.facts.data_bytes
            )));
        }
        match if verify { opened.verify() } else { Vec::new() }.as_slice() {
            [] => Ok(opened),
            damage => Err(StoreError(damage.join("; "))),
        }
    }

    /// Damage of the data file, one line each. (An index that is damaged cannot be opened.)
    pub fn verify(&self) -> Vec<String> {
        let wrong = self.index.hashes().filter(|part| {
            self.bytes(part.start, part.end.saturating_sub(part.start))
                .is_none_or(|bytes| xxh3_64(bytes) != part.hash)
        });
        wrong
            .map(|part| {
                self.damaged(&format!(
                    "bytes {} to {} have another hash",
                    part.start, part.end
                ))
                .0
            })
            .collect()
    }

    /// Bytes of both files.
    pub fn bytes_on_disk(&self) -> u64 {
        self.data.len() as u64 + self.index.bytes() as u64
    }

    /// Forget what was decoded.
    pub fn drop_caches(&self) {
        cache::forget(self.number);
    }

    fn bytes(&self, offset: u64, len: u64) -> Option<&[u8]> {
        self.data
            .get(usize::try_from(offset).ok()?..usize::try_from(offset.checked_add(len)?).ok()?)
    }

    fn damaged(&self, what: &str) -> StoreError {
        StoreError(format!("segment {}: damaged: {what}", self.name))
    }
}

impl Drop for Segment {
    fn drop(&mut self) {
        self.drop_caches();
    }
}
