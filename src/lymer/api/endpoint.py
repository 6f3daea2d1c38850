"""What all endpoints have in common: errors become answers, bodies have a limit, an asker who leaves is noticed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from lymer.api.answers import retry_headers, status_of, wait_until_gone
from lymer.component.errors import LymerError, TooLargeError
from lymer.component.events import Events
from lymer.query.admission import Gone, GoneError

Answering = Callable[[Request], Awaitable[Response]]
Failing = Callable[[int, str, dict[str, str]], Response]
"""Makes the answer of an API's own form from a status, a message and headers."""

CLIENT_GONE = 499
"""What nginx calls it; nobody receives it."""


class Endpoints:
    """Routes of one API, with its form of errors."""

    def __init__(self, prefix: str, failing: Failing, events: Events) -> None:
        self._prefix = prefix
        self._failing = failing
        self._events = events
        self.routes: list[Route] = []

    def add(self, path: str, answering: Answering, methods: Sequence[str] = ("GET",)) -> None:
        """Answer these methods there; GET brings HEAD."""

        async def endpoint(request: Request) -> Response:
            return await self._answer(request, answering)

        self.routes.append(Route(self._prefix + path, endpoint, methods=list(methods)))

    async def _answer(self, request: Request, answering: Answering) -> Response:
        try:
            return await answering(request)
        except GoneError:
            return Response(status_code=CLIENT_GONE)
        except LymerError as error:
            return self._failing(status_of(error), str(error), retry_headers(error))
        except Exception as error:  # The one place where an unforeseen error of a question ends.
            self._events.unexpected(f"api {request.url.path}", error)
            return self._failing(500, "internal error; the log of the server has it", {})


def gone(request: Request) -> Gone:
    """For the query service: what returns when the client has hung up. For requests whose body has been read."""
    return lambda: wait_until_gone(request.receive)


async def read_body(request: Request, bytes_max: int) -> bytes:
    """The whole body. Raises TooLargeError as soon as it is longer."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > bytes_max:
            raise TooLargeError(f"the body is larger than {bytes_max >> 20} MiB")
    return bytes(body)
