import { describe, expect, it } from "vitest";
import { ALL_OPEN, isFolded, linesOf, opened, turned, type Folding } from "./fold";
import { groupFacts, groupSimilar } from "./similar";
import { chance, randomTrace, traceOf } from "./testing/plain";
import { ancestors, type Trace } from "./trace";

const SEEDS = Array.from({ length: 40 }, (_, seed) => seed);

function chosenFolding(trace: Trace, seed: number): Folding {
  const next = chance(seed + 1);
  const level = next(3) ? Infinity : 1 + next(3);
  return { level, toggled: new Set(Array.from({ length: next(6) }, () => next(trace.count))) };
}

describe("linesOf", () => {
  it.each(SEEDS)("has the rows that no row above folds away (seed %d)", (seed) => {
    const trace = randomTrace(seed, 60);
    const folding = chosenFolding(trace, seed);
    const folded = (row: number) => trace.depths[row]! >= folding.level - 1 !== folding.toggled.has(row);
    const expected = Array.from({ length: trace.count }, (_, row) => row).filter((row) => !ancestors(trace, row).some(folded));
    expect([...linesOf(trace, folding)]).toEqual(expected);
  });

  it.each(SEEDS)("leaves out what is not shown and draws each group once (seed %d)", (seed) => {
    const trace = randomTrace(seed, 80);
    const groups = groupSimilar(trace);
    const lines = [...linesOf(trace, ALL_OPEN, { groups })];
    expect(lines.filter((line) => line < 0).toSorted((a, b) => b - a)).toEqual([...new Set(lines.filter((line) => line < 0))].toSorted((a, b) => b - a));
    const within = (row: number) => [row, ...ancestors(trace, row)].some((at) => groups.of[at]! >= 0);
    expect(lines.filter((line) => line >= 0)).toEqual(Array.from({ length: trace.count }, (_, row) => row).filter((row) => !within(row)));
  });

  it("shows the members below an opened group", () => {
    const trace = traceOf([{ id: "a", start: 0, duration: 9 }, ...[1, 2, 3].map((at) => ({ id: `c${at}`, parent: "a", name: "get", start: at, duration: 1 }))]);
    const groups = groupSimilar(trace);
    expect([...linesOf(trace, ALL_OPEN, { groups })]).toEqual([0, ~0]);
    expect([...linesOf(trace, turned(ALL_OPEN, ~0), { groups })]).toEqual([0, ~0, 1, 2, 3]);
  });

  it("takes a chain of 100,000 rows", () => {
    const count = 100_000;
    const trace = { ...traceOf([{ id: "a", start: 0, duration: 1 }]), count, parents: Int32Array.from({ length: count }, (_, row) => row - 1), ends: new Uint32Array(count).fill(count), depths: Uint32Array.from({ length: count }, (_, row) => row) };
    expect(linesOf(trace, ALL_OPEN)).toHaveLength(count);
    expect(linesOf(trace, { level: 10, toggled: new Set() })).toHaveLength(10);
  });
});

it.each(SEEDS)("opened leaves nothing that hides the row (seed %d)", (seed) => {
  const trace = randomTrace(seed, 60);
  const row = chance(seed + 5)(trace.count);
  const groups = groupSimilar(trace);
  const folding = opened(trace, chosenFolding(trace, seed), row, groups);
  expect([...linesOf(trace, folding, { groups })]).toContain(row);
  expect(ancestors(trace, row).some((at) => isFolded(trace, folding, at))).toBe(false);
});

it.each(SEEDS)("groupSimilar finds three and more siblings that do the same (seed %d)", (seed) => {
  const trace = randomTrace(seed, 90);
  const groups = groupSimilar(trace);
  const key = (row: number) => `${trace.parents[row]} ${trace.services[row]} ${trace.names[row]}`;
  for (let row = 0; row < trace.count; row++) {
    const alike = Array.from({ length: trace.count }, (_, other) => other).filter((other) => key(other) === key(row));
    const group = groups.of[row]!;
    expect(group >= 0).toBe(alike.length >= 3);
    if (group < 0) continue;
    expect([...groups.members.subarray(groups.from[group]!, groups.from[group + 1]!)]).toEqual(alike);
    const lengths = alike.map((each) => trace.durations[each]!).toSorted((a, b) => a - b);
    expect(groupFacts(trace, groups, group)).toMatchObject({ count: alike.length, least: lengths[0], most: lengths.at(-1), total: lengths.reduce((sum, each) => sum + each, 0) });
  }
});
