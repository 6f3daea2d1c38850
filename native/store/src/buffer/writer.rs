//! The writer of the open buffer: turns the rows of a batch into interned rows. Spans that are here already, equal in
//! everything, are not added again.

use super::batch::{Columns, UnitColumn, unit_starts};
use super::data::Data;
use super::dictionary::{Dictionary, Interner, RECENT_BYTES};
use super::layout::{ShapeItem, UNIT_FIELDS, is_text, join, shape_items, split, unit_bytes};
use super::row_table::RowTable;
use super::rows::{NO_ROW, Row, TRACE_BYTES, TraceState};
use super::staged::{STAGED_MAX, Staged};
use crate::view::{Result, StoreError};
use foldhash::fast::RandomState;
use hashbrown::{HashMap, HashTable};
use lymer_decode::schema::AttributeType;
use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;

const UNKNOWN: u32 = u32::MAX;
/// One for each value of a byte.
const RECENT_TRACES: usize = 256;

/// Tables that find what is here already.
#[derive(Debug)]
pub struct Writer {
    pub(super) names: Interner,
    pub(super) units: Interner,
    pub(super) unit_texts: Interner,
    pub(super) shapes: Interner,
    pub(super) keys: Interner,
    pub(super) key_texts: Vec<Interner>,
    pub(super) words: Interner,
    pub(super) bags: Interner,
    pub(super) traces: HashTable<u32>,
    pub(super) rows: RowTable,
    pub(super) staged: Vec<Staged>,
    /// Traces that came lately, by a byte of their ids.
    recent_traces: Vec<([u8; 16], u32)>,
    /// Shapes that have a key twice with the same type, and each such (key, type) once too often.
    pub(super) shapes_with_duplicates: HashMap<u32, Vec<ShapeItem>, RandomState>,
    pub(super) hasher: RandomState,
    pub memory_bytes: usize,
    /// Rows of the batch at hand by shape, and the shapes that have some.
    pub(super) new_by_shape: Vec<u32>,
    pub(super) new_shapes: Vec<u32>,
    pub(super) slots: Vec<u32>,
    pub(super) shape: Vec<u8>,
}

impl Default for Writer {
    fn default() -> Self {
        Self {
            names: Interner::exact(),
            units: Interner::exact(),
            unit_texts: Interner::exact(),
            shapes: Interner::exact(),
            keys: Interner::exact(),
            key_texts: Vec::new(),
            words: Interner::exact(),
            bags: Interner::adaptive(),
            traces: HashTable::new(),
            rows: RowTable::default(),
            staged: Vec::new(),
            recent_traces: vec![([0; 16], UNKNOWN); RECENT_TRACES],
            shapes_with_duplicates: HashMap::default(),
            hasher: RandomState::default(),
            memory_bytes: 0,
            new_by_shape: Vec::new(),
            new_shapes: Vec::new(),
            slots: Vec::new(),
            shape: Vec::new(),
        }
    }
}

/// Codes of the buffer for the codes of a batch, found when they are first needed.
struct Translation {
    codes: Vec<u32>,
}

impl Translation {
    fn new(count: usize) -> Self {
        Self {
            codes: vec![UNKNOWN; count],
        }
    }

    #[inline]
    fn get(&mut self, code: i32, find: impl FnOnce() -> u32) -> u32 {
        let place = &mut self.codes[code as usize];
        if *place == UNKNOWN {
            *place = find();
        }
        *place
    }
}

impl Writer {
    /// Add the rows of a batch that stands at `position`.
    pub fn append(&mut self, data: &mut Data, columns: &Columns<'_>, position: u64) -> Result<()> {
        let rows_after = data.rows.len() as usize + columns.row_count;
        if rows_after >= NO_ROW as usize / 2 {
            return Err(StoreError("the open buffer has too many rows".into()));
        }
        let mut names = Translation::new(columns.name.code_count());
        let mut keys = Translation::new(columns.attributes.key.code_count());
        let (mut unit, mut trace) = (0, None);
        for (at, starts_unit) in unit_starts(columns).into_iter().enumerate() {
            if starts_unit {
                unit = self.unit(data, columns, at);
            }
            let number = match trace {
                Some(number) if at > 0 && columns.trace_id[at] == columns.trace_id[at - 1] => {
                    number
                }
                _ => self.trace(data, columns.trace_id[at], columns.start[at], position),
            };
            trace = Some(number);
            let mut hash = self.hasher.build_hasher();
            let shape = self.attributes(data, columns, at, &mut keys, &mut hash);
            let row = Row {
                trace: number,
                span_id: u64::from_be_bytes(columns.span_id[at]),
                parent_span_id: if columns.has_parent.is_some_and(|known| known.is_null(at)) {
                    0
                } else {
                    u64::from_be_bytes(columns.parent_span_id[at])
                },
                start: columns.start[at],
                duration: columns.duration[at],
                name: names.get(columns.name.codes[at], || {
                    let text = columns.name.text(columns.name.codes[at]);
                    intern(
                        &mut self.names,
                        &mut data.names,
                        text,
                        &self.hasher,
                        &mut self.memory_bytes,
                    )
                    .0
                }),
                unit,
                kind: columns.kind[at],
                status_code: columns.status_code[at],
                flags: columns.flags[at],
                shape: shape | self.extras(data, columns, at, &mut hash),
            };
            self.stage(&row, hash, position);
            if self.staged.len() == STAGED_MAX {
                self.add_staged(data);
            }
        }
        self.add_staged(data);
        self.count_new(data);
        Ok(())
    }

    /// Make room for so many rows and traces at once: tables that grow look at all that they have.
    pub(super) fn reserve(&mut self, data: &Data, rows: usize, traces: usize) {
        self.rows.reserve(rows);
        let hasher = &self.hasher;
        self.traces.reserve(traces, |&other| {
            hasher.hash_one(data.traces.get(other).trace_id)
        });
    }

    pub(super) fn trace(
        &mut self,
        data: &mut Data,
        trace_id: [u8; 16],
        start: i64,
        position: u64,
    ) -> u32 {
        let recent = trace_id[15] as usize;
        if self.recent_traces[recent] == (trace_id, self.recent_traces[recent].1)
            && self.recent_traces[recent].1 != UNKNOWN
        {
            return self.recent_traces[recent].1;
        }
        let number = self.trace_in_table(data, trace_id, start, position);
        self.recent_traces[recent] = (trace_id, number);
        number
    }

    fn trace_in_table(
        &mut self,
        data: &mut Data,
        trace_id: [u8; 16],
        start: i64,
        position: u64,
    ) -> u32 {
        let hash = self.hasher.hash_one(trace_id);
        if let Some(&number) = self
            .traces
            .find(hash, |&other| data.traces.get(other).trace_id == trace_id)
        {
            return number;
        }
        let number = data.traces.len();
        data.traces.push(TraceState {
            trace_id,
            start,
            end: i64::MIN,
            first_position: position,
            last_position: position,
            span_count: 0,
            error_count: 0,
            last_row: NO_ROW,
        });
        let hasher = &self.hasher;
        self.traces.insert_unique(hash, number, |&other| {
            hasher.hash_one(data.traces.get(other).trace_id)
        });
        self.memory_bytes += TRACE_BYTES;
        number
    }

    fn unit(&mut self, data: &mut Data, columns: &Columns<'_>, at: usize) -> u32 {
        let mut fields = [0; UNIT_FIELDS];
        for (field, column) in fields.iter_mut().zip(&columns.unit) {
            *field = match column {
                UnitColumn::Count(counts) => counts[at],
                UnitColumn::Text(coded) => {
                    let text = coded.text(coded.codes[at]);
                    intern(
                        &mut self.unit_texts,
                        &mut data.unit_texts,
                        text,
                        &self.hasher,
                        &mut self.memory_bytes,
                    )
                    .0
                }
            };
        }
        intern(
            &mut self.units,
            &mut data.units,
            &unit_bytes(&fields),
            &self.hasher,
            &mut self.memory_bytes,
        )
        .0
    }

    /// Put the values of a row's attributes into `slots`; the code of their shape.
    fn attributes(
        &mut self,
        data: &mut Data,
        columns: &Columns<'_>,
        at: usize,
        keys: &mut Translation,
        hash: &mut impl Hasher,
    ) -> u32 {
        let attributes = &columns.attributes;
        self.shape.clear();
        for item in attributes.offsets[at] as usize..attributes.offsets[at + 1] as usize {
            let key = keys.get(attributes.key.codes[item], || {
                self.key(data, attributes.key.text(attributes.key.codes[item]))
            });
            let value_type = attributes.value_type[item].min(AttributeType::Map as u8);
            ShapeItem { key, value_type }.write(&mut self.shape);
            if is_text(value_type) {
                let repaired_text;
                let mut text = attributes.text.value(item);
                if !attributes.is_ascii {
                    repaired_text = repaired(value_type, text);
                    text = &repaired_text;
                }
                let (interner, dictionary) = (
                    &mut self.key_texts[key as usize],
                    &mut data.key_texts[key as usize],
                );
                let (code, text_hash) = intern(
                    interner,
                    dictionary,
                    text,
                    &self.hasher,
                    &mut self.memory_bytes,
                );
                self.slots.push(code);
                hash.write_u32(text_hash);
            } else if value_type == AttributeType::Bool as u8 {
                self.slots.push(u32::from(attributes.number[item] != 0));
                hash_value(hash, &self.slots[self.slots.len() - 1..]);
            } else if value_type != AttributeType::Empty as u8 {
                self.slots.extend(split(attributes.number[item] as u64));
                hash_value(hash, &self.slots[self.slots.len() - 2..]);
            }
        }
        let shape = std::mem::take(&mut self.shape);
        let code = self.shape_code(data, &shape);
        self.shape = shape;
        code
    }

    /// The code of a shape.
    pub(super) fn shape_code(&mut self, data: &mut Data, shape: &[u8]) -> u32 {
        let known = data.shapes.len();
        let (code, _) = intern(
            &mut self.shapes,
            &mut data.shapes,
            shape,
            &self.hasher,
            &mut self.memory_bytes,
        );
        if code == known {
            self.note_duplicates(data, code);
        }
        code
    }

    pub(super) fn key(&mut self, data: &mut Data, text: &[u8]) -> u32 {
        let (key, _) = intern(
            &mut self.keys,
            &mut data.keys,
            text,
            &self.hasher,
            &mut self.memory_bytes,
        );
        if key as usize == data.key_texts.len() {
            data.key_texts.push(Arc::default());
            self.key_texts.push(Interner::adaptive());
            Arc::make_mut(&mut data.counts).push([0; 8]);
            self.memory_bytes +=
                size_of::<Dictionary>() + size_of::<Interner>() + RECENT_BYTES + 32;
        }
        key
    }

    fn note_duplicates(&mut self, data: &mut Data, shape: u32) {
        let mut items: Vec<ShapeItem> = shape_items(data.shapes.get(shape)).collect();
        items.sort_unstable_by_key(|item| (item.key, item.value_type));
        let duplicates: Vec<ShapeItem> = items
            .windows(2)
            .filter(|pair| pair[0] == pair[1])
            .map(|pair| pair[0])
            .collect();
        if !duplicates.is_empty() {
            self.memory_bytes += 64 + 8 * duplicates.len();
            self.shapes_with_duplicates.insert(shape, duplicates);
            data.has_duplicates = true;
        }
    }
}

/// Hash a value that is not a text by its slots.
#[inline]
pub(super) fn hash_value(hash: &mut impl Hasher, slots: &[u32]) {
    match *slots {
        [low, high] => hash.write_u64(join(low, high)),
        [bool] => hash.write_u32(bool),
        _ => {}
    }
}

#[inline(always)]
pub(super) fn intern(
    interner: &mut Interner,
    dictionary: &mut Arc<Dictionary>,
    text: &[u8],
    hasher: &RandomState,
    memory_bytes: &mut usize,
) -> (u32, u32) {
    let interned = interner.intern(dictionary, text, hasher);
    *memory_bytes += interned.more_bytes;
    (interned.code, interned.hash)
}

/// Strings and attribute texts are UTF-8; whoever hands in other bytes gets them repaired.
fn repaired(value_type: u8, text: &[u8]) -> std::borrow::Cow<'_, [u8]> {
    if value_type == AttributeType::Bytes as u8 || text.is_ascii() {
        return text.into();
    }
    match String::from_utf8_lossy(text) {
        std::borrow::Cow::Borrowed(_) => text.into(),
        std::borrow::Cow::Owned(repaired) => repaired.into_bytes().into(),
    }
}
