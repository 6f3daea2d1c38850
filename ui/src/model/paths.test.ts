import { expect, it } from "vitest";
import { flameBoxes, pathTo } from "./flame";
import { mergePaths } from "./paths";
import { randomTrace } from "./testing/plain";
import { ancestors, type Trace } from "./trace";

const SEEDS = Array.from({ length: 20 }, (_, seed) => seed);
const rowsOf = (trace: Trace) => Array.from({ length: trace.count }, (_, row) => row);
const pathText = (trace: Trace, row: number) => [...ancestors(trace, row), row].map((at) => `${trace.services[at]}/${trace.names[at]}`).join(" ");

it.each(SEEDS)("rows are one node when they agree all the way up (seed %d)", (seed) => {
  const trace = randomTrace(seed, 100);
  const paths = mergePaths(trace);
  expect(paths.count).toBe(new Set(rowsOf(trace).map((row) => pathText(trace, row))).size);
  for (let node = 0; node < paths.count; node++) {
    const members = rowsOf(trace).filter((row) => pathText(trace, row) === pathText(trace, paths.rows[node]!));
    expect(rowsOf(trace).filter((row) => paths.of[row] === node)).toEqual(members);
    const below = rowsOf(trace).filter((row) => members.some((top) => top <= row && row < trace.ends[top]!));
    expect(paths.counts[node]).toBe(members.length);
    expect(paths.widths[node]).toBe(below.reduce((sum, row) => sum + trace.selfTimes[row]!, 0));
    expect(paths.depths[node]).toBe(trace.depths[paths.rows[node]!]);
  }
});

it.each(SEEDS)("boxes of a flame stand within their parents, side by side (seed %d)", (seed) => {
  const paths = mergePaths(randomTrace(seed, 100));
  const boxes = flameBoxes(paths);
  expect(boxes).toHaveLength(paths.count);
  const of = new Map(boxes.map((box) => [box.node, box]));
  for (const box of boxes) {
    const above = of.get(paths.parents[box.node]!);
    expect(box.level).toBe(paths.depths[box.node]);
    expect(box.left + box.width).toBeLessThanOrEqual((above ? above.left + above.width : 1) + 1e-9);
    for (const other of boxes) if (other !== box && other.level === box.level) expect(other.left + other.width <= box.left + 1e-9 || box.left + box.width <= other.left + 1e-9).toBe(true);
  }
});

it("starts at the chosen node", () => {
  const paths = mergePaths(randomTrace(2, 60));
  const boxes = flameBoxes(paths, { top: 0 });
  expect(boxes[0]).toEqual({ node: 0, level: 0, left: 0, width: 1 });
  expect(boxes.every((box) => pathTo(paths, box.node)[0] === 0)).toBe(true);
});
