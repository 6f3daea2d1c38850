//! The lists of a row group: the rest, events and links, leaf by leaf.

use super::chunk::{Chunk, Levels, Values, put_text};
use super::codes::{Coder, coded};
use super::group::{Group, texts};
use super::lists::Lists;
use crate::buffer::dictionary::Dictionary;
use crate::buffer::layout::{Extras, join};
use crate::recode::Recoder;
use crate::rest_text::{RestBuilder, TextColumn};
use std::rc::Rc;

/// The definition levels of what has a value: an event or a link, a key, a text that may be null.
const IN_LIST: u32 = 1;
const KEY: u32 = 2;
const TEXT: u32 = 3;

/// Key, value.
pub fn rest(rest: RestBuilder) -> Vec<Chunk> {
    let leaf = |texts: TextColumn, definition| Chunk {
        levels: Levels::Lists(Rc::new(Lists::new(&rest.row_ends, definition))),
        values: coded_texts(texts),
        bloom: None,
    };
    vec![leaf(rest.keys, KEY), leaf(rest.texts, TEXT)]
}

fn coded_texts(texts: TextColumn) -> Values {
    let mut dictionary = Vec::new();
    for text in &texts.distinct {
        put_text(&mut dictionary, text);
    }
    Values::Coded {
        codes: texts.codes,
        dictionary,
        count: texts.distinct.len(),
    }
}

impl Group<'_> {
    /// Time, name, attributes, dropped count.
    pub(super) fn events(&self) -> Vec<Chunk> {
        let (mut times, mut dropped) = (Vec::new(), Vec::new());
        let (mut names, mut attributes) = (Vec::new(), Vec::new());
        let ends = self.list_ends(|extras| extras.event_count());
        for event in self
            .rows
            .extras
            .iter()
            .flat_map(|(_, extras)| extras.events())
        {
            times.push(join(event[0], event[1]) as i64);
            names.push(event[2]);
            attributes.push(event[3]);
            dropped.push(event[4]);
        }
        leaves(
            &ends,
            [
                Values::Times(times),
                recoded(&self.data.words, &names),
                recoded(&self.data.bags, &attributes),
                coded(&dropped),
            ],
        )
    }

    /// Trace id, span id, trace state, attributes, dropped count, flags.
    pub(super) fn links(&self) -> Vec<Chunk> {
        let (mut trace_ids, mut span_ids) = (Vec::new(), Coder::<8>::new());
        let (mut span_codes, mut states, mut attributes) = (Vec::new(), Vec::new(), Vec::new());
        let (mut dropped, mut flags) = (Vec::new(), Vec::new());
        let ends = self.list_ends(|extras| extras.link_count());
        for link in self
            .rows
            .extras
            .iter()
            .flat_map(|(_, extras)| extras.links())
        {
            trace_ids.extend(link[..4].iter().flat_map(|slot| slot.to_be_bytes()));
            // The slots are the id's halves, the upper one first.
            span_codes.push(span_ids.code(join(link[5], link[4]).swap_bytes()));
            states.push(link[6]);
            attributes.push(link[7]);
            dropped.push(link[8]);
            flags.push(link[9]);
        }
        leaves(
            &ends,
            [
                Values::Fixed {
                    bytes: trace_ids,
                    size: 16,
                },
                span_ids.values(span_codes),
                recoded(&self.data.words, &states),
                recoded(&self.data.bags, &attributes),
                coded(&dropped),
                coded(&flags),
            ],
        )
    }

    /// Where the entries of each row end.
    fn list_ends<'s>(&'s self, count: impl Fn(&Extras<'s>) -> usize) -> Vec<u32> {
        let (mut ends, mut end) = (Vec::with_capacity(self.rows.len()), 0);
        for (place, extras) in self.rows.heads() {
            ends.resize(place as usize, end);
            end += count(&extras) as u32;
        }
        ends.resize(self.rows.len(), end);
        ends
    }
}

fn leaves<const N: usize>(ends: &[u32], columns: [Values; N]) -> Vec<Chunk> {
    let lists = Rc::new(Lists::new(ends, IN_LIST));
    let leaf = |values| Chunk {
        levels: Levels::Lists(lists.clone()),
        values,
        bloom: None,
    };
    columns.into_iter().map(leaf).collect()
}

fn recoded(dictionary: &Dictionary, codes: &[u32]) -> Values {
    let mut recoder = Recoder::new(dictionary.len() as usize, codes.len());
    let codes = codes.iter().map(|&code| recoder.get(code) as u32).collect();
    texts(codes, &recoder, |code| dictionary.get(code))
}
