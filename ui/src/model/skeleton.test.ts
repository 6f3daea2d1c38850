import { expect, it } from "vitest";
import { readSkeleton, structure } from "./skeleton";
import { randomTrace } from "./testing/plain";
import { ancestors, has, Flag, kindOf, nameOf, segmentsOf, serviceOf } from "./trace";

it.each(Array.from({ length: 20 }, (_, seed) => seed))("finds depths and ends from parents alone (seed %d)", (seed) => {
  const trace = randomTrace(seed, 70);
  const found = structure(trace.parents);
  expect([...found.depths]).toEqual(Array.from({ length: trace.count }, (_, row) => ancestors(trace, row).length));
  expect([...found.ends]).toEqual([...trace.ends]);
});

it("reads columns where the header says they are", () => {
  const trace = readSkeleton(packed());
  expect(trace).toMatchObject({ traceId: "ab", count: 2, durationNano: 9, startNano: 1_795_251_602_000_000_001n, isAdjusted: true });
  expect([...trace.starts]).toEqual([0, 4]);
  expect([...trace.durations]).toEqual([9, -2]);
  expect([...trace.parents]).toEqual([-1, 0]);
  expect([...trace.ends]).toEqual([2, 2]);
  expect([serviceOf(trace, 1), nameOf(trace, 1), kindOf(trace, 1)]).toEqual(["cart", "SELECT", "client"]);
  expect([has(trace, 1, Flag.error), has(trace, 0, Flag.error), has(trace, 0, Flag.critical)]).toEqual([true, false, true]);
  expect(segmentsOf(trace, 0)).toEqual({ from: 0, to: 1 });
  expect(segmentsOf(trace, 1)).toEqual({ from: 1, to: 1 });
  expect(trace.missingParents).toEqual([{ spanId: "cd", count: 1, rows: Uint32Array.of(0) }]);
});

it("refuses what is no skeleton", () => {
  expect(() => readSkeleton(new TextEncoder().encode("<!doctype html><title>").buffer as ArrayBuffer)).toThrow("not a skeleton");
  expect(() => readSkeleton(new ArrayBuffer(4))).toThrow("not a skeleton");
});

/** A skeleton of two spans, written by hand after the specification. */
function packed(): ArrayBuffer {
  const at = { start: 2000, duration: 2016, selfTime: 2032, parent: 2048, service: 2056, name: 2064, scope: 2072, flags: 2080, row: 2088, from: 2096, to: 2104, orphan: 2112 };
  const header = JSON.stringify({
    traceId: "ab",
    spanCount: 2,
    errorCount: 1,
    orphanCount: 0,
    rootRow: 0,
    depthMax: 1,
    startTimeUnixNano: "1795251602000000001",
    durationNano: 9,
    times: "adjusted",
    skewedCount: 1,
    isBuffered: false,
    services: [{ name: "web", spanCount: 1, errorCount: 0 }, { name: "cart", spanCount: 1, errorCount: 1 }],
    names: ["GET", "SELECT"],
    scopes: [""],
    missingParents: [{ spanId: "cd", count: 1, rows: [0] }],
    columns: {
      start: { type: "f64", offset: at.start },
      duration: { type: "f64", offset: at.duration },
      selfTime: { type: "f64", offset: at.selfTime },
      parent: { type: "u32", offset: at.parent },
      service: { type: "u16", offset: at.service },
      name: { type: "u16", offset: at.name },
      scope: { type: "u16", offset: at.scope },
      flags: { type: "u16", offset: at.flags },
    },
    critical: { count: 1, row: { type: "u32", offset: at.row }, start: { type: "f64", offset: at.from }, end: { type: "f64", offset: at.to } },
    orphans: { count: 1, row: { type: "u32", offset: at.orphan } },
  }).padEnd(1984);
  const bytes = new ArrayBuffer(2120);
  const view = new DataView(bytes);
  new Uint8Array(bytes).set(new TextEncoder().encode("LYSK"));
  view.setUint16(4, 1, true);
  view.setUint32(8, header.length, true);
  view.setUint32(12, 2, true);
  new Uint8Array(bytes).set(new TextEncoder().encode(header), 16);
  [0, 4].forEach((value, row) => view.setFloat64(at.start + row * 8, value, true));
  [9, -2].forEach((value, row) => view.setFloat64(at.duration + row * 8, value, true));
  [9, 0].forEach((value, row) => view.setFloat64(at.selfTime + row * 8, value, true));
  [0xffff_ffff, 0].forEach((value, row) => view.setUint32(at.parent + row * 4, value, true));
  [0, 1].forEach((value, row) => view.setUint16(at.service + row * 2, value, true));
  [0, 1].forEach((value, row) => view.setUint16(at.name + row * 2, value, true));
  [512 | 2, 16 | 3].forEach((value, row) => view.setUint16(at.flags + row * 2, value, true));
  view.setFloat64(at.to, 9, true);
  return bytes;
}
