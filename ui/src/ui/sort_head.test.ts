import { expect, it } from "vitest";
import { sorted } from "./sort_head";

it("sorts both ways, keeps equal ones as they were, and puts what has no value last", () => {
  const rows = [["a", 2], ["b", null], ["c", 1], ["d", 2]] as const;
  const names = (isDescending: boolean) => sorted(rows, ([, value]) => value, isDescending).map(([name]) => name).join("");
  expect(names(false)).toBe("cadb");
  expect(names(true)).toBe("adcb");
  expect(sorted(["b", "a"], (text) => text, false)).toEqual(["a", "b"]);
});
