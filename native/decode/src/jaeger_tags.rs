//! Jaeger's tags as JSON: `{"key":...,"type":...,"value":...}`.

use crate::json_object::{put_comma, put_integer, put_name, put_text_member};
use crate::json_writer::put_string;
use crate::number::put_go_json;
use crate::plain::non_finite;
use crate::text::put_base64;
use crate::text_reader::BagValue;

/// Beyond this JavaScript's numbers are not exact; Jaeger sends such ints as strings.
const EXACT_INT_MAX: u64 = (1 << 53) - 1;

/// Append a tag of text.
fn put_text_tag(out: &mut Vec<u8>, key: &str, text: &str) {
    begin(out, key, "string");
    put_string(out, text);
    out.push(b'}');
}

/// Append a tag. Arrays and maps become their attribute text.
pub fn put_tag(out: &mut Vec<u8>, key: &str, value: &BagValue<'_>) {
    match value {
        BagValue::Empty => return put_text_tag(out, key, ""),
        BagValue::String(text) => return put_text_tag(out, key, text),
        BagValue::Nested(text) => return put_text_tag(out, key, text),
        BagValue::Bool(value) => {
            begin(out, key, "bool");
            out.extend_from_slice(if *value { b"true" } else { b"false" });
        }
        BagValue::Int(value) => {
            begin(out, key, "int64");
            put_exact(out, *value);
        }
        BagValue::Double(value) => {
            begin(out, key, "float64");
            put_double(out, *value);
        }
        BagValue::Bytes(value) => {
            begin(out, key, "binary");
            out.push(b'"');
            put_base64(out, value);
            out.push(b'"');
        }
    }
    out.push(b'}');
}

fn begin(out: &mut Vec<u8>, key: &str, kind: &str) {
    put_comma(out);
    out.push(b'{');
    put_text_member(out, "key", key);
    put_name(out, "type");
    out.push(b'"');
    out.extend_from_slice(kind.as_bytes());
    out.extend_from_slice(b"\",\"value\":");
}

fn put_exact(out: &mut Vec<u8>, value: i64) {
    if value.unsigned_abs() <= EXACT_INT_MAX {
        return put_integer(out, value);
    }
    out.push(b'"');
    put_integer(out, value);
    out.push(b'"');
}

/// JSON has no NaN and no infinities; Jaeger fails on them, we send their names.
fn put_double(out: &mut Vec<u8>, value: f64) {
    if value.is_finite() {
        put_go_json(out, value);
    } else {
        put_string(out, non_finite(value));
    }
}
