//! `Segment`, `merge_segments` and `set_page_cache`. `src/lymer/_native.pyi` says what they promise.

use crate::buffer::{caught, figures_as_dict};
use crate::view::{View, store_error};
use lymer_store::segment::{SealOptions, Segment as StoreSegment, cache, merge};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::path::PathBuf;
use std::sync::Arc;

/// A sealed segment, mapped.
#[pyclass(frozen, extends = View, module = "lymer._native")]
pub struct Segment {
    segment: Arc<StoreSegment>,
}

#[pymethods]
impl Segment {
    #[staticmethod]
    #[pyo3(signature = (directory, segment, *, verify = false))]
    fn open(py: Python<'_>, directory: PathBuf, segment: &str, verify: bool) -> PyResult<Py<Self>> {
        let opened = py
            .detach(|| StoreSegment::open(&directory, segment, verify))
            .map_err(store_error)?;
        let segment = Arc::new(opened);
        let seen = segment.clone();
        let view = View::new(move || seen.clone());
        Py::new(
            py,
            PyClassInitializer::from(view).add_subclass(Self { segment }),
        )
    }

    fn verify(&self, py: Python<'_>) -> Vec<String> {
        py.detach(|| self.segment.verify())
    }

    #[getter]
    fn bytes_on_disk(&self) -> u64 {
        self.segment.bytes_on_disk()
    }

    fn drop_caches(&self) {
        self.segment.drop_caches();
    }
}

/// One segment of all spans of the sources, without the dropped traces.
#[pyfunction]
pub fn merge_segments<'py>(
    py: Python<'py>,
    sources: Vec<PyRef<'py, View>>,
    drop_trace_ids: &[u8],
    directory: PathBuf,
    segment: &str,
    options: &str,
) -> PyResult<Bound<'py, PyDict>> {
    if !drop_trace_ids.len().is_multiple_of(16) {
        return Err(PyValueError::new_err("trace ids must have 16 bytes each"));
    }
    let views: Vec<_> = sources.iter().map(|source| source.snapshot()).collect();
    let figures = py
        .detach(|| {
            let options = SealOptions::read(options)?;
            caught(|| merge::merge(&views, drop_trace_ids, &directory, segment, options))
        })
        .map_err(store_error)?;
    figures_as_dict(py, &figures)
}

/// Limit of the cache of decoded pages.
#[pyfunction]
pub fn set_page_cache(bytes_max: usize) {
    cache::set_bytes_max(bytes_max);
}
