//! Rest attributes of the open buffer: second values of a key with the same type, and values without a type. All others
//! have columns.

use super::assemble::{Table, number};
use super::data::Data;
use super::layout::{ShapeItem, is_text, shape_items};
use crate::rest_text;
use crate::view::Result;
use arrow_array::ArrayRef;
use lymer_decode::schema::AttributeType;

/// Whether some span has this key among its rest.
pub fn has_key(data: &Data, key: &str) -> bool {
    let Some(key) = data.keys.iter().position(|other| other == key.as_bytes()) else {
        return false;
    };
    data.counts[key][AttributeType::Empty as usize] > 0
        || data.has_duplicates && has_duplicate(data, key as u32)
}

fn has_duplicate(data: &Data, key: u32) -> bool {
    data.shapes.iter().any(|shape| {
        let types: Vec<u8> = shape_items(shape)
            .filter(|item| item.key == key)
            .map(|item| item.value_type)
            .collect();
        (1..types.len()).any(|at| types[..at].contains(&types[at]))
    })
}

/// The rest as maps of key to text.
pub fn attributes(table: Table<'_>) -> Result<ArrayRef> {
    let mut rest = rest_text::RestBuilder::default();
    for_rest(table, |entry| match entry {
        Some((item, slots)) => {
            let data = table.data;
            let text =
                is_text(item.value_type).then(|| data.key_texts[item.key as usize].get(slots[0]));
            let text = rest_text::write(
                item.value_type,
                number(item.value_type, slots),
                text.unwrap_or_default(),
            );
            rest.entry(data.keys.get(item.key), text.as_bytes());
        }
        None => rest.end_row(),
    });
    rest.finish()
}

/// The types of the same entries.
pub fn types(table: Table<'_>) -> Result<ArrayRef> {
    let mut types = rest_text::TypesBuilder::default();
    for_rest(table, |entry| match entry {
        Some((item, _)) => types.entry(item.value_type),
        None => types.end_row(),
    });
    types.finish()
}

/// Every rest attribute, and None at the end of each row.
fn for_rest(table: Table<'_>, mut visit: impl FnMut(Option<(ShapeItem, &[u32])>)) {
    let mut seen: Vec<ShapeItem> = Vec::new();
    for &row in table.rows {
        let (piece, at) = table.data.rows.locate(row);
        seen.clear();
        for (item, slots) in table
            .data
            .attributes_and_extras(piece.shape[at], piece.slots(at))
            .0
        {
            let is_empty = item.value_type == AttributeType::Empty as u8;
            if is_empty || table.data.has_duplicates && seen.contains(&item) {
                visit(Some((item, slots)));
            } else if table.data.has_duplicates {
                seen.push(item);
            }
        }
        visit(None);
    }
}
