// The server's skeleton of a trace, bytes to columns (docs/specs/skeleton.md). Columns are views of the bytes, not copies.
import type { Codes, MissingParent, Times, Trace } from "./trace";

interface Place {
  type: "u16" | "u32" | "f64";
  offset: number;
}

interface Header {
  traceId: string;
  spanCount: number;
  errorCount: number;
  orphanCount: number;
  rootRow: number;
  depthMax: number;
  startTimeUnixNano: string;
  durationNano: number;
  times: "raw" | "adjusted";
  skewedCount: number;
  isBuffered: boolean;
  services: { name: string; spanCount: number; errorCount: number }[];
  names: string[];
  missingParents: { spanId: string; count: number; rows: number[] }[];
  columns: Record<"start" | "duration" | "selfTime" | "parent" | "service" | "name" | "flags", Place>;
  critical: { count: number } & Record<"row" | "start" | "end", Place>;
  orphans: { count: number; row: Place };
}

const MAGIC = 0x4b53_594c; // "LYSK"
const HEADER_AT = 16;

/** Read a skeleton; throws when the bytes are something else. */
export function readSkeleton(bytes: ArrayBuffer): Trace {
  const view = new DataView(bytes);
  if (bytes.byteLength < HEADER_AT || view.getUint32(0, true) !== MAGIC || view.getUint16(4, true) !== 1) {
    throw new Error("not a skeleton of version 1");
  }
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, HEADER_AT, view.getUint32(8, true)))) as Header;
  const count = header.spanCount;
  const times = (place: Place, length = count): Times => (place.type === "f64" ? new Float64Array(bytes, place.offset, length) : words(bytes, place, length));
  const codes = (place: Place): Codes => (place.type === "u16" ? new Uint16Array(bytes, place.offset, count) : words(bytes, place, count));
  const { columns, critical } = header;
  const parents = new Int32Array(bytes, columns.parent.offset, count); // NONE reads as -1.
  return {
    traceId: header.traceId,
    startNano: BigInt(header.startTimeUnixNano),
    durationNano: header.durationNano,
    count,
    errorCount: header.errorCount,
    orphanCount: header.orphanCount,
    rootRow: header.rootRow,
    depthMax: header.depthMax,
    isAdjusted: header.times === "adjusted",
    skewedCount: header.skewedCount,
    isBuffered: header.isBuffered,
    serviceNames: header.services.map(({ name }) => name),
    spanNames: header.names,
    missingParents: missingParents(header, words(bytes, header.orphans.row, header.orphans.count)),
    starts: times(columns.start),
    durations: times(columns.duration),
    selfTimes: times(columns.selfTime),
    parents,
    ...structure(parents),
    services: codes(columns.service),
    names: codes(columns.name),
    flags: new Uint16Array(bytes, columns.flags.offset, count),
    criticalPath: { rows: words(bytes, critical.row, critical.count), starts: times(critical.start, critical.count), ends: times(critical.end, critical.count) },
  };
}

/** Depths and ends of subtrees from the parents of rows in pre-order. */
export function structure(parents: Int32Array): { depths: Uint32Array; ends: Uint32Array } {
  const depths = new Uint32Array(parents.length);
  const ends = new Uint32Array(parents.length);
  for (let row = 0; row < parents.length; row++) depths[row] = parents[row]! < 0 ? 0 : depths[parents[row]!]! + 1;
  for (let row = parents.length - 1; row >= 0; row--) {
    if (ends[row] === 0) ends[row] = row + 1;
    const parent = parents[row]!;
    if (parent >= 0 && ends[parent] === 0) ends[parent] = ends[row]!; // The last child is met first.
  }
  return { depths, ends };
}

/** With all of their children, which stand one parent's after the other's. */
function missingParents(header: Header, orphans: Uint32Array): MissingParent[] {
  let from = 0;
  return header.missingParents.map(({ spanId, count }) => ({ spanId, count, rows: orphans.subarray(from, (from += count)) }));
}

function words(bytes: ArrayBuffer, place: Place, length: number): Uint32Array {
  return new Uint32Array(bytes, place.offset, length);
}
