//! The kernels of the embedded store: open buffer, sealing, segment files, search. Pure Rust.
//! Decisions (when to seal, what to keep, in which order to look) are Python's, in `storage/embedded/`.

pub mod attributes;
pub mod bag;
pub mod buffer;
mod durations;
pub mod facets;
pub mod find_in_trace;
pub mod graph;
pub mod histogram;
pub mod log;
pub mod matches;
pub mod operations;
pub mod order;
mod pattern;
pub mod plan;
pub mod predicate;
mod recode;
pub mod red;
mod rest_text;
pub mod roots;
pub mod rows;
pub mod search;
pub mod segment;
pub mod select;
pub mod services;
pub mod skeleton;
pub mod some_span;
pub mod sources;
pub mod structure;
pub mod summary;
pub mod texts;
pub mod trace_columns;
pub mod trace_rows;
pub mod value;
pub mod values;
pub mod view;
pub mod window;
