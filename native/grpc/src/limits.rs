//! What a connection may cost before anybody has asked for it.

use std::time::Duration;

/// What a peer may send of a call before its handler reads: enough that most messages come without a pause.
pub const STREAM_WINDOW_BYTES: u32 = 256 << 10;

/// Calls of one connection at a time; the peer keeps the others.
pub const CALLS_MAX: u32 = 128;

/// Never what holds a call up: calls that nobody reads must not starve the one that is read.
pub const CONNECTION_WINDOW_BYTES: u32 = STREAM_WINDOW_BYTES * CALLS_MAX;

/// The protocol's own: a frame is held until it is whole.
pub const FRAME_BYTES_MAX: u32 = 16 << 10;

/// All headers of a call, as HTTP/2 counts them.
pub const HEADER_BYTES_MAX: u32 = 16 << 10;

/// Bytes that wait for the socket; then nothing more is read or written until some are taken.
pub const OUTPUT_BYTES_MAX: usize = 256 << 10;

/// Bytes of an answer that wait inside h2 for the peer's window, for each call.
pub const SEND_BUFFER_BYTES_MAX: usize = 64 << 10;

/// Calls that the peer took back before they could begin, in one piece of input; more are a flood.
pub const RESETS_PENDING_MAX: usize = 256;

/// Calls that the peer took back after they had begun, less those that were answered; more are a flood, too.
pub const TAKEN_BACK_MAX: usize = 1000;

/// Calls that were answered early, remembered because their peer still sends.
pub const ANSWERED_EARLY_MAX: usize = 1024;

/// How long they are remembered.
pub const ANSWERED_EARLY: Duration = Duration::from_secs(3);
