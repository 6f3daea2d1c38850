//! The columns of a snapshot, by `ColumnRef`.

use super::assemble::{Table, list};
use super::layout::{Extras, UnitField};
use super::snapshot::Snapshot;
use super::{attribute_column, rest};
use crate::recode::coded_fields;
use crate::view::{ColumnRef, Result, StoreError};
use arrow_array::{ArrayRef, Int32Array, Int64Array};
use lymer_decode::schema::{event_fields, link_fields};
use std::sync::Arc;

impl Snapshot {
    pub(super) fn column(&self, column: &ColumnRef, table: Table<'_>) -> Result<ArrayRef> {
        Ok(match column {
            ColumnRef::SpanId => table.span_ids(),
            ColumnRef::ParentSpanId => table.parent_span_ids(),
            ColumnRef::Service => table.unit_text(UnitField::Service),
            ColumnRef::Name => table.names(),
            ColumnRef::Kind => Arc::new(Int32Array::from(table.gather(|piece, at| piece.kind[at]))),
            ColumnRef::StatusCode => Arc::new(Int32Array::from(
                table.gather(|piece, at| piece.status_code[at]),
            )),
            ColumnRef::StatusMessage => table.words(Extras::status_message),
            ColumnRef::Start => {
                Arc::new(Int64Array::from(table.gather(|piece, at| piece.start[at])))
            }
            ColumnRef::Duration => Arc::new(Int64Array::from(
                table.gather(|piece, at| piece.duration[at]),
            )),
            ColumnRef::TraceState => table.words(Extras::trace_state),
            ColumnRef::ScopeName => table.unit_text(UnitField::ScopeName),
            ColumnRef::ScopeVersion => table.unit_text(UnitField::ScopeVersion),
            ColumnRef::ResourceAttributes => table.unit_text(UnitField::ResourceAttributes),
            ColumnRef::ScopeAttributes => table.unit_text(UnitField::ScopeAttributes),
            ColumnRef::Events => {
                let (offsets, children) = table.coded_events(&table.some_extras());
                list(coded_fields(&event_fields()), offsets, children)?
            }
            ColumnRef::Links => {
                let (offsets, children) = table.coded_links(&table.some_extras());
                list(coded_fields(&link_fields()), offsets, children)?
            }
            ColumnRef::Attribute(attribute) => {
                let facts = self.facts();
                let column = facts
                    .columns
                    .get(*attribute)
                    .ok_or_else(|| StoreError(format!("no attribute column {attribute}")))?;
                attribute_column::attribute(table, facts.keys[*attribute], column.value_type)
            }
            ColumnRef::RestAttributes => rest::attributes(table)?,
            ColumnRef::RestTypes => rest::types(table)?,
            ColumnRef::ParentDistance | ColumnRef::SubtreeSize => {
                return Err(StoreError("an open buffer has no structure columns".into()));
            }
        })
    }
}
