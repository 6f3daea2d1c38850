//! `View`: spans that can be asked, whether in the open buffer or in a sealed segment.
//!
//! The search kernels know nothing but this. A view's spans have row numbers; rows belong to traces with numbers of
//! their own. In a segment the rows of a trace are consecutive and in pre-order, and traces are sorted by start.

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
    /// List of structs as in THE schema.
    Events,
    /// List of structs as in THE schema.
    Links,
    /// The values of one column of `View::attribute_columns`: Dictionary for string, json and bytes-as-base64 text, Int64,
    /// Float64 or Boolean; nullable.
    Attribute(usize),
    /// The attributes without a column of their own: Map<Utf8, Utf8> of key to text; nullable.
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

/// Spans that can be asked.
pub trait View: Send + Sync {
    /// How many spans.
    fn span_count(&self) -> u32;
    /// How many traces.
    fn trace_count(&self) -> u32;
    /// A trace by number.
    fn trace(&self, trace: u32) -> TraceEntry;
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
    /// Traces with a span of this service, and of this name if one is given: sorted numbers, exact. None: cannot say cheaply.
    fn traces_with(&self, service: Option<&str>, name: Option<&str>) -> Option<Vec<u32>>;
    /// All columns of THE schema for these traces, trace after trace, in pre-order.
    fn read_spans(&self, traces: &[u32]) -> Result<RecordBatch>;
}
