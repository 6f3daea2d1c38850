//! The index of a segment, mapped: what can be said of a segment without its data file.

use super::index_traces::place;
use super::records::{AttributeEntry, ChunkEntry, Facts, PageEntry, RangeHash};
use super::sections::{Section, Sections, TextTable, take_varint, u32_at, u64_at};
use crate::view::{AttributeColumn, KeyCount, Result, Scope, StoreError};
use memmap2::Mmap;
use std::ops::Range;

/// A mapped index whose hashes were right when it was opened.
#[derive(Debug)]
pub struct Index {
    file: Mmap,
    sections: Sections,
    /// Counts and bounds.
    pub facts: Facts,
    /// The attribute columns.
    pub attributes: Vec<AttributeColumn>,
    /// Their entries.
    pub entries: Vec<AttributeEntry>,
    /// Counts of all keys.
    pub key_counts: Vec<KeyCount>,
    /// By key and type: the attribute column.
    column_of: Vec<[u16; 8]>,
    /// Column chunks of a row group.
    pub leaf_count: usize,
}

const NO_COLUMN: u16 = u16::MAX;

impl Index {
    /// Check an index file and read what is small.
    pub fn open(file: Mmap) -> Result<Self> {
        let sections = Sections::open(&file)?;
        let facts = Facts::read(&file[sections.range(Section::Facts)]).ok_or_else(no_sense)?;
        let mut index = Self {
            file,
            sections,
            facts,
            attributes: Vec::new(),
            entries: Vec::new(),
            key_counts: Vec::new(),
            column_of: Vec::new(),
            leaf_count: 0,
        };
        index.read_attributes()?;
        index.key_counts = index.read_key_counts().ok_or_else(no_sense)?;
        index.leaf_count = super::columns::ATTRIBUTES_LEAF + index.attributes.len();
        index.check()?;
        Ok(index)
    }

    /// How large the file is.
    pub fn bytes(&self) -> usize {
        self.file.len()
    }

    pub(super) fn section(&self, section: Section) -> &[u8] {
        &self.file[self.sections.range(section)]
    }

    pub(super) fn has(&self, section: Section) -> bool {
        self.sections.has(section)
    }

    pub(super) fn number(&self, section: Section, at: u32) -> u32 {
        u32_at(self.section(section), 4 * at as usize).unwrap_or(0)
    }

    pub(super) fn texts(&self, section: Section) -> TextTable<'_> {
        TextTable::new(self.section(section))
    }

    fn read_attributes(&mut self) -> Result<()> {
        let bytes = self
            .section(Section::Attributes)
            .chunks_exact(AttributeEntry::BYTES);
        let entries: Vec<AttributeEntry> = bytes.filter_map(AttributeEntry::read).collect();
        let keys = self.texts(Section::Keys);
        let mut column_of = vec![[NO_COLUMN; 8]; keys.len() as usize];
        let mut attributes = Vec::with_capacity(entries.len());
        for (column, entry) in entries.iter().enumerate() {
            *column_of
                .get_mut(entry.key as usize)
                .and_then(|by_type| by_type.get_mut(usize::from(entry.value_type)))
                .ok_or_else(no_sense)? = column as u16;
            attributes.push(AttributeColumn {
                key: text(keys.get(entry.key)),
                value_type: entry.value_type,
                span_count: entry.span_count,
            });
        }
        (self.entries, self.attributes, self.column_of) = (entries, attributes, column_of);
        Ok(())
    }

    fn read_key_counts(&self) -> Option<Vec<KeyCount>> {
        let mut bytes = self.section(Section::KeyCounts);
        let mut counts = Vec::new();
        while !bytes.is_empty() {
            let (scope, value_type) = (scope(*bytes.first()?)?, *bytes.get(1)?);
            bytes = &bytes[2..];
            let span_count = take_varint(&mut bytes)?;
            let len = usize::try_from(take_varint(&mut bytes)?).ok()?;
            let (key, rest) = bytes.split_at_checked(len)?;
            bytes = rest;
            counts.push(KeyCount {
                scope,
                key: text(key),
                value_type,
                span_count,
            });
        }
        Some(counts)
    }

    /// What is read without further checks must have the right length.
    fn check(&self) -> Result<()> {
        let (traces, spans) = (self.facts.trace_count as usize, self.facts.span_count);
        let lens = [
            (Section::TraceIds, 16 * traces),
            (Section::TraceRows, 4 * traces + 4),
            (Section::TraceStarts, 8 * traces),
            (Section::TraceDurations, 8 * traces),
            (Section::TraceFlags, traces),
        ];
        let groups = spans.div_ceil(u64::from(crate::view::CHUNK_ROWS)) as usize;
        let chunks = self.section(Section::Chunks).len() / ChunkEntry::BYTES;
        let right = lens
            .iter()
            .all(|(section, len)| self.section(*section).len() == *len)
            && spans <= u64::from(u32::MAX)
            && u64::from(self.number(Section::TraceRows, traces as u32)) == spans
            && chunks == groups * self.leaf_count
            && self.section(Section::ChunkPages).len() == 4 * chunks + 4;
        if right { Ok(()) } else { Err(no_sense()) }
    }

    /// The id of a trace.
    pub fn trace_id(&self, trace: u32) -> [u8; 16] {
        let at = 16 * trace as usize;
        self.section(Section::TraceIds)
            .get(at..at + 16)
            .and_then(|id| id.try_into().ok())
            .unwrap_or_default()
    }

    /// The number of a trace.
    pub fn find_trace(&self, trace_id: &[u8; 16]) -> Option<u32> {
        let table = self.section(Section::TraceTable);
        let len = table.len() / 4;
        if len == 0 {
            return None;
        }
        let mut at = place(trace_id, self.facts.seed, len);
        for _ in 0..len {
            let number = u32_at(table, 4 * at)?.checked_sub(1)?;
            if self.trace_id(number) == *trace_id {
                return Some(number);
            }
            at = (at + 1) % len;
        }
        None
    }

    /// Rows of a trace.
    pub fn trace_rows(&self, trace: u32) -> Range<u32> {
        self.number(Section::TraceRows, trace)..self.number(Section::TraceRows, trace + 1)
    }

    /// The trace of a row.
    pub fn trace_of_row(&self, row: u32) -> u32 {
        let (mut low, mut high) = (0, self.facts.trace_count as u32);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.number(Section::TraceRows, middle + 1) <= row {
                low = middle + 1
            } else {
                high = middle
            }
        }
        low
    }

    /// Start and duration of a trace.
    pub fn trace_times(&self, trace: u32) -> (i64, i64) {
        let at = 8 * trace as usize;
        let long = |section| u64_at(self.section(section), at).unwrap_or(0) as i64;
        (long(Section::TraceStarts), long(Section::TraceDurations))
    }

    /// Bit 0: the trace has events; bit 1: it has links.
    pub fn trace_flags(&self, trace: u32) -> u8 {
        self.section(Section::TraceFlags)
            .get(trace as usize)
            .copied()
            .unwrap_or(3)
    }

    /// Errors of a trace.
    pub fn trace_errors(&self, trace: u32) -> u32 {
        self.sparse(Section::TraceErrors, trace)
    }

    /// The traces with errors, ascending, and how many they have.
    pub fn all_errors(&self) -> impl Iterator<Item = (u32, u32)> {
        let pairs = self.section(Section::TraceErrors).chunks_exact(8);
        pairs.filter_map(|pair| Some((u32_at(pair, 0)?, u32_at(pair, 4)?)))
    }

    /// Orphans of a trace.
    pub fn trace_orphans(&self, trace: u32) -> u32 {
        self.sparse(Section::TraceOrphans, trace)
    }

    /// Where the root of a trace is, counted from its first row.
    pub fn trace_root(&self, trace: u32) -> u32 {
        self.sparse(Section::TraceRoots, trace)
    }

    /// The number that a sorted list of pairs has for a trace.
    fn sparse(&self, section: Section, trace: u32) -> u32 {
        let bytes = self.section(section);
        let (mut low, mut high) = (0, bytes.len() / 8);
        while low < high {
            let middle = low + (high - low) / 2;
            match u32_at(bytes, 8 * middle) {
                Some(found) if found == trace => return u32_at(bytes, 8 * middle + 4).unwrap_or(0),
                Some(found) if found < trace => low = middle + 1,
                _ => high = middle,
            }
        }
        0
    }

    /// The listed values of an attribute column with their counts; None where they are not listed.
    pub fn values(&self, attribute: usize) -> Option<impl Iterator<Item = (&[u8], u64)>> {
        let entry = self.entries.get(attribute).filter(|entry| entry.listed)?;
        let (values, counts) = (
            self.texts(Section::Values),
            self.section(Section::ValueCounts),
        );
        let range = entry.first_value..entry.end_value.min(values.len());
        Some(range.map(move |at| (values.get(at), u64_at(counts, 8 * at as usize).unwrap_or(0))))
    }

    /// Whether a listed column has this value; None where values are not listed.
    pub fn has_value(&self, attribute: usize, value: &str) -> Option<bool> {
        let entry = self.entries.get(attribute).filter(|entry| entry.listed)?;
        let found = self
            .texts(Section::Values)
            .find(value.as_bytes(), entry.first_value..entry.end_value);
        Some(found.is_some())
    }

    /// How many keys there are.
    pub fn key_count(&self) -> u32 {
        self.texts(Section::Keys).len()
    }

    /// A key by code.
    pub fn key(&self, code: u32) -> &[u8] {
        self.texts(Section::Keys).get(code)
    }

    /// Whether some span has this key among its rest.
    pub fn rest_has_key(&self, key: &str) -> bool {
        let rest = self.section(Section::RestKeys).chunks_exact(4);
        rest.filter_map(|code| u32_at(code, 0))
            .any(|code| self.key(code) == key.as_bytes())
    }

    /// The attribute column of a key and type.
    pub fn column(&self, key: u32, value_type: u8) -> Option<usize> {
        let column = *self
            .column_of
            .get(key as usize)?
            .get(usize::from(value_type))?;
        (column != NO_COLUMN).then_some(usize::from(column))
    }

    /// Keys and types of a shape, in order.
    pub fn shape(&self, shape: u32) -> Vec<(u32, u8)> {
        let range =
            self.number(Section::ShapeStarts, shape)..self.number(Section::ShapeStarts, shape + 1);
        let mut bytes = self
            .section(Section::Shapes)
            .get(range.start as usize..range.end as usize)
            .unwrap_or_default();
        let mut items = Vec::new();
        while let Some(item) = take_varint(&mut bytes) {
            items.push(((item >> 3) as u32, (item & 7) as u8));
        }
        items
    }

    /// A column chunk, by row group and leaf.
    pub fn chunk(&self, chunk: usize) -> Option<ChunkEntry> {
        ChunkEntry::read(
            self.section(Section::Chunks)
                .get(chunk * ChunkEntry::BYTES..)?,
        )
    }

    /// The numbers of a chunk's pages in `page`.
    pub fn chunk_pages(&self, chunk: usize) -> Range<u32> {
        self.number(Section::ChunkPages, chunk as u32)
            ..self.number(Section::ChunkPages, chunk as u32 + 1)
    }

    /// A page.
    pub fn page(&self, page: u32) -> Option<PageEntry> {
        PageEntry::read(
            self.section(Section::Pages)
                .get(page as usize * PageEntry::BYTES..)?,
        )
    }

    /// The hashes of the data file.
    pub fn hashes(&self) -> impl Iterator<Item = RangeHash> {
        self.section(Section::Hashes)
            .chunks_exact(RangeHash::BYTES)
            .filter_map(RangeHash::read)
    }
}

fn no_sense() -> StoreError {
    StoreError("the index is damaged: it contradicts itself".into())
}

pub(super) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn scope(number: u8) -> Option<Scope> {
    [
        Scope::Span,
        Scope::Resource,
        Scope::Scope,
        Scope::Event,
        Scope::Link,
    ]
    .get(usize::from(number))
    .copied()
}
