"""Retelling: whatever is retold ends in a complaint or in none, soon; what the originals say is in `test_damage`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lymer.receivers.complaints.jaeger_proto import read_post_spans
from lymer.receivers.complaints.jaeger_thrift import read_batch
from lymer.receivers.complaints.retelling import RETOLD_BYTES_MAX, retold
from lymer.receivers.complaints.zipkin_binary import read_proto, read_thrift
from lymer.receivers.complaints.zipkin_json import read_json_v1, read_json_v2

CORPUS = Path(__file__).parents[3] / "corpus"
RETELLERS = [read_batch, read_post_spans, read_proto, read_thrift, read_json_v1, read_json_v2]
PAYLOADS = [(CORPUS / folder / name).read_bytes() for folder in ("jaeger", "zipkin") for name in json.loads(
    (CORPUS / folder / "expected.json").read_text()
)]  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=True) | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "traceId", "timestamp", "tags", "annotations", "x"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@pytest.mark.parametrize("retell", RETELLERS)
@given(payload=st.sampled_from(PAYLOADS), at=st.floats(0, 1), patch=st.binary(max_size=6))
def test_a_changed_payload_ends_in_words_or_in_none(retell: object, payload: bytes, at: float, patch: bytes) -> None:
    place = int(at * len(payload))
    retold(retell, payload[:place] + patch + payload[place + len(patch) :])  # type: ignore[arg-type]


@pytest.mark.parametrize("retell", [read_json_v1, read_json_v2])
@given(spans=st.lists(JSON, max_size=3))
def test_any_json_ends_in_words_or_in_none(retell: object, spans: list[object]) -> None:
    retold(retell, json.dumps(spans).encode())  # type: ignore[arg-type]


@pytest.mark.parametrize("number", ["1" * 5000, '"' + "9" * 5000 + '"', "1e99999", '"1e99999"', '" 5 "', '"NaN"', '""'])
def test_a_number_of_any_length_is_read_or_complained_of(number: str) -> None:
    retold(read_json_v2, b'[{"traceId":"1","id":"1","timestamp":' + number.encode() + b"}]")


@pytest.mark.parametrize("retell", RETELLERS)
def test_long_bodies_are_not_retold(retell: object) -> None:
    assert retold(retell, b"\xff" * (RETOLD_BYTES_MAX + 1)) is None  # type: ignore[arg-type]


def test_what_nests_deeper_than_our_stack_has_no_words() -> None:
    assert retold(read_thrift, b"\x0c\x00\x00\x00\x01" + b"\x0c\x00\x63" * 20_000) is None


@pytest.mark.parametrize("kinds", [b"\x0f\x00\x63\x07", b"\x0d\x00\x63\x07\x09", b"\x0e\x00\x63\x00"])
def test_two_billion_values_of_no_type_take_no_time(kinds: bytes) -> None:
    body = b"\x0c\x00\x00\x00\x01" + kinds + b"\x7f\xff\xff\xff"
    assert retold(read_thrift, body) == "Truncated: length 1 > bytes available 0 reading List<Span> from TBinary"
