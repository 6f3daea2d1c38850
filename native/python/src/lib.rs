//! The PyO3 skin: hands bytes and Arrow over, nothing else. `src/lymer/_native.pyi` says what it offers.

pub mod batch;
mod payload;
pub mod wire;

use pyo3::prelude::*;

/// The native core. Called by `lymer.wire` and `lymer.storage.embedded` alone.
#[pymodule]
mod _native {
    #[pymodule_export]
    use crate::batch::Batch;
    #[pymodule_export]
    use crate::wire::{checksum, decode_otlp_proto, encode_otlp_proto};
}
