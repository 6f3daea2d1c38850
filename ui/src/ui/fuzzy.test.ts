import { expect, it } from "vitest";
import { best, score } from "./fuzzy";

it("finds letters in their order, and nothing else", () => {
  expect(score("Dark theme", "dth")).toBeGreaterThan(0);
  expect(score("Dark theme", "thd")).toBe(0);
  expect(score("深色主题", "主题")).toBeGreaterThan(0);
});

it("puts the beginning before the middle, and what stands together before what does not", () => {
  const list = ["checkout map", "map of services", "my application"];
  expect(best(list, "map", String, 3)).toEqual(["map of services", "checkout map", "my application"]);
  expect(best(list, "", String, 2)).toEqual(list.slice(0, 2));
  expect(best(list, "zzz", String, 2)).toEqual([]);
});
