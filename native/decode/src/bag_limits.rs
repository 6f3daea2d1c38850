//! Whether attributes that are text, those of events, links, resources and scopes, keep the limits of attributes.

use crate::json_reader::{JsonReader, Result, Token};
use crate::limits::Limits;
use crate::schema::Column;
use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{Array, RecordBatch, StringArray};

/// What a member of a bag has at least: `"":0`, and a comma or a brace.
const MEMBER_BYTES_MIN: usize = 5;
const DEPTH_MAX: u32 = 128;

/// Whether any bag of the batch passes a limit. One that no row uses may be counted.
pub fn has_large_bag(columns: &RecordBatch, limits: &Limits) -> bool {
    let in_list = |name: Column, field: usize| {
        let lists = columns.column(name as usize).as_list::<i32>();
        let offsets = lists.value_offsets();
        let (first, last) = (offsets[0] as usize, offsets[offsets.len() - 1] as usize);
        let texts = lists.values().as_struct().column(field);
        any_large(texts.as_string::<i32>(), first..last, limits)
    };
    let in_dictionary = |name: Column| {
        let texts = columns
            .column(name as usize)
            .as_dictionary::<Int32Type>()
            .values();
        any_large(texts.as_string::<i32>(), 0..texts.len(), limits)
    };
    in_list(Column::Events, 2)
        || in_list(Column::Links, 3)
        || in_dictionary(Column::ResourceAttributes)
        || in_dictionary(Column::ScopeAttributes)
}

/// Most are so short that they need not be read.
fn any_large(texts: &StringArray, range: std::ops::Range<usize>, limits: &Limits) -> bool {
    let harmless = limits
        .attribute_key_bytes
        .min(limits.attribute_value_bytes)
        .min(limits.attributes.saturating_mul(MEMBER_BYTES_MIN));
    let offsets = texts.value_offsets();
    range
        .into_iter()
        .filter(|&place| (offsets[place + 1] - offsets[place]) as usize > harmless)
        .any(|place| is_large(texts.value(place), limits))
}

/// What is no attribute text is left alone.
fn is_large(text: &str, limits: &Limits) -> bool {
    reads_large(text, limits).unwrap_or(false)
}

fn reads_large(text: &str, limits: &Limits) -> Result<bool> {
    let mut reader = JsonReader::new(text);
    if reader.value()? != Token::BeginObject {
        return Ok(false);
    }
    let mut count = 0;
    while let Some(key) = reader.next_key(count == 0)? {
        count += 1;
        if count > limits.attributes
            || key.len() > limits.attribute_key_bytes
            || value_bytes(&mut reader)? > limits.attribute_value_bytes
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Of a text its own length, of all else that of its JSON.
fn value_bytes(reader: &mut JsonReader<'_>) -> Result<usize> {
    let before = *reader;
    let token = reader.value()?;
    if let Token::String(text) = &token {
        return Ok(text.len());
    }
    reader.skip_rest(&token, DEPTH_MAX)?;
    Ok(reader.text_since(&before).len())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits {
        name_bytes: 0,
        attributes: 2,
        attribute_key_bytes: 3,
        attribute_value_bytes: 5,
        events: 0,
        links: 0,
        min_start: 0,
        max_start: 0,
    };

    #[test]
    fn each_limit_counts() {
        for (text, large) in [
            (r#"{"abc":"12345","d":12345}"#, false),
            (r#"{"abcd":1}"#, true),
            (r#"{"a":"123456"}"#, true),
            (r#"{"a":"\u00e9\u00e9"}"#, false),
            (r#"{"a":[1,2,3]}"#, true),
            (r#"{"a":1,"b":2,"c":3}"#, true),
            ("", false),
            (r#"{"a":"123456"#, false),
        ] {
            assert_eq!(is_large(text, &LIMITS), large, "{text}");
        }
    }
}
