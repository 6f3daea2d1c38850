"""What is said of traces, counted on rows: summaries, attribute keys and values, the service graph."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable

import pyarrow as pa

from lymer.model.attributes import as_text
from lymer.model.search import Order, Predicate, Scope, TimeRange
from lymer.model.trace import ATTRIBUTE_KEYS_SCHEMA, ATTRIBUTE_VALUES_SCHEMA, GRAPH_SCHEMA
from lymer.storage.memory.evaluate import Summary, span_holds, starts_in
from lymer.storage.memory.rows import EVERY_SCOPE, Row, attributes, end
from lymer.storage.memory.structure import Tree

_ERROR = 2


def summarize(tree: Tree) -> Summary:
    """A trace's row of SUMMARY_SCHEMA; and under `TraceField`'s names what a search compares."""
    rows = tree.rows
    start = rows[0]["start_time_unix_nano"]
    spans = Counter(row["service_name"] for row in rows)
    errors = Counter(row["service_name"] for row in rows if row["status_code"] == _ERROR)
    duration = max(end(row) for row in rows) - start
    return {
        "trace_id": rows[0]["trace_id"],
        "start_time_unix_nano": start,
        "start": start,
        "duration_nano": duration,
        "duration": duration,
        "span_count": len(rows),
        "error_count": errors.total(),
        "orphan_count": len(tree.orphans),
        "root_service": tree.root["service_name"],
        "root_name": tree.root["name"],
        "service_count": len(spans),
        "services": [{"name": name, "span_count": spans[name], "error_count": errors[name]} for name in sorted(spans)],
    }


def sort_key(order: Order, summary: Summary) -> tuple[int, bytes]:
    """Traces in the order asked for are sorted by this, ascending."""
    figure: int = {
        Order.NEWEST: -summary["start"],
        Order.OLDEST: summary["start"],
        Order.LONGEST: -summary["duration"],
        Order.SHORTEST: summary["duration"],
        Order.MOST_SPANS: -summary["span_count"],
        Order.MOST_ERRORS: -summary["error_count"],
    }[order]
    return figure, summary["trace_id"]


def attribute_keys(rows: Iterable[Row], scope: Scope) -> pa.Table:
    """How many of the spans have each key."""
    scopes = EVERY_SCOPE if scope is Scope.ANY else (scope,)
    counts: Counter[tuple[str, str, int]] = Counter()
    for row in rows:
        for one in scopes:
            counts.update({(key, one.value, type_.value) for key, type_, _ in attributes(row, one)})
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return pa.Table.from_pylist(
        [{"key": key, "scope": one, "type": type_, "span_count": count} for (key, one, type_), count in ordered],
        schema=ATTRIBUTE_KEYS_SCHEMA,
    )


def attribute_values(rows: Iterable[Row], key: str, scope: Scope, limit: int) -> pa.Table:
    """How many of the spans have each value of the key."""
    counts: Counter[str] = Counter()
    for row in rows:
        counts.update({as_text(value) for found, _, value in attributes(row, scope) if found == key})
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return pa.Table.from_pylist(
        [{"value": value, "span_count": count} for value, count in ordered[:limit]], schema=ATTRIBUTE_VALUES_SCHEMA
    )


def service_graph(trees: Iterable[Tree], where: Predicate, time: TimeRange) -> pa.Table:
    """Who calls whom: every call counted one by one."""
    calls: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for tree in trees:
        for child, parent in zip(tree.rows, tree.parents, strict=True):
            if parent is None or not (starts_in(child, time) and span_holds(where, child)):
                continue
            edge = (tree.rows[parent]["service_name"], child["service_name"])
            if edge[0] != edge[1]:
                calls[edge].append(child)
    return pa.Table.from_pylist([_edge(edge, calls[edge]) for edge in sorted(calls)], schema=GRAPH_SCHEMA)


def _edge(edge: tuple[str, str], children: list[Row]) -> dict[str, str | int]:
    durations = sorted(child["duration_nano"] for child in children)
    return {
        "parent": edge[0],
        "child": edge[1],
        "call_count": len(children),
        "error_count": sum(child["status_code"] == _ERROR for child in children),
        "p50_nano": _percentile(durations, 50),
        "p95_nano": _percentile(durations, 95),
        "p99_nano": _percentile(durations, 99),
    }


def _percentile(ordered: list[int], percent: int) -> int:
    return ordered[math.ceil(percent * len(ordered) / 100) - 1]
