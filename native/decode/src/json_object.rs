//! Writing the members of JSON objects and the items of arrays, commas included.

use crate::json_writer::{put_hex, put_string};

/// Append a comma unless an object or an array has just begun. No complete value ends with `{` or `[`.
pub fn put_comma(out: &mut Vec<u8>) {
    if !matches!(out.last(), None | Some(b'{' | b'[' | b':')) {
        out.push(b',');
    }
}

/// Append the name of a member; its value comes next. The name needs no escapes.
pub fn put_name(out: &mut Vec<u8>, name: &str) {
    put_comma(out);
    out.push(b'"');
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\":");
}

/// Append a member that is a string.
pub fn put_text_member(out: &mut Vec<u8>, name: &str, text: &str) {
    put_name(out, name);
    put_string(out, text);
}

/// Append a member that is a string, unless it is empty, which says the same.
pub fn put_text_unless_empty(out: &mut Vec<u8>, name: &str, text: &str) {
    if !text.is_empty() {
        put_text_member(out, name, text);
    }
}

/// Append a member that is an id.
pub fn put_hex_member(out: &mut Vec<u8>, name: &str, id: &[u8]) {
    put_name(out, name);
    out.push(b'"');
    put_hex(out, id);
    out.push(b'"');
}

/// Append a whole number.
pub fn put_integer(out: &mut Vec<u8>, value: impl itoa::Integer) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

/// Append a member that is a whole number.
pub fn put_integer_member(out: &mut Vec<u8>, name: &str, value: impl itoa::Integer) {
    put_name(out, name);
    put_integer(out, value);
}
