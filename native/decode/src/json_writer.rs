//! JSON strings, escaped as little as JSON demands, and JSON indented for people.

/// 0: as it is. `u`: a `\u00xx` escape. Else the letter after the backslash.
const ESCAPES: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 0x20 {
        table[byte] = b'u';
        byte += 1;
    }
    table[b'\n' as usize] = b'n';
    table[b'\t' as usize] = b't';
    table[b'\r' as usize] = b'r';
    table[0x08] = b'b';
    table[0x0c] = b'f';
    table[b'"' as usize] = b'"';
    table[b'\\' as usize] = b'\\';
    table
};

/// Append a JSON string: `"`, `\` and what is below 0x20 are escaped, all else is UTF-8 as it is.
pub fn put_string(out: &mut Vec<u8>, text: &str) {
    out.reserve(text.len() + 2);
    out.push(b'"');
    let bytes = text.as_bytes();
    let mut written = 0;
    for (position, &byte) in bytes.iter().enumerate() {
        let escape = ESCAPES[usize::from(byte)];
        if escape == 0 {
            continue;
        }
        out.extend_from_slice(&bytes[written..position]);
        put_escape(out, byte, escape);
        written = position + 1;
    }
    out.extend_from_slice(&bytes[written..]);
    out.push(b'"');
}

fn put_escape(out: &mut Vec<u8>, byte: u8, escape: u8) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    out.push(b'\\');
    out.push(escape);
    if escape == b'u' {
        out.extend_from_slice(&[
            b'0',
            b'0',
            HEX[usize::from(byte >> 4)],
            HEX[usize::from(byte & 15)],
        ]);
    }
}

/// Append bytes as lower-case hex digits.
pub fn put_hex(out: &mut Vec<u8>, bytes: &[u8]) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    for byte in bytes {
        out.push(HEX[usize::from(byte >> 4)]);
        out.push(HEX[usize::from(byte & 15)]);
    }
}

/// Compact JSON with a line for each member, indented by four blanks a level, as Go's MarshalIndent writes it.
pub fn indented(compact: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(compact.len() * 2);
    let mut depth = 0usize;
    let mut bytes = compact.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => copy_string(&mut out, &mut bytes),
            b'{' | b'[' => {
                out.push(byte);
                if let Some(end) = bytes.next_if(|&next| next == byte + 2) {
                    out.push(end);
                } else {
                    depth += 1;
                    new_line(&mut out, depth);
                }
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                new_line(&mut out, depth);
                out.push(byte);
            }
            b',' => {
                out.push(byte);
                new_line(&mut out, depth);
            }
            b':' => out.extend_from_slice(b": "),
            _ => out.push(byte),
        }
    }
    out
}

fn copy_string(out: &mut Vec<u8>, bytes: &mut impl Iterator<Item = u8>) {
    out.push(b'"');
    while let Some(byte) = bytes.next() {
        out.push(byte);
        match byte {
            b'"' => return,
            b'\\' => out.extend(bytes.next()),
            _ => {}
        }
    }
}

fn new_line(out: &mut Vec<u8>, depth: usize) {
    out.push(b'\n');
    out.extend(std::iter::repeat_n(b' ', 4 * depth));
}
