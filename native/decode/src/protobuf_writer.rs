//! Writing protobuf's wire format into a growing buffer. Knows no message.

/// A message whose length is not known yet.
#[derive(Clone, Copy, Debug)]
pub struct OpenMessage {
    tag_at: usize,
    content_at: usize,
}

/// Append a varint.
pub fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Append a tag.
pub fn put_tag(out: &mut Vec<u8>, tag: u32) {
    put_varint(out, u64::from(tag));
}

/// Append a varint field.
pub fn put_varint_field(out: &mut Vec<u8>, tag: u32, value: u64) {
    put_tag(out, tag);
    put_varint(out, value);
}

/// Append a varint field unless it is zero, which says the same.
pub fn put_varint_unless_zero(out: &mut Vec<u8>, tag: u32, value: u64) {
    if value != 0 {
        put_varint_field(out, tag, value);
    }
}

/// Append a field of eight bytes.
pub fn put_fixed64_field(out: &mut Vec<u8>, tag: u32, value: u64) {
    put_tag(out, tag);
    out.extend_from_slice(&value.to_le_bytes());
}

/// Append a field of four bytes.
pub fn put_fixed32_field(out: &mut Vec<u8>, tag: u32, value: u32) {
    put_tag(out, tag);
    out.extend_from_slice(&value.to_le_bytes());
}

/// Append text or bytes.
pub fn put_bytes_field(out: &mut Vec<u8>, tag: u32, value: &[u8]) {
    put_tag(out, tag);
    put_varint(out, value.len() as u64);
    out.extend_from_slice(value);
}

/// Append text or bytes unless they are empty, which says the same.
pub fn put_bytes_unless_empty(out: &mut Vec<u8>, tag: u32, value: &[u8]) {
    if !value.is_empty() {
        put_bytes_field(out, tag, value);
    }
}

/// Begin a message. One byte is kept free for its length.
pub fn open_message(out: &mut Vec<u8>, tag: u32) -> OpenMessage {
    let tag_at = out.len();
    put_tag(out, tag);
    out.push(0);
    OpenMessage {
        tag_at,
        content_at: out.len(),
    }
}

/// End a message: write its length, moving the content when one byte was not enough.
pub fn close_message(out: &mut Vec<u8>, message: OpenMessage) {
    let start = message.content_at;
    let length = out.len() - start;
    if length < 0x80 {
        out[start - 1] = length as u8;
        return;
    }
    let mut prefix = Vec::with_capacity(10);
    put_varint(&mut prefix, length as u64);
    let extra = prefix.len() - 1;
    out.resize(out.len() + extra, 0);
    out.copy_within(start..start + length, start + extra);
    out[start - 1..start + extra].copy_from_slice(&prefix);
}

/// End a message; take it back when it is empty and its absence says the same.
pub fn close_message_unless_empty(out: &mut Vec<u8>, message: OpenMessage) {
    if out.len() == message.content_at {
        out.truncate(message.tag_at);
    } else {
        close_message(out, message);
    }
}
