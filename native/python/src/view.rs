//! `View`: what the open buffer and segments have in common. `src/lymer/_native.pyi` says what it promises.

use crate::batch::Batch;
use crate::graph::GraphPart;
use crate::table::ArrowTable;
use arrow_array::{ArrayRef, RecordBatch, UInt32Array};
use lymer_store::plan::{
    Bounds, Deadline, SearchPlan, TIME_IS_OVER, read_graph_plan, read_search_plan,
};
use lymer_store::predicate::read_scope;
use lymer_store::view::{StoreError, View as StoreView};
use lymer_store::{attributes, graph, operations, search, summary, values};
use pyo3::exceptions::{PyTimeoutError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

/// Spans that can be asked: the open buffer or a sealed segment.
#[pyclass(frozen, subclass, module = "lymer._native")]
pub struct View {
    snapshot: Box<dyn Fn() -> Arc<dyn StoreView> + Send + Sync>,
}

impl View {
    /// A view of whatever `snapshot` gives when a question comes; what it gave does not change any more.
    pub fn new(snapshot: impl Fn() -> Arc<dyn StoreView> + Send + Sync + 'static) -> Self {
        Self {
            snapshot: Box::new(snapshot),
        }
    }

    /// The spans as they are now.
    pub fn snapshot(&self) -> Arc<dyn StoreView> {
        (self.snapshot)()
    }

    fn ask<T: Send>(
        &self,
        py: Python<'_>,
        question: impl FnOnce(&dyn StoreView) -> Result<T, StoreError> + Send,
    ) -> PyResult<T> {
        py.detach(|| question(self.snapshot().as_ref()))
            .map_err(store_error)
    }
}

#[pymethods]
impl View {
    #[getter]
    fn span_count(&self) -> u32 {
        self.snapshot().span_count()
    }

    #[getter]
    fn trace_count(&self) -> u32 {
        self.snapshot().trace_count()
    }

    #[getter]
    fn min_start(&self, py: Python<'_>) -> i64 {
        py.detach(|| trace_starts(self.snapshot().as_ref()).0)
    }

    #[getter]
    fn max_start(&self, py: Python<'_>) -> i64 {
        py.detach(|| self.snapshot().max_start())
    }

    #[getter]
    fn max_trace_start(&self, py: Python<'_>) -> i64 {
        py.detach(|| trace_starts(self.snapshot().as_ref()).1)
    }

    #[pyo3(signature = (first = 0))]
    fn trace_ids<'py>(&self, py: Python<'py>, first: u32) -> Bound<'py, PyBytes> {
        let ids = py.detach(|| {
            let view = self.snapshot();
            let traces = first..view.trace_count();
            traces
                .flat_map(|trace| view.trace(trace).trace_id)
                .collect::<Vec<u8>>()
        });
        PyBytes::new(py, &ids)
    }

    fn find(&self, py: Python<'_>, trace_ids: &[u8]) -> PyResult<ArrowTable> {
        if !trace_ids.len().is_multiple_of(16) {
            return Err(PyValueError::new_err("trace ids must have 16 bytes each"));
        }
        let columns = self.ask(py, |view| find(view, trace_ids))?;
        Ok(ArrowTable { columns })
    }

    fn read(&self, py: Python<'_>, traces: Vec<u32>) -> PyResult<Batch> {
        let columns = self.ask(py, |view| view.read_spans(&traces))?;
        Ok(columns.into())
    }

    fn search(&self, py: Python<'_>, plan: &str) -> PyResult<ArrowTable> {
        let columns = self.ask(py, |view| search_page(view, &read_search_plan(plan)?))?;
        Ok(ArrowTable { columns })
    }

    fn summaries(&self, py: Python<'_>, traces: Vec<u32>) -> PyResult<ArrowTable> {
        let columns = self.ask(py, |view| {
            summary::to_record_batch(&summary::summaries(view, &traces, &Deadline::default())?)
        })?;
        Ok(ArrowTable { columns })
    }

    fn operations(&self, py: Python<'_>) -> PyResult<ArrowTable> {
        let columns = self.ask(py, |view| {
            operations::to_record_batch(&operations::operations(view)?)
        })?;
        Ok(ArrowTable { columns })
    }

    fn attribute_keys(&self, py: Python<'_>) -> PyResult<ArrowTable> {
        let columns = self.ask(py, |view| {
            attributes::keys_to_record_batch(&attributes::keys(view)?)
        })?;
        Ok(ArrowTable { columns })
    }

    #[pyo3(signature = (key, scope, min_start, max_start))]
    fn attribute_values(
        &self,
        py: Python<'_>,
        key: &str,
        scope: &str,
        min_start: i64,
        max_start: i64,
    ) -> PyResult<ArrowTable> {
        let columns = self.ask(py, |view| {
            let bounds = Bounds {
                min_start,
                max_start,
                ..Bounds::unlimited()
            };
            let counts = values::count_values(view, key, read_scope(scope)?, &bounds)?;
            values::to_record_batch(&counts)
        })?;
        Ok(ArrowTable { columns })
    }

    fn graph(&self, py: Python<'_>, plan: &str) -> PyResult<GraphPart> {
        let part = self.ask(py, |view| graph::graph(view, &read_graph_plan(plan)?))?;
        Ok(GraphPart { part })
    }
}

/// SUMMARY columns of the whole traces in the batch.
#[pyfunction]
pub fn summarize(py: Python<'_>, batch: &Batch) -> PyResult<ArrowTable> {
    let columns = py
        .detach(|| summary::to_record_batch(&summary::summarize(&batch.columns)?))
        .map_err(store_error)?;
    Ok(ArrowTable { columns })
}

/// An error of the store as Python's: a passed deadline is a TimeoutError, everything else a ValueError.
pub fn store_error(error: StoreError) -> PyErr {
    if error.0.starts_with(TIME_IS_OVER) {
        return PyTimeoutError::new_err(error.0);
    }
    PyValueError::new_err(error.0)
}

/// The earliest and the latest start of a trace; 0 when there is none.
fn trace_starts(view: &dyn StoreView) -> (i64, i64) {
    let traces = match view.trace_count() {
        0 => return (0, 0),
        count if view.sorted_by_start() => vec![0, count - 1],
        count => (0..count).collect(),
    };
    let starts = traces.into_iter().map(|trace| view.trace(trace).start);
    starts.fold((i64::MAX, i64::MIN), |(min, max), start| {
        (min.min(start), max.max(start))
    })
}

fn find(view: &dyn StoreView, trace_ids: &[u8]) -> Result<RecordBatch, StoreError> {
    let (mut indexes, mut traces) = (Vec::new(), Vec::new());
    for (index, id) in trace_ids.chunks_exact(16).enumerate() {
        let id = id.try_into().unwrap_or_default();
        if let Some(trace) = view.find_trace(&id) {
            indexes.push(index as u32);
            traces.push(trace);
        }
    }
    let column = |numbers| Arc::new(UInt32Array::from(numbers)) as ArrayRef;
    RecordBatch::try_from_iter([("index", column(indexes)), ("trace", column(traces))])
        .map_err(|error| StoreError(error.to_string()))
}

/// The answer of most views of a search for something rare.
static NOTHING: LazyLock<RecordBatch> =
    LazyLock::new(|| RecordBatch::new_empty(summary::SUMMARY_SCHEMA.clone()));

pub(crate) fn search_page(
    view: &dyn StoreView,
    plan: &SearchPlan,
) -> Result<RecordBatch, StoreError> {
    let found = search::search(view, plan)?;
    let page = if found.traces.is_empty() {
        NOTHING.clone()
    } else {
        let summaries = summary::summaries(view, &found.traces, &plan.bounds.deadline)?;
        summary::to_record_batch(&summaries)?
    };
    let Some(total) = found.total else {
        return Ok(page);
    };
    let metadata = HashMap::from([("total".to_owned(), total.to_string())]);
    let schema = page.schema().as_ref().clone().with_metadata(metadata);
    page.with_schema(Arc::new(schema))
        .map_err(|error| StoreError(error.to_string()))
}
