// Which spans of a trace are asked for. Rows that lead to them stay as context.
import { countWithin, Flag, type Trace } from "./trace";

export interface Filter {
  /** Names of services; empty means all. */
  readonly services: readonly string[];
  readonly errors: boolean;
  readonly critical: boolean;
  /** Least part of the trace's duration, 0 to 1. */
  readonly share: number;
  /** Service and name of one operation. */
  readonly operation: { readonly service: string; readonly name: string } | null;
  /** Rows in which the text was found, or null without a text. */
  readonly found: Uint8Array | null;
}

export const NO_FILTER: Filter = { services: [], errors: false, critical: false, share: 0, operation: null, found: null };

/** Whether the filter lets everything through. */
export function isEmpty({ services, errors, critical, share, operation, found }: Filter): boolean {
  return !services.length && !errors && !critical && share <= 0 && !operation && !found;
}

/** For each row whether it is asked for. */
export function matchesOf(trace: Trace, filter: Filter): Uint8Array {
  const matches = new Uint8Array(trace.count);
  const wanted = trace.serviceNames.map((name) => !filter.services.length || filter.services.includes(name));
  const least = filter.share * trace.durationNano;
  const flags = (filter.errors ? Flag.error : 0) | (filter.critical ? Flag.critical : 0);
  const service = filter.operation ? trace.serviceNames.indexOf(filter.operation.service) : -1;
  const name = filter.operation ? trace.spanNames.indexOf(filter.operation.name) : -1;
  for (let row = 0; row < trace.count; row++) {
    const matched =
      wanted[trace.services[row]!]! &&
      (trace.flags[row]! & flags) === flags &&
      trace.durations[row]! >= least &&
      (!filter.operation || (trace.services[row] === service && trace.names[row] === name)) &&
      (!filter.found || filter.found[row]! !== 0);
    if (matched) matches[row] = 1;
  }
  return matches;
}

/** The rows asked for and those above them. */
export function withContext(trace: Trace, matches: Uint8Array): Uint8Array {
  const counts = countWithin(matches, trace.ends);
  return Uint8Array.from(counts, (count) => (count ? 1 : 0));
}

/** The rows of a bitmap, least significant bit first, as one byte each. */
export function fromBitmap(bitmap: Uint8Array, count: number): Uint8Array {
  const rows = new Uint8Array(count);
  for (let row = 0; row < count; row++) rows[row] = (bitmap[row >> 3]! >> (row & 7)) & 1;
  return rows;
}

/** How many are set. */
export function countSet(set: Uint8Array): number {
  let count = 0;
  for (const value of set) if (value) count++;
  return count;
}
