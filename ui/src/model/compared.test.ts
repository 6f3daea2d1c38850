import { expect, it } from "vitest";
import type { ComparedPath, Side } from "../api/trace";
import { chosenPaths, difference, differs, extentOf } from "./compared";
import { traceOf } from "./testing/plain";

const side = (spanCount: number, totalNano: number, more: Partial<Side> = {}): Side => ({ spanCount, errorCount: 0, totalNano, selfNano: totalNano, criticalNano: 0, rows: [], ...more });
const path = (id: number, parent: number | null, a: Side, b: Side, change: ComparedPath["change"] = "same"): ComparedPath => ({ id, parent, depth: parent === null ? 0 : 1, service: "shop", name: `n${id}`, kind: "server", change, a, b });

const PATHS = [path(0, null, side(1, 100), side(1, 100)), path(1, 0, side(1, 10), side(41, 60), "more"), path(2, 0, side(1, 5), side(1, 5)), path(3, 0, side(1, 30), side(0, 0), "removed")];
const ids = (order: "tree" | "total" | "self", onlyDifferent = false, find = "") => chosenPaths(PATHS, { order, onlyDifferent, find, longestNano: 100 }).map(({ id }) => id);

it("keeps what leads to a shown path in the tree's order", () => {
  expect(ids("tree")).toEqual([0, 1, 2, 3]);
  expect(ids("tree", true)).toEqual([0, 1, 3]);
  expect(ids("tree", false, "N2")).toEqual([0, 2]);
});

it("puts the greatest difference first, whichever side it is on", () => {
  expect(ids("total")).toEqual([1, 3, 0, 2]);
  expect(ids("total", true)).toEqual([1, 3]);
});

it("knows what differs", () => {
  expect(difference(PATHS[1]!, "total")).toBe(50);
  expect(differs(PATHS[0]!, 100)).toBe(false);
  expect(differs(path(9, null, side(1, 5), side(1, 5, { errorCount: 1 })), 100)).toBe(true);
});

it("finds from when to when a path's spans ran", () => {
  const trace = traceOf([{ id: "a", start: 0, duration: 100 }, { id: "b", parent: "a", start: 10, duration: 20 }, { id: "c", parent: "a", start: 50, duration: 5 }]);
  expect(extentOf(trace, side(2, 25, { rows: [1, 2] }))).toEqual([10, 55]);
  expect(extentOf(trace, side(0, 0))).toBeNull();
});
