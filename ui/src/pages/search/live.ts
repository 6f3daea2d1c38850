// Traces as they come: the newest of each kept, newest first, no more than can be read.
import type { Summary } from "../../api/search";

export const KEPT_MAX = 300;

/** The list after more came: a trace that came again takes the place of what was known of it. */
export function merged(known: readonly Summary[], came: readonly Summary[]): Summary[] {
  const byId = new Map(known.map((trace) => [trace.traceId, trace]));
  for (const trace of came) byId.set(trace.traceId, trace);
  return [...byId.values()].sort((a, b) => b.start - a.start || (a.traceId < b.traceId ? -1 : 1)).slice(0, KEPT_MAX);
}
