//! The frame of an index file: numbered sections, each with a hash. docs/formats/segment.md has the layout.

use crate::view::{Result, StoreError};
use std::ops::Range;
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

const MAGIC: &[u8; 8] = b"LYMERIDX";
/// Grows when a reader of today could not read a file of tomorrow.
pub const VERSION: u32 = 1;
const HEAD_BYTES: usize = 24;
const ENTRY_BYTES: usize = 32;

/// What a section holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Section {
    /// Counts and bounds of the segment: `Facts`.
    Facts = 1,
    /// 16 bytes a trace.
    TraceIds = 2,
    /// u32 a trace, and one more: the first row.
    TraceRows = 3,
    /// i64 a trace: the start.
    TraceStarts = 4,
    /// i64 a trace: the duration.
    TraceDurations = 5,
    /// u32 slots: open table of trace number + 1 by hash of the id.
    TraceTable = 6,
    /// u8 a trace: bit 0 has events, bit 1 has links.
    TraceFlags = 7,
    /// u32 pairs, sorted: trace and its errors, where it has any.
    TraceErrors = 8,
    /// u32 pairs, sorted: trace and its orphans, where it has any.
    TraceOrphans = 9,
    /// u32 pairs, sorted: trace and its root's row, where it is not the first.
    TraceRoots = 10,
    /// Texts, sorted.
    Services = 11,
    /// Texts, sorted.
    Names = 12,
    /// `Operation` records, sorted.
    Operations = 13,
    /// u32 an operation, and one more: where its postings begin.
    PostingStarts = 14,
    /// Varints: the distances between the traces of an operation.
    Postings = 15,
    /// Texts: the keys of attributes, by code.
    Keys = 16,
    /// Codes of keys that some span has among its rest: u32.
    RestKeys = 17,
    /// `AttributeEntry` records: the attribute columns.
    Attributes = 18,
    /// Texts: the sorted values of those columns that have few.
    Values = 19,
    /// u64 a value: how many spans have it.
    ValueCounts = 20,
    /// u32 a shape, and one more: where it begins.
    ShapeStarts = 21,
    /// Varints: key * 8 + type.
    Shapes = 22,
    /// Texts: distinct resource attributes.
    Resources = 23,
    /// Texts: distinct scope attributes.
    Scopes = 24,
    /// Scope (as text), key, type and count of all keys.
    KeyCounts = 25,
    /// u32 a column chunk, and one more: where its pages begin in `Pages`.
    ChunkPages = 26,
    /// `PageEntry` records.
    Pages = 27,
    /// `ChunkEntry` records: a column chunk each, row group after row group.
    Chunks = 28,
    /// `RangeHash` records: the whole data file in ranges.
    Hashes = 29,
    /// u32 an operation, and one more: where its rows begin.
    RowStarts = 30,
    /// Varints: which rows of the traces of `Postings` an operation has.
    Rows = 31,
    /// `Call` records, sorted.
    Calls = 32,
    /// Sorted numbers: the durations of each call.
    CallDurations = 33,
}

/// Collects the sections of a file.
#[derive(Debug, Default)]
pub struct SectionsWriter {
    entries: Vec<(u32, Range<usize>)>,
    body: Vec<u8>,
}

impl SectionsWriter {
    /// Add a section.
    pub fn add(&mut self, section: Section, bytes: &[u8]) {
        self.body.resize(self.body.len().next_multiple_of(8), 0);
        let start = self.body.len();
        self.body.extend_from_slice(bytes);
        self.entries.push((section as u32, start..self.body.len()));
    }

    /// Add a section of numbers.
    pub fn add_numbers<const N: usize>(
        &mut self,
        section: Section,
        numbers: impl IntoIterator<Item = [u8; N]>,
    ) {
        let bytes: Vec<u8> = numbers.into_iter().flatten().collect();
        self.add(section, &bytes);
    }

    /// Add a section of texts.
    pub fn add_texts<'a>(&mut self, section: Section, texts: impl Iterator<Item = &'a [u8]>) {
        let (mut ends, mut bytes) = (Vec::new(), Vec::new());
        for text in texts {
            bytes.extend_from_slice(text);
            ends.push(bytes.len() as u32);
        }
        let mut whole = (ends.len() as u32).to_le_bytes().to_vec();
        whole.extend(ends.iter().flat_map(|end| end.to_le_bytes()));
        whole.extend_from_slice(&bytes);
        self.add(section, &whole);
    }

    /// The file.
    pub fn finish(self) -> Vec<u8> {
        let head_bytes = (HEAD_BYTES + ENTRY_BYTES * self.entries.len()).next_multiple_of(8);
        let mut directory = Vec::new();
        for (section, range) in &self.entries {
            directory.extend_from_slice(&section.to_le_bytes());
            directory.extend_from_slice(&0_u32.to_le_bytes());
            directory.extend_from_slice(&((head_bytes + range.start) as u64).to_le_bytes());
            directory.extend_from_slice(&(range.len() as u64).to_le_bytes());
            directory.extend_from_slice(&xxh3_64(&self.body[range.clone()]).to_le_bytes());
        }
        let head = u64::from(VERSION) | (self.entries.len() as u64) << 32;
        let mut file = MAGIC.to_vec();
        file.extend_from_slice(&head.to_le_bytes());
        file.extend_from_slice(&xxh3_64_with_seed(&directory, head).to_le_bytes());
        file.extend_from_slice(&directory);
        file.extend_from_slice(&self.body);
        file
    }
}

/// Where the sections of a file are, their hashes checked.
#[derive(Debug)]
pub struct Sections {
    ranges: Vec<(u32, Range<usize>)>,
}

impl Sections {
    /// The sections of an index file; an error says what is wrong with it.
    pub fn open(file: &[u8]) -> Result<Self> {
        if file.get(..8) != Some(MAGIC) {
            return damaged("it does not begin as an index does");
        }
        let version = number(file, 8)?;
        if version > VERSION {
            return Err(StoreError(format!(
                "the index is of version {version}, this program reads up to {VERSION}: use a newer one"
            )));
        }
        let count = number(file, 12)? as usize;
        let Some(directory) =
            file.get(HEAD_BYTES..HEAD_BYTES.saturating_add(count.saturating_mul(ENTRY_BYTES)))
        else {
            return damaged("its directory is cut off");
        };
        let head = u64_at(file, 8).unwrap_or(0);
        if u64_at(file, 16) != Some(xxh3_64_with_seed(directory, head)) {
            return damaged("its directory has another hash");
        }
        let ranges = directory
            .chunks_exact(ENTRY_BYTES)
            .map(|entry| section(file, entry))
            .collect::<Result<_>>()?;
        Ok(Self { ranges })
    }

    /// Whether the file has a section.
    pub fn has(&self, section: Section) -> bool {
        self.ranges.iter().any(|(id, _)| *id == section as u32)
    }

    /// Where a section is; empty when the file has none.
    pub fn range(&self, section: Section) -> Range<usize> {
        let found = self.ranges.iter().find(|(id, _)| *id == section as u32);
        found.map_or(0..0, |(_, range)| range.clone())
    }
}

fn section(file: &[u8], entry: &[u8]) -> Result<(u32, Range<usize>)> {
    let id = number(entry, 0)?;
    let (Some(start), Some(len), Some(hash)) =
        (u64_at(entry, 8), u64_at(entry, 16), u64_at(entry, 24))
    else {
        return damaged("its directory is cut off");
    };
    let range = start as usize..start.saturating_add(len) as usize;
    match file.get(range.clone()) {
        Some(bytes) if xxh3_64(bytes) == hash => Ok((id, range)),
        Some(_) => damaged(&format!("section {id} has another hash")),
        None => damaged(&format!("section {id} is cut off")),
    }
}

fn damaged<T>(what: &str) -> Result<T> {
    Err(StoreError(format!("the index is damaged: {what}")))
}

fn number(bytes: &[u8], at: usize) -> Result<u32> {
    u32_at(bytes, at).map_or_else(|| damaged("it is cut off"), Ok)
}

/// The little-endian number at this byte.
#[inline]
pub fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes
        .get(at..at + 4)
        .map(|part| u32::from_le_bytes([part[0], part[1], part[2], part[3]]))
}

/// The little-endian number at this byte.
#[inline]
pub fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    bytes
        .get(at..at + 8)?
        .try_into()
        .ok()
        .map(u64::from_le_bytes)
}

/// Append a number, seven bits a byte.
#[inline]
pub fn put_varint(out: &mut Vec<u8>, mut number: u64) {
    // One byte or two: often either, so that it costs more to guess which than to put both and take one back.
    if number < 1 << 14 {
        let has_two = number >= 0x80;
        let low = number as u8 & 0x7F | u8::from(has_two) << 7;
        out.extend_from_slice(&[low, (number >> 7) as u8]);
        return out.truncate(out.len() - usize::from(!has_two));
    }
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Take a number off the front.
#[inline]
pub fn take_varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7F) << shift;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

/// A section of texts.
#[derive(Clone, Copy, Debug)]
pub struct TextTable<'a> {
    bytes: &'a [u8],
    len: u32,
}

impl<'a> TextTable<'a> {
    /// The texts of a section.
    pub fn new(bytes: &'a [u8]) -> Self {
        let len = u32_at(bytes, 0).unwrap_or(0).min(bytes.len() as u32 / 4);
        Self { bytes, len }
    }

    /// How many.
    pub fn len(&self) -> u32 {
        self.len
    }

    /// A text; empty where there is none.
    pub fn get(&self, index: u32) -> &'a [u8] {
        if index >= self.len {
            return b"";
        }
        let begin = if index == 0 { 0 } else { self.end(index - 1) };
        let texts = 4 + 4 * self.len as usize;
        self.bytes
            .get(texts + begin..texts + self.end(index))
            .unwrap_or_default()
    }

    fn end(&self, index: u32) -> usize {
        u32_at(self.bytes, 4 + 4 * index as usize).unwrap_or(0) as usize
    }

    /// All texts.
    pub fn iter(self) -> impl Iterator<Item = &'a [u8]> {
        (0..self.len).map(move |index| self.get(index))
    }

    /// The place of a text among sorted ones `from..to`.
    pub fn find(&self, text: &[u8], range: Range<u32>) -> Option<u32> {
        let (mut low, mut high) = (range.start, range.end.min(self.len));
        while low < high {
            let middle = low + (high - low) / 2;
            match self.get(middle).cmp(text) {
                std::cmp::Ordering::Equal => return Some(middle),
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        None
    }
}
