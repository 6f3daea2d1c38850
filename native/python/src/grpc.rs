//! A gRPC connection for `component/grpc_connection.py`. Every act is short: the GIL is kept.

use bytes::Bytes;
use lymer_grpc::connection::{Connection, Event, Found, Status};
use lymer_grpc::message::{Broken, Message};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyList};

const CALLED: u8 = 0;
const READ: u8 = 1;
const SENT: u8 = 2;
const GONE: u8 = 3;

const MESSAGE: u8 = 0;
const COMPRESSED: u8 = 1;
const END: u8 = 2;
const BROKEN: u8 = 3;
const NOTHING: u8 = 4;

const RESOURCE_EXHAUSTED: u32 = 8;
const INTERNAL: u32 = 13;

type Names = Vec<(String, Vec<u8>)>;

/// The server's side of one connection.
#[pyclass]
pub struct GrpcConnection {
    connection: Connection,
    message_bytes_max: usize,
}

#[pymethods]
impl GrpcConnection {
    #[new]
    fn new(message_bytes_max: usize) -> GrpcConnection {
        GrpcConnection {
            connection: Connection::new(message_bytes_max),
            message_bytes_max,
        }
    }

    #[getter]
    fn is_greeted(&self) -> bool {
        self.connection.is_greeted()
    }

    #[getter]
    fn is_closed(&self) -> bool {
        self.connection.is_closed()
    }

    #[getter]
    fn is_stuck(&self) -> bool {
        self.connection.is_stuck()
    }

    #[getter]
    fn unread(&self) -> usize {
        self.connection.unread()
    }

    #[getter]
    fn call_count(&self) -> usize {
        self.connection.call_count()
    }

    #[getter]
    fn read_count(&self) -> usize {
        self.connection.read_count()
    }

    /// Bytes from the socket.
    fn receive(&mut self, data: PyBackedBytes) {
        self.connection.receive(Bytes::from_owner(data));
    }

    /// Bytes for the socket.
    fn output<'py>(&mut self, py: Python<'py>) -> Bound<'py, PyBytes> {
        self.connection
            .take_output(|output| PyBytes::new(py, output))
    }

    /// What happened, in its order.
    fn events<'py>(&mut self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let events = PyList::empty(py);
        while let Some(event) = self.connection.next_event() {
            match event {
                Event::Called {
                    call,
                    path,
                    timeout,
                } => {
                    let timeout = timeout.map(|timeout| timeout.as_secs_f64());
                    events.append((CALLED, call, (path, timeout)))?;
                }
                Event::Read { call, found } => {
                    events.append((READ, call, self.found(py, found)?))?;
                }
                Event::Sent { call } => events.append((SENT, call, py.None()))?,
                Event::Gone { call } => events.append((GONE, call, py.None()))?,
            }
        }
        Ok(events)
    }

    /// The next message of a call.
    fn read<'py>(&mut self, py: Python<'py>, call: u32) -> PyResult<Bound<'py, PyAny>> {
        let found = self.connection.read(call);
        self.found(py, found)
    }

    fn metadata<'py>(
        &self,
        py: Python<'py>,
        call: u32,
    ) -> PyResult<Vec<(String, Bound<'py, PyBytes>)>> {
        let metadata = self.connection.metadata(call).into_iter();
        Ok(metadata
            .map(|(name, value)| (name, PyBytes::new(py, &value)))
            .collect())
    }

    fn encoding(&self, call: u32) -> Option<String> {
        self.connection.encoding(call)
    }

    fn start(&mut self, call: u32, metadata: Names) -> PyResult<()> {
        self.connection
            .start(call, &metadata)
            .map_err(|_| bad_metadata())
    }

    fn send(&mut self, call: u32, message: &[u8]) -> PyResult<bool> {
        self.connection
            .send(call, message)
            .map_err(|_| bad_metadata())
    }

    fn finish(
        &mut self,
        call: u32,
        message: Option<&[u8]>,
        code: u32,
        details: &str,
        metadata: Names,
    ) -> PyResult<()> {
        let status = Status {
            code,
            message: details,
            metadata: &metadata,
        };
        self.connection
            .finish(call, message, &status)
            .map_err(|_| bad_metadata())
    }

    fn shut_down(&mut self) {
        self.connection.shut_down();
    }

    fn abort(&mut self) {
        self.connection.abort();
    }
}

impl GrpcConnection {
    fn found<'py>(&self, py: Python<'py>, found: Found) -> PyResult<Bound<'py, PyAny>> {
        let nothing = py.None();
        let found = match found {
            Found::Message(message) => {
                let kind = if message.is_compressed {
                    COMPRESSED
                } else {
                    MESSAGE
                };
                (kind, bytes_of(py, &message)?).into_pyobject(py)?
            }
            Found::End => (END, nothing).into_pyobject(py)?,
            Found::Nothing => (NOTHING, nothing).into_pyobject(py)?,
            Found::Broken(broken) => (BROKEN, self.reason(broken)).into_pyobject(py)?,
        };
        Ok(found.into_any())
    }

    /// The status of a call whose bytes are no message, in the words of gRPC's core.
    fn reason(&self, broken: Broken) -> (u32, String) {
        match broken {
            Broken::TooLarge(size) => (
                RESOURCE_EXHAUSTED,
                format!(
                    "Received message larger than max ({size} vs. {})",
                    self.message_bytes_max
                ),
            ),
            Broken::Flag(flag) => (INTERNAL, format!("Bad gRPC frame type {flag:#04x}")),
            Broken::Cut => (
                INTERNAL,
                "the call ended in the middle of a message".to_owned(),
            ),
        }
    }
}

/// The message in one piece, copied once.
fn bytes_of<'py>(py: Python<'py>, message: &Message) -> PyResult<Bound<'py, PyAny>> {
    if let [piece] = &message.pieces[..] {
        return Ok(PyBytes::new(py, piece).into_any());
    }
    let size = message.size as pyo3::ffi::Py_ssize_t;
    // SAFETY: without a source it makes bytes of this size, or gives null and sets the error that is raised here.
    let bytes = unsafe {
        let bytes = pyo3::ffi::PyBytes_FromStringAndSize(std::ptr::null(), size);
        Bound::from_owned_ptr_or_err(py, bytes)?
    };
    let mut filled = 0;
    for piece in &message.pieces {
        // SAFETY: nobody else has seen these bytes yet. The pieces together are `size` long, so each ends inside.
        unsafe {
            let start = pyo3::ffi::PyBytes_AsString(bytes.as_ptr()).cast::<u8>();
            std::ptr::copy_nonoverlapping(piece.as_ptr(), start.add(filled), piece.len());
        }
        filled += piece.len();
    }
    assert_eq!(filled, message.size);
    Ok(bytes)
}

fn bad_metadata() -> PyErr {
    PyValueError::new_err("metadata with a name or a value that may not stand in a header")
}
