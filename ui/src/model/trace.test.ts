import { describe, expect, it } from "vitest";
import type { JaegerSpan, JaegerTrace } from "../api/jaeger";
import { buildTrace, findRows, visibleRows } from "./trace";

function span(id: string, parent: string | null, startTime: number, duration: number, more: Partial<JaegerSpan> = {}): JaegerSpan {
  const references = parent === null ? [] : [{ refType: "CHILD_OF" as const, traceID: "t", spanID: parent }];
  return { traceID: "t", spanID: id, operationName: id, references, startTime, duration, tags: [], logs: [], processID: "p1", warnings: null, ...more };
}

function trace(...spans: JaegerSpan[]): JaegerTrace {
  return { traceID: "t", spans, processes: { p1: { serviceName: "shop", tags: [] } }, warnings: null };
}

const names = (built: ReturnType<typeof buildTrace>) => built.spans.map((each) => each.spanID);

describe("buildTrace", () => {
  it("puts spans in pre-order, children by start", () => {
    const built = buildTrace(trace(span("c", "a", 30, 5), span("a", null, 0, 100), span("d", "b", 12, 2), span("b", "a", 10, 10)));
    expect(names(built)).toEqual(["a", "b", "d", "c"]);
    expect([...built.depth]).toEqual([0, 1, 2, 1]);
    expect([...built.end]).toEqual([4, 3, 3, 4]);
  });

  it("keeps spans whose parent is missing at the top, and says so", () => {
    const built = buildTrace(trace(span("a", null, 0, 10), span("x", "gone", 5, 1)));
    expect([...built.orphan]).toEqual([0, 1]);
    expect([...built.depth]).toEqual([0, 0]);
  });

  it("survives circles and spans that are their own parent", () => {
    const built = buildTrace(trace(span("a", "b", 0, 10), span("b", "a", 1, 5), span("s", "s", 2, 1)));
    expect(names(built).toSorted()).toEqual(["a", "b", "s"]);
  });

  it("takes a chain of 100,000 spans", () => {
    const spans = Array.from({ length: 100_000 }, (_, index) => span(String(index), index ? String(index - 1) : null, index, 1));
    const built = buildTrace(trace(...spans));
    expect(built.depth[99_999]).toBe(99_999);
  });

  it("computes self time as what no child covers", () => {
    const built = buildTrace(trace(span("a", null, 0, 100), span("b", "a", 10, 30), span("c", "a", 20, 40), span("d", "a", 90, 50)));
    expect(built.self[0]).toBe(100 - 50 - 10);
  });

  it("knows which rows have an error below", () => {
    const failed = { tags: [{ key: "error", type: "bool" as const, value: true }] };
    const built = buildTrace(trace(span("a", null, 0, 9), span("b", "a", 1, 2), span("c", "b", 1, 1, failed), span("d", "a", 5, 1)));
    expect([...built.errorBelow]).toEqual([1, 1, 1, 0]);
  });
});

describe("visibleRows", () => {
  it("leaves out what stands below a collapsed row", () => {
    const built = buildTrace(trace(span("a", null, 0, 9), span("b", "a", 1, 2), span("c", "b", 1, 1), span("d", "a", 5, 1)));
    expect([...visibleRows(built, new Set([1]))]).toEqual([0, 1, 3]);
  });
});

describe("findRows", () => {
  it("looks at names, attributes and resource, whatever the case", () => {
    const tagged = { tags: [{ key: "http.route", type: "string" as const, value: "/Pay" }] };
    const built = buildTrace(trace(span("a", null, 0, 9), span("b", "a", 1, 2, tagged)));
    expect([...findRows(built, "http.route=/pay")]).toEqual([1]);
    expect([...findRows(built, "")]).toEqual([]);
  });
});
