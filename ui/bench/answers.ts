// What the benchmark's server says about many traces: always the same, as large as the page must bear.
import type { Graph } from "../src/api/graph";
import type { Histogram, Page } from "../src/api/search";

const HOUR_US = 3_600_000_000;
const NOW_US = 1_795_251_602_000_000;

/** A page of so many traces. */
export function found(count: number): Page {
  const traces = Array.from({ length: count }, (_, index) => ({
    traceId: (index + 1).toString(16).padStart(32, "0"),
    start: NOW_US - index * 2_000_000,
    duration: 1_000 + ((index * 7_919) % 900_000),
    spanCount: 8 + (index % 40),
    errorCount: index % 9 ? 0 : 1,
    orphanCount: 0,
    rootService: `service-${index % 20}`,
    rootName: `GET /things/${index % 50}`,
    services: Array.from({ length: 1 + (index % 6) }, (_, at) => ({ name: `service-${(index + at) % 20}`, spanCount: 3, errorCount: 0 })),
  }));
  return { traces, cursor: null, total: count };
}

/** So many spans by time and duration. */
export function histogram(total: number): Histogram {
  const durationEdgesNano = Array.from({ length: 46 }, (_, at) => Math.round(10 ** (3 + at / 5)));
  const cells = Array.from({ length: 80 * 45 }, (_, at) => [at % 80, Math.floor(at / 80), Math.ceil(total / 3_600), at % 17 ? 0 : 3] as [number, number, number, number]);
  return { total, errorTotal: 600, start: NOW_US - HOUR_US, end: NOW_US, timeBuckets: 80, bucketNano: 45_000_000_000, durationEdgesNano, cells };
}

/** Services that call each other. */
export function graph(nodes: number, edges: number): Graph {
  const call = (index: number) => {
    const child = 1 + (index % (nodes - 1));
    const parent = index < nodes - 1 ? Math.floor((child - 1) / 3) : (index * 31) % child;
    return { parent: `service-${parent}`, child: `service-${child}`, callCount: 1_000 + index, errorCount: index % 7, p50Nano: 1e6, p95Nano: 5e6, p99Nano: 9e6 };
  };
  return { edges: Array.from({ length: edges }, (_, index) => call(index)) };
}
