import { expect, it } from "vitest";
import { layout, MANY, type Wanted } from "./layout";

/** A tree of so many services, three below each, with more calls across. */
function services(count: number, calls: number): Wanted {
  const edges = Array.from({ length: calls }, (_, at) => {
    const child = 1 + (at % (count - 1));
    return { from: `s${at < count - 1 ? Math.floor((child - 1) / 3) : (at * 31) % child}`, to: `s${child}`, width: 30, height: 12, weight: 1 };
  });
  return { nodes: Array.from({ length: count }, (_, at) => ({ id: `s${at}`, width: 110 + (at % 5) * 12, height: 46 })), edges: [...edges, { from: "s7", to: "s7", width: 30, height: 12, weight: 1 }] };
}

it("a map of few services is as the ranks are", () => {
  const wanted = services(MANY, MANY - 1);
  expect(new Set(layout(wanted).nodes.map(({ x }) => Math.round(x))).size).toBeLessThan(7);
});

it.each([100, 300])("a map of %d services has about the shape of its place, and nothing stands on something else", (count) => {
  const wanted = services(count, Math.round(count * 1.48));
  const { width, height, nodes, edges } = layout(wanted);
  expect(width / height).toBeGreaterThan(1.5);
  expect(width / height).toBeLessThan(2.4);
  wanted.nodes.forEach((one, at) => {
    expect(nodes[at]!.x - one.width / 2).toBeGreaterThanOrEqual(0);
    expect(nodes[at]!.x + one.width / 2).toBeLessThanOrEqual(width);
    expect(nodes[at]!.y + one.height / 2).toBeLessThanOrEqual(height);
    for (let other = 0; other < at; other++) {
      const isBeside = Math.abs(nodes[at]!.x - nodes[other]!.x) >= (one.width + wanted.nodes[other]!.width) / 2;
      expect(isBeside || Math.abs(nodes[at]!.y - nodes[other]!.y) >= 46, `${one.id} and s${other}`).toBe(true);
    }
  });
  const place = (id: string) => nodes[Number(id.slice(1))]!;
  wanted.edges.slice(0, -1).forEach(({ from, to }, at) => {
    const { points } = edges[at]!;
    expect([points[0]!.y, points.at(-1)!.y]).toEqual([place(from).y, place(to).y]);
    if (at < count - 1) expect(place(from).x).toBeLessThan(place(to).x); // Callers are before the called.
  });
  expect(Math.abs(edges.at(-1)!.points[0]!.y - place("s7").y)).toBeLessThan(46); // Its loop goes where it goes.
});
