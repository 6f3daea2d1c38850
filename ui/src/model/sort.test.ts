import { expect, it } from "vitest";
import { argsort, quantile } from "./sort";
import { chance } from "./testing/plain";

it.each([1, 2, 3, 4, 5])("sorts as a comparison does, and stays stable (seed %d)", (seed) => {
  const next = chance(seed);
  const odd = [0, -0, -1, 1, 0.5, -0.5, 1e300, -1e300, 2 ** 53, 5e-324];
  const values = Float64Array.from({ length: 500 }, () => (next(3) ? next(50) * 1e6 + next(3) : odd[next(odd.length)]!));
  const expected = Array.from(values, (_, row) => row).sort((a, b) => values[a]! - values[b]! || a - b);
  expect([...argsort(values)]).toEqual(expected);
});

it("takes quantiles by nearest rank", () => {
  const values = Float64Array.from({ length: 100 }, (_, index) => index + 1);
  expect([0, 0.5, 0.9, 0.99, 1].map((share) => quantile(values, share))).toEqual([1, 50, 90, 99, 100]);
  expect(quantile(new Float64Array(), 0.5)).toBe(0);
});
