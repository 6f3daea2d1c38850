"""Damaged payloads at the doors: each piece of the corpus gets its status and text, whole or cut anywhere."""

from __future__ import annotations

import json
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import httpx
import pytest

from lymer.receivers.jaeger_grpc import JaegerGrpcReceiver
from lymer.receivers.jaeger_http import JaegerHttpReceiver
from lymer.receivers.zipkin import ZipkinReceiver
from tests.receivers.conftest import FakeSink, Run, grpc_channel, http_client

CORPUS = Path(__file__).parents[2] / "corpus"
CASES: dict[str, dict[str, Any]] = {
    f"{folder}/{name}": outcome
    for folder in ("jaeger", "zipkin")
    for name, outcome in json.loads((CORPUS / folder / "expected.json").read_text()).items()
}
HTTP = {
    "jaegerthrift": ("jaeger", "/api/traces", "application/x-thrift"),
    "zipkin_json": ("zipkin", "/api/v2/spans", "application/json"),
    "zipkin_proto": ("zipkin", "/api/v2/spans", "application/x-protobuf"),
    "zipkin_json1": ("zipkin", "/api/v1/spans", "application/json"),
    "zipkinthrift": ("zipkin", "/api/v1/spans", "application/x-thrift"),
}
ANSWERS: dict[str, tuple[int, str]] = json.loads((CORPUS / "answers.json").read_text())
"""What Jaeger 2 and Zipkin 3 said of each piece and of its beginnings; `python -m e2e.originals` asks them."""
TAKEN_HERE = {
    *(
        f"jaeger/batch-{kind}.bin"
        for kind in ("compact", "empty", "wrong-types", "unknown-fields", "not-utf8", "zero-ids")
    ),
    *(f"jaeger/emit-batch-{kind}.bin" for kind in ("compact", "compact-and-more", "strict", "old", "empty")),
    "zipkin/emit-zipkin-batch-compact.bin",
    "zipkin/v1-wrong-types.bin",
    "jaeger/post-spans-wrong-types.bin",
}
"""Refused there and taken here: other protocols and whole messages on 14268, fields left out, of another type."""
REFUSED_HERE = {f"zipkin/{version}-more-behind.json" for version in ("v1", "v2")}
"""Taken there, though a part of it is lost."""
POST_SPANS = "/jaeger.api_v2.CollectorService/PostSpans"
CUT = ["jaeger/batch-binary.bin", "zipkin/v2.json", "zipkin/v1.json", "zipkin/v2.bin", "zipkin/v1.bin"]


class Doors:
    """The doors that answer, each with a client."""

    def __init__(self, http: dict[str, httpx.AsyncClient], channel: grpc.aio.Channel) -> None:
        self._http = http
        self.channel = channel

    async def call(self, message: bytes) -> tuple[int, str]:
        """The code of PostSpans, and its words."""
        try:
            await self.channel.unary_unary(POST_SPANS)(message)
        except grpc.aio.AioRpcError as error:
            return error.code().value[0], error.details() or ""
        return 0, ""

    async def post(self, format_name: str, body: bytes) -> httpx.Response:
        door, path, content_type = HTTP[format_name]
        return await self._http[door].post(path, content=body, headers={"content-type": content_type})


@pytest.fixture
async def doors(run: Run, stack: AsyncExitStack) -> Doors:
    kinds = (JaegerHttpReceiver, ZipkinReceiver, JaegerGrpcReceiver)
    jaeger, zipkin, rpc = [await run(kind, kind.config_type()) for kind in kinds]
    http = {
        "jaeger": await http_client(stack, jaeger, "/api/traces"),
        "zipkin": await http_client(stack, zipkin, "/api/v2/spans"),
    }
    return Doors(http, await grpc_channel(stack, rpc))


@pytest.mark.parametrize("name", sorted(name for name, case in CASES.items() if case["format"] in HTTP))
async def test_every_piece_of_the_corpus_gets_its_answer(doors: Doors, sink: FakeSink, name: str) -> None:
    payload, want = (CORPUS / name).read_bytes(), CASES[name]
    answer = await doors.post(want["format"], payload)
    if name in REFUSED_HERE:
        assert ANSWERS[name] == [202, ""]
        assert (answer.status_code, answer.text.partition(":")[0]) == (400, "Malformed reading List<Span> from json")
        return
    assert (answer.status_code, answer.text) == ((202, "") if name in TAKEN_HERE else tuple(ANSWERS[name]))
    assert sink.span_count() == want.get("rows", 0)  # Those that are well are kept, whatever the sender is told.


@pytest.mark.parametrize("name", sorted(name for name, case in CASES.items() if case["format"] == "jaeger_proto"))
async def test_every_message_of_the_corpus_gets_its_answer(doors: Doors, sink: FakeSink, name: str) -> None:
    payload, want = (CORPUS / name).read_bytes(), CASES[name]
    assert await doors.call(payload) == ((0, "") if name in TAKEN_HERE else tuple(ANSWERS[name]))
    assert sink.span_count() == want.get("rows", 0)


async def test_a_message_cut_anywhere_is_answered_as_jaeger_does(doors: Doors, sink: FakeSink) -> None:
    name = "jaeger/post-spans.bin"
    payload = (CORPUS / name).read_bytes()
    for end in range(7, len(payload), 7):
        assert await doors.call(payload[:end]) == tuple(ANSWERS[f"{name}[:{end}]"])
    sink.batches.clear()
    assert await doors.call(payload) == (0, "")
    assert sink.span_count() == CASES[name]["rows"]


@pytest.mark.parametrize("name", CUT)
async def test_a_payload_cut_at_any_byte_is_answered_and_the_whole_one_after_it_is_taken(
    doors: Doors, sink: FakeSink, name: str
) -> None:
    payload, format_name = (CORPUS / name).read_bytes(), CASES[name]["format"]
    for end in range(7, len(payload), 7):  # Every byte: native/decode/tests/corpus.rs.
        answer = await doors.post(format_name, payload[:end])
        assert (answer.status_code, answer.text) == tuple(ANSWERS[f"{name}[:{end}]"])
    sink.batches.clear()
    assert (await doors.post(format_name, payload)).status_code == 202
    assert sink.span_count() == CASES[name]["rows"]
