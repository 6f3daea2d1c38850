"""What Go says of the same texts; outcomes and words were taken from Go's own documentation and tests."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lymer.api.parameters import (
    Parameters,
    parse_bool,
    parse_duration,
    parse_float,
    parse_int,
    parse_int32,
    parse_rfc3339,
    parse_text_map,
    parse_trace_id,
    parse_trace_id_or_base64,
)
from lymer.component.errors import BadQueryError

SECOND = 10**9


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [
        ("0", 0),
        ("+0", 0),
        ("-0", 0),
        ("5s", 5 * SECOND),
        ("1.2s", 1_200_000_000),
        ("100ms", 100_000_000),
        ("500us", 500_000),
        ("500µs", 500_000),
        ("500μs", 500_000),
        ("1h15m30.918273645s", 4530_918_273_645),
        ("-5.6s", -5_600_000_000),
        (".5s", SECOND // 2),
        ("5.s", 5 * SECOND),
        ("1.0s", SECOND),
        ("0.3333333333333333333h", 20 * 60 * SECOND - 1),
        ("9223372036854775807ns", 2**63 - 1),
        ("-9223372036854775808ns", -(2**63)),
    ],
)
def test_durations_mean_what_they_mean_in_go(text: str, nanoseconds: int) -> None:
    assert parse_duration(text) == nanoseconds


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", 'time: invalid duration ""'),
        ("-", 'time: invalid duration "-"'),
        ("s", 'time: invalid duration "s"'),
        (".", 'time: invalid duration "."'),
        (".s", 'time: invalid duration ".s"'),
        ("3", 'time: missing unit in duration "3"'),
        ("1.2.3s", 'time: missing unit in duration "1.2.3s"'),
        ("1d", 'time: unknown unit "d" in duration "1d"'),
        ("1 s", 'time: unknown unit " s" in duration "1 s"'),
        ("9223372036854775808ns", 'time: invalid duration "9223372036854775808ns"'),
        ("99999999999999999999999999s", 'time: invalid duration "99999999999999999999999999s"'),
    ],
)
def test_bad_durations_are_refused_in_the_words_of_go(text: str, words: str) -> None:
    with pytest.raises(ValueError) as caught:
        parse_duration(text)
    assert str(caught.value) == words


@given(st.text(alphabet="0123456789.hmsuµn-+ d", max_size=12))
def test_any_text_is_a_duration_or_refused(text: str) -> None:
    try:
        assert isinstance(parse_duration(text), int)
    except ValueError as error:
        assert str(error).startswith("time: ")


@pytest.mark.parametrize(
    ("parse", "text", "words"),
    [
        (parse_int, "x", 'strconv.ParseInt: parsing "x": invalid syntax'),
        (parse_int, "1.5", 'strconv.ParseInt: parsing "1.5": invalid syntax'),
        (parse_int, "١", 'strconv.ParseInt: parsing "١": invalid syntax'),
        (parse_int, " 1", 'strconv.ParseInt: parsing " 1": invalid syntax'),
        (parse_int, "9223372036854775808", 'strconv.ParseInt: parsing "9223372036854775808": value out of range'),
        (parse_int32, "2147483648", 'strconv.ParseInt: parsing "2147483648": value out of range'),
        (parse_bool, "yes", 'strconv.ParseBool: parsing "yes": invalid syntax'),
        (parse_float, "", 'strconv.ParseFloat: parsing "": invalid syntax'),
        (parse_trace_id, "xyz", 'strconv.ParseUint: parsing "xyz": invalid syntax'),
        (parse_trace_id, "1" * 33, "TraceID cannot be longer than 32 hex characters: " + "1" * 33),
        (parse_text_map, "[]", "json: cannot unmarshal array into Go value of type map[string]string"),
    ],
)
def test_bad_values_are_refused_in_the_words_of_go(parse, text: str, words: str) -> None:
    with pytest.raises(ValueError) as caught:
        parse(text)
    assert str(caught.value) == words


def test_a_number_of_a_million_digits_is_out_of_range_at_once() -> None:
    with pytest.raises(ValueError, match="value out of range"):
        parse_int("9" * 1_000_000)


@pytest.mark.parametrize("text", ["1", "t", "T", "TRUE", "true", "True"])
def test_go_has_six_ways_to_say_true(text: str) -> None:
    assert parse_bool(text)


@pytest.mark.parametrize(
    ("text", "unix_nano"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T00:00:00.000000001Z", 1),
        ("2026-11-21T09:00:00.5Z", 1_795_251_600_500_000_000),
        ("2026-11-21T17:00:00.5+08:00", 1_795_251_600_500_000_000),
        ("1969-12-31T23:59:59.999999999Z", -1),
    ],
)
def test_times_keep_their_nanoseconds(text: str, unix_nano: int) -> None:
    assert parse_rfc3339(text) == unix_nano


@pytest.mark.parametrize("text", ["", "now", "2026-11-21", "2026-11-21T09:00:00", "2026-13-21T09:00:00Z", "17640"])
def test_other_texts_are_no_times(text: str) -> None:
    with pytest.raises(ValueError, match=r'parsing time ".*" as "2006-01-02T15:04:05\.999999999Z07:00"'):
        parse_rfc3339(text)


@pytest.mark.parametrize(
    ("text", "hex_digits"),
    [
        ("1", "0" * 31 + "1"),
        ("ABCDEF", "0" * 26 + "abcdef"),
        ("4bf92f3577b34da6a3ce929d0e0e4736", "4bf92f3577b34da6a3ce929d0e0e4736"),
        ("S/kvNXezTaajzpKdDg5HNg==", "4bf92f3577b34da6a3ce929d0e0e4736"),
        ("S_kvNXezTaajzpKdDg5HNg", "4bf92f3577b34da6a3ce929d0e0e4736"),
        ("AAAAAAAAAAE=", "0" * 31 + "1"),
    ],
)
def test_trace_ids_come_short_long_and_as_base64(text: str, hex_digits: str) -> None:
    assert parse_trace_id_or_base64(text).hex() == hex_digits


def test_an_empty_parameter_is_an_absent_one() -> None:
    parameters = Parameters(b"limit=&limit=5&maxDuration&service=a%20b+c")
    assert parameters.read("limit", parse_int, 7) == 7
    assert parameters.read("maxDuration", parse_duration, 0) == 0
    assert parameters.text("service") == "a b c"


def test_a_bad_parameter_is_named() -> None:
    with pytest.raises(BadQueryError) as caught:
        Parameters("start=x").read("start", parse_int, 0)
    assert str(caught.value) == "unable to parse param 'start': strconv.ParseInt: parsing \"x\": invalid syntax"


def test_the_newer_name_goes_before_the_older() -> None:
    parameters = Parameters("a_b=old&aB=new")
    assert parameters.named("aB", "a_b") == ("new", "aB")
    assert Parameters("a_b=old").named("aB", "a_b") == ("old", "a_b")
