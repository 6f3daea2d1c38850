"""Ids as text and as bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lymer.model.ids import jaeger_trace_id, parse_span_id, parse_trace_id, trace_id_hex


@given(st.binary(min_size=16, max_size=16).filter(any))
def test_a_trace_id_reads_back_in_every_form(trace_id):
    for text in (trace_id_hex(trace_id), jaeger_trace_id(trace_id), trace_id.hex().upper(), trace_id.hex().lstrip("0")):
        assert parse_trace_id(text) == trace_id


@given(st.binary(min_size=8, max_size=8).filter(any))
def test_a_span_id_reads_back(span_id):
    assert parse_span_id(span_id.hex()) == span_id == parse_span_id(span_id.hex().lstrip("0"))


def test_sixteen_digits_are_a_64_bit_id():
    assert parse_trace_id("00000000000000ff") == bytes(15) + b"\xff"
    assert jaeger_trace_id(bytes(15) + b"\xff") == "00000000000000ff"
    assert jaeger_trace_id(b"\x01" + bytes(15)) == "01" + "00" * 15


@pytest.mark.parametrize("text", ["", " ", "0", "0" * 32, "g", "1" * 33, "0x12", "1 1", "-1", "é", "1 1 " * 8, "1_1"])
def test_what_is_no_trace_id_is_refused(text):
    with pytest.raises(ValueError, match="trace id"):
        parse_trace_id(text)


@pytest.mark.parametrize("text", ["", "0", "1" * 17, "xyz"])
def test_what_is_no_span_id_is_refused(text):
    with pytest.raises(ValueError, match="span id"):
        parse_span_id(text)


def test_blanks_around_an_id_do_not_matter():
    assert parse_trace_id(" 1\n") == parse_trace_id("1")
