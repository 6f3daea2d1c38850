import { expect, it } from "vitest";
import { windowOf } from "./range";
import { EMPTY_FORM, readForm, writeForm } from "./search";

const form = (query: string) => readForm(new URLSearchParams(query));

it("reads the links of Jaeger's page", () => {
  const read = form(
    "end=1700000000000000&limit=20&lookback=1h&maxDuration&minDuration=100ms&operation=__all_operations__&service=cart&start=1699996400000000&tags=%7B%22http.status_code%22%3A%22200%22%7D",
  );
  expect(read).toMatchObject({ service: "cart", operation: "", minDuration: "100ms", maxDuration: "", lookback: "custom", start: 1699996400000000, end: 1700000000000000, tags: "http.status_code=200" });
});

it("reads the older links with tag=key:value", () => {
  expect(form("tag=error:true&tag=peer:a:b").tags).toBe("error=true peer=a:b");
});

it("takes start and end alone as a custom range", () => {
  expect(form("start=5&end=9")).toMatchObject({ lookback: "custom", start: 5, end: 9 });
});

it("reads back what it writes", () => {
  const full = { ...EMPTY_FORM, service: "a", operation: "b", tags: "k=v", order: "longest" as const, lookback: "custom", start: 1, end: 2, limit: 7 };
  expect(readForm(writeForm(full))).toEqual(full);
});

it("asks for the time before now, or for the one that is written", () => {
  const now = 10_000_000_000;
  expect(windowOf(form("lookback=5m"), now)).toEqual({ start: now - 300_000_000, end: now });
  expect(windowOf(form("start=5&end=9"), now)).toEqual({ start: 5, end: 9 });
  expect(windowOf(form("start=5"), now)).toEqual({ start: 5, end: now });
});
