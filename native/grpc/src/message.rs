//! Messages out of a call's bytes: five bytes before each tell its size. Memory grows as bytes come, not as announced.

use bytes::{Buf, Bytes};
use std::collections::VecDeque;

const PREFIX_BYTES: usize = 5;

/// Smaller pieces are gathered, because each keeps alive the buffer that it came in.
const SMALL_PIECE_BYTES: usize = 4 << 10;

/// One message, as it came.
#[derive(Debug)]
pub struct Message {
    /// Its bytes, one piece after the other.
    pub pieces: Vec<Bytes>,
    /// Of all pieces.
    pub size: usize,
    /// Whether it is in the call's `grpc-encoding`.
    pub is_compressed: bool,
}

/// Why the bytes of a call are no messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Broken {
    /// A message of this size was announced.
    TooLarge(usize),
    /// The first byte of a message is neither 0 nor 1.
    Flag(u8),
    /// The call's bytes ended inside a message.
    Cut,
}

/// The bytes of one call that came and were not taken.
#[derive(Default)]
pub struct Inbox {
    pieces: VecDeque<Bytes>,
    small: Vec<u8>,
    size: usize,
    prefix: Option<(usize, bool)>,
}

impl Inbox {
    /// More bytes.
    pub fn push(&mut self, piece: Bytes) {
        self.size += piece.len();
        if piece.len() < SMALL_PIECE_BYTES {
            self.small.extend_from_slice(&piece);
            return;
        }
        self.close_small();
        self.pieces.push_back(piece);
    }

    /// Whether nothing has come of a next message.
    pub fn is_empty(&self) -> bool {
        self.size == 0 && self.prefix.is_none()
    }

    /// How many bytes are here.
    pub fn size(&self) -> usize {
        self.size
    }

    /// The next message, if it is whole.
    pub fn take(&mut self, size_max: usize) -> Result<Option<Message>, Broken> {
        let Some((size, is_compressed)) = self.prefix(size_max)? else {
            return Ok(None);
        };
        if self.size < size {
            return Ok(None);
        }
        self.prefix = None;
        let pieces = self.split(size);
        Ok(Some(Message {
            pieces,
            size,
            is_compressed,
        }))
    }

    fn prefix(&mut self, size_max: usize) -> Result<Option<(usize, bool)>, Broken> {
        if self.prefix.is_none() && self.size >= PREFIX_BYTES {
            let mut prefix = [0; PREFIX_BYTES];
            let mut filled = 0;
            for piece in self.split(PREFIX_BYTES) {
                prefix[filled..filled + piece.len()].copy_from_slice(&piece);
                filled += piece.len();
            }
            let [flag, size @ ..] = prefix;
            let size = u32::from_be_bytes(size) as usize;
            if flag > 1 {
                return Err(Broken::Flag(flag));
            }
            if size > size_max {
                return Err(Broken::TooLarge(size));
            }
            self.prefix = Some((size, flag == 1));
        }
        Ok(self.prefix)
    }

    /// So many bytes, which must be there.
    fn split(&mut self, mut size: usize) -> Vec<Bytes> {
        self.close_small();
        self.size -= size;
        let mut taken = Vec::with_capacity(self.pieces.len().min(1 + size / SMALL_PIECE_BYTES));
        while size > 0 {
            let Some(first) = self.pieces.front_mut() else {
                break;
            };
            if first.len() > size {
                taken.push(first.split_to(size));
                break;
            }
            size -= first.remaining();
            taken.extend(self.pieces.pop_front());
        }
        taken
    }

    fn close_small(&mut self) {
        if !self.small.is_empty() {
            self.pieces
                .push_back(Bytes::from(std::mem::take(&mut self.small)));
        }
    }
}
