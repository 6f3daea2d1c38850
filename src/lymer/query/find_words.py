"""What stands in a find box, as words: Jaeger's rules (docs/specs/native-api.md, section 3)."""

from __future__ import annotations

import re
from typing import Final

from lymer.component.errors import BadQueryError
from lymer.wire.trace_view import Words

TEXT_MAX: Final = 10_000
"""How long a find text may be."""

_WORD: Final = re.compile(r'(-?)(?:"([^"]*)"?|(\S+))')
_SPAN_ID: Final = re.compile(r"[0-9a-fA-F]{16}")


def read_words(text: str) -> Words:
    """The words of the text: terms, keys to leave out (`-key`), span ids. Raises BadQueryError when it is too long."""
    if len(text) > TEXT_MAX:
        raise BadQueryError(f"the text to find is longer than {TEXT_MAX} letters")
    terms: list[str] = []
    without: list[str] = []
    for minus, quoted, plain in _WORD.findall(text):
        word = quoted or plain
        if not word:
            continue
        if minus and word != "-":
            without.append(word)
        else:
            terms.append(minus + word)
    return Words(
        terms=tuple(terms),
        without_keys=tuple(without),
        span_ids=tuple(term for term in terms if _SPAN_ID.fullmatch(term)),
    )
