//! A connection's bytes in memory, as h2 wants them: what came from the socket, and what goes there.

use bytes::{Buf, Bytes};
use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// One end has it, h2 has the other. Whoever reads must poll again after there is more: nobody is woken.
#[derive(Clone)]
pub struct Pipe {
    bytes: Arc<Mutex<Waiting>>,
    output_bytes_max: usize,
}

#[derive(Default)]
struct Waiting {
    input: VecDeque<Bytes>,
    output: Vec<u8>,
}

/// A connection that has nothing to say keeps no more room for it.
const OUTPUT_BYTES_KEPT: usize = 8 << 10;

impl Pipe {
    /// An empty one, which takes so many bytes to write before it says that it is full.
    pub fn new(output_bytes_max: usize) -> Pipe {
        Pipe {
            bytes: Arc::default(),
            output_bytes_max,
        }
    }

    /// Bytes to be read.
    pub fn push_input(&self, bytes: Bytes) {
        if !bytes.is_empty() {
            self.waiting().input.push_back(bytes);
        }
    }

    /// Whether there are bytes that have not been read: the reader waits for room to write.
    pub fn has_input(&self) -> bool {
        !self.waiting().input.is_empty()
    }

    /// What has been written, handed to `take` in one piece, and forgotten.
    pub fn take_output<T>(&self, take: impl FnOnce(&[u8]) -> T) -> T {
        let mut waiting = self.waiting();
        let taken = take(&waiting.output);
        waiting.output.clear();
        waiting.output.shrink_to(OUTPUT_BYTES_KEPT);
        taken
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.bytes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AsyncRead for Pipe {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut waiting = self.waiting();
        let Some(first) = waiting.input.front_mut() else {
            return Poll::Pending;
        };
        let size = first.len().min(into.remaining());
        into.put_slice(&first[..size]);
        first.advance(size);
        if first.is_empty() {
            waiting.input.pop_front();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Pipe {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let mut waiting = self.waiting();
        let room = self.output_bytes_max.saturating_sub(waiting.output.len());
        if room == 0 && !bytes.is_empty() {
            return Poll::Pending;
        }
        let size = bytes.len().min(room);
        waiting.output.extend_from_slice(&bytes[..size]);
        Poll::Ready(Ok(size))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
