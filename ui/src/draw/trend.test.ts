import { expect, it } from "vitest";
import { ceiling, changeOf, greatest, trendArea, trendPath } from "./trend";

it("draws from left to right, the greatest on top, zero at the bottom", () => {
  expect(trendPath([0, 5, 10], 100, 20, 10)).toBe("M0,20L50,10L100,0");
  expect(trendArea([0, 10], 100, 20, 10)).toBe("M0,20L100,0V20H0Z");
});

it("leaves holes where there is no value, and a dash for a lone one", () => {
  expect(trendPath([1, 1, null, 1, null], 40, 10, 1)).toBe("M0,0L10,0M29,0h2");
  expect(trendPath([], 40, 10, 1)).toBe("");
  expect(trendPath([0, 0], 40, 10, 0)).toBe("M0,10L40,10");
});

it.each([[0, 1], [0.3, 0.4], [1, 1], [3, 4], [4.1, 5], [51, 100], [1234, 2000]])("%d fits under %d", (value, top) => expect(ceiling(value)).toBeCloseTo(top));

it("compares only what can be compared", () => {
  expect(changeOf(15, 10)).toBeCloseTo(0.5);
  expect([changeOf(1, 0), changeOf(null, 1), changeOf(1, null), changeOf(1, undefined)]).toEqual([null, null, null, null]);
  expect(greatest([null, 2], [3, null])).toBe(3);
});
