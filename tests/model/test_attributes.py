"""Attribute text loses nothing, is JSON, and is what its table says."""

import json
import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lymer.model.attributes import Pairs, as_text, read_bag, read_value, write_bag, write_value

KEYS = st.text(max_size=3) | st.sampled_from(("$bytes", "$double", "$$bytes", "$", "$bytes$", "bytes"))
SCALARS = st.none() | st.booleans() | st.text() | st.integers(-(2**63), 2**63 - 1) | st.floats() | st.binary()
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.lists(st.tuples(KEYS, inner), max_size=3).map(Pairs),
    max_leaves=12,
)


def exactly(value):
    """The value in a form in which equal means the same type, the same bits, the same order."""
    match value:
        case float():
            return "double", "nan" if math.isnan(value) else struct.pack("<d", value)
        case Pairs():
            return "map", [(key, exactly(item)) for key, item in value]
        case list():
            return "array", [exactly(item) for item in value]
    return type(value).__name__, value


@given(VALUES)
def test_a_value_reads_back_the_same(value):
    assert exactly(read_value(write_value(value))) == exactly(value)


@given(st.lists(st.tuples(KEYS, VALUES), max_size=4).map(Pairs))
def test_a_bag_reads_back_the_same(pairs):
    assert exactly(read_bag(write_bag(pairs))) == exactly(pairs)


@given(VALUES)
def test_text_is_json_and_canonical(value):
    text = write_value(value)
    json.loads(text)
    assert write_value(read_value(text)) == text


@given(SCALARS.filter(lambda value: isinstance(value, str | int | bool)))
def test_plain_values_are_plain_json(value):
    assert json.loads(write_value(value)) == value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        (False, "false"),
        (42, "42"),
        (-(2**63), "-9223372036854775808"),
        (1.0, "1.0"),
        (1e300, "1e+300"),
        (1e-5, "1e-05"),
        (-0.0, "-0.0"),
        (0.1, "0.1"),
        (1e16, "1e+16"),
        (math.nan, '{"$double":"NaN"}'),
        (math.inf, '{"$double":"Infinity"}'),
        (-math.inf, '{"$double":"-Infinity"}'),
        (b"", '{"$bytes":""}'),
        (b"\x00\xff\xfe", '{"$bytes":"AP/+"}'),
        ([], "[]"),
        ([1, "a", [None]], '[1,"a",[null]]'),
        (Pairs(), "{}"),
        (Pairs([("b", 1), ("a", 2), ("b", 3)]), '{"b":1,"a":2,"b":3}'),
        (Pairs([("$bytes", "AA==")]), '{"$$bytes":"AA=="}'),
        (Pairs([("$$double", 1)]), '{"$$$double":1}'),
        (Pairs([("$bytes", 1), ("a", 2)]), '{"$bytes":1,"a":2}'),
        (Pairs([("$other", 1)]), '{"$other":1}'),
        ("猎犬 🐕", '"猎犬 🐕"'),
        ('"\\/\x00\x1f\n\r\t\b\f\x7f\u2028', '"\\"\\\\/\\u0000\\u001f\\n\\r\\t\\b\\f\x7f\u2028"'),
    ],
    ids=lambda one: repr(one)[:40],
)
def test_the_text_of_a_value(value, text):
    assert write_value(value) == text
    assert exactly(read_value(text)) == exactly(value)


def test_the_empty_bag_is_the_empty_text():
    assert write_bag([]) == ""
    assert read_bag("") == Pairs()


@pytest.mark.parametrize(
    "text",
    [
        "[1]",
        "5",
        "null",
        "{",
        "nonsense",
        '{"$bytes":"AA=="}',
        '{"a":{"$bytes":"*"}}',
        '{"a":{"$bytes":5}}',
        '{"a":{"$double":1}}',
        '{"a":{"$double":"x"}}',
        "[" * 100_000,
    ],
    ids=lambda text: text[:30],
)
def test_what_is_no_attribute_text_is_refused(text):
    with pytest.raises(ValueError):
        read_bag(text)


def test_a_type_from_elsewhere_is_refused():
    with pytest.raises(TypeError):
        write_value({"a": 1})


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        ("a", "a"),
        (5, "5"),
        (2.0, "2.0"),
        (True, "true"),
        (b"\x01", "AQ=="),
        (["a", 1], '["a",1]'),
        (Pairs([("k", 1)]), '{"k":1}'),
        (math.nan, "NaN"),
        (-math.inf, "-Infinity"),
    ],
)
def test_a_value_as_a_person_types_it(value, text):
    assert as_text(value) == text
