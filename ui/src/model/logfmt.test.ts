import { expect, it } from "vitest";
import { parseLogfmt, writeLogfmt } from "./logfmt";

it("reads pairs, quoted values and keys alone", () => {
  expect(parseLogfmt('a=1 b="x \\"y\\" z" error')).toEqual({ a: "1", b: 'x "y" z', error: "true" });
});

it("reads back what it writes", () => {
  const pairs = { plain: "v", blank: "a b", quote: 'say "hi"', slash: "a\\b", empty: "" };
  expect(parseLogfmt(writeLogfmt(pairs))).toEqual(pairs);
});

it("says when the text is something else", () => {
  expect(parseLogfmt('a="open')).toBeNull();
  expect(parseLogfmt("=x")).toBeNull();
});
