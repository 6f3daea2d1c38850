//! `LogStage`. `src/lymer/_native.pyi` says what it promises.

use crate::payload::payload;
use lymer_store::log::{self, Disk, Entry, Group};
use pyo3::exceptions::PyOSError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyMemoryView, PyString};
use std::fs::File;
use std::io;
use std::mem::ManuallyDrop;
use std::os::fd::{FromRawFd, RawFd};
use std::os::unix::fs::FileExt;

/// Memory through which one log file after another is written.
#[pyclass(module = "lymer._native")]
pub struct LogStage {
    stage: log::Stage,
    disk: Option<Py<PyAny>>,
}

#[pymethods]
impl LogStage {
    #[new]
    #[pyo3(signature = (log_id, disk = None))]
    fn new(log_id: Vec<u8>, disk: Option<Py<PyAny>>) -> PyResult<Self> {
        let stage = log::Stage::new(log_id)?;
        Ok(Self { stage, disk })
    }

    fn begin(&mut self, head: &[u8]) {
        self.stage.begin(head);
    }

    #[pyo3(signature = (entries, *, written, synced, end, epoch, position, previous))]
    #[allow(clippy::too_many_arguments)] // They have names in Python.
    fn append(
        &mut self,
        py: Python<'_>,
        entries: Vec<(Bound<'_, PyString>, Bound<'_, PyAny>)>,
        written: RawFd,
        synced: RawFd,
        end: u64,
        epoch: u64,
        position: u64,
        previous: u64,
    ) -> PyResult<()> {
        let payloads: Vec<_> = entries
            .iter()
            .map(|(_, data)| payload(data))
            .collect::<PyResult<_>>()?;
        let mut read = Vec::with_capacity(entries.len());
        for ((format, _), payload) in entries.iter().zip(&payloads) {
            let format = format.to_str()?;
            read.push(Entry { format, payload });
        }
        let group = Group {
            entries: &read,
            epoch,
            position,
            previous,
        };
        let Self { stage, disk } = self;
        py.detach(|| match disk {
            None => stage.append(&Files::of(written, synced), &group, end),
            Some(disk) => {
                let disk = Given {
                    disk,
                    written,
                    synced,
                };
                stage.append(&disk, &group, end)
            }
        })
        .map_err(|error| os_error(py, error))
    }
}

/// The system's calls on two descriptors of one file.
struct Files {
    written: ManuallyDrop<File>,
    synced: ManuallyDrop<File>,
}

impl Files {
    fn of(written: RawFd, synced: RawFd) -> Self {
        // SAFETY: the log has opened the descriptors and closes none of the file that it is writing; the files here live
        // as long as one call, and are never dropped, so they close nothing.
        let file = |descriptor| ManuallyDrop::new(unsafe { File::from_raw_fd(descriptor) });
        Self {
            written: file(written),
            synced: file(synced),
        }
    }
}

impl Disk for Files {
    fn write(&self, data: &[u8], offset: u64) -> io::Result<usize> {
        self.written.write_at(data, offset)
    }

    fn sync(&self) -> io::Result<()> {
        self.synced.sync_data()
    }
}

/// Instead of the system's calls, those of a disk that was handed in.
struct Given<'a> {
    disk: &'a Py<PyAny>,
    written: RawFd,
    synced: RawFd,
}

impl Disk for Given<'_> {
    fn write(&self, data: &[u8], offset: u64) -> io::Result<usize> {
        Python::attach(|py| {
            let memory = aligned(py, data)?;
            let count = self
                .disk
                .call_method1(py, "write", (self.written, [memory], offset))?;
            Ok(count.extract::<usize>(py)?)
        })
    }

    fn sync(&self) -> io::Result<()> {
        Python::attach(|py| self.disk.call_method1(py, "sync", (self.synced,)))?;
        Ok(())
    }
}

/// A copy that Python may keep, aligned as writes past the page cache want it.
fn aligned<'py>(py: Python<'py>, data: &[u8]) -> PyResult<Bound<'py, PyMemoryView>> {
    let memory = py.import("mmap")?.call_method1("mmap", (-1, data.len()))?;
    memory.call_method1("write", (PyBytes::new(py, data),))?;
    PyMemoryView::from(&memory)
}

/// As Python raises it itself, with the error's number.
fn os_error(py: Python<'_>, error: io::Error) -> PyErr {
    let Some(code) = error.raw_os_error() else {
        return error.into();
    };
    let text = || py.import("os")?.call_method1("strerror", (code,));
    match text() {
        Ok(text) => PyOSError::new_err((code, text.unbind())),
        Err(failed) => failed,
    }
}
