//! A tag as Jaeger's clients send it, in any of Jaeger's formats.

use crate::lists::Attributes;
use crate::schema::AttributeType;
use crate::utf8::repaired;
use crate::value::ValueSink;

/// The value of a tag, by its type.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs)]
pub enum TagValue<'a> {
    String(&'a [u8]),
    Bool(bool),
    Long(i64),
    Double(f64),
    Binary(&'a [u8]),
    /// A type that Jaeger has not; its number.
    Unknown(i32),
}

impl<'a> TagValue<'a> {
    /// The text, if the tag is one.
    pub fn text(&self) -> Option<&'a [u8]> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }
}

/// Append a tag to the attributes of the span under construction.
#[inline]
pub fn push_tag(attributes: &mut Attributes, key: &[u8], value: &TagValue<'_>) {
    match *value {
        TagValue::String(text) => attributes.push_string(key, text),
        TagValue::Bool(value) => attributes.push_number(key, AttributeType::Bool, i64::from(value)),
        TagValue::Long(value) => attributes.push_number(key, AttributeType::Int, value),
        TagValue::Double(value) => {
            attributes.push_number(key, AttributeType::Double, value.to_bits() as i64)
        }
        TagValue::Binary(value) => attributes.push_bytes(key, AttributeType::Bytes, value),
        TagValue::Unknown(number) => attributes.push_string(key, unknown(number).as_bytes()),
    }
}

/// Hand a tag on as a pair of a bag.
pub fn write_tag(key: &[u8], value: &TagValue<'_>, sink: &mut impl ValueSink) {
    sink.key(&repaired(key));
    match *value {
        TagValue::String(text) => sink.string(&repaired(text)),
        TagValue::Bool(value) => sink.boolean(value),
        TagValue::Long(value) => sink.integer(value),
        TagValue::Double(value) => sink.double(value),
        TagValue::Binary(value) => sink.bytes(value),
        TagValue::Unknown(number) => sink.string(&unknown(number)),
    }
}

/// What the collector's translator says of a type that it does not know.
fn unknown(number: i32) -> String {
    format!("<Unknown Jaeger TagType \"{number}\">")
}
