"""The life of a receiver over HTTP: a door that answers, and the intake behind it. Not here: what is answered."""

from __future__ import annotations

from typing import ClassVar

from lymer.component.base import Endpoint
from lymer.receivers.http_door import HttpDoor
from lymer.receivers.http_intake import HttpIntake


class HttpReceiver:
    """What the receivers over HTTP share; each makes its own door and intake."""

    name: ClassVar[str]
    """In the configuration, and among the endpoints."""
    path: ClassVar[str]
    """Where spans are sent to."""
    _door: HttpDoor
    _intake: HttpIntake

    @property
    def endpoint(self) -> Endpoint:
        """Where it listens."""
        return Endpoint(self.name, f"http://{self._door.address}{self.path}")

    def bind(self) -> None:
        """Take the port without answering yet. Raises StartError."""
        self._door.bind()

    async def start(self) -> None:
        """As `component.base`."""
        await self._door.start()

    async def close(self) -> None:
        """As `component.base`: requests that have begun are answered."""
        await self._door.close()
        self._intake.close()
