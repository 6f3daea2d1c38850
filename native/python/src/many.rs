//! One question for many views, on as many threads as there are cores. `src/lymer/_native.pyi` says what it promises.

use crate::graph::GraphPart;
use crate::table::ArrowTable;
use crate::view::{View, search_page, store_error};
use lymer_store::graph;
use lymer_store::plan::read_graph_plan;
use lymer_store::view::{StoreError, View as StoreView};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// More threads would only be in the way of those who write.
const THREADS_MAX: usize = 4;
/// What is answered sooner is not worth a thread.
const ALONE: Duration = Duration::from_micros(300);

/// `View.search` of each view with its plan.
#[pyfunction]
pub fn search_views(
    py: Python<'_>,
    views: Vec<PyRef<'_, View>>,
    plans: Vec<String>,
) -> PyResult<Vec<ArrowTable>> {
    let answers = ask_all(py, &views, &plans, search_page)?;
    Ok(answers
        .into_iter()
        .map(|columns| ArrowTable { columns })
        .collect())
}

/// `View.graph` of each view with its plan.
#[pyfunction]
pub fn graph_views(
    py: Python<'_>,
    views: Vec<PyRef<'_, View>>,
    plans: Vec<String>,
) -> PyResult<Vec<GraphPart>> {
    let question = |view: &dyn StoreView, plan: &str| graph::graph(view, &read_graph_plan(plan)?);
    let parts = ask_all(py, &views, &plans, question)?;
    Ok(parts.into_iter().map(|part| GraphPart { part }).collect())
}

fn ask_all<T: Send>(
    py: Python<'_>,
    views: &[PyRef<'_, View>],
    plans: &[String],
    question: impl Fn(&dyn StoreView, &str) -> Result<T, StoreError> + Sync,
) -> PyResult<Vec<T>> {
    if views.len() != plans.len() {
        return Err(PyValueError::new_err("every view needs a plan"));
    }
    let views: Vec<&View> = views.iter().map(|view| &**view).collect();
    let ask = |at: usize| question(views[at].snapshot().as_ref(), &plans[at]);
    py.detach(|| on_threads(views.len(), ask))
        .map_err(store_error)
}

/// What `work` gives for 0 to `count`, in this order; after an error nothing new is begun.
fn on_threads<T: Send>(
    count: usize,
    work: impl Fn(usize) -> Result<T, StoreError> + Sync,
) -> Result<Vec<T>, StoreError> {
    let cores = thread::available_parallelism().map_or(1, |cores| cores.get());
    let threads = cores.min(THREADS_MAX).min(count);
    if threads < 2 {
        return (0..count).map(work).collect();
    }
    let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::with_capacity(count)));
    let take_one = || {
        let at = next.fetch_add(1, Ordering::Relaxed);
        if at >= count {
            return false;
        }
        let answer = work(at);
        if answer.is_err() {
            next.store(count, Ordering::Relaxed);
        }
        let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
        done.push((at, answer));
        true
    };
    thread::scope(|scope| {
        let begun = Instant::now();
        let mut alone = true;
        while take_one() {
            if alone && begun.elapsed() > ALONE && next.load(Ordering::Relaxed) < count {
                alone = false;
                for _ in 1..threads {
                    scope.spawn(|| while take_one() {});
                }
            }
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_unstable_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, answer)| answer).collect()
}
