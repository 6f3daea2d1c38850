// Moving among rows by keyboard: the focus goes from one to the next and stays in sight.

/** Move the focus by so many rows among those that the selector finds; from outside, to the first or the last. */
export function moveAmong(selector: string, step: number): void {
  const rows = [...document.querySelectorAll<HTMLElement>(selector)];
  if (!rows.length) return;
  const current = rows.findIndex((row) => row.contains(document.activeElement));
  const next = current < 0 ? (step > 0 ? 0 : rows.length - 1) : Math.min(Math.max(current + step, 0), rows.length - 1);
  rows[next]!.focus({ preventScroll: true });
  rows[next]!.scrollIntoView({ block: "nearest" });
}

/** The row that has the focus, or nothing. */
export function focusedRow(selector: string): HTMLElement | null {
  return document.activeElement?.closest<HTMLElement>(selector) ?? null;
}
