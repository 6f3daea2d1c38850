"""What an OTLP receiver answers: ExportTraceServiceResponse and google.rpc.Status, as protobuf and as JSON.

Three tiny messages, written by hand: the answer of nearly every request is empty. Not here: which answer is given when
(`receivers.otlp_answers`).
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from lymer.wire.codecs import Refusal

OTLP_JSON = "otlp_json"

_RETRY_INFO_TYPE = "type.googleapis.com/google.rpc.RetryInfo"


def encode_success(refused: Sequence[Refusal], format_name: str) -> bytes:
    """An ExportTraceServiceResponse; with a partial success when some spans were refused."""
    if not refused and format_name != OTLP_JSON:
        return b""
    count = sum(refusal.count for refusal in refused)
    reasons = "; ".join(f"{refusal.reason} ({refusal.count})" for refusal in refused)
    if format_name == OTLP_JSON:
        partial = {"rejectedSpans": str(count), "errorMessage": reasons}
        return _json({"partialSuccess": partial} if count else {})
    return _field(1, _integer(1, count) + _field(2, reasons.encode())) if count else b""


def encode_status(code: int, message: str, format_name: str, *, retry_after_s: float | None = None) -> bytes:
    """A google.rpc.Status; with a RetryInfo among its details when the sender should come again."""
    if format_name == OTLP_JSON:
        return _json(_status_json(code, message, retry_after_s))
    details = b"" if retry_after_s is None else _field(3, _retry_info(retry_after_s))
    return _integer(1, code) + _field(2, message.encode()) + details


def _status_json(code: int, message: str, retry_after_s: float | None) -> dict[str, object]:
    status: dict[str, object] = {"code": code, "message": message}
    if retry_after_s is not None:
        status["details"] = [
            {"@type": _RETRY_INFO_TYPE, "retryDelay": f"{retry_after_s:.9f}".rstrip("0").rstrip(".") + "s"}
        ]
    return status


def _retry_info(retry_after_s: float) -> bytes:
    """google.protobuf.Any of a google.rpc.RetryInfo."""
    seconds, nanos = divmod(round(retry_after_s * 1_000_000_000), 1_000_000_000)
    delay = _field(1, _integer(1, seconds) + _integer(2, nanos))
    return _field(1, _RETRY_INFO_TYPE.encode()) + _field(2, delay)


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _field(number: int, data: bytes) -> bytes:
    return bytes([number << 3 | 2]) + _varint(len(data)) + data


def _integer(number: int, value: int) -> bytes:
    return bytes([number << 3]) + _varint(value) if value else b""


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
