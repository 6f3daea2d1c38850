import { expect, it } from "vitest";
import { barOf, isInSight, offsetOf, placeOf, ROW_HEIGHT, rowsInSight, ticks } from "./rows";

const DETAILS = { index: 500, height: 700 };
const at = (offset: number) => ({ scrollTop: offset, offset });

it("draws only what is in sight", () => {
  const sight = rowsInSight(1_000_000, at(500 * ROW_HEIGHT), 600);
  expect(sight.to - sight.from).toBeLessThan(60);
});

it.each([0, 17, 500_000, 999_999])("scrolls row %d into sight", (row) => {
  const sight = rowsInSight(1_000_000, at(offsetOf(row, 1_000_000, 600)), 600);
  expect(sight.from).toBeLessThanOrEqual(row);
  expect(sight.to).toBeGreaterThan(row);
});

it.each([1_000, 1_000_000])("knows which of %d rows are in the window", (count) => {
  const stand = at(offsetOf(500, count, 600));
  expect(isInSight(500, stand, 600)).toBe(true);
  expect(isInSight(500 - 12, stand, 600)).toBe(false);
  expect(isInSight(500 + 18, stand, 600)).toBe(false);
});

it.each([1_000, 1_000_000])("leaves room for what is open below a line, of %d", (count) => {
  for (const line of [0, 499, 500, 501, 999]) {
    const stand = at(offsetOf(line, count, 600, DETAILS));
    const sight = rowsInSight(count, stand, 600, DETAILS);
    const y = placeOf(line, DETAILS) + sight.shift - stand.scrollTop;
    expect(isInSight(line, stand, 600, DETAILS)).toBe(true);
    expect(y).toBeGreaterThanOrEqual(0);
    expect(sight.from <= line && line < sight.to).toBe(true);
  }
});

it("draws every line whose pixels are in the window, whatever is open between", () => {
  for (let top = 0; top < 20_000; top += 137) {
    const { from, to } = rowsInSight(1_000, at(top), 600, DETAILS);
    for (let line = 0; line < 1_000; line++) {
      const y = placeOf(line, DETAILS) - top;
      if (y + ROW_HEIGHT > 0 && y < 600) expect(from <= line && line < to).toBe(true);
    }
  }
});

it("keeps bars within the line", () => {
  expect(barOf(90, 50, [0, 100])).toMatchObject({ left: 90, width: 10, label: "before" });
  expect(barOf(0, -5, [0, 100]).width).toBe(0);
  expect(barOf(10, 50, [20, 40])).toMatchObject({ left: 0, width: 100, label: "inside" });
  expect(barOf(50, 5, [20, 40])).toMatchObject({ left: 100, width: 0 });
});

it("marks time in round steps", () => {
  expect(ticks([0, 1000])).toEqual([0, 200, 400, 600, 800, 1000]);
  expect(ticks([333, 1000])).toEqual([400, 600, 800, 1000]);
  expect(ticks([0, 0])).toEqual([0]);
});
