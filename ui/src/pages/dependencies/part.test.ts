import { expect, it } from "vitest";
import type { Edge } from "../../api/graph";
import { layout, pathOf } from "./layout";
import { findServices, NODES_MAX, partOf, servicesOf } from "./part";

const edge = (parent: string, child: string, callCount = 1): Edge => ({ parent, child, callCount, errorCount: 0, p50Nano: 1, p95Nano: 1, p99Nano: 1 });
const chain = { edges: [edge("a", "b"), edge("b", "c"), edge("c", "d"), edge("x", "b"), edge("c", "c"), edge("d", "a")] };

it("without a focal service shows all", () => {
  expect(partOf(chain, "", 1)).toMatchObject({ services: ["a", "b", "c", "d", "x"], hiddenCount: 0 });
  expect(partOf(chain, "no such", 1).services).toHaveLength(5);
});

it("around a focal service shows who calls it and whom it calls, so deep and no deeper", () => {
  expect(partOf(chain, "b", 1)).toMatchObject({ services: ["a", "b", "c", "x"], hiddenCount: 1 });
  expect(partOf(chain, "b", 1).edges.map(({ parent, child }) => parent + child)).toEqual(["ab", "bc", "xb", "cc"]);
  expect(partOf(chain, "b", 5).services).toHaveLength(5);
});

it("does not go from a caller to its other callees", () => {
  const star = { edges: [edge("gateway", "cart"), edge("gateway", "search"), edge("cart", "db")] };
  expect(partOf(star, "cart", 3).services).toEqual(["cart", "db", "gateway"]);
});

it("of too many keeps the busiest and the focal one, and says how many are hidden", () => {
  const many = { edges: Array.from({ length: 1000 }, (_, index) => edge("hub", `s${index}`, index + 1)) };
  const part = partOf(many, "hub", 1);
  expect(part.services).toHaveLength(NODES_MAX);
  expect(part.hiddenCount).toBe(1001 - NODES_MAX);
  expect(part.services).toContain("hub");
  expect(part.services).toContain("s999");
});

it("knows services that call nobody, and finds by a part of the name", () => {
  const node = { service: "alone", spanCount: 1, callCount: 1, errorCount: 0, p50Nano: null, p95Nano: null, p99Nano: null };
  expect(servicesOf({ edges: [], nodes: [node] })).toEqual(["alone"]);
  expect([...findServices(["Cart", "art", "db"], "ART")]).toEqual(["Cart", "art"]);
  expect(findServices(["a"], " ").size).toBe(0);
});

it("lays callers left of the called, no node over another, loops and calls both ways too", () => {
  const names = ["a", "b", "c", "d", "x"];
  const placed = layout({
    nodes: names.map((id) => ({ id, width: 100, height: 40 })),
    edges: [...chain.edges, edge("b", "a")].map(({ parent, child }) => ({ from: parent, to: child, width: 40, height: 14, weight: 1 })),
  });
  expect(placed.nodes[4]!.x, "x calls b and is called by nobody").toBeLessThan(placed.nodes[1]!.x);
  for (const [index, one] of placed.nodes.entries()) {
    for (const other of placed.nodes.slice(index + 1)) expect(Math.abs(one.x - other.x) >= 100 || Math.abs(one.y - other.y) >= 40).toBe(true);
  }
  for (const { points } of placed.edges) expect(pathOf(points)).toMatch(/^M[\d.-]+,[\d.-]+/);
  expect(pathOf([])).toBe("");
});

it("lays out services that all call each other, beside some that call nobody, however their calls weigh", () => {
  const names = Array.from({ length: 7 }, (_, index) => `worker-${index}`);
  const edges = names.flatMap((from) => names.filter((to) => to !== from).map((to, index) => ({ from, to, width: 30, height: 30, weight: 1 + Math.log10(index + 1) })));
  const placed = layout({ nodes: [...names, "alone", "<b>evil</b>"].map((id) => ({ id, width: 100, height: 40 })), edges });
  expect(placed.nodes).toHaveLength(9);
  expect(placed.nodes.every(({ x, y }) => Number.isFinite(x) && Number.isFinite(y))).toBe(true);
});
