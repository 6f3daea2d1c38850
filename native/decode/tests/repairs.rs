//! Text that is not UTF-8 is repaired where it stands, and said of the rows that have it, however a batch came about.

use arrow_array::RecordBatch;
use lymer_decode::otlp_decode::{Decoded, decode};
use lymer_decode::otlp_fields::{
    any_value, key_value, request, resource, resource_spans, scope_spans, span,
};
use lymer_decode::protobuf_writer::{close_message, open_message, put_bytes_field};
use lymer_decode::rows::Rows;
use std::ops::Range;

/// A value: the field of AnyValue, its bytes.
type Value<'a> = (u32, &'a [u8]);

const BROKEN: &[u8] = b"a\xffb";

fn string(value: &[u8]) -> Value<'_> {
    (any_value::STRING, value)
}

fn put_attribute(out: &mut Vec<u8>, field: u32, value: Value<'_>) {
    let pair = open_message(out, field);
    put_bytes_field(out, key_value::KEY, b"key");
    let wrapped = open_message(out, key_value::VALUE);
    put_bytes_field(out, value.0, value.1);
    close_message(out, wrapped);
    close_message(out, pair);
}

/// A request of one resource, whose spans have these attributes.
fn payload(of_resource: Value<'_>, spans: &[&[Value<'_>]]) -> Vec<u8> {
    let mut out = Vec::new();
    let spans_of_resource = open_message(&mut out, request::RESOURCE_SPANS);
    let said = open_message(&mut out, resource_spans::RESOURCE);
    put_attribute(&mut out, resource::ATTRIBUTES, of_resource);
    close_message(&mut out, said);
    let spans_of_scope = open_message(&mut out, resource_spans::SCOPE_SPANS);
    for attributes in spans {
        let message = open_message(&mut out, scope_spans::SPANS);
        put_bytes_field(&mut out, span::TRACE_ID, &[1; 16]);
        put_bytes_field(&mut out, span::SPAN_ID, &[1; 8]);
        for value in *attributes {
            put_attribute(&mut out, span::ATTRIBUTES, *value);
        }
        close_message(&mut out, message);
    }
    close_message(&mut out, spans_of_scope);
    close_message(&mut out, spans_of_resource);
    out
}

fn decoded(of_resource: Value<'_>, spans: &[&[Value<'_>]]) -> Decoded {
    decode(&payload(of_resource, spans)).expect("it is protobuf")
}

fn texts(batch: &RecordBatch, rows: Range<usize>) -> Vec<Vec<u8>> {
    let rows_of = Rows::of(batch).expect("the schema");
    let items = rows.flat_map(|row| rows_of.attributes.of_row(row));
    items
        .map(|item| rows_of.attributes.text.value(item).to_vec())
        .collect()
}

#[test]
fn only_the_broken_strings_of_a_row_change() {
    let bytes = (any_value::BYTES, BROKEN);
    let whole = "größer als ein paar Zeichen, damit es nicht kurz ist".as_bytes();
    let spans: [&[Value<'_>]; 4] = [
        &[string(b"before"), bytes],
        &[
            string(whole),
            bytes,
            string(BROKEN),
            string(b""),
            string(b"last"),
        ],
        &[string(whole), bytes],
        &[string(b"after")],
    ];
    let found = decoded(string(b"there"), &spans);
    assert_eq!(found.repaired_rows, [1]);
    let expected = [
        b"before",
        BROKEN,
        whole,
        BROKEN,
        "a\u{fffd}b".as_bytes(),
        b"",
        b"last",
        whole,
        BROKEN,
        b"after",
    ];
    assert_eq!(texts(&found.columns, 0..4), expected);
}

#[test]
fn what_is_cut_in_a_character_is_not_mended_by_its_neighbour() {
    let (one, two) = "é".as_bytes().split_at(1);
    let found = decoded(string(b"there"), &[&[string(one), string(two)]]);
    assert_eq!(found.repaired_rows, [0]);
    let repaired = "\u{fffd}".as_bytes();
    assert_eq!(texts(&found.columns, 0..1), [repaired, repaired]);
}

#[test]
fn a_resource_that_is_known_reads_as_when_it_was_new() {
    for value in [b"x".as_slice(), b"y", "é".as_bytes(), &[b'z'; 10_000]] {
        let new = decoded(string(value), &[&[]]);
        let known = decoded(string(value), &[&[]]);
        assert_eq!(new.columns, known.columns);
        let rows = Rows::of(&new.columns).expect("the schema");
        let text = std::str::from_utf8(value).expect("it is");
        assert_eq!(
            rows.resource_attributes.get(0),
            format!("{{\"key\":\"{text}\"}}")
        );
    }
}

#[test]
fn a_resource_that_is_repaired_is_so_each_time() {
    for _ in 0..3 {
        assert_eq!(decoded(string(BROKEN), &[&[], &[]]).repaired_rows, [0, 1]);
        assert_eq!(decoded(string(b"fine"), &[&[]]).repaired_rows, []);
    }
}
