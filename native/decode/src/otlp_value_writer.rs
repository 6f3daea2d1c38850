//! Writing OTLP's KeyValue and AnyValue.

use crate::otlp_fields::{VALUES, any_value, key_value};
use crate::protobuf_writer::{
    OpenMessage, close_message, open_message, put_bytes_field, put_bytes_unless_empty,
    put_fixed64_field, put_varint_field,
};
use crate::value::ValueSink;

/// Writes the pairs of a bag as KeyValues, each a field with `tag`.
pub struct KeyValueSink<'o> {
    out: &'o mut Vec<u8>,
    tag: u32,
    frames: Vec<Frame>,
    /// Messages that have begun, the innermost last.
    open: Vec<OpenMessage>,
}

/// What encloses the next value.
#[derive(Clone, Copy, PartialEq)]
enum Frame {
    Array,
    Map,
}

impl<'o> KeyValueSink<'o> {
    /// A sink for the pairs of a bag.
    pub fn new(out: &'o mut Vec<u8>, tag: u32) -> Self {
        Self {
            out,
            tag,
            frames: Vec::new(),
            open: Vec::new(),
        }
    }

    fn begin(&mut self, tag: u32) {
        self.open.push(open_message(self.out, tag));
    }

    fn end(&mut self) {
        if let Some(message) = self.open.pop() {
            close_message(self.out, message);
        }
    }

    /// Write what the enclosing array or pair needs around a value.
    fn value(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        self.begin_value();
        write(self.out);
        self.end_value();
    }

    fn begin_value(&mut self) {
        let in_array = self.frames.last() == Some(&Frame::Array);
        self.begin(if in_array { VALUES } else { key_value::VALUE });
    }

    fn end_value(&mut self) {
        self.end();
        if self.frames.last() != Some(&Frame::Array) {
            self.end();
        }
    }

    fn begin_nested(&mut self, frame: Frame, tag: u32) {
        self.begin_value();
        self.begin(tag);
        self.frames.push(frame);
    }

    fn end_nested(&mut self) {
        self.frames.pop();
        self.end();
        self.end_value();
    }
}

impl ValueSink for KeyValueSink<'_> {
    fn empty(&mut self) {
        if self.frames.last() == Some(&Frame::Array) {
            self.value(|_| ());
        } else {
            self.end();
        }
    }

    fn string(&mut self, value: &str) {
        self.value(|out| put_bytes_field(out, any_value::STRING, value.as_bytes()));
    }

    fn boolean(&mut self, value: bool) {
        self.value(|out| put_varint_field(out, any_value::BOOL, u64::from(value)));
    }

    fn integer(&mut self, value: i64) {
        self.value(|out| put_varint_field(out, any_value::INT, value as u64));
    }

    fn double(&mut self, value: f64) {
        self.value(|out| put_fixed64_field(out, any_value::DOUBLE, value.to_bits()));
    }

    fn bytes(&mut self, value: &[u8]) {
        self.value(|out| put_bytes_field(out, any_value::BYTES, value));
    }

    fn begin_array(&mut self) {
        self.begin_nested(Frame::Array, any_value::ARRAY);
    }

    fn end_array(&mut self) {
        self.end_nested();
    }

    fn begin_map(&mut self) {
        self.begin_nested(Frame::Map, any_value::MAP);
    }

    fn key(&mut self, key: &str) {
        let tag = if self.frames.is_empty() {
            self.tag
        } else {
            VALUES
        };
        self.begin(tag);
        put_bytes_unless_empty(self.out, key_value::KEY, key.as_bytes());
    }

    fn end_map(&mut self) {
        self.end_nested();
    }
}
