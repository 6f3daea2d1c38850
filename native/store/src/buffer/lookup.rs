//! What the writer's tables tell readers.

use super::data::Data;
use super::writer::Writer;
use std::hash::BuildHasher;

impl Writer {
    /// The number of a trace.
    pub fn find_trace(&self, data: &Data, trace_id: &[u8; 16]) -> Option<u32> {
        self.traces
            .find(self.hasher.hash_one(trace_id), |&other| {
                data.traces.get(other).trace_id == *trace_id
            })
            .copied()
    }

    /// False only when no attribute of this key has this text.
    pub fn may_have_key_text(&self, data: &Data, key: u32, text: &str) -> bool {
        self.key_texts.get(key as usize).is_some_and(|interner| {
            !interner.is_exact()
                || interner
                    .find(&data.key_texts[key as usize], text.as_bytes(), &self.hasher)
                    .is_some()
        })
    }

    /// The code of a span name.
    pub fn find_name(&self, data: &Data, name: &str) -> Option<u32> {
        self.names.find(&data.names, name.as_bytes(), &self.hasher)
    }

    /// The code of a text of units.
    pub fn find_unit_text(&self, data: &Data, text: &str) -> Option<u32> {
        self.unit_texts
            .find(&data.unit_texts, text.as_bytes(), &self.hasher)
    }

    /// Whether this text of attributes, by key, is in the dictionary once at most.
    pub fn key_is_exact(&self, key: u32) -> bool {
        self.key_texts[key as usize].is_exact()
    }
}
