//! Writing attribute text: JSON that loses nothing. `src/lymer/model/attributes.py` has the rules.

use crate::json_writer::put_string;
use crate::number::put_python_repr;
use crate::plain::non_finite;
use crate::value::ValueSink;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Writes attribute text at the end of a buffer.
pub struct TextSink<'o> {
    out: &'o mut Vec<u8>,
    /// The innermost one that is open.
    frame: Option<Frame>,
    /// Those around it; a bag whose values are plain has none, and no memory for them.
    outer: Vec<Frame>,
}

/// An array or a map that has begun.
struct Frame {
    is_array: bool,
    count: usize,
    /// Where the first key's text begins, when it must get one more `$` if it stays alone.
    marker: Option<usize>,
}

impl<'o> TextSink<'o> {
    /// A sink for values.
    pub fn new(out: &'o mut Vec<u8>) -> Self {
        Self {
            out,
            frame: None,
            outer: Vec::new(),
        }
    }

    /// A sink for the pairs of a bag; `end_bag` ends it.
    pub fn begin_bag(out: &'o mut Vec<u8>) -> Self {
        let mut sink = Self::new(out);
        sink.begin_map();
        sink
    }

    /// The bag is complete. The empty bag leaves nothing.
    pub fn end_bag(mut self) {
        if self.frame.as_ref().is_some_and(|frame| frame.count == 0) {
            self.out.pop();
        } else {
            self.end_map();
        }
    }

    /// Whether an array or a map is open.
    pub(crate) fn is_nested(&self) -> bool {
        self.frame.is_some()
    }

    /// The buffer, for what is not attribute text.
    pub(crate) fn output(&mut self) -> &mut Vec<u8> {
        self.out
    }

    fn begin(&mut self, is_array: bool) {
        let inner = Frame {
            is_array,
            count: 0,
            marker: None,
        };
        self.outer.extend(self.frame.replace(inner));
    }

    fn end(&mut self) -> Option<Frame> {
        let outer = self.outer.pop();
        std::mem::replace(&mut self.frame, outer)
    }

    fn before_value(&mut self) {
        if let Some(frame) = self.frame.as_mut().filter(|frame| frame.is_array) {
            if frame.count > 0 {
                self.out.push(b',');
            }
            frame.count += 1;
        }
    }

    fn literal(&mut self, text: &[u8]) {
        self.before_value();
        self.out.extend_from_slice(text);
    }
}

/// Whether a map's sole key would read as one of our markers: `$`s followed by `bytes` or `double`.
pub fn is_marker(key: &str) -> bool {
    key.starts_with('$') && matches!(key.trim_start_matches('$'), "bytes" | "double")
}

impl ValueSink for TextSink<'_> {
    fn empty(&mut self) {
        self.literal(b"null");
    }

    fn string(&mut self, value: &str) {
        self.before_value();
        put_string(self.out, value);
    }

    fn boolean(&mut self, value: bool) {
        self.literal(if value { b"true" } else { b"false" });
    }

    fn integer(&mut self, value: i64) {
        self.literal(itoa::Buffer::new().format(value).as_bytes());
    }

    fn double(&mut self, value: f64) {
        self.before_value();
        if value.is_finite() {
            put_python_repr(self.out, value);
            return;
        }
        for part in [r#"{"$double":""#, non_finite(value), r#""}"#] {
            self.out.extend_from_slice(part.as_bytes());
        }
    }

    fn bytes(&mut self, value: &[u8]) {
        self.literal(br#"{"$bytes":""#);
        put_base64(self.out, value);
        self.out.extend_from_slice(br#""}"#);
    }

    fn begin_array(&mut self) {
        self.literal(b"[");
        self.begin(true);
    }

    fn end_array(&mut self) {
        self.end();
        self.out.push(b']');
    }

    fn begin_map(&mut self) {
        self.literal(b"{");
        self.begin(false);
    }

    fn key(&mut self, key: &str) {
        if let Some(frame) = &mut self.frame {
            if frame.count > 0 {
                self.out.push(b',');
            } else if is_marker(key) {
                frame.marker = Some(self.out.len() + 1);
            }
            frame.count += 1;
        }
        put_string(self.out, key);
        self.out.push(b':');
    }

    fn end_map(&mut self) {
        if let Some(Frame {
            count: 1,
            marker: Some(at),
            ..
        }) = self.end()
        {
            self.out.insert(at, b'$');
        }
        self.out.push(b'}');
    }
}

/// Append bytes as padded base64.
pub fn put_base64(out: &mut Vec<u8>, value: &[u8]) {
    let start = out.len();
    out.resize(start + value.len().div_ceil(3) * 4, 0);
    // The slice has exactly the length that padded base64 needs, so this cannot fail.
    let _ = STANDARD.encode_slice(value, &mut out[start..]);
}
