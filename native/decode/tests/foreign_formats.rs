//! What must hold of Jaeger's and Zipkin's formats for any bytes: no panic, and what was decoded can be encoded in every
//! form. The fuzz targets in `native/fuzz` call these same functions.

use lymer_decode::otlp_decode::{DecodeError, Decoded};
use lymer_decode::{
    jaeger_datagrams, jaeger_json, jaeger_proto_decode, jaeger_proto_encode, jaeger_thrift_decode,
    otlp_encode, zipkin_json_decode, zipkin_json_encode, zipkin_proto_decode, zipkin_thrift_decode,
    zipkin_v1_json_decode,
};
use proptest::collection::vec;
use proptest::prelude::*;

/// Jaeger's Thrift is refused, or its rows survive every way out.
pub fn jaeger_thrift(payload: &[u8]) {
    survives(jaeger_thrift_decode::decode(payload));
}

/// Datagrams of the agent, however many: what each gives alone, in order, is what they give together.
pub fn jaeger_datagrams(payload: &[u8]) {
    let Ok(found) = jaeger_datagrams::decode(payload) else {
        return;
    };
    let (mut rest, mut rows, mut broken) = (payload, 0, 0);
    while let Some((size, behind)) = rest.split_first_chunk::<4>() {
        let (datagram, behind) = behind.split_at(u32::from_le_bytes(*size) as usize);
        match jaeger_thrift_decode::decode(datagram) {
            Ok(decoded) => rows += decoded.columns.num_rows(),
            Err(_) => broken += 1,
        }
        rest = behind;
    }
    assert_eq!(
        (found.decoded.columns.num_rows(), found.broken.len()),
        (rows, broken)
    );
    survives(Ok(found.decoded));
}

/// Jaeger's protobuf likewise; what it becomes on the way out is a request again.
pub fn jaeger_proto(payload: &[u8]) {
    survives(jaeger_proto_decode::decode(payload));
}

/// Zipkin's JSON of both versions.
pub fn zipkin_json(payload: &[u8]) {
    survives(zipkin_json_decode::decode(payload));
    survives(zipkin_v1_json_decode::decode(payload));
}

/// Zipkin's Thrift.
pub fn zipkin_thrift(payload: &[u8]) {
    survives(zipkin_thrift_decode::decode(payload));
}

/// Zipkin's protobuf.
pub fn zipkin_proto(payload: &[u8]) {
    survives(zipkin_proto_decode::decode(payload));
}

fn survives(decoded: Result<Decoded, DecodeError>) {
    let Ok(Decoded { columns, .. }) = decoded else {
        return;
    };
    otlp_encode::encode(&columns).expect("what we decoded can be OTLP");
    jaeger_json::encode(&columns, false).expect("and Jaeger's JSON");
    let spans = jaeger_proto_encode::encode(&columns).expect("and Jaeger's protobuf");
    let request = [&[0x0a][..], &varint(spans.len()), &spans].concat();
    let again = jaeger_proto_decode::decode(&request).expect("which is a request");
    assert_eq!(again.columns.num_rows(), columns.num_rows());
    assert!(again.refused.is_empty(), "what we kept is kept");
    for trace in zipkin_json_encode::encode(&columns).expect("and Zipkin's JSON") {
        let again = zipkin_json_decode::decode(&trace).expect("which is a list of spans");
        assert!(again.refused.is_empty(), "what we kept is kept");
    }
}

fn varint(mut value: usize) -> Vec<u8> {
    let mut out = Vec::new();
    while value > 0x7f {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
    out
}

/// A Batch in the compact protocol: a process, a span with a tag of each type, a log and a reference.
fn compact_batch() -> Vec<u8> {
    let mut out = b"\x82\x81\x01\x09emitBatch\x1c".to_vec();
    out.extend(b"\x1c\x18\x01s\x19\x1c\x18\x08hostname\x15\x00\x18\x01h\x00\x00");
    out.extend(b"\x19\x1c\x16\x02\x16\x04\x16\x06\x16\x08\x18\x02op");
    out.extend(b"\x19\x1c\x15\x02\x16\x02\x16\x04\x16\x0a\x00\x15\x02\x16\x14\x16\x1e");
    out.extend(b"\x19\x4c\x18\x01a\x15\x00\x18\x01b\x00\x18\x05error\x15\x04\x31\x00");
    out.extend(b"\x18\x01n\x15\x06\x46\x05\x00\x18\x01x\x15\x08\x58\x02\x00\xff\x00");
    out.extend(b"\x19\x1c\x16\x16\x19\x1c\x18\x05event\x15\x00\x18\x01e\x00\x00\x00\x00\x00");
    out
}

const ZIPKIN_JSON: &str = r#"[{"traceId":"1","id":"2","parentId":"3","kind":"CLIENT","name":"n","timestamp":5,"duration":7,
    "localEndpoint":{"serviceName":"s","ipv4":"1.2.3.4","port":80},"remoteEndpoint":{"ipv6":"::1"},"shared":true,
    "annotations":[{"timestamp":6,"value":"e|{\"a\":[1,{\"$double\":\"NaN\"}]}|2"}],"debug":true,"tags":{"error":"",
    "otlp.link.0":"00000000000000000000000000000001|0000000000000002|a=b|{}|1","k8s.pod.name":"p"},"binaryAnnotations":
    [{"key":"lc","value":"","endpoint":{"serviceName":"s"}},{"key":"sa","value":true,"endpoint":{"serviceName":"t"}}]}]"#;

#[test]
fn the_examples_are_kept() {
    let thrift = jaeger_thrift_decode::decode(&compact_batch()).expect("a batch");
    assert_eq!((thrift.columns.num_rows(), thrift.refused.len()), (1, 0));
    let json = zipkin_json_decode::decode(ZIPKIN_JSON.as_bytes()).expect("a list");
    assert_eq!((json.columns.num_rows(), json.refused.len()), (1, 0));
}

fn damaged(mut data: Vec<u8>, damages: &[(prop::sample::Index, u8, Vec<u8>)]) -> Vec<u8> {
    for (at, removed, inserted) in damages {
        let at = at.index(data.len() + 1);
        let end = (at + usize::from(removed % 4)).min(data.len());
        data.splice(at..end, inserted.iter().copied());
    }
    data
}

fn damages() -> impl Strategy<Value = Vec<(prop::sample::Index, u8, Vec<u8>)>> {
    vec(
        (
            any::<prop::sample::Index>(),
            any::<u8>(),
            vec(any::<u8>(), 0..4),
        ),
        1..5,
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn any_bytes_are_refused_or_survive(payload in vec(any::<u8>(), 0..200)) {
        jaeger_thrift(&payload);
        jaeger_datagrams(&payload);
        jaeger_proto(&payload);
        zipkin_json(&payload);
        zipkin_thrift(&payload);
        zipkin_proto(&payload);
    }

    #[test]
    fn damaged_thrift_is_refused_or_survives(damages in damages()) {
        let batch = damaged(compact_batch(), &damages);
        jaeger_thrift(&batch);
        let framed = |data: &[u8]| [&(data.len() as u32).to_le_bytes(), data].concat();
        let good = framed(&compact_batch());
        jaeger_datagrams(&[&good[..], &framed(&batch), &good].concat());
    }

    #[test]
    fn damaged_json_is_refused_or_survives(damages in damages()) {
        zipkin_json(&damaged(ZIPKIN_JSON.as_bytes().to_vec(), &damages));
    }

    #[test]
    fn damaged_protobuf_is_refused_or_survives(damages in damages()) {
        let batch = jaeger_thrift_decode::decode(&compact_batch()).unwrap().columns;
        let spans = jaeger_proto_encode::encode(&batch).unwrap();
        let request = [&[0x0a][..], &varint(spans.len()), &spans].concat();
        jaeger_proto(&damaged(request.clone(), &damages));
        // The messages are alike enough that some of it is read.
        zipkin_proto(&damaged(spans, &damages));
        zipkin_thrift(&damaged(request, &damages));
    }
}
