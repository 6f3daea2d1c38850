//! The PyO3 skin: hands bytes and Arrow over, nothing else. `src/lymer/_native.pyi` says what it offers.

pub mod batch;
pub mod buffer;
pub mod graph;
pub mod grpc;
pub mod jaeger_pieces;
pub mod log;
pub mod many;
pub mod overview;
mod payload;
pub mod segment;
pub mod table;
pub mod trace;
pub mod view;
pub mod wire;
pub mod wire_jaeger;

use pyo3::prelude::*;

/// The native core. Called by `lymer.wire`, `lymer.storage.embedded` and the gRPC server in `lymer.component` alone.
#[pymodule]
mod _native {
    #[pymodule_export]
    use crate::batch::Batch;
    #[pymodule_export]
    use crate::buffer::{OpenBuffer, merge_batches, structure};
    #[pymodule_export]
    use crate::graph::{GraphPart, merge_graph};
    #[pymodule_export]
    use crate::grpc::GrpcConnection;
    #[pymodule_export]
    use crate::jaeger_pieces::JaegerPieces;
    #[pymodule_export]
    use crate::log::LogStage;
    #[pymodule_export]
    use crate::many::{graph_views, search_views};
    #[pymodule_export]
    use crate::overview::{RedPart, facets, histogram, merge_red, red};
    #[pymodule_export]
    use crate::segment::{Segment, merge_segments, set_page_cache};
    #[pymodule_export]
    use crate::table::ArrowTable;
    #[pymodule_export]
    use crate::trace::{
        trace_column, trace_events, trace_find, trace_keys, trace_rows, trace_skeleton,
        trace_span_count,
    };
    #[pymodule_export]
    use crate::view::{View, summarize};
    #[pymodule_export]
    use crate::wire::{
        checksum, decode_otlp_proto, encode_jaeger_json, encode_otlp_json, encode_otlp_proto,
        indent_json, oddities, otlp_json_to_proto,
    };
    #[pymodule_export]
    use crate::wire_jaeger::{
        decode_jaeger_datagrams, decode_jaeger_proto, decode_jaeger_thrift, decode_zipkin_json,
        decode_zipkin_proto, decode_zipkin_thrift, decode_zipkin_v1_json, encode_jaeger_proto,
        encode_zipkin_json,
    };
}
