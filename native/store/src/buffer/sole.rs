//! Changing what an `Arc` holds, many times a row: `Arc::make_mut` without its two locked instructions.

use std::sync::Arc;
use std::sync::atomic::{Ordering, fence};

/// As `Arc::make_mut`: what others hold too is copied first.
#[inline]
pub fn sole<T: Clone>(shared: &mut Arc<T>) -> &mut T {
    if Arc::strong_count(shared) != 1 || Arc::weak_count(shared) != 0 {
        return Arc::make_mut(shared);
    }
    // Whoever held it too has let go of it; what they read must come before what is written now.
    fence(Ordering::Acquire);
    // SAFETY: this is the only handle, and as it is borrowed mutably nobody can make another one meanwhile; a `Weak`, which
    // could become a handle between the two questions above, is never made of what is asked here (pieces, dictionaries, rows).
    unsafe { &mut *Arc::as_ptr(shared).cast_mut() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_hold_does_not_change() {
        let mut mine = Arc::new(vec![1]);
        sole(&mut mine).push(2);
        let others = mine.clone();
        sole(&mut mine).push(3);
        assert_eq!(
            (others.as_slice(), mine.as_slice()),
            ([1, 2].as_slice(), [1, 2, 3].as_slice())
        );
        let weak = Arc::downgrade(&mine);
        sole(&mut mine).push(4);
        assert_eq!(mine.as_slice(), [1, 2, 3, 4]);
        assert!(weak.upgrade().is_none());
    }
}
