"""Calls over gRPC with messages as bytes: a channel for this process, made when it is first needed.

Needs `lymer-sdk[grpc]`. A forked child makes a channel of its own and never touches its parent's.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from lymer_sdk.tls import Tls


class GrpcChannel:
    """`call` sends one request and returns its answer. One thread uses it at a time.

    An endpoint is `http://host:port` (plain), `https://host:port` (TLS) or `host:port` (plain unless there are files).
    """

    def __init__(
        self, endpoint: str, *, port: int, headers: Mapping[str, str] | None = None, compress: bool = False, tls: Tls
    ) -> None:
        try:
            import grpc
            import grpc._channel  # threads of ours import nothing: a fork meanwhile leaves the child an import lock
        except ImportError as error:
            raise ValueError("gRPC needs grpcio: pip install 'lymer-sdk[grpc]'") from error
        self._grpc: Any = grpc
        address = urlsplit(endpoint if "://" in endpoint else f"//{endpoint}")
        if not address.hostname or address.scheme not in ("http", "https", "grpc", "grpcs", ""):
            raise ValueError(f"an endpoint is http://host:port or https://host:port, not {endpoint!r}")
        host = f"[{address.hostname}]" if ":" in address.hostname else address.hostname
        self.target: str = f"{host}:{address.port or port}"
        self._secure = address.scheme in ("https", "grpcs") or (not address.scheme and tls.given)
        self._tls = tls
        self._metadata = tuple((name.lower(), value) for name, value in (headers or {}).items())
        self._compression = grpc.Compression.Gzip if compress else None
        self._channel: Any = None
        self._pid = os.getpid()

    def call(self, method: str, request: bytes, timeout_s: float) -> bytes:
        """The answer; raises grpc.RpcError, and OSError for a certificate that cannot be read."""
        if self._pid != os.getpid():
            self._channel = None  # the parent's: gRPC cannot close it here
        if self._channel is None:
            self._channel, self._pid = self._connected(), os.getpid()
        answer: bytes = self._channel.unary_unary(method)(
            request, timeout=timeout_s, metadata=self._metadata, compression=self._compression
        )
        return answer

    def error(self) -> type[Exception]:
        """What `call` raises."""
        raised: type[Exception] = self._grpc.RpcError
        return raised

    def close(self) -> None:
        """Close the channel; the next call opens another."""
        if self._channel is not None and self._pid == os.getpid():
            self._channel.close()
        self._channel = None

    def _connected(self) -> Any:
        options = (("grpc.max_receive_message_length", 4 << 20), ("grpc.max_reconnect_backoff_ms", 5_000))
        if not self._secure:
            return self._grpc.insecure_channel(self.target, options=options)
        authority, certificate, key = (Path(name).read_bytes() if name else None for name in _order(self._tls))
        credentials = self._grpc.ssl_channel_credentials(authority, key, certificate)
        return self._grpc.secure_channel(self.target, credentials, options=options)


def _order(tls: Tls) -> tuple[str, str, str]:
    return tls.certificate, tls.client_certificate, tls.client_key
