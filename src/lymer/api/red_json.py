"""Rate, errors and durations as the native API shows them: docs/specs/native-api.md, sections 5 and 6."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, Final

import pyarrow as pa

from lymer.wire.overview import RED_TOTAL

_PERCENTILES: Final = ("p50", "p95", "p99")

Key = tuple[str, str]


def groups_json(
    now: pa.Table, before: pa.Table | None, *, bucket_count: int, seconds: float, by_operation: bool
) -> list[dict[str, Any]]:
    """The groups of a window, with what they were in the window before; the greatest sum of durations first."""
    rows = _by_group(now)
    earlier = {} if before is None else _by_group(before)
    totals = {key: buckets[RED_TOTAL] for key, buckets in rows.items()}
    everything = sum(total["total_nano"] for total in totals.values())
    ordered = sorted(totals, key=lambda key: (-totals[key]["total_nano"], key))
    return [
        {
            "service": key[0],
            "operation": key[1] if by_operation else None,
            **_figures(totals[key], seconds),
            "impact": totals[key]["total_nano"] / everything if everything else 0.0,
            "series": _series(rows[key], bucket_count) if bucket_count else None,
            "previous": None if before is None else _figures(earlier.get(key, {}).get(RED_TOTAL), seconds),
        }
        for key in ordered
    ]


def nodes_json(serving: pa.Table, everything: pa.Table) -> list[dict[str, Any]]:
    """The services of a map: all their spans, and the figures of those that serve."""
    calls = {key[0]: buckets[RED_TOTAL] for key, buckets in _by_group(serving).items()}
    return [
        {"service": service, "spanCount": buckets[RED_TOTAL]["call_count"], **_calls(calls.get(service))}
        for (service, _), buckets in sorted(_by_group(everything).items())
    ]


def _by_group(table: pa.Table) -> dict[Key, dict[int, dict[str, Any]]]:
    groups: dict[Key, dict[int, dict[str, Any]]] = defaultdict(dict)
    for row in table.to_pylist():
        groups[row["service"], row["operation"]][row["bucket"]] = row
    return groups


def _calls(row: dict[str, Any] | None) -> dict[str, Any]:
    return {
        "callCount": row["call_count"] if row else 0,
        "errorCount": row["error_count"] if row else 0,
        **{f"{name}Nano": row[f"{name}_nano"] if row else None for name in _PERCENTILES},
    }


def _figures(row: dict[str, Any] | None, seconds: float) -> dict[str, Any]:
    calls = _calls(row)
    return {
        **calls,
        "rate": calls["callCount"] / seconds,
        "errorShare": calls["errorCount"] / calls["callCount"] if calls["callCount"] else 0.0,
        "totalNano": row["total_nano"] if row else 0,
    }


def _series(buckets: dict[int, dict[str, Any]], bucket_count: int) -> dict[str, list[Any]]:
    # One bucket has the figures of all of them.
    at = [buckets.get(RED_TOTAL if bucket_count == 1 else number) for number in range(bucket_count)]
    points = [_calls(row) for row in at]
    return {name: [point[name] for point in points] for name in points[0]}
