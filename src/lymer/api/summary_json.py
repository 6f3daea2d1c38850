"""Summaries of traces as the native API shows them: docs/specs/native-api.md, section 4."""

from __future__ import annotations

from typing import Any

import pyarrow as pa


def summaries_json(summaries: pa.Table) -> list[dict[str, Any]]:
    """A row of SUMMARY_SCHEMA each."""
    return [_summary(row) for row in summaries.to_pylist()]


def _summary(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "traceId": row["trace_id"].hex(),
        "start": row["start_time_unix_nano"] // 1000,
        "duration": row["duration_nano"] / 1000,
        "startTimeUnixNano": str(row["start_time_unix_nano"]),
        "spanCount": row["span_count"],
        "errorCount": row["error_count"],
        "orphanCount": row["orphan_count"],
        "rootService": row["root_service"],
        "rootName": row["root_name"],
        "services": [
            {"name": item["name"], "spanCount": item["span_count"], "errorCount": item["error_count"]}
            for item in row["services"]
        ],
    }
