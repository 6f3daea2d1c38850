import { expect, it } from "vitest";
import { formatShare } from "./percent";

it.each([[0, "0 %"], [1, "100 %"], [0.9987, "100 %"], [0.0996, "10 %"], [0.0949, "9.5 %"], [0.5249, "52 %"], [0.00361, "0.36 %"]])("writes %d as %s", (share, text) => {
  expect(formatShare(share)).toBe(text);
});
