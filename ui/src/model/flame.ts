// Where the boxes of a flame graph stand: fractions of the width from a chosen node down.
import { childrenOf, type Paths } from "./paths";

export interface Box {
  readonly node: number;
  readonly level: number;
  readonly left: number;
  readonly width: number;
}

/** The boxes from `top` (-1: the whole trace) that are at least `least` of the width, parents before children. */
export function flameBoxes(paths: Paths, { top = -1, least = 0 }: { top?: number; least?: number } = {}): Box[] {
  const children = childrenOf(paths);
  const tops = top < 0 ? children[paths.count]! : [top];
  const whole = tops.reduce((sum, node) => sum + paths.widths[node]!, 0);
  const boxes: Box[] = [];
  const place = (nodes: readonly number[], level: number, from: number) => {
    let left = from;
    for (const node of nodes) {
      const width = whole > 0 ? paths.widths[node]! / whole : 1 / nodes.length;
      if (width >= least) boxes.push({ node, level, left, width });
      left += width;
    }
  };
  place(tops, 0, 0);
  for (let at = 0; at < boxes.length; at++) {
    const { node, level, left } = boxes[at]!;
    if (whole > 0 || level === 0) place(children[node]!, level + 1, left);
  }
  return boxes;
}

/** The nodes from the top down to this one. */
export function pathTo({ parents }: Paths, node: number): number[] {
  const path: number[] = [];
  for (let at = node; at >= 0; at = parents[at]!) path.push(at);
  return path.toReversed();
}
