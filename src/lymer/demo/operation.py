"""An operation of a service while it goes on, in a time that is made up: what a client library does, without waiting.

An operation becomes one row of THE schema when it ends. It is no second model of a span: the demo is a client, and this
is how it thinks before anything is sent.
"""

from __future__ import annotations

import random
import struct
from dataclasses import dataclass, field
from typing import Any

from lymer.model.attributes import AttributeType, write_bag
from lymer.model.trace import KIND_NAMES

Scalar = str | bool | int | float
Row = dict[str, Any]
"""A span as columns of THE schema."""
MILLISECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class Service:
    """Who does something: a name, a version and what the process says of itself."""

    name: str
    language: str
    version: str
    instance: str
    scope: str

    def resource(self) -> str:
        """The resource's attributes, as attribute text. `lymer.demo` tells made-up traffic from real."""
        return write_bag(
            [
                ("service.name", self.name),
                ("service.namespace", "shop"),
                ("service.version", self.version),
                ("service.instance.id", self.instance),
                ("host.name", f"shop-{self.instance[-1]}"),
                ("deployment.environment.name", "demo"),
                ("telemetry.sdk.name", "opentelemetry"),
                ("telemetry.sdk.language", self.language),
                ("lymer.demo", True),
            ]
        )


@dataclass(slots=True)
class Journey:
    """One trace in the making: its chance, its id, its rows so far."""

    chance: random.Random
    trace_id: bytes
    rows: list[Row] = field(default_factory=list)

    def begin(self, service: Service, name: str, kind: str, at: int, attributes: dict[str, Scalar]) -> Operation:
        """The first operation of the trace."""
        return Operation(self, service, name, kind, at, attributes, None)

    @property
    def end(self) -> int:
        """When its last span ended."""
        return max((row["start_time_unix_nano"] + row["duration_nano"] for row in self.rows), default=0)


class Operation:
    """Something that a service does. `now` is where its own time has come to."""

    def __init__(
        self,
        journey: Journey,
        service: Service,
        name: str,
        kind: str,
        at: int,
        attributes: dict[str, Scalar],
        parent: Operation | None,
    ) -> None:
        self.journey = journey
        self.service = service
        self.span_id = journey.chance.randbytes(8)
        self.now = at
        self.failed = False
        self._name, self._kind, self._start = name, kind, at
        self._parent = parent
        self._attributes = dict(attributes)
        self._events: list[Row] = []
        self._links: list[Row] = []
        self._status_message = ""

    def child(
        self, name: str, kind: str, attributes: dict[str, Scalar], *, service: Service | None = None
    ) -> Operation:
        """Something that is done for this one, beginning now; here, or in another service."""
        return Operation(self.journey, service or self.service, name, kind, self.now, attributes, self)

    def passes(self, milliseconds: float) -> None:
        """Time goes by: about this long, now and then much longer."""
        self.now += int(milliseconds * MILLISECOND * self.journey.chance.lognormvariate(0, 0.35))

    def waits_for(self, *others: Operation) -> None:
        """Time goes by until all of these have ended."""
        self.now = max(self.now, *(other.now for other in others))

    def says(self, **attributes: Scalar) -> None:
        """More attributes; `__` in a name stands for a dot."""
        self._attributes.update({key.replace("__", "."): value for key, value in attributes.items()})

    def happens(self, name: str, attributes: dict[str, Scalar]) -> None:
        """An event, now."""
        self._events.append(
            {
                "time_unix_nano": self.now,
                "name": name,
                "attributes": write_bag(attributes.items()),
                "dropped_attributes_count": 0,
            }
        )

    def links_to(self, other: Operation) -> None:
        """This goes back to an operation of another trace."""
        self._links.append(
            {
                "trace_id": other.journey.trace_id,
                "span_id": other.span_id,
                "trace_state": "",
                "attributes": "",
                "dropped_attributes_count": 0,
                "flags": 1,
            }
        )

    def fails(self, message: str, exception: str = "", stack: str = "") -> None:
        """It ends in an error; with an exception there is an event that tells of it."""
        self.failed = True
        self._status_message = message
        if exception:
            self.happens(
                "exception",
                {
                    "exception.type": exception,
                    "exception.message": message,
                    "exception.stacktrace": f"{exception}: {message}\n{stack}",
                },
            )

    def ends(self) -> Operation:
        """Over: the span is written."""
        parent = self._parent
        remote = parent is not None and parent.service is not self.service
        self.journey.rows.append(
            {
                "trace_id": self.journey.trace_id,
                "span_id": self.span_id,
                "parent_span_id": parent.span_id if parent else None,
                "trace_state": "",
                "flags": 0x301 if remote else 0x101,
                "name": self._name,
                "kind": KIND_NAMES.index(self._kind),
                "start_time_unix_nano": self._start,
                "duration_nano": self.now - self._start,
                "status_code": 2 if self.failed else 0,
                "status_message": self._status_message,
                "attributes": [_attribute(key, value) for key, value in self._attributes.items()],
                "dropped_attributes_count": 0,
                "events": self._events,
                "dropped_events_count": 0,
                "links": self._links,
                "dropped_links_count": 0,
                **_source_columns(self.service),
            }
        )
        return self


def _source_columns(service: Service) -> Row:
    return {
        "service_name": service.name,
        "resource_attributes": service.resource(),
        "resource_dropped_attributes_count": 0,
        "resource_entity_refs": b"",
        "resource_schema_url": "https://opentelemetry.io/schemas/1.37.0",
        "scope_name": service.scope,
        "scope_version": "2.4.0",
        "scope_attributes": "",
        "scope_dropped_attributes_count": 0,
        "scope_schema_url": "",
    }


def _attribute(key: str, value: Scalar) -> Row:
    number, text = 0, b""
    if isinstance(value, str):
        kind, text = AttributeType.STRING, value.encode()
    elif isinstance(value, bool):
        kind, number = AttributeType.BOOL, int(value)
    elif isinstance(value, int):
        kind, number = AttributeType.INT, value
    else:
        kind, number = AttributeType.DOUBLE, struct.unpack("<q", struct.pack("<d", value))[0]
    return {"key": key, "type": int(kind), "number": number, "text": text}
