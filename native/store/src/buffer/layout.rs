//! How shapes, units and extras are laid out as bytes and slots.
//!
//! A shape is the sequence of the keys and types of a span's attributes; a unit is a resource with a scope. Both are
//! interned as byte strings.

use lymer_decode::schema::AttributeType;

/// Bytes of one attribute in a shape: key, little endian, and type.
const SHAPE_ITEM_BYTES: usize = 5;

/// One attribute of a shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ShapeItem {
    pub key: u32,
    pub value_type: u8,
}

impl ShapeItem {
    pub fn write(self, shape: &mut Vec<u8>) {
        let [a, b, c, d] = self.key.to_le_bytes();
        shape.extend_from_slice(&[a, b, c, d, self.value_type]);
    }

    /// How many slots its value takes.
    #[inline]
    pub fn slot_count(self) -> usize {
        slot_count(self.value_type)
    }
}

/// How many slots a value of this type takes.
#[inline]
pub fn slot_count(value_type: u8) -> usize {
    const EMPTY: u8 = AttributeType::Empty as u8;
    const INT: u8 = AttributeType::Int as u8;
    const DOUBLE: u8 = AttributeType::Double as u8;
    match value_type {
        EMPTY => 0,
        INT | DOUBLE => 2,
        _ => 1,
    }
}

/// Whether values of this type are texts in the key's dictionary.
#[inline]
pub fn is_text(value_type: u8) -> bool {
    const STRING: u8 = AttributeType::String as u8;
    const BYTES: u8 = AttributeType::Bytes as u8;
    value_type == STRING || value_type >= BYTES
}

/// The attributes of a shape.
#[inline]
pub fn shape_items(shape: &[u8]) -> impl ExactSizeIterator<Item = ShapeItem> + '_ {
    shape.chunks_exact(SHAPE_ITEM_BYTES).map(read_item)
}

/// One attribute of a shape.
pub fn shape_item(shape: &[u8], number: usize) -> ShapeItem {
    read_item(&shape[number * SHAPE_ITEM_BYTES..][..SHAPE_ITEM_BYTES])
}

#[inline]
fn read_item(item: &[u8]) -> ShapeItem {
    ShapeItem {
        key: u32::from_le_bytes([item[0], item[1], item[2], item[3]]),
        value_type: item[4],
    }
}

/// The columns of a unit: codes of texts, or plain numbers for the two counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum UnitField {
    Service,
    ResourceAttributes,
    ResourceDropped,
    ResourceEntityRefs,
    ResourceSchemaUrl,
    ScopeName,
    ScopeVersion,
    ScopeAttributes,
    ScopeDropped,
    ScopeSchemaUrl,
}

/// How many fields a unit has.
pub const UNIT_FIELDS: usize = 10;

/// A unit as it is interned.
pub fn unit_bytes(fields: &[u32; UNIT_FIELDS]) -> [u8; 4 * UNIT_FIELDS] {
    let mut bytes = [0; 4 * UNIT_FIELDS];
    for (place, field) in bytes.chunks_exact_mut(4).zip(fields) {
        place.copy_from_slice(&field.to_le_bytes());
    }
    bytes
}

/// One field of an interned unit.
#[inline]
pub fn unit_field(unit: &[u8], field: UnitField) -> u32 {
    let at = 4 * field as usize;
    u32::from_le_bytes([unit[at], unit[at + 1], unit[at + 2], unit[at + 3]])
}

/// Slots of the head of extras; events and links follow.
pub const EXTRAS_HEAD: usize = 7;
/// Slots of an event: time (two), name, attributes, dropped count.
pub const EVENT_SLOTS: usize = 5;
/// Slots of a link: trace id (four), span id (two), trace state, attributes, dropped count, flags.
pub const LINK_SLOTS: usize = 10;

/// The extras of a row.
#[derive(Clone, Copy, Debug)]
pub struct Extras<'a> {
    slots: &'a [u32],
}

impl<'a> Extras<'a> {
    /// The extras at the end of a row's slots; all empty where the row has none.
    pub fn new(slots: &'a [u32]) -> Self {
        const NONE: &[u32] = &[0; EXTRAS_HEAD];
        Self {
            slots: if slots.is_empty() { NONE } else { slots },
        }
    }

    pub fn trace_state(&self) -> u32 {
        self.slots[0]
    }

    pub fn status_message(&self) -> u32 {
        self.slots[1]
    }

    pub fn dropped_attributes(&self) -> u32 {
        self.slots[2]
    }

    pub fn dropped_events(&self) -> u32 {
        self.slots[3]
    }

    pub fn dropped_links(&self) -> u32 {
        self.slots[4]
    }

    pub fn event_count(&self) -> usize {
        self.slots[5] as usize
    }

    pub fn link_count(&self) -> usize {
        self.slots[6] as usize
    }

    pub fn events(&self) -> std::slice::ChunksExact<'a, u32> {
        self.slots[EXTRAS_HEAD..EXTRAS_HEAD + EVENT_SLOTS * self.event_count()]
            .chunks_exact(EVENT_SLOTS)
    }

    pub fn links(&self) -> std::slice::ChunksExact<'a, u32> {
        self.slots[EXTRAS_HEAD + EVENT_SLOTS * self.event_count()..].chunks_exact(LINK_SLOTS)
    }
}

/// Two slots as one number.
#[inline]
pub fn join(low: u32, high: u32) -> u64 {
    u64::from(low) | u64::from(high) << 32
}

/// A number as two slots.
#[inline]
pub fn split(number: u64) -> [u32; 2] {
    [number as u32, (number >> 32) as u32]
}
