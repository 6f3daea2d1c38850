import { expect, it } from "vitest";
import { inFull, scaleOf } from "./sight";

const view = { x: 0, y: 0, width: 1_000, height: 500 };

it("the narrower side sets the scale, and a box that is not known yet is as large as the view", () => {
  expect(scaleOf(view, { width: 500, height: 500 })).toBe(0.5);
  expect(scaleOf(view, { width: 2_000, height: 250 })).toBe(0.5);
  expect(scaleOf(view, { width: 0, height: 0 })).toBe(1);
});

it("what is in sight is drawn in full, also beside the view where the box is wider", () => {
  const isFull = inFull(view, { width: 1_000, height: 250 }, 10);
  expect(isFull({ x: 500, y: 250 })).toBe(true);
  expect(isFull({ x: -505, y: 250 })).toBe(true);
  expect(isFull({ x: -515, y: 250 })).toBe(false);
  expect(isFull({ x: 500, y: 511 })).toBe(false);
});

it("nothing is drawn in full where no letter could be read", () => {
  expect(inFull(view, { width: 200, height: 100 }, 10)({ x: 500, y: 250 })).toBe(false);
});
