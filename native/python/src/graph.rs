//! The service graph's parts, for `lymer.storage.embedded`.

use crate::table::ArrowTable;
use crate::view::store_error;
use lymer_store::graph;
use pyo3::prelude::*;

/// Durations of calls by edge, not yet reduced to percentiles.
#[pyclass(frozen, module = "lymer._native")]
pub struct GraphPart {
    /// The calls.
    pub part: graph::GraphPart,
}

#[pymethods]
impl GraphPart {
    #[getter]
    fn call_count(&self) -> u64 {
        self.part.call_count()
    }

    #[getter]
    fn nbytes(&self) -> u64 {
        self.part.nbytes()
    }
}

/// Of GRAPH_SCHEMA: exact percentiles over all parts.
#[pyfunction]
pub fn merge_graph(py: Python<'_>, parts: Vec<PyRef<'_, GraphPart>>) -> PyResult<ArrowTable> {
    let parts: Vec<&graph::GraphPart> = parts.iter().map(|part| &part.part).collect();
    let columns = py.detach(|| graph::merge(&parts)).map_err(store_error)?;
    Ok(ArrowTable { columns })
}
