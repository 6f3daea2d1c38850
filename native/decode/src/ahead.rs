//! Copying short texts, which most are, without a call and without branches that differ from text to text.

use crate::recent_keys::WINDOW_BYTES;

/// A text at the beginning of bytes that go on after it, so that as many can be read whatever its length.
#[derive(Clone, Copy)]
pub(crate) struct Ahead<'a> {
    pub bytes: &'a [u8],
    /// At most as many as the bytes are.
    pub len: usize,
}

impl<'a> Ahead<'a> {
    /// The text.
    #[inline(always)]
    pub fn text(self) -> &'a [u8] {
        &self.bytes[..self.len]
    }

    /// Append it: a short one always by as many bytes, of which those after its end do not count.
    #[inline(always)]
    pub fn append_to(self, out: &mut Vec<u8>) {
        match self.bytes.first_chunk::<WINDOW_BYTES>() {
            Some(window) if self.len <= WINDOW_BYTES => {
                let start = out.len();
                out.reserve(WINDOW_BYTES);
                // SAFETY: there is room for the window, which is not the vector's own; its first `len` bytes are kept, and
                // all of them have been written.
                unsafe {
                    let place = out.as_mut_ptr().add(start);
                    place.copy_from_nonoverlapping(window.as_ptr(), WINDOW_BYTES);
                    out.set_len(start + self.len);
                }
            }
            _ => out.extend_from_slice(self.text()),
        }
    }
}

/// As `extend_from_slice`, but short texts, which most are, need no call.
#[inline(always)]
pub(crate) fn append(out: &mut Vec<u8>, value: &[u8]) {
    match value.len() {
        33.. => out.extend_from_slice(value),
        16.. => append_ends::<16>(out, value),
        8.. => append_ends::<8>(out, value),
        4.. => append_ends::<4>(out, value),
        _ => value.iter().for_each(|&byte| out.push(byte)),
    }
}

/// Append at least N bytes and at most twice as many: the first N, and over their end the last N.
#[inline(always)]
fn append_ends<const N: usize>(out: &mut Vec<u8>, value: &[u8]) {
    let end = out.len() + value.len();
    if let (Some(first), Some(last)) = (value.first_chunk::<N>(), value.last_chunk::<N>()) {
        out.extend_from_slice(first);
        out.truncate(end - N);
        out.extend_from_slice(last);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_any_length_are_appended_and_nothing_else() {
        let bytes: Vec<u8> = (0..100).collect();
        for start in 0..bytes.len() {
            for len in 0..=bytes.len() - start {
                let bytes = &bytes[start..];
                let (mut out, mut other) = (b"before".to_vec(), b"before".to_vec());
                Ahead { bytes, len }.append_to(&mut out);
                append(&mut other, &bytes[..len]);
                assert_eq!(out, [b"before", &bytes[..len]].concat());
                assert_eq!(other, out);
            }
        }
    }
}
