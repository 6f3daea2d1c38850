import { expect, it } from "vitest";
import { countSet, fromBitmap, isEmpty, matchesOf, NO_FILTER, withContext } from "./filter";
import { randomTrace } from "./testing/plain";
import { ancestors, Flag } from "./trace";

const SEEDS = Array.from({ length: 20 }, (_, seed) => seed);

it.each(SEEDS)("asks all questions of a row at once, and keeps what leads to a match (seed %d)", (seed) => {
  const trace = randomTrace(seed, 70);
  const filter = { ...NO_FILTER, services: ["s1", "s2"], errors: seed % 2 === 0, share: 0.05 };
  const matches = matchesOf(trace, filter);
  const expected = Array.from({ length: trace.count }, (_, row) => {
    const service = trace.serviceNames[trace.services[row]!]!;
    return Number(filter.services.includes(service) && (!filter.errors || (trace.flags[row]! & Flag.error) > 0) && trace.durations[row]! >= 0.05 * trace.durationNano);
  });
  expect([...matches]).toEqual(expected);
  const kept = new Set(expected.flatMap((match, row) => (match ? [row, ...ancestors(trace, row)] : [])));
  expect([...withContext(trace, matches)]).toEqual(expected.map((_, row) => Number(kept.has(row))));
});

it("knows one operation by service and name", () => {
  const trace = randomTrace(3, 40);
  const matches = matchesOf(trace, { ...NO_FILTER, operation: { service: "s0", name: "n1" } });
  expect([...matches]).toEqual(Array.from({ length: trace.count }, (_, row) => Number(trace.serviceNames[trace.services[row]!] === "s0" && trace.spanNames[trace.names[row]!] === "n1")));
  expect(countSet(matchesOf(trace, { ...NO_FILTER, operation: { service: "s0", name: "none" } }))).toBe(0);
});

it("lets everything through when nothing is asked", () => {
  const trace = randomTrace(1, 10);
  expect(isEmpty(NO_FILTER)).toBe(true);
  expect(countSet(matchesOf(trace, NO_FILTER))).toBe(10);
});

it("reads a bitmap from its least significant bit", () => {
  expect([...fromBitmap(Uint8Array.from([0b0000_0101, 0b1]), 9)]).toEqual([1, 0, 1, 0, 0, 0, 0, 0, 1]);
});
