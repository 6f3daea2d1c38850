// Going from one row to the next that is wanted.
import type { Trace } from "./trace";

/** The next wanted row after this one (before it when going back), around the end; null when there is none. */
export function lineFrom(trace: Trace, row: number, wanted: (row: number) => boolean, back = false): number | null {
  const from = Math.max(row, -1);
  for (let step = 1; step <= trace.count + 1; step++) {
    const at = (((from + (back ? -step : step)) % trace.count) + trace.count) % trace.count;
    if (wanted(at)) return at;
  }
  return null;
}
