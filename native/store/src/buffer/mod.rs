//! The open buffer: spans that are in the log but not in a segment. One writer at a time, any number of readers.
//!
//! Readers take a snapshot, which shares all that is full with the buffer; what the writer changes while a snapshot is
//! held, it copies first. So a long query never holds the writer up, and a snapshot never changes.

pub(crate) mod assemble;
mod attribute_column;
mod batch;
mod carry;
mod column;
pub(crate) mod data;
pub(crate) mod dictionary;
mod extras_writer;
pub(crate) mod layout;
mod lookup;
mod pieces;
mod rest;
mod row_table;
pub(crate) mod rows;
pub mod snapshot;
mod sole;
mod staged;
mod trace_rows;
pub(crate) mod trees;
mod writer;

use crate::segment::SealOptions;
use crate::segment::order::Order;
use crate::segment::write::{self, SealFigures};
use crate::structure::Structure;
use crate::view::{Result, StoreError, View};
use arrow_array::RecordBatch;
use batch::Columns;
use data::Data;
use snapshot::{Selection, Snapshot};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use trees::compute;
use writer::Writer;

/// What the writer and the readers share.
#[derive(Debug, Default)]
pub struct Shared {
    state: RwLock<State>,
    orders: trace_rows::Orders,
    /// The writer's, as it was after the last batch: asked before every write, and then nobody should wait for a batch.
    memory_bytes: AtomicUsize,
}

#[derive(Debug, Default)]
struct State {
    data: Arc<Data>,
    writer: Writer,
}

/// Read access to the writer's tables, for a moment.
pub struct Tables<'a>(RwLockReadGuard<'a, State>);

impl std::ops::Deref for Tables<'_> {
    type Target = Writer;

    fn deref(&self) -> &Writer {
        &self.0.writer
    }
}

impl Shared {
    /// The writer's tables.
    pub fn read(&self) -> Tables<'_> {
        Tables(self.state())
    }

    /// The number of a trace, which may be younger than the asker's snapshot.
    pub fn find_trace(&self, trace_id: &[u8; 16]) -> Option<u32> {
        let state = self.state();
        state.writer.find_trace(&state.data, trace_id)
    }

    // A panic while appending is a bug, but the columns stay readable: the lock is taken all the same.
    fn state(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn state_mut(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// More than this and offsets of 32 bits would no longer do. The store's own limits come long before.
const BYTES_MAX: usize = i32::MAX as usize;

/// The open buffer, or the part of one that is about to be sealed.
#[derive(Debug, Default)]
pub struct OpenBuffer {
    shared: Arc<Shared>,
    part: Option<Arc<Snapshot>>,
    /// The latest snapshot, while nothing has come since. Not in `Shared`: a snapshot keeps that alive, and would keep itself.
    latest: Mutex<Option<Arc<Snapshot>>>,
}

impl OpenBuffer {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// Add the rows of a batch that stands at `position` in the log. Spans that are here already are not added again.
    pub fn append(&self, batch: &RecordBatch, position: u64) -> Result<()> {
        if self.part.is_some() {
            return Err(StoreError(
                "this part of a buffer is about to be sealed and takes nothing in".into(),
            ));
        }
        let columns = Columns::new(batch)?;
        let mut state = self.shared.state_mut();
        let State { data, writer } = &mut *state;
        if writer.memory_bytes + batch.get_array_memory_size() > BYTES_MAX {
            return Err(StoreError("the open buffer is full: it holds 2 GiB".into()));
        }
        *self.latest() = None;
        let appended = writer.append(Arc::make_mut(data), &columns, position);
        let memory_bytes = writer.memory_bytes;
        self.shared
            .memory_bytes
            .store(memory_bytes, Ordering::Relaxed);
        appended
    }

    /// The spans as they are now.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        if let Some(part) = &self.part {
            return part.clone();
        }
        let state = self.shared.state();
        let fresh = || Arc::new(Snapshot::new(state.data.clone(), None, self.shared.clone()));
        self.latest().get_or_insert_with(fresh).clone()
    }

    // Taken after the state's lock, never before.
    fn latest(&self) -> MutexGuard<'_, Option<Arc<Snapshot>>> {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Write a segment from everything here.
    pub fn seal(
        &self,
        directory: &Path,
        segment: &str,
        options: SealOptions,
    ) -> Result<SealFigures> {
        write::seal(&self.snapshot(), directory, segment, options)
    }

    /// Bytes of memory; a part counts all that it keeps alive.
    pub fn memory_bytes(&self) -> usize {
        self.shared.memory_bytes.load(Ordering::Relaxed)
    }

    /// The smallest log position that still has a row here; the largest number when there is none.
    pub fn min_position(&self) -> u64 {
        let snapshot = self.snapshot();
        let traces = 0..snapshot.trace_count();
        traces
            .map(|trace| snapshot.state(trace).first_position)
            .min()
            .unwrap_or(u64::MAX)
    }

    /// How many spans belong to traces whose last row came before this position.
    pub fn traces_idle(&self, before_position: u64) -> u64 {
        let snapshot = self.snapshot();
        let states = (0..snapshot.trace_count()).map(|trace| snapshot.state(trace));
        let idle = states.filter(|state| is_idle(state.last_position, before_position));
        idle.map(|state| u64::from(state.span_count)).sum()
    }

    /// The traces whose last row came before this position, to be sealed, and the others, to which appending goes on.
    pub fn split(&self, before_position: u64) -> Result<(Self, Self)> {
        let snapshot = self.snapshot();
        let (idle, rest): (Vec<u32>, Vec<u32>) = (0..snapshot.trace_count())
            .partition(|&trace| is_idle(snapshot.state(trace).last_position, before_position));
        let rest = buffer_of(&snapshot, rest);
        let idle = if rest.snapshot().trace_count() == 0 {
            snapshot
        } else {
            Arc::new(Snapshot::new(
                snapshot.data.clone(),
                Some(Arc::new(select(&snapshot, idle))),
                self.shared.clone(),
            ))
        };
        Ok((
            Self {
                shared: self.shared.clone(),
                part: Some(idle),
                latest: Mutex::default(),
            },
            rest,
        ))
    }
}

fn is_idle(last_position: u64, before_position: u64) -> bool {
    last_position < before_position || before_position == i64::MAX as u64
}

/// A new buffer of these traces, rows as they came.
fn buffer_of(snapshot: &Snapshot, traces: Vec<u32>) -> OpenBuffer {
    let (data, writer) = carry::carry_over(snapshot, traces);
    let memory_bytes = AtomicUsize::new(writer.memory_bytes);
    let state = RwLock::new(State {
        data: Arc::new(data),
        writer,
    });
    OpenBuffer {
        shared: Arc::new(Shared {
            state,
            memory_bytes,
            ..Shared::default()
        }),
        ..OpenBuffer::default()
    }
}

fn select(snapshot: &Snapshot, traces: Vec<u32>) -> Selection {
    let traces: Vec<u32> = traces
        .into_iter()
        .map(|trace| snapshot.buffer_trace(trace))
        .collect();
    let mut numbers = vec![u32::MAX; snapshot.data.traces.len() as usize];
    for (number, &trace) in (0..).zip(&traces) {
        numbers[trace as usize] = number;
    }
    let is_here: Vec<bool> = numbers.iter().map(|&number| number != u32::MAX).collect();
    Selection {
        rows: trees::rows_among(&snapshot.data, &is_here),
        traces,
        numbers,
    }
}

/// Pieces of traces as whole traces: equal spans made one, traces in order of first appearance, pre-order inside.
pub fn merge_batches(batches: &[RecordBatch]) -> Result<RecordBatch> {
    let buffer = OpenBuffer::new();
    for batch in batches {
        buffer.append(batch, 0)?;
    }
    let snapshot = buffer.snapshot();
    snapshot.read_spans(&(0..snapshot.trace_count()).collect::<Vec<u32>>())
}

/// The structure of the spans that `merge_batches` of this batch gives, in its row order: columns parent (row, null at the
/// top), depth, subtree_size, self_time_nano, critical_time_nano.
pub fn structure(batch: &RecordBatch) -> Result<RecordBatch> {
    let buffer = OpenBuffer::new();
    buffer.append(batch, 0)?;
    let snapshot = buffer.snapshot();
    let mut order = Order::default();
    let mut structure = Structure::default();
    for trace in 0..snapshot.trace_count() {
        let rows = rows::rows_of(&snapshot.data.rows, snapshot.state(trace));
        compute(&mut structure, &snapshot.data, &rows);
        order.add(trace, &rows, &structure);
    }
    order.to_record_batch()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_that_was_read_is_freed() {
        let buffer = OpenBuffer::new();
        let shared = Arc::downgrade(&buffer.shared);
        drop(buffer.snapshot());
        let (idle, rest) = buffer.split(i64::MAX as u64).unwrap();
        drop((buffer, idle, rest));
        assert!(shared.upgrade().is_none());
    }
}
