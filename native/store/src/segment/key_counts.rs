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
    counts.extend(nested.events.finish().into_counts(Scope::Event));
    counts.extend(nested.links.finish().into_counts(Scope::Link));
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
        let text = |code| bags.text(code);
        self.events
            .add(row, extras.events().map(|event| event[3]), text);
        self.links
            .add(row, extras.links().map(|link| link[7]), text);
    }
}

/// Keys of events or of links.
#[derive(Default)]
struct Nested {
    tally: Tally,
    /// By a text's code.
    known: HashMap<u32, Known, RandomState>,
}

/// What is known of a text.
struct Known {
    /// What is counted for it.
    numbers: Box<[u32]>,
    /// How many rows have this one alone: all that must be counted of them.
    alone: u64,
}

impl Nested {
    /// The texts of a row, by their codes.
    fn add<'t>(
        &mut self,
        row: u32,
        codes: impl ExactSizeIterator<Item = u32>,
        text: impl Fn(u32) -> &'t str,
    ) {
        let is_alone = codes.len() == 1;
        for code in codes.filter(|code| *code != 0) {
            let tally = &mut self.tally;
            let known = self
                .known
                .entry(code)
                .or_insert_with(|| Known::of(text(code), tally));
            if is_alone {
                known.alone += 1;
                continue;
            }
            for &number in &known.numbers {
                tally.count(number, row);
            }
        }
    }

    /// Everything counted.
    fn finish(mut self) -> Tally {
        for known in self.known.values() {
            for &number in &known.numbers {
                self.tally.count_rows(number, known.alone);
            }
        }
        self.tally
    }
}

impl Known {
    fn of(text: &str, tally: &mut Tally) -> Self {
        let members = bag::members(text);
        let mut numbers: Vec<u32> = members
            .filter_map(|(key, value)| tally.number(&key, value.value_type))
            .collect();
        numbers.sort_unstable();
        numbers.dedup();
        Self {
            numbers: numbers.into(),
            alone: 0,
        }
    }
}
