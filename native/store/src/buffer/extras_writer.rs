//! The writer's part for what few spans have: trace state, status message, dropped counts, events and links.

use super::batch::Columns;
use super::data::{BagKeys, Data};
use super::layout::{EVENT_SLOTS, EXTRAS_HEAD, LINK_SLOTS, join, split};
use super::rows::HAS_EXTRAS;
use super::writer::{Writer, intern};
use std::hash::Hasher;
use std::sync::Arc;

impl Writer {
    /// Put the extras of a row into `slots`, if it has any; HAS_EXTRAS or 0.
    pub(super) fn extras(
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
            let slots = &self.slots[self.slots.len() - EVENT_SLOTS..];
            hash_event(hash, slots, join(name, bag_hash));
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
            let slots = &self.slots[self.slots.len() - LINK_SLOTS..];
            hash_link(hash, slots, join(state, bag_hash));
        }
    }

    pub(super) fn word(&mut self, data: &mut Data, text: &[u8]) -> u32 {
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

    pub(super) fn bag(&mut self, data: &mut Data, text: &[u8]) -> (u32, u32) {
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
}

/// Hash an event by its slots; its name is a code, its attributes may have several and are hashed as `texts` has them.
pub(super) fn hash_event(hash: &mut impl Hasher, slots: &[u32], texts: u64) {
    hash.write_u64(join(slots[0], slots[1]));
    hash.write_u64(texts);
    hash.write_u32(slots[4]);
}

/// Hash a link by its slots, in the same way.
pub(super) fn hash_link(hash: &mut impl Hasher, slots: &[u32], texts: u64) {
    for pair in slots[..6].chunks_exact(2) {
        hash.write_u64(join(pair[0], pair[1]));
    }
    hash.write_u64(texts);
    hash.write_u64(join(slots[8], slots[9]));
}

fn note_keys(keys: &mut Arc<BagKeys>, bag: &[u8]) {
    for (key, _) in crate::bag::members(std::str::from_utf8(bag).unwrap_or_default()) {
        if !keys.contains(key.as_ref()) {
            Arc::make_mut(keys).insert(key.into());
        }
    }
}
