import { expect, it } from "vitest";
import { panned, within, zoomed } from "./zoom";

it("keeps the point under the pointer where it is", () => {
  expect(zoomed([0, 1000], 0.5, 1000, 250)).toEqual([125, 625]);
  expect(zoomed([400, 600], 0.5, 1000)).toEqual([450, 550]);
});

it("never leaves the trace, and all of it is no zoom", () => {
  expect(zoomed([400, 600], 10, 1000)).toBeNull();
  expect(panned([0, 500], -1, 1000)).toEqual([0, 500]);
  expect(panned([0, 500], 2, 1000)).toEqual([500, 1000]);
  expect(within([-50, 2000], 1000)).toBeNull();
});

it("stops at the smallest time worth drawing", () => {
  const [from, to] = zoomed([0, 120], 0.001, 1_000_000)!;
  expect(to - from).toBe(100);
});
