//! Text from outside: UTF-8 as it is, or repaired.

use std::borrow::Cow;
use std::cell::Cell;

thread_local! {
    static REPAIRS: Cell<u64> = const { Cell::new(0) };
}

/// How many texts this thread has repaired so far. Who builds rows compares it before and after, so that no function
/// between bytes and columns has to hand a flag on. A payload is decoded by one thread.
#[inline]
pub fn repairs() -> u64 {
    REPAIRS.get()
}

/// Whether these bytes need no repair.
pub fn is_utf8(bytes: &[u8]) -> bool {
    simdutf8::basic::from_utf8(bytes).is_ok()
}

/// The text of these bytes; each maximal subpart of what is not UTF-8 becomes one U+FFFD (Unicode 3.9, "U+FFFD
/// Substitution of Maximal Subparts").
#[inline]
pub fn repaired(bytes: &[u8]) -> Cow<'_, str> {
    match simdutf8::basic::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => {
            REPAIRS.set(repairs().wrapping_add(1));
            String::from_utf8_lossy(bytes)
        }
    }
}
