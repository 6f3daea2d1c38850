//! The writer of the open buffer: turns the rows of a batch into interned rows. Spans that are here already, equal in
//! everything, are not added again.

use super::batch::{Columns, UnitColumn};
use super::data::{BagKeys, Data};
use super::dictionary::{Dictionary, Interner};
use super::layout::{
    EXTRAS_HEAD, ShapeItem, UNIT_FIELDS, is_text, join, shape_items, split, unit_bytes,
};
use super::rows::{HAS_EXTRAS, NO_ROW, ROW_BYTES, Row, TRACE_BYTES, TraceState};
use crate::view::{Result, StoreError};
use arrow_array::Array;
use foldhash::fast::RandomState;
use hashbrown::{HashMap, HashTable};
use lymer_decode::schema::AttributeType;
use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;

const ERROR: i32 = 2;
/// What an entry costs in the table of rows.
const ROW_ENTRY_BYTES: usize = 14;
const UNKNOWN: u32 = u32::MAX;

/// Tables that find what is here already.
#[derive(Debug)]
pub struct Writer {
    names: Interner,
    units: Interner,
    unit_texts: Interner,
    shapes: Interner,
    keys: Interner,
    key_texts: Vec<Interner>,
    words: Interner,
    bags: Interner,
    traces: HashTable<u32>,
    rows: HashTable<(u32, u32)>,
    /// Shapes that have a key twice with the same type, and each such (key, type) once too often.
    shapes_with_duplicates: HashMap<u32, Vec<ShapeItem>, RandomState>,
    hasher: RandomState,
    pub memory_bytes: usize,
    slots: Vec<u32>,
    shape: Vec<u8>,
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
            rows: HashTable::new(),
            shapes_with_duplicates: HashMap::default(),
            hasher: RandomState::default(),
            memory_bytes: 0,
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
        let starts_unit = unit_starts(columns);
        let (mut unit, mut trace) = (0, None);
        for at in 0..columns.row_count {
            if starts_unit[at] {
                unit = self.unit(data, columns, at);
            }
            let number = match trace {
                Some(number)
                    if at > 0 && columns.trace_id.value(at) == columns.trace_id.value(at - 1) =>
                {
                    number
                }
                _ => self.trace(
                    data,
                    columns.trace_id.value(at),
                    columns.start[at],
                    position,
                ),
            };
            trace = Some(number);
            self.slots.clear();
            let mut hash = self.hasher.build_hasher();
            let shape = self.attributes(data, columns, at, &mut keys, &mut hash);
            let row = Row {
                trace: number,
                span_id: id(columns.span_id.value(at)),
                parent_span_id: if columns.parent_span_id.is_null(at) {
                    0
                } else {
                    id(columns.parent_span_id.value(at))
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
            self.add(data, &row, hash, position);
        }
        Ok(())
    }

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

    fn trace(&mut self, data: &mut Data, trace_id: &[u8], start: i64, position: u64) -> u32 {
        let trace_id: [u8; 16] = trace_id.try_into().unwrap_or_default();
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
                let text = repaired(value_type, attributes.text.value(item));
                let (interner, dictionary) = (
                    &mut self.key_texts[key as usize],
                    &mut data.key_texts[key as usize],
                );
                let (code, text_hash) = intern(
                    interner,
                    dictionary,
                    &text,
                    &self.hasher,
                    &mut self.memory_bytes,
                );
                self.slots.push(code);
                hash.write_u32(text_hash);
            } else if value_type == AttributeType::Bool as u8 {
                self.slots.push(u32::from(attributes.number[item] != 0));
                hash.write_u8(u8::from(attributes.number[item] != 0));
            } else if value_type != AttributeType::Empty as u8 {
                self.slots.extend(split(attributes.number[item] as u64));
                hash.write_i64(attributes.number[item]);
            }
        }
        let known = data.shapes.len();
        let (shape, _) = intern(
            &mut self.shapes,
            &mut data.shapes,
            &self.shape,
            &self.hasher,
            &mut self.memory_bytes,
        );
        if shape == known {
            self.note_duplicates(data, shape);
        }
        shape
    }

    fn key(&mut self, data: &mut Data, text: &[u8]) -> u32 {
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
            self.memory_bytes += size_of::<Dictionary>() + size_of::<Interner>() + 4 * 64 + 32;
        }
        key
    }

    fn note_duplicates(&mut self, data: &mut Data, shape: u32) {
        let mut items: Vec<ShapeItem> = shape_items(&self.shape).collect();
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

    /// Put the extras of a row into `slots`, if it has any; HAS_EXTRAS or 0.
    fn extras(
        &mut self,
        data: &mut Data,
        columns: &Columns<'_>,
        at: usize,
        hash: &mut impl Hasher,
    ) -> u32 {
        let trace_state = columns.trace_state.text(columns.trace_state.codes[at]);
        let status_message = columns
            .status_message
            .text(columns.status_message.codes[at]);
        let events = columns.events.offsets[at] as usize..columns.events.offsets[at + 1] as usize;
        let links = columns.links.offsets[at] as usize..columns.links.offsets[at + 1] as usize;
        let dropped = [
            columns.dropped_attributes[at],
            columns.dropped_events[at],
            columns.dropped_links[at],
        ];
        if trace_state.is_empty()
            && status_message.is_empty()
            && events.is_empty()
            && links.is_empty()
            && dropped == [0; 3]
        {
            return 0;
        }
        let head = self.slots.len();
        let words = [
            self.word(data, trace_state),
            self.word(data, status_message),
        ];
        self.slots.extend(words);
        self.slots.extend(dropped);
        self.slots.extend([events.len() as u32, links.len() as u32]);
        for slot in &self.slots[head..head + EXTRAS_HEAD] {
            hash.write_u32(*slot);
        }
        self.events(data, columns, events, hash);
        self.links(data, columns, links, hash);
        HAS_EXTRAS
    }

    fn events(
        &mut self,
        data: &mut Data,
        columns: &Columns<'_>,
        events: std::ops::Range<usize>,
        hash: &mut impl Hasher,
    ) {
        for event in events {
            let name = self.word(data, columns.events.name.value(event).as_bytes());
            let (bag, bag_hash) = self.bag(data, columns.events.attributes.value(event).as_bytes());
            self.slots.extend(split(columns.events.time[event] as u64));
            self.slots
                .extend([name, bag, columns.events.dropped[event]]);
            hash.write_i64(columns.events.time[event]);
            hash.write_u64(join(name, bag_hash));
            hash.write_u32(columns.events.dropped[event]);
        }
    }

    fn links(
        &mut self,
        data: &mut Data,
        columns: &Columns<'_>,
        links: std::ops::Range<usize>,
        hash: &mut impl Hasher,
    ) {
        for link in links {
            let columns = &columns.links;
            let ids = columns
                .trace_id
                .value(link)
                .chunks_exact(4)
                .chain(columns.span_id.value(link).chunks_exact(4));
            self.slots
                .extend(ids.map(|part| u32::from_be_bytes([part[0], part[1], part[2], part[3]])));
            let state = self.word(data, columns.trace_state.value(link).as_bytes());
            let (bag, bag_hash) = self.bag(data, columns.attributes.value(link).as_bytes());
            self.slots
                .extend([state, bag, columns.dropped[link], columns.flags[link]]);
            hash.write(columns.trace_id.value(link));
            hash.write(columns.span_id.value(link));
            hash.write_u64(join(state, bag_hash));
            hash.write_u64(join(columns.dropped[link], columns.flags[link]));
        }
    }

    fn word(&mut self, data: &mut Data, text: &[u8]) -> u32 {
        if text.is_empty() {
            return 0;
        }
        intern(
            &mut self.words,
            &mut data.words,
            text,
            &self.hasher,
            &mut self.memory_bytes,
        )
        .0
    }

    fn bag(&mut self, data: &mut Data, text: &[u8]) -> (u32, u32) {
        if text.is_empty() {
            return (0, 0);
        }
        let known = data.bags.len();
        let coded = intern(
            &mut self.bags,
            &mut data.bags,
            text,
            &self.hasher,
            &mut self.memory_bytes,
        );
        if data.bags.len() > known {
            note_keys(&mut data.bag_keys, text);
        }
        coded
    }

    /// Add the row whose slots are in `slots`, unless it is here already.
    fn add(&mut self, data: &mut Data, row: &Row, mut hash: impl Hasher, position: u64) {
        hash.write_u64(row.span_id);
        hash.write_u64(row.parent_span_id);
        hash.write_i64(row.start);
        hash.write_i64(row.duration);
        hash.write_u64(u64::from(row.trace) << 32 | u64::from(row.name));
        hash.write_u64(u64::from(row.unit) << 32 | u64::from(row.shape));
        hash.write_u64(u64::from(row.flags) << 32 | u64::from(row.kind as u32));
        hash.write_i32(row.status_code);
        let hash = hash.finish();
        let short = (hash >> 32) as u32;
        let known = self.rows.find(hash_of(short), |&(other_hash, other)| {
            other_hash == short && {
                let (piece, index) = data.rows.locate(other);
                data.same(row, &self.slots, &piece.row(index), piece.slots(index))
            }
        });
        if known.is_some() {
            let trace = data.traces.get_mut(row.trace);
            trace.last_position = trace.last_position.max(position);
            return;
        }
        self.count(data, row.shape & !HAS_EXTRAS);
        let trace = data.traces.get_mut(row.trace);
        let number = data.rows.push(row, &self.slots, trace.last_row);
        trace.last_row = number;
        trace.span_count += 1;
        trace.error_count += u32::from(row.status_code == ERROR);
        trace.start = trace.start.min(row.start);
        trace.end = trace.end.max(row.start.saturating_add(row.duration.max(0)));
        trace.first_position = trace.first_position.min(position);
        trace.last_position = trace.last_position.max(position);
        self.rows
            .insert_unique(hash_of(short), (short, number), |entry| hash_of(entry.0));
        self.memory_bytes += ROW_BYTES + 4 * self.slots.len() + ROW_ENTRY_BYTES;
    }

    fn count(&self, data: &mut Data, shape: u32) {
        let counts = Arc::make_mut(&mut data.counts);
        for item in shape_items(&self.shape) {
            counts[item.key as usize][item.value_type as usize] += 1;
        }
        if data.has_duplicates {
            for item in self
                .shapes_with_duplicates
                .get(&shape)
                .into_iter()
                .flatten()
            {
                counts[item.key as usize][item.value_type as usize] -= 1;
            }
        }
    }
}

fn hash_of(short: u32) -> u64 {
    u64::from(short).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

#[inline]
fn intern(
    interner: &mut Interner,
    dictionary: &mut Arc<Dictionary>,
    text: &[u8],
    hasher: &RandomState,
    memory_bytes: &mut usize,
) -> (u32, u32) {
    let interned = interner.intern(dictionary, text, hasher);
    if interned.added {
        *memory_bytes += text.len() + interner.entry_bytes();
    }
    (interned.code, interned.hash)
}

fn note_keys(keys: &mut Arc<BagKeys>, bag: &[u8]) {
    for (key, _) in crate::bag::members(std::str::from_utf8(bag).unwrap_or_default()) {
        if !keys.contains(key.as_ref()) {
            Arc::make_mut(keys).insert(key.into());
        }
    }
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

fn id(bytes: &[u8]) -> u64 {
    u64::from_be_bytes(bytes.try_into().unwrap_or_default())
}

/// Rows whose resource or scope may differ from the row before.
fn unit_starts(columns: &Columns<'_>) -> Vec<bool> {
    let mut starts = vec![false; columns.row_count];
    if let Some(first) = starts.first_mut() {
        *first = true;
    }
    for column in &columns.unit {
        match column {
            UnitColumn::Text(coded) => mark_changes(&mut starts, coded.codes),
            UnitColumn::Count(counts) => mark_changes(&mut starts, counts),
        }
    }
    starts
}

fn mark_changes<T: PartialEq>(starts: &mut [bool], values: &[T]) {
    for (start, pair) in starts.iter_mut().skip(1).zip(values.windows(2)) {
        *start |= pair[0] != pair[1];
    }
}
