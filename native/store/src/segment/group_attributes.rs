//! The attribute columns of a row group.

use super::bloom::{BLOCK_BYTES, hash, insert};
use super::chunk::{Chunk, Levels, Values, put_text};
use super::codes::Coder;
use super::group::{Group, texts};
use super::plan::AttributeColumnPlan;
use super::presence::Presence;
use crate::buffer::layout::{is_text, join, slot_count};
use crate::recode::Recoder;
use lymer_decode::schema::AttributeType;
use parquet::bloom_filter::Sbbf;

/// Then a filter of blocks says "perhaps" of one in 1,000 values that are not there (the table of Parquet's BloomFilter.md).
const BLOOM_BITS_A_VALUE: usize = 17;

/// Values of a column where there are any.
#[derive(Debug, Default)]
pub struct Sparse {
    /// Whether a value takes two slots.
    is_wide: bool,
    presence: Presence,
    /// One or two slots for each.
    slots: Vec<u32>,
}

impl Sparse {
    /// One with room for the values of a share of all spans.
    pub fn new(plan: &AttributeColumnPlan, rows: usize, all_rows: usize) -> Self {
        let expected = plan.span_count as usize * rows / all_rows.max(1);
        let room = (expected + expected / 8 + 64).min(rows);
        let is_wide = slot_count(plan.value_type) == 2;
        Self {
            is_wide,
            presence: Presence::new(rows),
            slots: Vec::with_capacity(room << u32::from(is_wide)),
        }
    }

    /// The value that begins at this slot: a code, a bool, or a number.
    #[inline]
    pub fn push(&mut self, place: u32, slots: &[u32], slot: u32) {
        self.presence.set(place);
        self.slots.push(slots[slot as usize]);
        if self.is_wide {
            self.slots.push(slots[slot as usize + 1]);
        }
    }

    /// How many values there are.
    fn len(&self) -> usize {
        self.slots.len() >> u32::from(self.is_wide)
    }

    /// The values of a column of numbers.
    fn numbers(&self) -> impl Iterator<Item = u64> {
        self.slots
            .as_chunks()
            .0
            .iter()
            .map(|[low, high]| join(*low, *high))
    }
}

impl Group<'_> {
    pub(super) fn attribute(&self, plan: &mut AttributeColumnPlan, sparse: Sparse) -> Chunk {
        const BOOL: u8 = AttributeType::Bool as u8;
        const DOUBLE: u8 = AttributeType::Double as u8;
        let (values, bloom) = match plan.value_type {
            value_type if is_text(value_type) => self.attribute_texts(plan, &sparse),
            BOOL => (
                Values::Bools(sparse.slots.iter().map(|slot| *slot != 0).collect()),
                None,
            ),
            _ if plan.in_dictionary => {
                let mut coder = Coder::<8>::new();
                let codes = sparse.numbers().map(|number| coder.code(number)).collect();
                (coder.values(codes), None)
            }
            DOUBLE => {
                let numbers = sparse.numbers().map(|number| number as i64);
                (Values::Measures(numbers.collect()), None)
            }
            _ => (
                Values::Longs(sparse.numbers().map(|number| number as i64).collect()),
                None,
            ),
        };
        Chunk {
            levels: Levels::Optional(sparse.presence),
            values,
            bloom,
        }
    }

    fn attribute_texts(
        &self,
        plan: &mut AttributeColumnPlan,
        sparse: &Sparse,
    ) -> (Values, Option<Sbbf>) {
        let known = &self.data.key_texts[plan.key as usize];
        let codes = sparse.slots.iter().copied();
        if plan.listed {
            plan.text_counts.resize(known.len() as usize, 0);
            for &code in &sparse.slots {
                plan.text_counts[code as usize] += 1;
            }
        }
        if plan.in_dictionary {
            let mut recoder = Recoder::new(known.len() as usize, sparse.len());
            let codes = codes.map(|code| recoder.get(code) as u32).collect();
            let used = || recoder.used.iter().map(|&code| known.get(code));
            let bloom = (!plan.listed).then(|| bloom(recoder.used.len(), used()));
            return (texts(codes, &recoder, |code| known.get(code)), bloom);
        }
        let (mut ends, mut bytes) = (Vec::with_capacity(sparse.len()), Vec::new());
        let bloom = bloom(
            sparse.len(),
            codes.map(|code| {
                let text = known.get(code);
                put_text(&mut bytes, text);
                ends.push(bytes.len());
                text
            }),
        );
        (Values::Texts { ends, bytes }, Some(bloom))
    }
}

/// A filter of just the size that it needs. (Parquet's own constructor takes the next power of two, up to twice as much.)
pub fn bloom<'t>(count: usize, values: impl Iterator<Item = &'t [u8]>) -> Sbbf {
    let bytes = (count.max(1) * BLOOM_BITS_A_VALUE).div_ceil(8);
    let mut bits = vec![0; bytes.next_multiple_of(BLOCK_BYTES)];
    values.for_each(|value| insert(&mut bits, hash(value)));
    Sbbf::new(&bits)
}
