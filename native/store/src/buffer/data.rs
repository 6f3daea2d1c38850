//! What the open buffer holds, as readers see it. Clones are cheap and share nearly everything.

use super::dictionary::Dictionary;
use super::layout::{Extras, ShapeItem, is_text, shape_items};
use super::rows::{HAS_EXTRAS, Row, Rows, Traces};
use std::sync::Arc;

/// Keys of attributes.
pub type BagKeys = hashbrown::HashSet<Box<str>, foldhash::fast::RandomState>;

/// Rows, traces, and the dictionaries of everything that repeats.
#[derive(Clone, Debug)]
pub struct Data {
    pub rows: Rows,
    pub traces: Traces,
    pub names: Arc<Dictionary>,
    pub units: Arc<Dictionary>,
    /// Texts of units.
    pub unit_texts: Arc<Dictionary>,
    pub shapes: Arc<Dictionary>,
    pub keys: Arc<Dictionary>,
    /// Texts of attributes, by key.
    pub key_texts: Vec<Arc<Dictionary>>,
    /// Trace states, status messages, event names; code 0 is empty.
    pub words: Arc<Dictionary>,
    /// Attribute texts of events and links; code 0 is empty. A text may have several codes.
    pub bags: Arc<Dictionary>,
    /// The keys in `bags`.
    pub bag_keys: Arc<BagKeys>,
    /// By key and type: how many spans have one.
    pub counts: Arc<Vec<[u32; 8]>>,
    /// Whether some span has a key twice with the same type.
    pub has_duplicates: bool,
}

impl Default for Data {
    fn default() -> Self {
        let with_empty = || {
            let mut dictionary = Dictionary::default();
            dictionary.push(b"");
            Arc::new(dictionary)
        };
        Self {
            rows: Rows::default(),
            traces: Traces::default(),
            names: Arc::default(),
            units: Arc::default(),
            unit_texts: Arc::default(),
            shapes: Arc::default(),
            keys: Arc::default(),
            key_texts: Vec::new(),
            words: with_empty(),
            bags: with_empty(),
            bag_keys: Arc::default(),
            counts: Arc::default(),
            has_duplicates: false,
        }
    }
}

impl Data {
    /// The attributes of a row with the slots of their values, and its extras.
    #[inline]
    pub fn attributes_and_extras<'a>(
        &'a self,
        shape: u32,
        slots: &'a [u32],
    ) -> (
        Values<'a, impl Iterator<Item = ShapeItem> + 'a>,
        ExtrasOf<'a>,
    ) {
        let shape_bytes = self.shapes.get(shape & !HAS_EXTRAS);
        let values = Values {
            items: shape_items(shape_bytes),
            slots,
        };
        (
            values,
            ExtrasOf {
                shape,
                shape_bytes,
                slots,
            },
        )
    }

    /// Whether two rows are equal in every column. Texts are compared where their codes differ.
    pub fn same(&self, row: &Row, slots: &[u32], other: &Row, other_slots: &[u32]) -> bool {
        if row != other || slots.len() != other_slots.len() {
            return false;
        }
        slots == other_slots || self.same_texts(row.shape, slots, other_slots)
    }

    fn same_texts(&self, shape: u32, slots: &[u32], other: &[u32]) -> bool {
        let mut at = 0;
        for item in shape_items(self.shapes.get(shape & !HAS_EXTRAS)) {
            let end = at + item.slot_count();
            let same = slots[at..end] == other[at..end]
                || is_text(item.value_type) && {
                    let texts = &self.key_texts[item.key as usize];
                    texts.get(slots[at]) == texts.get(other[at])
                };
            if !same {
                return false;
            }
            at = end;
        }
        slots[at..] == other[at..] || self.same_extras(&slots[at..], &other[at..])
    }

    fn same_extras(&self, slots: &[u32], other: &[u32]) -> bool {
        let (one, two) = (Extras::new(slots), Extras::new(other));
        let same_bag = |a: u32, b: u32| a == b || self.bags.get(a) == self.bags.get(b);
        slots[..7] == other[..7]
            && one
                .events()
                .zip(two.events())
                .all(|(a, b)| a[..3] == b[..3] && a[4] == b[4] && same_bag(a[3], b[3]))
            && one
                .links()
                .zip(two.links())
                .all(|(a, b)| a[..7] == b[..7] && a[8..] == b[8..] && same_bag(a[7], b[7]))
    }
}

/// The attributes of a row, each with the slots of its value.
pub struct Values<'a, I> {
    items: I,
    slots: &'a [u32],
}

impl<'a, I: Iterator<Item = ShapeItem>> Iterator for Values<'a, I> {
    type Item = (ShapeItem, &'a [u32]);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let item = self.items.next()?;
        let (value, rest) = self.slots.split_at(item.slot_count());
        self.slots = rest;
        Some((item, value))
    }
}

/// Where the extras of a row are, if anybody asks.
pub struct ExtrasOf<'a> {
    shape: u32,
    shape_bytes: &'a [u8],
    slots: &'a [u32],
}

impl<'a> ExtrasOf<'a> {
    /// The extras.
    #[inline]
    pub fn get(&self) -> Extras<'a> {
        if self.shape & HAS_EXTRAS == 0 {
            return Extras::new(&[]);
        }
        let values: usize = shape_items(self.shape_bytes)
            .map(ShapeItem::slot_count)
            .sum();
        Extras::new(&self.slots[values..])
    }
}
