import { expect, it } from "vitest";
import { drawnAs, OUT_OF_SIGHT, PLAIN, scaleOf, WITH_WORDS } from "./sight";

const view = { x: 0, y: 0, width: 1_000, height: 500 };
const box = { width: 1_000, height: 500 };
const rows = (count: number, step: number) => Array.from({ length: count }, (_, at) => ({ x: 500, y: at * step }));
const edge = (x: number, y: number, ...points: [number, number][]) => ({ x, y, points: points.map(([px, py]) => ({ x: px, y: py })) });

it("the narrower side sets the scale, and a box that is not known yet is as large as the view", () => {
  expect(scaleOf(view, { width: 500, height: 500 })).toBe(0.5);
  expect(scaleOf(view, { width: 2_000, height: 250 })).toBe(0.5);
  expect(scaleOf(view, { width: 0, height: 0 })).toBe(1);
});

it("few things have their words, wherever they are", () => {
  expect([...drawnAs(view, box, [{ x: 10, y: 10 }, { x: 9_999, y: 10 }], [edge(5_000, 10, [10, 10], [9_999, 10])])]).toEqual([WITH_WORDS, WITH_WORDS, WITH_WORDS]);
});

it("nothing has words where no letter could be read", () => {
  expect([...drawnAs(view, { width: 200, height: 100 }, [{ x: 10, y: 10 }], [])]).toEqual([PLAIN]);
});

it("of many things those in sight have words, lines that pass are drawn, the rest is not", () => {
  const nodes = rows(300, 100);
  const drawn = drawnAs(view, box, nodes, [edge(500, 250, [500, 200], [500, 300]), edge(500, 5_000, [500, 0], [500, 10_000]), edge(500, 5_000, [500, 4_000], [500, 6_000])]);
  expect([...drawn.subarray(0, 7)]).toEqual(Array(7).fill(WITH_WORDS)); // A part of a thing is seen before its middle.
  expect(drawn[7]).toBe(OUT_OF_SIGHT);
  expect([...drawn.subarray(300)]).toEqual([WITH_WORDS, PLAIN, OUT_OF_SIGHT]);
});

it("a box of another shape shows what is beside the view", () => {
  const beside = [...rows(200, 1_000), { x: -600, y: 250 }, { x: -700, y: 250 }];
  expect([...drawnAs(view, { width: 1_000, height: 250 }, beside, []).subarray(200)]).toEqual([WITH_WORDS, OUT_OF_SIGHT]);
});

it("too many in sight have none of them", () => {
  expect(new Set(drawnAs(view, box, rows(200, 1), []))).toEqual(new Set([PLAIN]));
});
