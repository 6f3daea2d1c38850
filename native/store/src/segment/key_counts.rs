//! How many spans have which keys, counted while sealing: each distinct set of attributes is parsed once, not once a span.

use super::index_writer::Sealed;
use crate::attributes::{Tally, count_members, count_span_keys, sort_counts};
use crate::bag;
use crate::buffer::dictionary::Dictionary;
use crate::buffer::layout::{Extras, UnitField, unit_field};
use crate::view::{KeyCount, Result, Scope};
use foldhash::fast::RandomState;
use hashbrown::HashMap;

/// As `attributes::count_keys` of the snapshot.
pub fn count_keys(
    sealed: &Sealed<'_>,
    unit_spans: &[u64],
    nested: NestedKeys,
) -> Result<Vec<KeyCount>> {
    let mut counts = count_span_keys(sealed.snapshot)?;
    for (scope, field) in [
        (Scope::Resource, UnitField::ResourceAttributes),
        (Scope::Scope, UnitField::ScopeAttributes),
    ] {
        counts.extend(count_unit_keys(sealed, unit_spans, scope, field));
    }
    counts.extend(nested.events.tally.into_counts(Scope::Event));
    counts.extend(nested.links.tally.into_counts(Scope::Link));
    sort_counts(&mut counts);
    Ok(counts)
}

fn count_unit_keys(
    sealed: &Sealed<'_>,
    unit_spans: &[u64],
    scope: Scope,
    field: UnitField,
) -> Vec<KeyCount> {
    let data = &sealed.snapshot.data;
    let mut spans_of: HashMap<u32, u64, RandomState> = HashMap::default();
    for (unit, &spans) in data.units.iter().zip(unit_spans) {
        *spans_of.entry(unit_field(unit, field)).or_default() += spans;
    }
    let texts = spans_of.into_iter().filter(|(_, spans)| *spans > 0);
    count_members(
        scope,
        texts.map(|(code, spans)| (data.unit_texts.text(code), spans)),
    )
}

/// Keys of events and of links, collected row after row.
#[derive(Default)]
pub struct NestedKeys {
    events: Nested,
    links: Nested,
}

impl NestedKeys {
    /// The extras of the next row.
    pub fn add(&mut self, row: u32, extras: &Extras<'_>, bags: &Dictionary) {
        for event in extras.events() {
            self.events.add(row, event[3], || bags.text(event[3]));
        }
        for link in extras.links() {
            self.links.add(row, link[7], || bags.text(link[7]));
        }
    }
}

/// Keys of events or of links.
#[derive(Default)]
struct Nested {
    tally: Tally,
    /// What is counted for a text, by its code.
    known: HashMap<u32, Box<[u32]>, RandomState>,
}

impl Nested {
    fn add<'t>(&mut self, row: u32, code: u32, text: impl FnOnce() -> &'t str) {
        if code == 0 {
            return;
        }
        let numbers = self.known.entry(code).or_insert_with(|| {
            bag::members(text())
                .filter_map(|(key, value)| self.tally.number(&key, value.value_type))
                .collect()
        });
        for &number in numbers.iter() {
            self.tally.count(number, row);
        }
    }
}
