"""A whole trace as a file of one of the formats that others read: docs/specs/native-api.md, section 10."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from lymer.api.answers import Answer
from lymer.api.config import ApiConfig
from lymer.api.endpoint import Endpoints, gone
from lymer.api.native_trace import is_true, one_of, read_trace_id
from lymer.api.parameters import Parameters
from lymer.api.traces_json import enclosed, jaeger_pieces, otlp_pieces
from lymer.component.errors import NotFoundError
from lymer.model.batch import SpanBatch
from lymer.query.service import QueryService
from lymer.query.uploads import Uploads
from lymer.wire.zipkin_json import encode_zipkin_json

FORMATS: Final = ("otlp", "jaeger", "zipkin")


class NativeDownload:
    """The endpoint of whole traces."""

    def __init__(self, query: QueryService, uploads: Uploads, *, config: ApiConfig) -> None:
        self._query = query
        self._uploads = uploads
        self._tenant = config.tenant

    def add_to(self, endpoints: Endpoints) -> None:
        """Put the endpoint below the API's prefix."""
        endpoints.add("/traces/{trace_id}", self.trace)

    async def trace(self, request: Request) -> Response:
        """One whole trace, as it was sent; spans in pre-order."""
        parameters = Parameters(request.scope["query_string"])
        trace_id = read_trace_id(request.path_params["trace_id"])
        format_name = one_of(parameters, "format", FORMATS)
        batch = await self._batch(request, trace_id, parameters.text("upload"))
        if not len(batch):
            raise NotFoundError("trace not found")
        headers = {}
        if is_true(parameters, "download"):
            headers["content-disposition"] = f'attachment; filename="{trace_id.hex()}.{format_name}.json"'
        return Answer(await _file(batch, format_name), headers=headers)

    async def _batch(self, request: Request, trace_id: bytes, upload_id: str) -> SpanBatch:
        if upload_id:
            return await self._uploads.ask_trace(
                upload_id, trace_id, lambda trace: trace.spans(range(trace.span_count))
            )
        return await self._query.get_traces([trace_id], tenant=self._tenant, gone=gone(request))


async def _file(batch: SpanBatch, format_name: str) -> bytes | AsyncIterator[bytes]:
    match format_name:
        case "jaeger":
            return await enclosed(b'{"data":[', jaeger_pieces(batch), b"]}")
        case "zipkin":
            return (await asyncio.to_thread(encode_zipkin_json, batch))[0]
    return await enclosed(b'{"resourceSpans":[', otlp_pieces(batch), b"]}")
