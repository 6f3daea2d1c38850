//! The attributes of a row as a stream of values, for encoders.

use crate::json_reader::{Broken, Result};
use crate::rows::Rows;
use crate::schema::AttributeType;
use crate::text_reader::read_value;
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
                let text =
                    std::str::from_utf8(attributes.text.value(item)).map_err(|error| Broken {
                        reason: "not UTF-8",
                        at: error.valid_up_to(),
                    })?;
                read_value(text, sink)?;
            }
        }
    }
    Ok(())
}
