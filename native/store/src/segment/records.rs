//! The fixed-size records of an index, little endian.

use super::sections::{u32_at, u64_at};

/// Counts and bounds of a segment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    pub span_count: u64,
    pub trace_count: u64,
    pub min_start: i64,
    pub max_start: i64,
    pub max_trace_start: i64,
    pub data_bytes: u64,
    /// Of the table of trace ids.
    pub seed: u64,
}

impl Facts {
    pub const BYTES: usize = 56;

    pub fn write(&self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        let fields = [
            self.span_count,
            self.trace_count,
            self.min_start as u64,
            self.max_start as u64,
            self.max_trace_start as u64,
            self.data_bytes,
            self.seed,
        ];
        put(&mut bytes, &fields);
        bytes
    }

    pub fn read(bytes: &[u8]) -> Option<Self> {
        Some(Self {
            span_count: u64_at(bytes, 0)?,
            trace_count: u64_at(bytes, 8)?,
            min_start: u64_at(bytes, 16)? as i64,
            max_start: u64_at(bytes, 24)? as i64,
            max_trace_start: u64_at(bytes, 32)? as i64,
            data_bytes: u64_at(bytes, 40)?,
            seed: u64_at(bytes, 48)?,
        })
    }
}

/// Spans of one service, name and kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operation {
    pub service: u32,
    pub name: u32,
    pub kind: i32,
    pub count: u64,
    pub min_start: i64,
    pub max_start: i64,
}

impl Operation {
    pub const BYTES: usize = 40;

    pub fn write(&self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        let names = u64::from(self.service) | u64::from(self.name) << 32;
        let fields = [
            names,
            u64::from(self.kind as u32),
            self.count,
            self.min_start as u64,
            self.max_start as u64,
        ];
        put(&mut bytes, &fields);
        bytes
    }

    pub fn read(bytes: &[u8]) -> Option<Self> {
        Some(Self {
            service: u32_at(bytes, 0)?,
            name: u32_at(bytes, 4)?,
            kind: u32_at(bytes, 8)? as i32,
            count: u64_at(bytes, 16)?,
            min_start: u64_at(bytes, 24)? as i64,
            max_start: u64_at(bytes, 32)? as i64,
        })
    }
}

/// Calls from one service to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    pub caller: u32,
    pub service: u32,
    pub count: u64,
    pub error_count: u64,
    /// Where its durations end.
    pub end: u64,
}

impl Call {
    pub const BYTES: usize = 32;

    pub fn write(&self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        let services = u64::from(self.caller) | u64::from(self.service) << 32;
        put(
            &mut bytes,
            &[services, self.count, self.error_count, self.end],
        );
        bytes
    }

    pub fn read(bytes: &[u8]) -> Option<Self> {
        Some(Self {
            caller: u32_at(bytes, 0)?,
            service: u32_at(bytes, 4)?,
            count: u64_at(bytes, 8)?,
            error_count: u64_at(bytes, 16)?,
            end: u64_at(bytes, 24)?,
        })
    }
}

/// An attribute column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttributeEntry {
    pub key: u32,
    pub value_type: u8,
    pub listed: bool,
    pub span_count: u64,
    pub first_value: u32,
    pub end_value: u32,
}

impl AttributeEntry {
    pub const BYTES: usize = 24;

    pub fn write(&self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        let head =
            u64::from(self.key) | u64::from(self.value_type) << 32 | u64::from(self.listed) << 40;
        let values = u64::from(self.first_value) | u64::from(self.end_value) << 32;
        put(&mut bytes, &[head, self.span_count, values]);
        bytes
    }

    pub fn read(bytes: &[u8]) -> Option<Self> {
        Some(Self {
            key: u32_at(bytes, 0)?,
            value_type: *bytes.get(4)?,
            listed: *bytes.get(5)? != 0,
            span_count: u64_at(bytes, 8)?,
            first_value: u32_at(bytes, 16)?,
            end_value: u32_at(bytes, 20)?,
        })
    }
}

/// A page of the data file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageEntry {
    pub offset: u64,
    /// With its header.
    pub bytes: u32,
    /// In its row group.
    pub first_row: u32,
}

impl PageEntry {
    pub const BYTES: usize = 16;

    pub fn write(&self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        put(
            &mut bytes,
            &[
                self.offset,
                u64::from(self.bytes) | u64::from(self.first_row) << 32,
            ],
        );
        bytes
    }

    pub fn read(bytes: &[u8]) -> Option<Self> {
        Some(Self {
            offset: u64_at(bytes, 0)?,
            bytes: u32_at(bytes, 8)?,
            first_row: u32_at(bytes, 12)?,
        })
    }
}

/// A column chunk of the data file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChunkEntry {
    /// 0 where there is no dictionary.
    pub dictionary: u64,
    pub dictionary_bytes: u32,
    pub compressed: bool,
    pub bloom: u64,
    /// 0 where there is none.
    pub bloom_bytes: u32,
}

impl ChunkEntry {
    pub const BYTES: usize = 24;

    pub fn write(&self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        let dictionary = self.dictionary | u64::from(self.compressed) << 63;
        let sizes = u64::from(self.dictionary_bytes) | u64::from(self.bloom_bytes) << 32;
        put(&mut bytes, &[dictionary, self.bloom, sizes]);
        bytes
    }

    pub fn read(bytes: &[u8]) -> Option<Self> {
        let dictionary = u64_at(bytes, 0)?;
        Some(Self {
            dictionary: dictionary & (u64::MAX >> 1),
            compressed: dictionary >> 63 == 1,
            bloom: u64_at(bytes, 8)?,
            dictionary_bytes: u32_at(bytes, 16)?,
            bloom_bytes: u32_at(bytes, 20)?,
        })
    }
}

/// A part of the data file and its hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RangeHash {
    pub start: u64,
    pub end: u64,
    pub hash: u64,
}

impl RangeHash {
    pub const BYTES: usize = 24;

    pub fn write(&self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        put(&mut bytes, &[self.start, self.end, self.hash]);
        bytes
    }

    pub fn read(bytes: &[u8]) -> Option<Self> {
        Some(Self {
            start: u64_at(bytes, 0)?,
            end: u64_at(bytes, 8)?,
            hash: u64_at(bytes, 16)?,
        })
    }
}

fn put(bytes: &mut [u8], fields: &[u64]) {
    for (place, field) in bytes.chunks_exact_mut(8).zip(fields) {
        place.copy_from_slice(&field.to_le_bytes());
    }
}
