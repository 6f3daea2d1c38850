import { expect, it } from "vitest";
import { barOf, isInSight, ROW_HEIGHT, rowsInSight, scrollTo, ticks } from "./rows";

it("draws only what is in sight", () => {
  const sight = rowsInSight(1_000_000, 500 * ROW_HEIGHT, 600);
  expect(sight.to - sight.from).toBeLessThan(60);
});

it("reaches the last of a million rows", () => {
  const { height } = rowsInSight(1_000_000, 0, 600);
  expect(rowsInSight(1_000_000, height - 600, 600).to).toBe(1_000_000);
});

it.each([0, 17, 500_000, 999_999])("scrolls row %d into sight", (row) => {
  const sight = rowsInSight(1_000_000, scrollTo(row, 1_000_000, 600), 600);
  expect(sight.from).toBeLessThanOrEqual(row);
  expect(sight.to).toBeGreaterThan(row);
});

it.each([1_000, 1_000_000])("knows which of %d rows are in the window", (count) => {
  const top = scrollTo(500, count, 600);
  expect(isInSight(500, count, top, 600)).toBe(true);
  expect(isInSight(500 - 12, count, top, 600)).toBe(false);
  expect(isInSight(500 + 12, count, top, 600)).toBe(false);
});

it("keeps bars within the line", () => {
  expect(barOf(90, 50, 100)).toMatchObject({ left: 90, width: 10, label: "before" });
  expect(barOf(0, -5, 100).width).toBe(0);
  expect(barOf(0, 0, 0).width).toBe(100);
});

it("marks time in round steps", () => {
  expect(ticks(1000)).toEqual([0, 250, 500, 750, 1000]);
  expect(ticks(0)).toEqual([0]);
});
