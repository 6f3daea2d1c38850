//! Sealed segments: a Parquet file that anybody can read, and a small index beside it. docs/formats/segment.md.

mod columns;
mod group;
mod index_writer;
mod order;
mod plan;
mod records;
mod sections;
mod thrift;
pub mod write;

pub use plan::SealOptions;
