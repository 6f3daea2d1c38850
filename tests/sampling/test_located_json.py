"""JSON whose mistakes can be pointed at."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lymer.component.errors import ConfigError
from lymer.sampling.located_json import LocatedJson

leaves = st.none() | st.booleans() | st.integers(-99, 99) | st.floats(0, 9) | st.text(max_size=5)
documents = st.recursive(
    leaves, lambda below: st.lists(below, max_size=4) | st.dictionaries(st.text(max_size=4), below, max_size=4)
)


def paths(value: Any) -> list[tuple[Any, ...]]:
    """The path of every part, the whole first."""
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [()] + [(key, *rest) for key, below in steps for rest in paths(below)]


@given(documents, st.sampled_from([None, 0, 3]), st.booleans())
def test_at_the_place_that_is_named_the_part_begins(value: Any, indent: int | None, ascii_only: bool) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    document = LocatedJson(text.encode(), source="f")
    lines = text.split("\n")
    for path in paths(value):
        _, line, column, _ = document.at("x", *path).split(":", 3)
        rest = "\n".join([lines[int(line) - 1][int(column) - 1 :], *lines[int(line) :]])
        found: Any = value
        for step in path:
            found = found[step]
        assert json.JSONDecoder().raw_decode(rest)[0] == found


def test_a_part_that_is_not_there_is_told_where_it_would_be() -> None:
    document = LocatedJson(b'{"a":\n {"b": 1}}', source="f")
    assert document.at("missing", "a", "c") == "f:2:2: a.c: missing"


def test_a_byte_order_mark_is_no_mistake() -> None:
    assert LocatedJson(b"\xef\xbb\xbf[1]", source="f").value == [1]


@pytest.mark.parametrize(("kind", "value"), [(dict, []), (list, {}), (str, 1), (float, True), (float, "1")])
def test_another_kind_than_expected_is_refused(kind: type, value: Any) -> None:
    with pytest.raises(ConfigError, match=r"^f:1:1: must be .*, not "):
        LocatedJson(b"null", source="f").expect(kind, value)
