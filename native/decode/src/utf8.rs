//! Text from outside: UTF-8 as it is, or repaired.

use std::borrow::Cow;

/// The text of these bytes; each maximal subpart of what is not UTF-8 becomes one U+FFFD (Unicode 3.9, "U+FFFD
/// Substitution of Maximal Subparts").
#[inline]
pub fn repaired(bytes: &[u8]) -> Cow<'_, str> {
    match simdutf8::basic::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => String::from_utf8_lossy(bytes),
    }
}
