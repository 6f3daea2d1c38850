"""What stands in a find box, by Jaeger's rules."""

import pytest

from lymer.component.errors import BadQueryError
from lymer.query.find_words import TEXT_MAX, read_words
from lymer.wire.trace_view import Words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", Words()),
        ("  a  B ", Words(("a", "B"))),
        ('"two words" three', Words(("two words", "three"))),
        ('"open end', Words(("open end",))),
        ("-db.statement pay", Words(("pay",), ("db.statement",))),
        ('-"a key" x', Words(("x",), ("a key",))),
        ("-", Words(("-",))),
        ("00000000000000aB", Words(("00000000000000aB",), (), ("00000000000000aB",))),
        ("00000000000000a", Words(("00000000000000a",))),
    ],
)
def test_words(text, words):
    assert read_words(text) == words


def test_long_texts_are_refused():
    with pytest.raises(BadQueryError):
        read_words("x" * (TEXT_MAX + 1))
