import { expect, it } from "vitest";
import type { Histogram } from "../api/search";
import { cellBox, durationTicks, extentOf, selected, strength, timeTicks } from "./heat";

const histogram: Histogram = {
  total: 10,
  errorTotal: 1,
  start: 1_000_000,
  end: 11_000_000 - 1,
  timeBuckets: 10,
  bucketNano: 1e9,
  durationEdgesNano: Array.from({ length: 21 }, (_, index) => 1000 * 10 ** (index / 5)),
  cells: [[0, 5, 4, 0], [9, 10, 6, 1]],
};

it("shows the rows with something in them, and air", () => {
  expect(extentOf(histogram)).toEqual({ low: 4, high: 12 });
  expect(extentOf({ ...histogram, cells: [] })).toEqual({ low: 0, high: 21 });
});

it("a box around a cell asks for that cell and no other", () => {
  const extent = extentOf(histogram);
  for (const [time, row] of histogram.cells) {
    const { left, right, top, bottom } = cellBox(time, row, histogram, extent, 1000, 80);
    const inside = { left: left + 1, right: right - 1, top: top + 1, bottom: bottom - 1 };
    expect(selected(inside, histogram, extent, 1000, 80)).toEqual({
      start: 1_000_000 + time * 1_000_000,
      end: 2_000_000 + time * 1_000_000 - 1,
      minNano: histogram.durationEdgesNano[row],
      maxNano: histogram.durationEdgesNano[row + 1],
    });
  }
});

it("a box drawn from right to left and beyond the edge is the same", () => {
  const extent = extentOf(histogram);
  const box = selected({ left: 1200, right: -50, top: 300, bottom: -20 }, histogram, extent, 1000, 80);
  expect(box).toMatchObject({ start: 1_000_000, end: 11_000_000 - 1, minNano: histogram.durationEdgesNano[4] });
  expect(selected({ left: 0, right: 1, top: 0, bottom: 0 }, histogram, { low: 0, high: 21 }, 10, 10).maxNano).toBeNull();
});

it("grows with the count and starts above nothing", () => {
  expect(strength(0, 9)).toBe(0);
  expect(strength(1, 1000)).toBeGreaterThan(0.15);
  expect(strength(1000, 1000)).toBe(1);
});

it("marks powers of ten and round times", () => {
  expect(durationTicks(histogram, { low: 0, high: 20 }).map(({ nano }) => Math.round(nano))).toEqual([1e3, 1e4, 1e5, 1e6, 1e7]);
  const hour = 3.6e9;
  expect(timeTicks(0, hour, 6, 0)).toEqual([0, hour / 6, hour / 3, hour / 2, (2 * hour) / 3, (5 * hour) / 6, hour]);
  expect(timeTicks(5, 5, 6, 0)).toEqual([]);
  expect(timeTicks(0, 90 * 8.64e10, 6, 8 * hour).length).toBeLessThanOrEqual(7);
});
