import { expect, it } from "vitest";
import { serviceHues } from "./colours";

const names = Array.from({ length: 20 }, (_, index) => `service-${index}`);

it("gives twenty services twenty hues", () => {
  expect(new Set(serviceHues(names).values()).size).toBe(20);
});

it("does not mind the order in which services come", () => {
  expect(serviceHues(names.toReversed())).toEqual(serviceHues(names));
});

it("goes on when there are more services than hues", () => {
  expect(serviceHues([...names, ...names.map((name) => `${name}-b`)]).size).toBe(40);
});
