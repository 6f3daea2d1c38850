//! `View`: spans that can be asked, whether in the open buffer or in a sealed segment.
//!
//! The search kernels know nothing but this. A view's spans have row numbers; rows belong to traces with numbers of
//! their own. In a segment the rows of a trace are consecutive and in pre-order, and traces are sorted by start.

use crate::trace_rows::TraceRows;
use arrow_array::{ArrayRef, RecordBatch};
use std::ops::Range;

/// What went wrong: a damaged file, or an input that makes no sense. Never a panic.
#[derive(Debug)]
pub struct StoreError(pub String);

impl std::fmt::Display for StoreError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for StoreError {}

/// Result of a kernel.
pub type Result<T> = std::result::Result<T, StoreError>;

/// A column that a view can hand out. Text columns come as `Dictionary<Int32, Utf8>`, so that a predicate is evaluated
/// once a distinct value; others as the primitive array named.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ColumnRef {
    /// FixedSizeBinary(8).
    SpanId,
    /// FixedSizeBinary(8), nullable.
    ParentSpanId,
    /// Dictionary.
    Service,
    /// Dictionary.
    Name,
    /// Int32.
    Kind,
    /// Int32.
    StatusCode,
    /// Dictionary.
    StatusMessage,
    /// Int64, nanoseconds.
    Start,
    /// Int64, nanoseconds.
    Duration,
    /// Dictionary.
    TraceState,
    /// Dictionary.
    ScopeName,
    /// Dictionary.
    ScopeVersion,
    /// Dictionary of attribute text.
    ResourceAttributes,
    /// Dictionary of attribute text.
    ScopeAttributes,
    /// List of structs as in THE schema, texts in dictionaries.
    Events,
    /// List of structs as in THE schema, texts in dictionaries.
    Links,
    /// The values of one column of `View::attribute_columns`: Dictionary for string, json and bytes-as-base64 text, Int64,
    /// Float64 or Boolean; nullable.
    Attribute(usize),
    /// The attributes without a column of their own: a map of key to text, both dictionaries; nullable.
    RestAttributes,
    /// The type of each of them: with `RestAttributes`, List<UInt8> aligned with the map's entries; nullable.
    RestTypes,
    /// UInt32: row minus the parent's row, 0 at the top. Only in segments.
    ParentDistance,
    /// UInt32. Only in segments.
    SubtreeSize,
}

/// Values of one key and one type, one at most a span.
#[derive(Clone, Debug)]
pub struct AttributeColumn {
    /// The key.
    pub key: String,
    /// An `AttributeType` as number.
    pub value_type: u8,
    /// How many spans have one.
    pub span_count: u64,
}

/// Rows of a view: consecutive ones, or a sorted list.
#[derive(Clone, Debug)]
pub enum Rows {
    /// From, to (exclusive).
    Range(Range<u32>),
    /// Sorted, distinct.
    List(Vec<u32>),
}

/// One trace of a view, as the piece that the view has.
#[derive(Clone, Copy, Debug)]
pub struct TraceEntry {
    /// Its id.
    pub trace_id: [u8; 16],
    /// Start of its earliest span.
    pub start: i64,
    /// Latest end minus `start`, never negative.
    pub duration: i64,
    /// Spans.
    pub span_count: u32,
    /// Spans whose status is error.
    pub error_count: u32,
}

/// The root of a trace as docs/specs/structure.md says, and its orphans.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Root {
    /// The root's row.
    pub row: u32,
    /// How many spans name a parent that is not in the trace.
    pub orphan_count: u32,
}

/// Spans of one service, name and kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperationCount {
    /// The service's name.
    pub service: String,
    /// The span name.
    pub name: String,
    /// OTLP's kind.
    pub kind: i32,
    /// How many spans.
    pub span_count: u64,
    /// The earliest start among them.
    pub min_start: i64,
    /// The latest start among them.
    pub max_start: i64,
}

/// Where an attribute stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum Scope {
    Span = 0,
    Resource = 1,
    Scope = 2,
    Event = 3,
    Link = 4,
}

/// How many spans have an attribute of this key and type in this scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyCount {
    /// Where.
    pub scope: Scope,
    /// The key.
    pub key: String,
    /// An `AttributeType` as number.
    pub value_type: u8,
    /// How many spans.
    pub span_count: u64,
}

/// The calls from one service to another: spans whose parent is a span of another service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownCalls {
    /// The service of the parents.
    pub caller: String,
    /// The service that is called.
    pub service: String,
    /// Calls whose status is error.
    pub error_count: u64,
    /// Of all calls, ascending.
    pub durations: Vec<i64>,
}

/// `View::parents` of a row at the top.
pub const NO_PARENT: u32 = u32::MAX;

/// Reads whose rows lie between two multiples of this are cheap: a segment's row groups have so many rows, so no
/// dictionaries must be merged.
pub const CHUNK_ROWS: u32 = 131_072;

/// Spans that can be asked. They do not change: the open buffer hands out snapshots of itself.
///
/// The `known_` methods tell what a view has counted beforehand; where one says None, the kernels count
/// (`operations::count`, `attributes::count_keys`). Sealing calls the same functions and keeps their answers.
pub trait View: TraceRows + Send + Sync {
    /// How many spans.
    fn span_count(&self) -> u32;
    /// How many traces.
    fn trace_count(&self) -> u32;
    /// A trace by number.
    fn trace(&self, trace: u32) -> TraceEntry;
    /// The start and the duration of a trace, as `trace` has them; looked at for very many traces.
    fn interval(&self, trace: u32) -> (i64, i64) {
        let entry = self.trace(trace);
        (entry.start, entry.duration)
    }
    /// The number of a trace.
    fn find_trace(&self, trace_id: &[u8; 16]) -> Option<u32>;
    /// Its rows.
    fn trace_rows(&self, trace: u32) -> Rows;
    /// The trace of each of these rows.
    fn traces_of_rows(&self, rows: &[u32]) -> Vec<u32>;
    /// Columns at these rows (sorted): arrays as long as `rows`, in the order asked for.
    fn read(&self, columns: &[ColumnRef], rows: &Rows) -> Result<Vec<ArrayRef>>;
    /// The attribute columns; `ColumnRef::Attribute` counts in this order.
    fn attribute_columns(&self) -> &[AttributeColumn];
    /// Whether some span keeps this key among its rest attributes.
    fn rest_has_key(&self, key: &str) -> bool;
    /// False only when no span has this text in this dictionary column (Service, Name, Attribute of string).
    fn may_contain(&self, column: &ColumnRef, text: &str) -> bool;
    /// False only when none of these rows (of one read, not empty) has this text. Cheaper than to read the column.
    fn may_contain_at(&self, _column: &ColumnRef, _text: &str, _rows: &Rows) -> bool {
        true
    }
    /// Those of the rows (of one read) whose text in a column of text passes, where that is cheaper than to read them.
    fn rows_where(
        &self,
        _column: &ColumnRef,
        _rows: &Rows,
        _holds: &mut dyn FnMut(&str) -> bool,
    ) -> Result<Option<Vec<u32>>> {
        Ok(None)
    }
    /// Traces with a span of this service, and of this name if one is given: sorted numbers, exact. None: cannot say cheaply.
    fn traces_with(&self, service: Option<&str>, name: Option<&str>) -> Option<Vec<u32>>;
    /// The latest start of a span; 0 when there is none.
    fn max_start(&self) -> i64;
    /// Whether trace numbers ascend with the start, and rows with the trace numbers. So it is in segments.
    fn sorted_by_start(&self) -> bool;
    /// False only when no span of the trace has anything in this column (Events or Links).
    fn may_have(&self, _trace: u32, _column: &ColumnRef) -> bool {
        true
    }
    /// False only when no span has rest attributes.
    fn has_rest(&self) -> bool {
        true
    }
    /// Those of the rows that may have something in this column (Events or Links).
    fn rows_with(&self, column: &ColumnRef, rows: &Rows) -> Rows {
        let traces = self.traces_of_rows(&rows.clone().into_list());
        let mut last = (u32::MAX, false);
        Rows::List(rows.filter(|at| {
            if traces[at] != last.0 {
                last = (traces[at], self.may_have(traces[at], column));
            }
            last.1
        }))
    }
    /// False only when no span has an attribute of this key in this scope. Asked of views that do not know all keys.
    fn may_have_key(&self, _scope: Scope, _key: &str) -> bool {
        true
    }
    /// All texts that this dictionary column has (perhaps some more), when they are at hand. For ResourceAttributes and
    /// ScopeAttributes every view should have them: they decide whether the column must be read at all.
    fn distinct(&self, _column: &ColumnRef) -> Option<ArrayRef> {
        None
    }
    /// The row of every row's parent, NO_PARENT at the top, for a view without `ColumnRef::ParentDistance`; None with it.
    fn parents(&self) -> Result<Option<Vec<u32>>> {
        Ok(None)
    }
    /// The root of a trace.
    fn known_root(&self, _trace: u32) -> Option<Root> {
        None
    }
    /// The traces with errors, ascending, and how many they have.
    fn known_errors(&self) -> Option<Vec<(u32, u32)>> {
        None
    }
    /// What `operations::count` says.
    fn known_operations(&self) -> Option<Vec<OperationCount>> {
        None
    }
    /// What `attributes::count_keys` says: all keys in all scopes.
    fn known_keys(&self) -> Option<&[KeyCount]> {
        None
    }
    /// The values of an attribute column and how many spans have them.
    fn known_values(&self, _attribute: usize) -> Option<Vec<(String, u64)>> {
        None
    }
    /// Rows with this service, and with this name if one is given: sorted, exact. None: cannot say cheaply.
    fn rows_of_operation(&self, _service: Option<&str>, _name: Option<&str>) -> Option<Vec<u32>> {
        None
    }
    /// All calls between services.
    fn known_calls(&self) -> Result<Option<Vec<KnownCalls>>> {
        Ok(None)
    }
    /// All columns of THE schema for these traces, trace after trace, in pre-order.
    fn read_spans(&self, traces: &[u32]) -> Result<RecordBatch>;
}
