import { describe, expect, it } from "vitest";
import { ALL_OPEN, isMissingFolded, linesOf, opened, turned, type Folding } from "./fold";
import { levelCount, levelOf, lineOfMissing, missingAbove, missingAt, missingFacts } from "./missing";
import { groupSimilar } from "./similar";
import { chance, traceOf, type Plain } from "./testing/plain";
import { ancestors, type Trace } from "./trace";

const SEEDS = Array.from({ length: 60 }, (_, seed) => seed);

/** A trace some of whose spans name parents that never came. */
function brokenTrace(seed: number): { trace: Trace; named: Map<number, number> } {
  const next = chance(seed);
  const spans: Plain[] = Array.from({ length: 2 + next(40) }, (_, at) => {
    const way = next(6);
    const parent = way < 2 ? `lost-${next(4)}` : way === 2 || at === 0 ? null : `s${next(at)}`;
    return { id: `s${at}`, parent, start: next(1_000), duration: next(100), name: `s${at}` };
  });
  return withMissing(spans);
}

function withMissing(spans: readonly Plain[]): { trace: Trace; named: Map<number, number> } {
  const whole = traceOf(spans);
  const rows = new Map<string, number[]>();
  for (let row = 0; row < whole.count; row++) {
    const { parent } = spans.find(({ id }) => id === whole.spanNames[whole.names[row]!])!;
    if (parent && whole.parents[row]! < 0) rows.set(parent, [...(rows.get(parent) ?? []), row]);
  }
  const missingParents = [...rows].map(([spanId, each]) => ({ spanId, count: each.length, rows: Uint32Array.from(each) }));
  return { trace: { ...whole, missingParents }, named: new Map(missingParents.flatMap(({ rows: each }, index) => Array.from(each, (row) => [row, index] as const))) };
}

/** The lines, the slow and obvious way: missing parents become nodes of the tree, where their first child stood. */
function plainLines(trace: Trace, named: Map<number, number>, { level, toggled }: Folding): number[] {
  const lines: number[] = [];
  const below = (row: number) => Array.from({ length: trace.count }, (_, at) => at).filter((at) => trace.parents[at] === row);
  const walk = (line: number, children: readonly number[], depth: number) => {
    lines.push(line);
    if (depth >= level - 1 === toggled.has(line)) for (const child of children) walk(child, below(child), depth + 1);
  };
  const seen = new Set<number>();
  for (const top of below(-1)) {
    const index = named.get(top);
    if (index === undefined) walk(top, below(top), 0);
    else if (!seen.has(index)) walk(lineOfMissing(index), [...trace.missingParents[index]!.rows], 0);
    if (index !== undefined) seen.add(index);
  }
  return lines;
}

describe("a parent that is not there", () => {
  it.each(SEEDS)("has a line above the spans that name it, folds like a span, and is a level of its own (seed %d)", (seed) => {
    const { trace, named } = brokenTrace(seed);
    const next = chance(seed + 1);
    const turns = [...Array.from({ length: next(5) }, () => next(trace.count)), ...(next(2) && trace.missingParents.length ? [lineOfMissing(next(trace.missingParents.length))] : [])];
    for (const folding of [ALL_OPEN, { level: 1 + next(4), toggled: new Set(turns) }, { level: Infinity, toggled: new Set(turns) }]) expect([...linesOf(trace, folding)]).toEqual(plainLines(trace, named, folding));
  });

  it.each(SEEDS)("opens for a row that is to be seen (seed %d)", (seed) => {
    const { trace } = brokenTrace(seed);
    const row = chance(seed + 2)(trace.count);
    const folding = opened(trace, { level: 1, toggled: new Set() }, row, null);
    expect([...linesOf(trace, folding)]).toContain(row);
  });

  it.each(SEEDS)("is found from any row below it (seed %d)", (seed) => {
    const { trace, named } = brokenTrace(seed);
    for (let row = 0; row < trace.count; row++) {
      const above = named.get([...ancestors(trace, row), row][0]!) ?? -1;
      expect(missingAbove(trace, row)).toBe(above);
      expect(levelOf(trace, row)).toBe(trace.depths[row]! + (above < 0 ? 0 : 1));
    }
    expect(levelCount(trace)).toBe(trace.depthMax + 1 + (trace.missingParents.length ? 1 : 0));
  });

  it("is left out with the spans that name it, and says from when to when they ran", () => {
    const { trace } = withMissing([{ id: "a", start: 0, duration: 9 }, { id: "b", parent: "lost", start: 2, duration: 3 }, { id: "c", parent: "lost", start: 6, duration: 1 }]);
    expect([...linesOf(trace, ALL_OPEN)]).toEqual([0, lineOfMissing(0), 1, 2]);
    expect([...linesOf(trace, turned(ALL_OPEN, lineOfMissing(0)))]).toEqual([0, lineOfMissing(0)]);
    expect([...linesOf(trace, ALL_OPEN, { shown: Uint8Array.of(1, 0, 0) })]).toEqual([0]);
    expect([...linesOf(trace, ALL_OPEN, { shown: Uint8Array.of(0, 0, 1) })]).toEqual([lineOfMissing(0), 2]);
    expect(missingFacts(trace, 0)).toEqual({ spanId: "lost", count: 2, start: 2, end: 7 });
    expect(isMissingFolded(ALL_OPEN, 0)).toBe(false);
    expect([missingAt(lineOfMissing(7)), missingAt(~7), missingAt(7)]).toEqual([7, -1, -1]);
  });

  it("keeps apart what only looks like siblings", () => {
    const spans = ["x", "x", "x", "y", null].map((parent, at) => ({ id: `s${at}`, parent, start: at, duration: 1, name: "get" }));
    const trace: Trace = { ...traceOf(spans), missingParents: [{ spanId: "x", count: 3, rows: Uint32Array.of(0, 1, 2) }, { spanId: "y", count: 1, rows: Uint32Array.of(3) }] };
    const groups = groupSimilar(trace);
    expect([...groups.of]).toEqual([0, 0, 0, -1, -1]);
    expect([...linesOf(trace, ALL_OPEN, { groups })]).toEqual([lineOfMissing(0), ~0, lineOfMissing(1), 3, 4]);
  });
});
