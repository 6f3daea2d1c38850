//! The kernels of the embedded store: open buffer, sealing, segment files, search. Pure Rust.
//! Decisions (when to seal, what to keep, in which order to look) are Python's, in `storage/embedded/`.

pub mod bag;
pub mod predicate;
pub mod value;
pub mod view;
