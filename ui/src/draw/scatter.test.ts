import { expect, it } from "vitest";
import type { Summary } from "../api/search";
import { nearest, scatterScale } from "./scatter";

const trace = (start: number, duration: number, spanCount = 1): Summary => ({ traceId: `${start}`, start, duration, spanCount, errorCount: 0, orphanCount: 0, rootService: "", rootName: "", services: [] });

it("keeps every point inside, the longest on top, the newest right", () => {
  const traces = [trace(0, 5), trace(50, 5000, 1000), trace(100, 0)];
  const scale = scatterScale(traces);
  for (const { start, duration } of traces) {
    for (const at of [scale.x(start), scale.y(duration)]) expect(at >= 0 && at <= 1).toBe(true);
  }
  expect(scale.y(5000)).toBeLessThan(scale.y(5));
  expect(scale.x(100)).toBeGreaterThan(scale.x(50));
  expect(scale.radius(1_000_000)).toBeLessThanOrEqual(14);
});

it("finds the trace under the pointer, and none far from all", () => {
  const traces = [trace(0, 5), trace(100, 5000)];
  const scale = scatterScale(traces);
  expect(nearest(traces, scale, scale.x(100), scale.y(5000), 800, 150)).toBe(traces[1]);
  expect(nearest(traces, scale, 0.5, 0.5, 800, 150)).toBeNull();
});

it("stands with one trace, and with none", () => {
  expect(scatterScale([trace(7, 3)]).x(7)).toBeGreaterThan(0);
  expect(scatterScale([]).x(0)).toBeGreaterThanOrEqual(0);
});
