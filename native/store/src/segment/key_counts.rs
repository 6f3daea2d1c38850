//! How many spans have which keys, counted while sealing: each distinct set of attributes is parsed once, not once a span.

use super::index_writer::Sealed;
use crate::attributes::{Tally, count_members, count_span_keys, sort_counts};
use crate::bag;
use crate::buffer::layout::{Extras, UnitField, unit_field};
use crate::buffer::rows::HAS_EXTRAS;
use crate::view::{KeyCount, Result, Scope};
use foldhash::fast::RandomState;
use hashbrown::HashMap;

/// As `attributes::count_keys` of the snapshot.
pub fn count_keys(sealed: &Sealed<'_>) -> Result<Vec<KeyCount>> {
    let mut counts = count_span_keys(sealed.snapshot)?;
    let spans_of_unit = count_units(sealed);
    for (scope, field) in [
        (Scope::Resource, UnitField::ResourceAttributes),
        (Scope::Scope, UnitField::ScopeAttributes),
    ] {
        counts.extend(count_unit_keys(sealed, &spans_of_unit, scope, field));
    }
    counts.extend(count_nested(sealed));
    sort_counts(&mut counts);
    Ok(counts)
}

fn count_units(sealed: &Sealed<'_>) -> Vec<u64> {
    let data = &sealed.snapshot.data;
    let mut counts = vec![0; data.units.len() as usize];
    for &row in &sealed.order.rows {
        let (piece, at) = data.rows.locate(row);
        counts[piece.unit[at] as usize] += 1;
    }
    counts
}

fn count_unit_keys(
    sealed: &Sealed<'_>,
    spans_of_unit: &[u64],
    scope: Scope,
    field: UnitField,
) -> Vec<KeyCount> {
    let data = &sealed.snapshot.data;
    let mut spans_of: HashMap<u32, u64, RandomState> = HashMap::default();
    for (unit, &spans) in data.units.iter().zip(spans_of_unit) {
        *spans_of.entry(unit_field(unit, field)).or_default() += spans;
    }
    let texts = spans_of.into_iter().filter(|(_, spans)| *spans > 0);
    count_members(
        scope,
        texts.map(|(code, spans)| (data.unit_texts.text(code), spans)),
    )
}

fn count_nested(sealed: &Sealed<'_>) -> Vec<KeyCount> {
    let data = &sealed.snapshot.data;
    let (mut events, mut links) = (Nested::default(), Nested::default());
    for (number, &row) in (0_u32..).zip(&sealed.order.rows) {
        let (piece, at) = data.rows.locate(row);
        if piece.shape[at] & HAS_EXTRAS == 0 {
            continue;
        }
        let extras: Extras<'_> = data
            .attributes_and_extras(piece.shape[at], piece.slots(at))
            .1
            .get();
        for event in extras.events() {
            events.add(number, event[3], || data.bags.text(event[3]));
        }
        for link in extras.links() {
            links.add(number, link[7], || data.bags.text(link[7]));
        }
    }
    let mut counts = events.tally.into_counts(Scope::Event);
    counts.extend(links.tally.into_counts(Scope::Link));
    counts
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
