import { expect, it } from "vitest";
import type { Summary } from "../../api/search";
import { KEPT_MAX, merged } from "./live";

const trace = (id: string, start: number, spanCount = 1) => ({ traceId: id, start, spanCount }) as Summary;

it("keeps the newest of each trace, newest first", () => {
  const list = merged([trace("a", 1), trace("b", 2)], [trace("c", 3), trace("a", 1, 5)]);
  expect(list.map(({ traceId, spanCount }) => `${traceId}${spanCount}`)).toEqual(["c1", "b1", "a5"]);
});

it("forgets the oldest when there are too many", () => {
  const many = Array.from({ length: KEPT_MAX + 50 }, (_, at) => trace(String(at), at));
  expect(merged([], many)).toHaveLength(KEPT_MAX);
  expect(merged([], many)[0]!.start).toBe(KEPT_MAX + 49);
});
