import { expect, it } from "vitest";
import { mergePaths } from "./paths";
import { randomTrace } from "./testing/plain";
import { placeNodes } from "./tree";

it.each(Array.from({ length: 20 }, (_, seed) => seed))("puts no two nodes in one place, and a parent beside its first child (seed %d)", (seed) => {
  const paths = mergePaths(randomTrace(seed, 90));
  const placed = placeNodes(paths, 30);
  expect(placed.length).toBeLessThanOrEqual(30);
  expect(new Set(placed.map(({ column, row }) => `${column} ${row}`)).size).toBe(placed.length);
  const of = new Map(placed.map((each) => [each.node, each]));
  for (const each of placed) {
    if (each.parent >= 0) expect(of.get(each.parent)!.column).toBe(each.column - 1);
    const rows = placed.filter(({ parent }) => parent === each.node).map(({ row }) => row);
    if (rows.length) expect(each.row).toBe(Math.min(...rows));
  }
  const tops = Array.from(paths.parents).filter((parent, node) => parent < 0 && !of.has(node)).length;
  if (!tops) expect(placed.reduce((sum, { hidden }) => sum + 1 + hidden, 0)).toBe(paths.count);
});

it("draws everything when there is room", () => {
  const paths = mergePaths(randomTrace(4, 50));
  expect(placeNodes(paths, 1_000)).toHaveLength(paths.count);
});
