"""corpus/jaeger_api: request, status, content type, answer."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.api.conftest import CORPUS

CASES = [
    pytest.param(case, id=f"{api}: {case['name']}")
    for api in ("v1", "v3", "native")
    for case in json.loads((CORPUS / f"{api}.json").read_text())
]


@pytest.mark.parametrize("case", CASES)
async def test_the_answer_is_the_golden_one(case: dict[str, Any], http: httpx.AsyncClient) -> None:
    method, address = case["request"].split(" ", 1)
    content = json.dumps(case["body"]).encode() if "body" in case else None
    answer = await http.request(method, address, content=content)
    assert (answer.status_code, answer.headers["content-type"]) == (case["status"], case["type"]), answer.text
    if isinstance(case["answer"], str):
        assert answer.text == case["answer"]
    else:
        assert without_order_of_tags(answer.json()) == without_order_of_tags(case["answer"])


@pytest.mark.parametrize("case", [case for case in CASES if case.values[0]["status"] >= 400])
async def test_errors_end_as_go_ends_them(case: dict[str, Any], http: httpx.AsyncClient) -> None:
    if case["type"] == "application/json":
        return
    method, address = case["request"].split(" ", 1)
    answer = await http.request(method, address)
    assert answer.text.endswith("\n")
    assert answer.headers["x-content-type-options"] == "nosniff"


def without_order_of_tags(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_order_of_tags(item) for key, item in value.items()}
    if isinstance(value, list):
        items = [without_order_of_tags(item) for item in value]
        tags = items and all(isinstance(item, dict) and set(item) == {"key", "type", "value"} for item in items)
        return sorted(items, key=lambda item: item["key"]) if tags else items
    return value
