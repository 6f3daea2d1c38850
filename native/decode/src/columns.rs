//! Building a record batch of THE schema, row by row. Every format's decoder ends here.
//!
//! A row is built from the inside: its attributes, events and links are appended first, then `push` completes it or
//! `abandon` takes them back. What all spans of a scope share is said once, with `push_scope`.

use crate::intern::Interner;
use crate::lists::{Attributes, Events, Links};
use crate::schema::SPAN_SCHEMA;
use arrow_array::builder::BooleanBufferBuilder;
use arrow_array::types::{Int32Type, Int64Type, TimestampNanosecondType, UInt32Type};
use arrow_array::{
    ArrayRef, ArrowPrimitiveType, FixedSizeBinaryArray, PrimitiveArray, RecordBatch,
};
use arrow_buffer::{Buffer, NullBuffer};
use arrow_schema::ArrowError;
use std::sync::Arc;

/// The plain columns of one span. Texts are as they came; what is not UTF-8 is repaired.
#[derive(Clone, Copy, Default)]
#[allow(missing_docs)]
pub struct SpanRow<'a> {
    pub trace_id: [u8; 16],
    pub span_id: [u8; 8],
    pub parent_span_id: Option<[u8; 8]>,
    pub trace_state: &'a [u8],
    pub flags: u32,
    pub name: &'a [u8],
    pub kind: i32,
    pub start_time_unix_nano: i64,
    pub duration_nano: i64,
    pub status_code: i32,
    pub status_message: &'a [u8],
    pub dropped_attributes_count: u32,
    pub dropped_events_count: u32,
    pub dropped_links_count: u32,
}

/// A resource whose texts are interned; made by `Columns::resource`.
#[derive(Clone, Copy)]
pub struct ResourceCodes {
    service_name: i32,
    attributes: i32,
    dropped_attributes_count: u32,
    entity_refs: i32,
    schema_url: i32,
}

/// A scope whose texts are interned; made by `Columns::scope`.
#[derive(Clone, Copy)]
pub struct ScopeCodes {
    name: i32,
    version: i32,
    attributes: i32,
    dropped_attributes_count: u32,
    schema_url: i32,
}

/// What a resource says. `attributes` is attribute text, `entity_refs` protobuf.
#[derive(Clone, Copy, Default)]
#[allow(missing_docs)]
pub struct Resource<'a> {
    pub service_name: &'a [u8],
    pub attributes: &'a [u8],
    pub dropped_attributes_count: u32,
    pub entity_refs: &'a [u8],
    pub schema_url: &'a [u8],
}

/// What a scope says. `attributes` is attribute text.
#[derive(Clone, Copy, Default)]
#[allow(missing_docs)]
pub struct Scope<'a> {
    pub name: &'a [u8],
    pub version: &'a [u8],
    pub attributes: &'a [u8],
    pub dropped_attributes_count: u32,
    pub schema_url: &'a [u8],
}

/// The columns under construction.
#[derive(Default)]
pub struct Columns {
    trace_id: Vec<u8>,
    span_id: Vec<u8>,
    parent_span_id: Vec<u8>,
    has_parent: Vec<bool>,
    trace_state: Text,
    flags: Vec<u32>,
    name: Text,
    kind: Vec<i32>,
    start_time_unix_nano: Vec<i64>,
    duration_nano: Vec<i64>,
    status_code: Vec<i32>,
    status_message: Text,
    /// The attributes of all rows, and of the one under construction.
    pub attributes: Attributes,
    dropped_attributes_count: Vec<u32>,
    /// The events of all rows, and of the one under construction.
    pub events: Events,
    dropped_events_count: Vec<u32>,
    /// The links of all rows, and of the one under construction.
    pub links: Links,
    dropped_links_count: Vec<u32>,
    resources: ResourceTexts,
    scopes: ScopeTexts,
    /// Which rows belong together: (end row, what they share).
    groups: Vec<(usize, ResourceCodes, ScopeCodes)>,
}

#[derive(Default)]
struct Text {
    codes: Vec<i32>,
    values: Interner,
}

#[derive(Default)]
struct ResourceTexts {
    service_name: Interner,
    attributes: Interner,
    entity_refs: Interner,
    schema_url: Interner,
}

#[derive(Default)]
struct ScopeTexts {
    name: Interner,
    version: Interner,
    attributes: Interner,
    schema_url: Interner,
}

impl Columns {
    /// How many rows are complete.
    pub fn rows(&self) -> usize {
        self.flags.len()
    }

    /// Make room for so many more rows.
    pub fn reserve(&mut self, rows: usize) {
        self.trace_id.reserve(16 * rows);
        self.span_id.reserve(8 * rows);
        self.parent_span_id.reserve(8 * rows);
        self.has_parent.reserve(rows);
        for codes in [
            &mut self.trace_state.codes,
            &mut self.name.codes,
            &mut self.status_message.codes,
        ] {
            codes.reserve(rows);
        }
        self.kind.reserve(rows);
        self.status_code.reserve(rows);
        self.start_time_unix_nano.reserve(rows);
        self.duration_nano.reserve(rows);
        self.flags.reserve(rows);
        self.dropped_attributes_count.reserve(rows);
        self.dropped_events_count.reserve(rows);
        self.dropped_links_count.reserve(rows);
        self.attributes.reserve(rows);
    }

    /// Complete a row with the attributes, events and links appended since the last one.
    #[inline]
    pub fn push(&mut self, row: &SpanRow<'_>) {
        self.trace_id.extend_from_slice(&row.trace_id);
        self.span_id.extend_from_slice(&row.span_id);
        self.parent_span_id
            .extend_from_slice(&row.parent_span_id.unwrap_or_default());
        self.has_parent.push(row.parent_span_id.is_some());
        self.trace_state.push(row.trace_state);
        self.flags.push(row.flags);
        self.name.push(row.name);
        self.kind.push(row.kind);
        self.start_time_unix_nano.push(row.start_time_unix_nano);
        self.duration_nano.push(row.duration_nano);
        self.status_code.push(row.status_code);
        self.status_message.push(row.status_message);
        self.attributes.end_row();
        self.dropped_attributes_count
            .push(row.dropped_attributes_count);
        self.events.end_row();
        self.dropped_events_count.push(row.dropped_events_count);
        self.links.end_row();
        self.dropped_links_count.push(row.dropped_links_count);
    }

    /// Take back the attributes, events and links appended since the last row.
    pub fn abandon(&mut self) {
        self.attributes.abandon_row();
        self.events.abandon_row();
        self.links.abandon_row();
    }

    /// A resource, for `push_scope`.
    pub fn resource(&mut self, resource: &Resource<'_>) -> ResourceCodes {
        ResourceCodes {
            service_name: self.resources.service_name.text(resource.service_name),
            attributes: self.resources.attributes.text(resource.attributes),
            dropped_attributes_count: resource.dropped_attributes_count,
            entity_refs: self.resources.entity_refs.bytes(resource.entity_refs),
            schema_url: self.resources.schema_url.text(resource.schema_url),
        }
    }

    /// A scope, for `push_scope`.
    pub fn scope(&mut self, scope: &Scope<'_>) -> ScopeCodes {
        ScopeCodes {
            name: self.scopes.name.text(scope.name),
            version: self.scopes.version.text(scope.version),
            attributes: self.scopes.attributes.text(scope.attributes),
            dropped_attributes_count: scope.dropped_attributes_count,
            schema_url: self.scopes.schema_url.text(scope.schema_url),
        }
    }

    /// The rows pushed since the last call came from this resource and scope.
    pub fn push_scope(&mut self, resource: ResourceCodes, scope: ScopeCodes) {
        let rows = self.rows();
        if self.groups.last().map_or(0, |group| group.0) < rows {
            self.groups.push((rows, resource, scope));
        }
    }

    /// Whether Arrow's 31-bit offsets still reach everything.
    #[inline]
    pub fn fits(&self) -> bool {
        self.attributes.fits() && self.events.fits() && self.links.fits()
    }

    /// The record batch. An error says that it does not fit into 31-bit offsets.
    pub fn finish(self) -> Result<RecordBatch, ArrowError> {
        if !self.fits() || !self.dictionaries_fit() {
            return Err(ArrowError::OffsetOverflowError(i32::MAX as usize));
        }
        let Groups {
            resource: of_resource,
            scope: of_scope,
            dropped,
        } = Groups::of(&self.groups);
        let [
            service_name,
            resource_attributes,
            entity_refs,
            resource_schema_url,
        ] = of_resource;
        let [
            scope_name,
            scope_version,
            scope_attributes,
            scope_schema_url,
        ] = of_scope;
        let [resource_dropped, scope_dropped] = dropped;
        let columns: Vec<ArrayRef> = vec![
            ids(16, self.trace_id, None)?,
            ids(8, self.span_id, None)?,
            ids(8, self.parent_span_id, Some(&self.has_parent))?,
            self.trace_state.finish()?,
            numbers::<UInt32Type>(self.flags),
            self.name.finish()?,
            numbers::<Int32Type>(self.kind),
            times(self.start_time_unix_nano),
            numbers::<Int64Type>(self.duration_nano),
            numbers::<Int32Type>(self.status_code),
            self.status_message.finish()?,
            self.attributes.finish()?,
            numbers::<UInt32Type>(self.dropped_attributes_count),
            self.events.finish()?,
            numbers::<UInt32Type>(self.dropped_events_count),
            self.links.finish()?,
            numbers::<UInt32Type>(self.dropped_links_count),
            self.resources.service_name.finish_text(service_name)?,
            self.resources.attributes.finish_text(resource_attributes)?,
            numbers::<UInt32Type>(resource_dropped),
            self.resources.entity_refs.finish_bytes(entity_refs)?,
            self.resources.schema_url.finish_text(resource_schema_url)?,
            self.scopes.name.finish_text(scope_name)?,
            self.scopes.version.finish_text(scope_version)?,
            self.scopes.attributes.finish_text(scope_attributes)?,
            numbers::<UInt32Type>(scope_dropped),
            self.scopes.schema_url.finish_text(scope_schema_url)?,
        ];
        RecordBatch::try_new(SPAN_SCHEMA.clone(), columns)
    }

    fn dictionaries_fit(&self) -> bool {
        let (resources, scopes) = (&self.resources, &self.scopes);
        [
            &self.trace_state.values,
            &self.name.values,
            &self.status_message.values,
            &resources.service_name,
            &resources.attributes,
            &resources.entity_refs,
            &resources.schema_url,
            &scopes.name,
            &scopes.version,
            &scopes.attributes,
            &scopes.schema_url,
        ]
        .iter()
        .all(|values| values.data_bytes() <= i32::MAX as usize)
    }
}

impl Text {
    #[inline]
    fn push(&mut self, value: &[u8]) {
        let code = self.values.text(value);
        self.codes.push(code);
    }

    fn finish(self) -> Result<ArrayRef, ArrowError> {
        self.values.finish_text(self.codes)
    }
}

/// What rows share, a code or a number for each row.
#[derive(Default)]
struct Groups {
    resource: [Vec<i32>; 4],
    scope: [Vec<i32>; 4],
    dropped: [Vec<u32>; 2],
}

impl Groups {
    fn of(groups: &[(usize, ResourceCodes, ScopeCodes)]) -> Self {
        let mut found = Self::default();
        let mut start = 0;
        for &(end, resource, scope) in groups {
            let rows = end - start;
            let ResourceCodes {
                service_name,
                attributes,
                entity_refs,
                schema_url,
                ..
            } = resource;
            repeat(
                &mut found.resource,
                [service_name, attributes, entity_refs, schema_url],
                rows,
            );
            let ScopeCodes {
                name,
                version,
                attributes,
                schema_url,
                ..
            } = scope;
            repeat(
                &mut found.scope,
                [name, version, attributes, schema_url],
                rows,
            );
            repeat(
                &mut found.dropped,
                [
                    resource.dropped_attributes_count,
                    scope.dropped_attributes_count,
                ],
                rows,
            );
            start = end;
        }
        found
    }
}

fn repeat<T: Copy, const N: usize>(columns: &mut [Vec<T>; N], values: [T; N], rows: usize) {
    for (column, value) in columns.iter_mut().zip(values) {
        column.extend(std::iter::repeat_n(value, rows));
    }
}

/// A column of numbers.
pub(crate) fn numbers<T: ArrowPrimitiveType>(values: Vec<T::Native>) -> ArrayRef {
    Arc::new(PrimitiveArray::<T>::new(values.into(), None))
}

/// A column of times.
pub(crate) fn times(values: Vec<i64>) -> ArrayRef {
    Arc::new(
        PrimitiveArray::<TimestampNanosecondType>::new(values.into(), None).with_timezone("UTC"),
    )
}

/// A column of ids of one size.
pub(crate) fn ids(
    size: i32,
    values: Vec<u8>,
    valid: Option<&[bool]>,
) -> Result<ArrayRef, ArrowError> {
    let nulls = valid.filter(|valid| valid.contains(&false)).map(|valid| {
        let mut bits = BooleanBufferBuilder::new(valid.len());
        bits.append_slice(valid);
        NullBuffer::new(bits.finish())
    });
    Ok(Arc::new(FixedSizeBinaryArray::try_new(
        size,
        Buffer::from_vec(values),
        nulls,
    )?))
}
