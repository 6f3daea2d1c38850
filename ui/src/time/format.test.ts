// @vitest-environment happy-dom
import { expect, it } from "vitest";
import { formatDuration, parseDuration } from "./format";

it.each([
  [0, "0 µs"],
  [0.25, "250 ns"],
  [12, "12 µs"],
  [1240, "1.24 ms"],
  [999_400, "999 ms"],
  [4_120_000, "4.12 s"],
  [61_000_000, "1 m 1 s"],
  [7_200_000_000, "2 h"],
])("writes %d µs as %s", (us, text) => expect(formatDuration(us)).toBe(text));

it.each([
  ["1.2s", 1_200_000],
  ["100ms", 100_000],
  ["500us", 500],
  ["2h", 7_200_000_000],
])("reads %s", (text, us) => expect(parseDuration(text)).toBe(us));

it("refuses what is no duration", () => expect(parseDuration("soon")).toBeNull());
