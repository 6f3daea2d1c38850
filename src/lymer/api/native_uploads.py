"""Our own API about traces that somebody brings along: docs/specs/native-api.md, section 10."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import Response

from lymer.api.answers import json_answer
from lymer.api.config import ApiConfig
from lymer.api.endpoint import Endpoints, read_body
from lymer.api.summary_json import summaries_json
from lymer.query.uploads import Upload, Uploads
from lymer.wire.uploaded import decode_uploaded


class NativeUploads:
    """The endpoints of uploads."""

    def __init__(self, uploads: Uploads, *, config: ApiConfig) -> None:
        self._uploads = uploads
        self._bytes_max = config.body_bytes_max

    def add_to(self, endpoints: Endpoints) -> None:
        """Put the endpoints below the API's prefix."""
        endpoints.add("/uploads", self.upload, ["POST"])
        endpoints.add("/uploads/{upload_id}", self.show)
        endpoints.add("/uploads/{upload_id}", self.remove, ["DELETE"])

    async def upload(self, request: Request) -> Response:
        """Keep the traces of the body for a while."""
        body = await read_body(request, self._bytes_max)
        format_name, spans = await asyncio.to_thread(decode_uploaded, body)
        return self._answer(await self._uploads.add(format_name, spans), status=201)

    async def show(self, request: Request) -> Response:
        """What an upload has."""
        return self._answer(self._uploads.get(request.path_params["upload_id"]))

    async def remove(self, request: Request) -> Response:
        """Forget an upload."""
        self._uploads.remove(request.path_params["upload_id"])
        return Response(status_code=204)

    def _answer(self, upload: Upload, status: int = 200) -> Response:
        return json_answer(
            {
                "uploadId": upload.upload_id,
                "format": upload.format,
                "expiresInS": round(self._uploads.expires_in_s(upload)),
                "spanCount": upload.spans.span_count,
                "traces": summaries_json(upload.summaries),
            },
            status=status,
        )
