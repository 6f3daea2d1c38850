// Dragging over a time line: what part of it was drawn out, in fractions of its width.

export interface Drag {
  readonly from: number;
  readonly to: number;
}

/** Follow the pointer from here until it is let go; a drag of less than four pixels is none. */
export function followDrag(event: PointerEvent, line: Element, { moved, done }: { moved: (drag: Drag) => void; done: (drag: Drag | null) => void }): void {
  if (event.button !== 0) return;
  event.preventDefault();
  const box = line.getBoundingClientRect();
  const fraction = (x: number) => Math.min(Math.max((x - box.left) / Math.max(box.width, 1), 0), 1);
  const start = event.clientX;
  const drag = (x: number): Drag => ({ from: Math.min(fraction(start), fraction(x)), to: Math.max(fraction(start), fraction(x)) });
  const controller = new AbortController();
  const { signal } = controller;
  addEventListener("pointermove", (move) => moved(drag(move.clientX)), { signal });
  addEventListener(
    "pointerup",
    (up) => {
      controller.abort();
      done(Math.abs(up.clientX - start) < 4 ? null : drag(up.clientX));
    },
    { signal },
  );
  addEventListener("pointercancel", () => (controller.abort(), done(null)), { signal });
}
