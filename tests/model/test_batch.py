"""A batch is one record batch of THE schema, and changes make new ones."""

import pyarrow as pa
import pytest

from lymer.conformance.spans import batch, event, link, span, to_rows
from lymer.conformance.store.round_trip import rich_span
from lymer.model.batch import Payload, SpanBatch
from lymer.model.schema import COLUMNS, SPAN_SCHEMA


def test_an_empty_batch_has_the_schema():
    assert len(SpanBatch.empty()) == 0
    assert SpanBatch.empty().record_batch.schema.equals(SPAN_SCHEMA)


def test_columns_of_another_schema_are_refused_by_name():
    record_batch = batch([span()]).record_batch
    with pytest.raises(ValueError, match="scope_schema_url is missing"):
        SpanBatch.from_record_batch(record_batch.select(record_batch.schema.names[:-1]))
    with pytest.raises(ValueError, match="column 0 is "):
        SpanBatch.from_record_batch(record_batch.rename_columns(["x", *record_batch.schema.names[1:]]))
    with pytest.raises(ValueError, match="too many"):
        SpanBatch.from_record_batch(record_batch.append_column("more", pa.array([1])))


def test_concatenation_keeps_all_rows_in_order():
    first, second = [rich_span(), span(1, 2, attributes={"a": 1})], [span(2, 1, attributes={"b": "x"}, links=[link()])]
    whole = SpanBatch.concat([batch(first), SpanBatch.empty(), batch(second), batch(first)])
    assert to_rows(whole) == first + second + first
    assert whole.record_batch.schema.equals(SPAN_SCHEMA)


def test_concatenation_of_nothing_is_empty():
    assert len(SpanBatch.concat([])) == 0
    assert len(SpanBatch.concat([SpanBatch.empty(), SpanBatch.empty()])) == 0


def test_concatenation_of_one_is_itself():
    one = batch([span()])
    assert SpanBatch.concat([one]) is one


def test_taking_rows_makes_a_batch_without_a_payload():
    whole = SpanBatch(
        batch([span(1, number, events=[event()]) for number in (1, 2, 3)]).record_batch, Payload("otlp_proto", b"x")
    )
    taken = whole.take([2, 0])
    assert [row["span_id"][-1] for row in to_rows(taken)] == [3, 1]
    assert taken.payload is None
    assert whole.payload == Payload("otlp_proto", b"x")


def test_columns_that_live_elsewhere_are_looked_at_once():
    class Elsewhere:
        num_rows = 1
        looks = 0

        def __arrow_c_array__(self, requested_schema=None):
            self.looks += 1
            return batch([span()]).record_batch.__arrow_c_array__(requested_schema)

    elsewhere = Elsewhere()
    lazy = SpanBatch(elsewhere)
    assert (len(lazy), elsewhere.looks) == (1, 0)
    assert lazy.record_batch is lazy.record_batch
    assert elsewhere.looks == 1


def test_every_column_has_a_sentence():
    assert [column.name for column in COLUMNS] == SPAN_SCHEMA.names
    assert all(column.meaning.endswith(".") for column in COLUMNS)
