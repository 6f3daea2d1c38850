//! Carrying over: rows of one buffer into a new one, code by code. A text is looked up when its code first comes, not once
//! for each row. The hashes are those that `Writer::append` would make, so that what a sender repeats is still found.

use super::data::Data;
use super::extras_writer::{hash_event, hash_link};
use super::layout::{
    EXTRAS_HEAD, Extras, ShapeItem, UNIT_FIELDS, UnitField, is_text, join, shape_items, unit_bytes,
};
use super::rows::{HAS_EXTRAS, Row};
use super::snapshot::Snapshot;
use super::staged::STAGED_MAX;
use super::trees::rows_among;
use super::writer::{Writer, hash_value, intern};
use std::hash::{BuildHasher, Hasher};

const UNKNOWN: u32 = u32::MAX;

/// New codes, and the hashes of their texts, by old code.
#[derive(Debug, Default)]
struct Codes(Vec<(u32, u32)>);

impl Codes {
    #[inline]
    fn get(&mut self, code: u32, count: u32, find: impl FnOnce() -> (u32, u32)) -> (u32, u32) {
        if self.0.is_empty() {
            self.0 = vec![(UNKNOWN, 0); count as usize];
        }
        let place = &mut self.0[code as usize];
        if place.0 == UNKNOWN {
            *place = find();
        }
        *place
    }
}

/// What is known so far of the new codes.
#[derive(Debug, Default)]
struct Known {
    traces: Codes,
    names: Codes,
    units: Codes,
    shapes: Codes,
    keys: Codes,
    key_texts: Vec<Codes>,
    words: Codes,
    bags: Codes,
}

/// A new buffer's contents: these traces, rows as they came.
pub fn carry_over(snapshot: &Snapshot, mut traces: Vec<u32>) -> (Data, Writer) {
    traces.sort_unstable_by_key(|&trace| snapshot.state(trace).first_position);
    let from = &snapshot.data;
    let mut is_here = vec![false; from.traces.len() as usize];
    for &trace in &traces {
        is_here[snapshot.buffer_trace(trace) as usize] = true;
    }
    let rows = rows_among(from, &is_here);
    let (mut data, mut writer) = (Data::default(), Writer::default());
    if !rows.is_empty() {
        // Where some traces are still young, as much comes again.
        writer.reserve(&data, from.rows.len() as usize, from.traces.len() as usize);
    }
    let mut known = Known::default();
    known
        .key_texts
        .resize_with(from.key_texts.len(), Codes::default);
    for row in rows {
        writer.carry(&mut data, from, &mut known, row);
        if writer.staged.len() == STAGED_MAX {
            writer.add_staged(&mut data);
        }
    }
    writer.add_staged(&mut data);
    writer.count_new(&mut data);
    for trace in traces {
        let moved = snapshot.state(trace);
        if let Some(number) = writer.find_trace(&data, &moved.trace_id) {
            let state = data.traces.get_mut(number);
            (state.first_position, state.last_position) =
                (moved.first_position, moved.last_position);
        }
    }
    (data, writer)
}

impl Writer {
    fn carry(&mut self, data: &mut Data, from: &Data, known: &mut Known, row: u32) {
        let (piece, at) = from.rows.locate(row);
        let (old, slots) = (piece.row(at), piece.slots(at));
        let state = from.traces.get(old.trace);
        let mut hash = self.hasher.build_hasher();
        let values = self.carry_values(data, from, known, (old.shape, slots), &mut hash);
        if old.shape & HAS_EXTRAS != 0 {
            self.carry_extras(data, from, known, &slots[values..], &mut hash);
        }
        let row = Row {
            trace: known
                .traces
                .get(old.trace, from.traces.len(), || {
                    let number = self.trace(data, state.trace_id, old.start, state.first_position);
                    (number, 0)
                })
                .0,
            name: known
                .names
                .get(old.name, from.names.len(), || {
                    let text = from.names.get(old.name);
                    let bytes = &mut self.memory_bytes;
                    intern(&mut self.names, &mut data.names, text, &self.hasher, bytes)
                })
                .0,
            unit: known
                .units
                .get(old.unit, from.units.len(), || {
                    (self.carry_unit(data, from, old.unit), 0)
                })
                .0,
            shape: self.carry_shape(data, from, known, old.shape & !HAS_EXTRAS)
                | old.shape & HAS_EXTRAS,
            ..old
        };
        self.stage(&row, hash, state.last_position);
    }

    fn carry_unit(&mut self, data: &mut Data, from: &Data, unit: u32) -> u32 {
        const COUNTS: [usize; 2] = [
            UnitField::ResourceDropped as usize,
            UnitField::ScopeDropped as usize,
        ];
        let mut fields = [0; UNIT_FIELDS];
        let old = from.units.get(unit).chunks_exact(4);
        for (number, (field, old)) in fields.iter_mut().zip(old).enumerate() {
            *field = u32::from_le_bytes(old.try_into().unwrap_or_default());
            if !COUNTS.contains(&number) {
                let text = from.unit_texts.get(*field);
                let (texts, bytes) = (&mut data.unit_texts, &mut self.memory_bytes);
                *field = intern(&mut self.unit_texts, texts, text, &self.hasher, bytes).0;
            }
        }
        let (units, bytes) = (&mut data.units, &mut self.memory_bytes);
        intern(
            &mut self.units,
            units,
            &unit_bytes(&fields),
            &self.hasher,
            bytes,
        )
        .0
    }

    fn carry_shape(&mut self, data: &mut Data, from: &Data, known: &mut Known, shape: u32) -> u32 {
        let keys = &mut known.keys;
        let find = || {
            let mut bytes = Vec::new();
            for item in shape_items(from.shapes.get(shape)) {
                let key = self.carry_key(data, from, keys, item.key);
                ShapeItem { key, ..item }.write(&mut bytes);
            }
            (self.shape_code(data, &bytes), 0)
        };
        known.shapes.get(shape, from.shapes.len(), find).0
    }

    fn carry_key(&mut self, data: &mut Data, from: &Data, keys: &mut Codes, key: u32) -> u32 {
        keys.get(key, from.keys.len(), || {
            (self.key(data, from.keys.get(key)), 0)
        })
        .0
    }

    /// The slots of a row's attributes; how many they are.
    fn carry_values(
        &mut self,
        data: &mut Data,
        from: &Data,
        known: &mut Known,
        (shape, slots): (u32, &[u32]),
        hash: &mut impl Hasher,
    ) -> usize {
        let mut end = 0;
        for item in shape_items(from.shapes.get(shape & !HAS_EXTRAS)) {
            let value = &slots[end..end + item.slot_count()];
            end += value.len();
            if !is_text(item.value_type) {
                self.slots.extend_from_slice(value);
                hash_value(hash, value);
                continue;
            }
            let key = self.carry_key(data, from, &mut known.keys, item.key) as usize;
            let texts = &from.key_texts[item.key as usize];
            let (code, text_hash) =
                known.key_texts[item.key as usize].get(value[0], texts.len(), || {
                    let (text, bytes) = (texts.get(value[0]), &mut self.memory_bytes);
                    let (interner, texts) = (&mut self.key_texts[key], &mut data.key_texts[key]);
                    intern(interner, texts, text, &self.hasher, bytes)
                });
            self.slots.push(code);
            hash.write_u32(text_hash);
        }
        end
    }

    fn carry_extras(
        &mut self,
        data: &mut Data,
        from: &Data,
        known: &mut Known,
        slots: &[u32],
        hash: &mut impl Hasher,
    ) {
        let head = self.slots.len();
        self.slots.extend_from_slice(&slots[..EXTRAS_HEAD]);
        for place in head..head + 2 {
            self.slots[place] = self.carry_word(data, from, &mut known.words, self.slots[place]);
        }
        for slot in &self.slots[head..] {
            hash.write_u32(*slot);
        }
        let extras = Extras::new(slots);
        for event in extras.events() {
            let name = self.carry_word(data, from, &mut known.words, event[2]);
            let (bag, bag_hash) = self.carry_bag(data, from, &mut known.bags, event[3]);
            self.slots.extend([event[0], event[1], name, bag, event[4]]);
            hash_event(hash, event, join(name, bag_hash));
        }
        for link in extras.links() {
            let state = self.carry_word(data, from, &mut known.words, link[6]);
            let (bag, bag_hash) = self.carry_bag(data, from, &mut known.bags, link[7]);
            self.slots.extend_from_slice(&link[..6]);
            self.slots.extend([state, bag, link[8], link[9]]);
            hash_link(hash, link, join(state, bag_hash));
        }
    }

    fn carry_word(&mut self, data: &mut Data, from: &Data, words: &mut Codes, code: u32) -> u32 {
        if code == 0 {
            return 0;
        }
        let find = || (self.word(data, from.words.get(code)), 0);
        words.get(code, from.words.len(), find).0
    }

    fn carry_bag(
        &mut self,
        data: &mut Data,
        from: &Data,
        bags: &mut Codes,
        code: u32,
    ) -> (u32, u32) {
        if code == 0 {
            return (0, 0);
        }
        bags.get(code, from.bags.len(), || {
            self.bag(data, from.bags.get(code))
        })
    }
}
