"""OTLP over gRPC: `TraceService/Export` on 4317, with health, reflection and gzip.

Handlers take and give raw bytes, so that no protobuf object is made. docs/components/otlp_grpc.md has the answers.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import grpc
import grpc.aio
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from lymer.component.base import Endpoint, SpanSink
from lymer.component.clock import Clock
from lymer.component.config import ByteSize, Config, Duration
from lymer.component.errors import LymerError, StartError
from lymer.component.events import Events, Origin
from lymer.component.http_server import listen
from lymer.pipeline.in_flight import InFlight
from lymer.receivers.otlp_answers import Refusal, refusal_for
from lymer.wire import otlp_response
from lymer.wire.codecs import Decoded, decode

SERVICE: Final = "opentelemetry.proto.collector.trace.v1.TraceService"
FORMAT: Final = "otlp_proto"
TRANSPORT: Final = "grpc"
