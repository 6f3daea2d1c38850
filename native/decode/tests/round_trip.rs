//! What must hold for any bytes: no panic, and what was decoded survives every way out and back in. The fuzz targets in
//! `native/fuzz` call these same functions.

use arrow_array::RecordBatch;
use lymer_decode::{
    jaeger_json, json_writer, otlp_decode, otlp_encode, otlp_json_decode, otlp_json_encode,
    text_reader,
};
use proptest::collection::vec;
use proptest::prelude::*;

/// Decoding refuses or gives rows that encode and decode to the same rows.
pub fn otlp_proto(payload: &[u8]) {
    if let Ok(decoded) = otlp_decode::decode(payload) {
        survives(&decoded.columns);
    }
}

/// JSON is refused, or rewritten as protobuf that is decoded likewise.
pub fn otlp_json(payload: &[u8]) {
    if let Ok(rewritten) = otlp_json_decode::to_protobuf(payload) {
        let decoded = otlp_decode::decode(&rewritten).expect("what we wrote is protobuf");
        survives(&decoded.columns);
    }
}

/// Attribute text is refused or read, and what is read is written the same.
pub fn attribute_text(text: &str) {
    let mut written = Vec::new();
    let mut sink = lymer_decode::text::TextSink::begin_bag(&mut written);
    if text_reader::read_bag(text, &mut sink).is_err() {
        return;
    }
    sink.end_bag();
    let written = String::from_utf8(written).expect("attribute text is UTF-8");
    let mut again = Vec::new();
    let mut sink = lymer_decode::text::TextSink::begin_bag(&mut again);
    text_reader::read_bag(&written, &mut sink).expect("what we wrote is attribute text");
    sink.end_bag();
    assert_eq!(String::from_utf8_lossy(&again), written);
    let mut pairs = 0;
    text_reader::each_pair(&written, |_, _| pairs += 1).expect("the same, seen from above");
}

fn survives(batch: &RecordBatch) {
    let encoded = otlp_encode::encode(batch).expect("what we decoded can be encoded");
    let again = otlp_decode::decode(&encoded).expect("what we encoded is protobuf");
    assert!(again.refused.is_empty(), "what we kept is kept");
    let json = otlp_json_encode::encode(batch).expect("and as JSON");
    let rewritten = otlp_json_decode::to_protobuf(&json).expect("what we encoded is JSON");
    let from_json = otlp_decode::decode(&rewritten).expect("and protobuf again");
    let encoded_again = otlp_encode::encode(&again.columns).expect("once more");
    assert_eq!(encoded, encoded_again);
    // Not the protobuf: JSON has one NaN only.
    assert_eq!(
        json,
        otlp_json_encode::encode(&from_json.columns).expect("from JSON too")
    );
    for trace in jaeger_json::encode(batch, false).expect("and as Jaeger's JSON") {
        json_writer::indented(&trace);
    }
}

/// A span with everything, to be damaged.
fn example() -> Vec<u8> {
    let json = r#"{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"a"}},
        {"key":"$bytes","value":{"bytesValue":"AP8="}}],"entityRefs":[{"type":"t","idKeys":["k"]}]},"schemaUrl":"u",
        "scopeSpans":[{"scope":{"name":"n","version":"v","attributes":[{"key":"d","value":{"doubleValue":"NaN"}}]},
        "spans":[{"traceId":"0102030405060708090a0b0c0d0e0f10","spanId":"0102030405060708","parentSpanId":"0202030405060708",
        "traceState":"a=b","flags":257,"name":"op","kind":2,"startTimeUnixNano":"1763000000000000000",
        "endTimeUnixNano":"1763000000000000009","droppedAttributesCount":3,"attributes":[
        {"key":"list","value":{"arrayValue":{"values":[{"intValue":"-1"},{"kvlistValue":{"values":[{"key":"$double"}]}},{}]}}},
        {"key":"b","value":{"boolValue":true}}],"events":[{"timeUnixNano":"5","name":"e","attributes":[{"key":"x"}]}],
        "links":[{"traceId":"0102030405060708090a0b0c0d0e0f10","spanId":"0102030405060708","flags":1}],
        "status":{"message":"m","code":2}}]}]}]}"#;
    otlp_json_decode::to_protobuf(json.as_bytes()).expect("the example is OTLP")
}

#[test]
fn the_example_survives() {
    let decoded = otlp_decode::decode(&example()).expect("the example is OTLP");
    assert_eq!(decoded.columns.num_rows(), 1);
    survives(&decoded.columns);
}

#[derive(Clone, Debug)]
enum Damage {
    Replace(prop::sample::Index, u8),
    Insert(prop::sample::Index, Vec<u8>),
    Remove(prop::sample::Index, usize),
    Double(prop::sample::Index, usize),
}

fn damage() -> impl Strategy<Value = Damage> {
    let at = any::<prop::sample::Index>;
    prop_oneof![
        (at(), any::<u8>()).prop_map(|(at, byte)| Damage::Replace(at, byte)),
        (at(), vec(any::<u8>(), 1..5)).prop_map(|(at, bytes)| Damage::Insert(at, bytes)),
        (at(), 1..9usize).prop_map(|(at, count)| Damage::Remove(at, count)),
        (at(), 1..40usize).prop_map(|(at, count)| Damage::Double(at, count)),
    ]
}

fn damaged(mut data: Vec<u8>, damages: &[Damage]) -> Vec<u8> {
    for damage in damages {
        if data.is_empty() {
            return data;
        }
        match damage {
            Damage::Replace(at, byte) => {
                let at = at.index(data.len());
                data[at] = *byte;
            }
            Damage::Insert(at, bytes) => {
                let at = at.index(data.len());
                data.splice(at..at, bytes.iter().copied());
            }
            Damage::Remove(at, count) => {
                let at = at.index(data.len());
                data.drain(at..(at + count).min(data.len()));
            }
            Damage::Double(at, count) => {
                let at = at.index(data.len());
                let piece = data[at..(at + count).min(data.len())].to_vec();
                data.splice(at..at, piece);
            }
        }
    }
    data
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn any_bytes_are_refused_or_survive(payload in vec(any::<u8>(), 0..200)) {
        otlp_proto(&payload);
        otlp_json(&payload);
    }

    #[test]
    fn damaged_protobuf_is_refused_or_survives(damages in vec(damage(), 1..6)) {
        otlp_proto(&damaged(example(), &damages));
    }

    #[test]
    fn damaged_json_is_refused_or_survives(damages in vec(damage(), 1..6)) {
        let batch = otlp_decode::decode(&example()).unwrap().columns;
        otlp_json(&damaged(otlp_json_encode::encode(&batch).unwrap(), &damages));
    }

    #[test]
    fn any_attribute_text_is_refused_or_survives(
        text in r#"(\{|\}|\[|\]|,|:|"\$*(bytes|double)"|"QQ=="|"NaN"|"a"|1|-2\.5e-7|null|true|"){0,24}"#
    ) {
        attribute_text(&text);
    }
}
