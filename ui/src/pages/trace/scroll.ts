// Where the window stands in lines that are taller together than a browser's element can be: a near step moves the lines
// as far as it goes, a far jump leads to the same share of the way. All in pixels; no DOM.

/** Browsers clamp taller elements. */
export const HEIGHT_MAX = 15_000_000;
/** At both ends the lines stand where they would in an element as tall as they are: what is scrolled without a rest ends there. */
const EDGE = 200_000;
/** Farther than a wheel or a key goes in a frame, nearer than one pixel of the scroll bar is here. */
const NEAR = 3_000;

export interface Stand {
  /** Of the element that is scrolled. */
  readonly scrollTop: number;
  /** Of the window's top, were the element as tall as its lines. */
  readonly offset: number;
}

export const AT_TOP: Stand = { scrollTop: 0, offset: 0 };

/** Where the window stands at a scroll position, after it stood at `last`; `whole` are all lines, `room` is the window. */
export function movedTo(scrollTop: number, last: Stand, whole: number, room: number): Stand {
  const step = scrollTop - last.scrollTop;
  const isEnd = scrollTop <= 0 || scrollTop >= HEIGHT_MAX - room - 1;
  if (whole <= HEIGHT_MAX || isEnd || Math.abs(step) > NEAR) return jumpedTo(scrollTop, whole, room);
  return { scrollTop, offset: Math.min(Math.max(last.offset + step, 0), whole - room) };
}

/** Where the window stands at a scroll position, from wherever. */
export function jumpedTo(scrollTop: number, whole: number, room: number): Stand {
  return { scrollTop, offset: whole <= HEIGHT_MAX ? scrollTop : stretched(scrollTop, HEIGHT_MAX - room, whole - room) };
}

/** The scroll position whose share of the way is that of the offset. */
export function scrollTopOf(offset: number, whole: number, room: number): number {
  return whole <= HEIGHT_MAX ? offset : stretched(offset, whole - room, HEIGHT_MAX - room);
}

/** The way from 0 to `from` made as long as that from 0 to `to`, but for its ends. */
function stretched(at: number, from: number, to: number): number {
  if (at <= EDGE) return Math.max(at, 0);
  if (at >= from - EDGE) return to - Math.max(from - at, 0);
  return EDGE + ((at - EDGE) / (from - 2 * EDGE)) * (to - 2 * EDGE);
}
