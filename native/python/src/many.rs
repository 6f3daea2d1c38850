//! One question for many views, on as many threads as there are cores. `src/lymer/_native.pyi` says what it promises.

use crate::graph::GraphPart;
use crate::table::ArrowTable;
use crate::view::{View, search_page, store_error};
use lymer_store::graph;
use lymer_store::plan::{read_graph_plan, read_search_plan};
use lymer_store::view::{StoreError, View as StoreView};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
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
    let plans = read_plans(&plans, read_search_plan).map_err(store_error)?;
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
    let plans = read_plans(&plans, read_graph_plan).map_err(store_error)?;
    let parts = ask_all(py, &views, &plans, graph::graph)?;
    Ok(parts.into_iter().map(|part| GraphPart { part }).collect())
}

/// The plans, read once where their text is the same.
fn read_plans<P>(
    texts: &[String],
    read: impl Fn(&str) -> Result<P, StoreError>,
) -> Result<Vec<Arc<P>>, StoreError> {
    let mut plans: Vec<Arc<P>> = Vec::with_capacity(texts.len());
    for (at, text) in texts.iter().enumerate() {
        let same = plans.last().filter(|_| at > 0 && texts[at - 1] == *text);
        let plan = same.map_or_else(|| read(text).map(Arc::new), |plan| Ok(plan.clone()));
        plans.push(plan?);
    }
    Ok(plans)
}

fn ask_all<P: Send + Sync, T: Send>(
    py: Python<'_>,
    views: &[PyRef<'_, View>],
    plans: &[Arc<P>],
    question: impl Fn(&dyn StoreView, &P) -> Result<T, StoreError> + Sync,
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
