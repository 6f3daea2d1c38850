//! Figures over many traces of a view: rate, errors and durations; a histogram; facets.

use crate::table::ArrowTable;
use crate::view::{View, store_error};
use lymer_store::{facets as store_facets, histogram as store_histogram, red as store_red};
use pyo3::prelude::*;

/// Rate, errors and durations of one view, not yet reduced to percentiles.
#[pyclass(frozen, module = "lymer._native")]
pub struct RedPart {
    part: store_red::RedPart,
}

#[pymethods]
impl RedPart {
    #[getter]
    fn nbytes(&self) -> u64 {
        self.part.nbytes()
    }
}

/// The spans of a view by service, name and bucket of time.
#[pyfunction]
pub fn red(py: Python<'_>, view: &View, plan: &str) -> PyResult<RedPart> {
    let part = py
        .detach(|| store_red::red(view.snapshot().as_ref(), &store_red::read_plan(plan)?))
        .map_err(store_error)?;
    Ok(RedPart { part })
}

/// All parts as one table.
#[pyfunction]
pub fn merge_red(py: Python<'_>, parts: Vec<PyRef<'_, RedPart>>) -> PyResult<ArrowTable> {
    let parts: Vec<&store_red::RedPart> = parts.iter().map(|part| &part.part).collect();
    let columns = py
        .detach(|| store_red::merge(&parts))
        .map_err(store_error)?;
    Ok(ArrowTable { columns })
}

/// Matching traces in cells of time and duration.
#[pyfunction]
pub fn histogram(py: Python<'_>, view: &View, plan: &str) -> PyResult<ArrowTable> {
    let columns = py
        .detach(|| {
            store_histogram::histogram(view.snapshot().as_ref(), &store_histogram::read_plan(plan)?)
        })
        .map_err(store_error)?;
    Ok(ArrowTable { columns })
}

/// What matching traces have in common.
#[pyfunction]
pub fn facets(py: Python<'_>, view: &View, plan: &str) -> PyResult<ArrowTable> {
    let columns = py
        .detach(|| store_facets::facets(view.snapshot().as_ref(), &store_facets::read_plan(plan)?))
        .map_err(store_error)?;
    Ok(ArrowTable { columns })
}
