//! What the fuzzers have found worth keeping, and every damaged payload of the corpus, go through every target again.

#[allow(dead_code)]
#[path = "foreign_formats.rs"]
mod foreign_formats;
#[allow(dead_code)]
#[path = "round_trip.rs"]
mod round_trip;

use std::fs;
use std::path::{Path, PathBuf};

type Target = (&'static str, fn(&[u8]));

const TARGETS: [Target; 9] = [
    ("attribute_text", attribute_text),
    ("jaeger_datagrams", foreign_formats::jaeger_datagrams),
    ("jaeger_proto", foreign_formats::jaeger_proto),
    ("jaeger_thrift", foreign_formats::jaeger_thrift),
    ("otlp_json", round_trip::otlp_json),
    ("otlp_proto", round_trip::otlp_proto),
    ("zipkin_json", foreign_formats::zipkin_json),
    ("zipkin_proto", foreign_formats::zipkin_proto),
    ("zipkin_thrift", foreign_formats::zipkin_thrift),
];

fn attribute_text(payload: &[u8]) {
    if let Ok(text) = std::str::from_utf8(payload) {
        round_trip::attribute_text(text);
    }
}

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../corpus")
}

fn files(folder: PathBuf) -> Vec<Vec<u8>> {
    let mut paths: Vec<_> = fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.expect("a file").path())
        .filter(|path| path.is_file())
        .collect();
    paths.sort();
    paths
        .into_iter()
        .map(|path| fs::read(path).expect("its bytes"))
        .collect()
}

#[test]
fn what_the_fuzzers_kept_breaks_nothing() {
    for (name, target) in TARGETS {
        let payloads = files(corpus().join("fuzz").join(name));
        assert!(payloads.len() > 10, "{name} has a corpus");
        payloads.iter().for_each(|payload| target(payload));
    }
}

#[test]
fn damaged_payloads_of_every_format_break_no_other() {
    for folder in ["jaeger", "zipkin", "otlp/damage"] {
        for payload in files(corpus().join(folder)) {
            TARGETS.iter().for_each(|(_, target)| target(&payload));
        }
    }
}

#[test]
fn payloads_cut_at_every_byte_break_nothing() {
    for folder in ["jaeger", "zipkin"] {
        for payload in files(corpus().join(folder)) {
            for end in 0..payload.len().min(2_000) {
                TARGETS
                    .iter()
                    .for_each(|(_, target)| target(&payload[..end]));
            }
        }
    }
}
