"""Propagation: a span's ids, its trace's baggage and hints, in the headers of requests and messages, and back.

Every propagator is an OpenTelemetry one too. With the API's own getter and setter it reads and writes dicts, lists of
pairs, WSGI environments, ASGI scopes, gRPC metadata, Kafka and AMQP headers, and `os.environ` alike.
"""

from lymer_sdk.propagation.b3 import B3Multi, B3Single
from lymer_sdk.propagation.baggage import W3CBaggage
from lymer_sdk.propagation.base import Propagator
from lymer_sdk.propagation.composite import DEFAULT, NAMES, Composite, propagators_named
from lymer_sdk.propagation.environment import Environment
from lymer_sdk.propagation.jaeger import Jaeger
from lymer_sdk.propagation.ot_trace import OtTrace
from lymer_sdk.propagation.request_id import RequestId
from lymer_sdk.propagation.w3c import TraceContext

__all__ = [
    "DEFAULT",
    "NAMES",
    "B3Multi",
    "B3Single",
    "Composite",
    "Environment",
    "Jaeger",
    "OtTrace",
    "Propagator",
    "RequestId",
    "TraceContext",
    "W3CBaggage",
    "propagators_named",
]
