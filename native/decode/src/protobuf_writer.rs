//! Writing protobuf's wire format into a growing buffer. Knows no message.

/// A message whose length is not known yet.
#[derive(Clone, Copy, Debug)]
pub struct OpenMessage {
    tag_at: usize,
    length_at: usize,
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
    open(out, tag, &[0])
}

/// Begin a message that will mostly be longer than 127 bytes. Two bytes are kept free for its length.
pub fn open_long_message(out: &mut Vec<u8>, tag: u32) -> OpenMessage {
    open(out, tag, &[0, 0])
}

#[inline]
fn open(out: &mut Vec<u8>, tag: u32, room: &[u8]) -> OpenMessage {
    let tag_at = out.len();
    put_tag(out, tag);
    let length_at = out.len();
    out.extend_from_slice(room);
    OpenMessage {
        tag_at,
        length_at,
        content_at: out.len(),
    }
}

/// End a message: write its length, moving the content when that needs another number of bytes than were kept free.
pub fn close_message(out: &mut Vec<u8>, message: OpenMessage) {
    let length = out.len() - message.content_at;
    let content_at = message.length_at + 1 + (length.max(1).ilog2() / 7) as usize;
    if content_at != message.content_at {
        out.resize(out.len().max(content_at + length), 0);
        out.copy_within(message.content_at..message.content_at + length, content_at);
        out.truncate(content_at + length);
    }
    let mut rest = length;
    for byte in &mut out[message.length_at..content_at] {
        *byte = rest as u8 | 0x80;
        rest >>= 7;
    }
    out[content_at - 1] &= 0x7f;
}

/// End a message; take it back when it is empty and its absence says the same.
pub fn close_message_unless_empty(out: &mut Vec<u8>, message: OpenMessage) {
    if out.len() == message.content_at {
        out.truncate(message.tag_at);
    } else {
        close_message(out, message);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_of_any_length_has_its_length_before_it_whatever_was_kept_free() {
        for length in [0, 1, 127, 128, 129, 16_383, 16_384, 2_097_151, 2_097_152] {
            for open in [open_message, open_long_message] {
                let mut out = b"before".to_vec();
                let message = open(&mut out, 10);
                let content: Vec<u8> = (0..length).map(|at| at as u8).collect();
                out.extend_from_slice(&content);
                close_message(&mut out, message);
                let mut expected = b"before".to_vec();
                put_bytes_field(&mut expected, 10, &content);
                assert!(out == expected, "{length}");
            }
        }
    }
}
