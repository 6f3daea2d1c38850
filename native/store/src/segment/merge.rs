//! One segment out of several views: traces are made whole, equal spans made one. Compaction and deletion are this.

use super::SealOptions;
use super::write::SealFigures;
use crate::buffer::OpenBuffer;
use crate::view::{Result, View};
use foldhash::fast::RandomState;
use hashbrown::HashSet;
use std::path::Path;
use std::sync::Arc;

/// Traces that are read at once: some thousand spans.
const SPANS_AT_ONCE: u32 = 8192;

/// Write a segment of all spans of the sources without those of the dropped traces.
pub fn merge(
    sources: &[Arc<dyn View>],
    drop_trace_ids: &[u8],
    directory: &Path,
    segment: &str,
    options: SealOptions,
) -> Result<SealFigures> {
    let dropped: HashSet<&[u8], RandomState> = drop_trace_ids.chunks_exact(16).collect();
    let buffer = OpenBuffer::new();
    for source in sources {
        let kept = (0..source.trace_count())
            .filter(|&trace| !dropped.contains(source.trace(trace).trace_id.as_slice()));
        let (mut traces, mut span_count) = (Vec::new(), 0);
        for trace in kept {
            traces.push(trace);
            span_count += source.trace(trace).span_count;
            if span_count >= SPANS_AT_ONCE {
                buffer.append(&source.read_spans(&traces)?, 0)?;
                (traces, span_count) = (Vec::new(), 0);
            }
        }
        buffer.append(&source.read_spans(&traces)?, 0)?;
    }
    buffer.seal(directory, segment, options)
}
