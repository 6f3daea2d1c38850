"""OpenTelemetry's stable names for HTTP: methods, addresses without secrets, what counts as an error."""

from __future__ import annotations

from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from opentelemetry.trace import StatusCode

from lymer_sdk.middleware.tracing import LocalSpan, fail_with

METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "QUERY"))
_SECRET_PARAMETERS = frozenset(("AWSAccessKeyId", "Signature", "sig", "X-Goog-Signature"))
"""Of the semantic conventions: their values never leave the process."""
_REDACTED = "REDACTED"


def method_attributes(method: str) -> tuple[str, dict[str, Any]]:
    """How a span is named after its method, and the method's attributes: unknown ones do not become names."""
    if method in METHODS:
        return method, {"http.request.method": method}
    return "HTTP", {"http.request.method": "_OTHER", "http.request.method_original": method}


def redacted_query(query: str) -> str:
    """The query string without the values of signatures."""
    if not any(f"{name}=" in query for name in _SECRET_PARAMETERS):
        return query
    return "&".join(_redacted_parameter(parameter) for parameter in query.split("&"))


def _redacted_parameter(parameter: str) -> str:
    name, equals, _ = parameter.partition("=")
    return f"{name}={_REDACTED}" if equals and name in _SECRET_PARAMETERS else parameter


@lru_cache(maxsize=512)
def split_host(host: str) -> tuple[str, int | None]:
    """Address and port of a Host header: `name`, `name:80`, `[::1]:80`."""
    if host.startswith("["):
        address, _, rest = host[1:].partition("]")
        port = rest.removeprefix(":")
    else:
        address, _, port = host.partition(":")
    return address, int(port) if port.isascii() and port.isdecimal() and len(port) < 6 else None


def client_attributes(method: str, url: str) -> tuple[str, dict[str, Any]]:
    """Name and attributes of a client's span."""
    name, attributes = method_attributes(method.upper())
    parts = urlsplit(url)
    if parts.username or parts.password:
        parts = parts._replace(netloc=f"{_REDACTED}:{_REDACTED}@{parts.netloc.rpartition('@')[2]}")
        url = urlunsplit(parts)
    if parts.query and (query := redacted_query(parts.query)) != parts.query:
        url = urlunsplit(parts._replace(query=query))
    address, port = split_host(parts.netloc.rpartition("@")[2])
    attributes["url.full"] = url
    attributes["server.address"] = address
    attributes["server.port"] = port or (443 if parts.scheme == "https" else 80)
    return name, attributes


def server_status(span: LocalSpan, status: int) -> None:
    """What the server answered: 500 and more are its errors."""
    span.set_attribute("http.response.status_code", status)
    if status >= 500:
        fail_with(span, str(status))


def client_status(span: LocalSpan, status: int) -> None:
    """What the client was answered: 400 and more are errors to it."""
    span.set_attribute("http.response.status_code", status)
    if status >= 400:
        span.set_attribute("error.type", str(status))
        span.set_status(StatusCode.ERROR)
