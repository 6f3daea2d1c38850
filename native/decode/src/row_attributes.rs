//! The attributes of a row, for encoders.

use crate::json_reader::{Broken, Result};
use crate::rows::Rows;
use crate::schema::AttributeType;
use crate::text_reader::{BagValue, read_value};
use crate::utf8::repaired;
use crate::value::ValueSink;

/// Hand on the attributes of a span.
pub fn write_attributes(rows: &Rows<'_>, row: usize, sink: &mut impl ValueSink) -> Result<()> {
    let attributes = &rows.attributes;
    for item in attributes.of_row(row) {
        sink.key(attributes.key.get(item));
        let number = attributes.number[item];
        match attributes.kind(item) {
            AttributeType::Empty => sink.empty(),
            AttributeType::String => sink.string(&repaired(attributes.text.value(item))),
            AttributeType::Bool => sink.boolean(number != 0),
            AttributeType::Int => sink.integer(number),
            AttributeType::Double => sink.double(f64::from_bits(number as u64)),
            AttributeType::Bytes => sink.bytes(attributes.text.value(item)),
            AttributeType::Array | AttributeType::Map => {
                read_value(nested(attributes.text.value(item))?, sink)?
            }
        }
    }
    Ok(())
}

/// Visit the attributes of a span without looking into nested values.
pub fn each_attribute<'a>(
    rows: &Rows<'a>,
    row: usize,
    mut visit: impl FnMut(&str, BagValue<'a>),
) -> Result<()> {
    let attributes = &rows.attributes;
    for item in attributes.of_row(row) {
        let number = attributes.number[item];
        let value = match attributes.kind(item) {
            AttributeType::Empty => BagValue::Empty,
            AttributeType::String => BagValue::String(repaired(attributes.text.value(item))),
            AttributeType::Bool => BagValue::Bool(number != 0),
            AttributeType::Int => BagValue::Int(number),
            AttributeType::Double => BagValue::Double(f64::from_bits(number as u64)),
            AttributeType::Bytes => BagValue::Bytes(attributes.text.value(item).to_vec()),
            AttributeType::Array | AttributeType::Map => {
                BagValue::Nested(nested(attributes.text.value(item))?)
            }
        };
        visit(attributes.key.get(item), value);
    }
    Ok(())
}

fn nested(text: &[u8]) -> Result<&str> {
    std::str::from_utf8(text).map_err(|error| Broken {
        reason: "not UTF-8",
        at: error.valid_up_to(),
    })
}
