// What of the drawing can be seen and read. Arithmetic only.

/** A part of the drawing, in its own units. */
export interface View {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Below this scale letters are dust. */
const READABLE_FROM = 0.3;

/** Pixels of a unit when the view fills a box without being stretched; 1 before the box is known. */
export function scaleOf(view: View, box: { readonly width: number; readonly height: number }): number {
  return box.width > 0 && box.height > 0 ? Math.min(box.width / view.width, box.height / view.height) : 1;
}

/** How a thing is drawn. */
export const OUT_OF_SIGHT = 0;
export const PLAIN = 1;
export const WITH_WORDS = 2;

/** So many things may have words: each of those is six elements of the page. */
const WORDS_MAX = 150;
/** Half of the widest thing: it is seen before its middle is. */
const REACH = 130;

interface Point {
  readonly x: number;
  readonly y: number;
}

/** How each node and then each edge is drawn. Few things all have their words; of many those that are near enough to be read. */
export function drawnAs(view: View, box: { readonly width: number; readonly height: number }, nodes: readonly Point[], edges: readonly (Point & { readonly points: readonly Point[] })[]): Uint8Array {
  const all = new Uint8Array(nodes.length + edges.length);
  const scale = scaleOf(view, box);
  if (scale < READABLE_FROM) return all.fill(PLAIN);
  if (all.length <= WORDS_MAX) return all.fill(WITH_WORDS);
  // The box shows more than the view where it has another shape.
  const [width, height] = [Math.max(view.width, box.width / scale), Math.max(view.height, box.height / scale)];
  const [left, top] = [view.x - (width - view.width) / 2 - REACH, view.y - (height - view.height) / 2 - REACH];
  const [right, bottom] = [left + width + 2 * REACH, top + height + 2 * REACH];
  const isSeen = ({ x, y }: Point) => x >= left && x <= right && y >= top && y <= bottom;
  const isPassing = (points: readonly Point[]) => {
    const [xs, ys] = [points.map(({ x }) => x), points.map(({ y }) => y)];
    return Math.max(...xs) >= left && Math.min(...xs) <= right && Math.max(...ys) >= top && Math.min(...ys) <= bottom;
  };
  nodes.forEach((node, at) => (all[at] = isSeen(node) ? WITH_WORDS : OUT_OF_SIGHT));
  edges.forEach((edge, at) => (all[nodes.length + at] = isSeen(edge) ? WITH_WORDS : isPassing(edge.points) ? PLAIN : OUT_OF_SIGHT));
  return all.reduce((sum, how) => sum + (how === WITH_WORDS ? 1 : 0), 0) > WORDS_MAX ? all.fill(PLAIN) : all;
}
