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

/** Which middles of things at most `reach` wide are to be drawn in full: those in the view, when the scale lets one read. */
export function inFull(view: View, box: { readonly width: number; readonly height: number }, reach: number): (at: { readonly x: number; readonly y: number }) => boolean {
  const scale = scaleOf(view, box);
  if (scale < READABLE_FROM) return () => false;
  // The box shows more than the view where it has another shape.
  const [width, height] = [Math.max(view.width, box.width / scale), Math.max(view.height, box.height / scale)];
  const [left, top] = [view.x - (width - view.width) / 2 - reach, view.y - (height - view.height) / 2 - reach];
  return ({ x, y }) => x >= left && x <= left + width + 2 * reach && y >= top && y <= top + height + 2 * reach;
}
