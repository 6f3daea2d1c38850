// Skeletons made for tests, as the server would send them (docs/specs/skeleton.md), and the answers about their spans.
import type { Page, Route } from "@playwright/test";

export interface Made {
  /** Row of the parent, -1 at the top; rows are in pre-order. */
  readonly parents: Int32Array;
  readonly starts: Float64Array;
  readonly durations: Float64Array;
  readonly services: Uint16Array;
  readonly names: Uint32Array;
  readonly flags: Uint16Array;
  readonly serviceNames: readonly string[];
  readonly spanNames: readonly string[];
  /** Parents that are not there, and the rows that name them; those have the orphan's flag, 128. */
  readonly missing?: readonly { readonly spanId: string; readonly rows: readonly number[] }[];
  /** Attributes of a row's span, if it is asked for. */
  readonly attributes?: (row: number) => { key: string; type: string; value: unknown }[];
}

export const MADE_ID = "000000000000000000000000005ca1ab";
const ERROR = 16;

/** The bytes of a skeleton. */
export function skeletonBytes(made: Made, traceId = MADE_ID): Buffer {
  const count = made.parents.length;
  const whole = made.starts.reduce((most, start, row) => Math.max(most, start + made.durations[row]!), 0);
  const depths = new Uint32Array(count);
  const selfTimes = Float64Array.from(made.durations, (duration) => Math.max(duration, 0));
  for (let row = 0; row < count; row++) {
    const parent = made.parents[row]!;
    depths[row] = parent < 0 ? 0 : depths[parent]! + 1;
    if (parent >= 0) selfTimes[parent] = Math.max(selfTimes[parent]! - made.durations[row]!, 0);
  }
  const columns: [string, string, ArrayBufferView][] = [
    ["start", "f64", made.starts],
    ["duration", "f64", made.durations],
    ["selfTime", "f64", selfTimes],
    ["parent", "u32", made.parents],
    ["service", "u16", made.services],
    ["name", "u32", made.names],
    ["scope", "u16", new Uint16Array(count)],
    ["flags", "u16", made.flags],
  ];
  const critical: [string, string, ArrayBufferView][] = [
    ["row", "u32", Uint32Array.of(0)],
    ["start", "f64", Float64Array.of(0)],
    ["end", "f64", Float64Array.of(made.durations[0] ?? 0)],
  ];
  const missing = made.missing ?? [];
  const orphans = Uint32Array.from(missing.flatMap(({ rows }) => rows));
  const facts = {
    traceId,
    spanCount: count,
    errorCount: made.flags.reduce((sum, flag) => sum + (flag & ERROR ? 1 : 0), 0),
    orphanCount: made.flags.reduce((sum, flag) => sum + (flag & 128 ? 1 : 0), 0),
    rootRow: 0,
    depthMax: depths.reduce((most, depth) => Math.max(most, depth), 0),
    startTimeUnixNano: "1795251602000000000",
    durationNano: whole,
    times: "raw",
    skewedCount: 0,
    isBuffered: false,
    services: made.serviceNames.map((name) => ({ name, spanCount: 1, errorCount: 0 })),
    names: made.spanNames,
    scopes: [""],
    missingParents: missing.map(({ spanId, rows }) => ({ spanId, count: rows.length, rows: rows.slice(0, 100) })),
  };
  const header = (from: number) => {
    let at = from;
    const places = [...columns, ...critical, ["row", "u32", orphans] as const].map(([name, type, { byteLength }]) => {
      const place = [name, { type, offset: at }];
      at += Math.ceil(byteLength / 8) * 8;
      return place;
    });
    return JSON.stringify({ ...facts, columns: Object.fromEntries(places.slice(0, 8)), critical: { count: 1, ...Object.fromEntries(places.slice(8, 11)) }, orphans: { count: orphans.length, ...Object.fromEntries(places.slice(11)) } });
  };
  const room = Math.ceil((Buffer.byteLength(header(10 ** 9)) + 64) / 8) * 8;
  const text = Buffer.from(header(16 + room));
  const bytes = [Buffer.alloc(16), text, Buffer.alloc(room - text.length, " ")];
  bytes[0]!.write("LYSK");
  bytes[0]!.writeUInt16LE(1, 4);
  bytes[0]!.writeUInt32LE(room, 8);
  bytes[0]!.writeUInt32LE(count, 12);
  for (const column of [...columns.map(([, , one]) => one), ...critical.map(([, , one]) => one), orphans]) bytes.push(Buffer.from(column.buffer as ArrayBuffer, column.byteOffset, column.byteLength), Buffer.alloc((8 - (column.byteLength % 8)) % 8));
  return Buffer.concat(bytes);
}

/** A tree as real ones are: `count` spans of 24 services and 80 names, up to 14 levels. Always the same for a seed. */
export function grownTree(count: number, seed = 7): Made {
  let state = seed;
  const next = (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const made = emptyMade(count, 24, 80);
  const path: number[] = [];
  made.durations[0] = count * 40_000;
  path.push(0);
  for (let row = 1; row < count; row++) {
    while (path.length > 1 && (next(100) < 51 || path.length >= 14)) path.pop();
    const parent = path.at(-1)!;
    made.parents[row] = parent;
    const share = path.length === 1 ? row / count : next(1_000) / 1_250;
    made.starts[row] = made.starts[parent]! + Math.floor(made.durations[parent]! * share);
    made.durations[row] = Math.max(Math.floor((path.length === 1 ? 4_000_000 : made.durations[parent]! * 0.8 * (1 - share)) * (0.2 + next(80) / 100)), 1);
    made.services[row] = (made.services[parent]! + (next(3) === 0 ? 1 + next(5) : 0)) % 24;
    made.names[row] = next(80);
    made.flags[row] = 1 + next(3) + (next(60) === 0 ? ERROR : 0);
    path.push(row);
  }
  return made;
}

/** Spans at the top, all alike, to be changed as a test wants it. */
export function emptyMade(count: number, services = 1, names = 1): Made {
  return {
    parents: new Int32Array(count).fill(-1),
    starts: new Float64Array(count),
    durations: new Float64Array(count).fill(1_000_000),
    services: new Uint16Array(count),
    names: new Uint32Array(count),
    flags: new Uint16Array(count).fill(1),
    serviceNames: Array.from({ length: services }, (_, code) => `service-${String.fromCharCode(97 + (code % 26))}`),
    spanNames: Array.from({ length: names }, (_, code) => `operation ${code}`),
  };
}

/** Answer the page's questions about the trace `MADE_ID` from what was made. */
export async function serveMade(page: Page, made: Made): Promise<void> {
  const bytes = skeletonBytes(made);
  await page.route(`**/api/lymer/v1/traces/${MADE_ID}/**`, (route) => {
    const url = new URL(route.request().url());
    const question = url.pathname.split("/").at(-1);
    if (question === "skeleton") return route.fulfill({ body: bytes, contentType: "application/vnd.lymer.skeleton" });
    if (question === "spans") return route.fulfill({ json: { spanCount: made.parents.length, spans: [detailsOf(made, Number(url.searchParams.get("row")))] } });
    if (question === "find") return found(route, made, url.searchParams.get("q") ?? "");
    if (question === "why") return route.fulfill({ json: { slow: { durationNano: 1, criticalNano: 1, criticalSpanCount: 1, contributors: [], repeats: [], gaps: [], retries: [] }, failed: null } });
    return route.fulfill({ json: { attributes: [], events: [], total: 0, cursor: null } });
  });
}

function detailsOf(made: Made, row: number): object {
  return {
    row,
    spanId: (row + 1).toString(16).padStart(16, "0"),
    parentSpanId: made.parents[row]! < 0 ? null : (made.parents[row]! + 1).toString(16).padStart(16, "0"),
    traceState: "",
    flags: 1,
    name: made.spanNames[made.names[row]!],
    kind: "internal",
    service: made.serviceNames[made.services[row]!],
    status: "unset",
    statusMessage: "",
    startTimeUnixNano: "1795251602000000000",
    durationNano: made.durations[row],
    attributes: made.attributes?.(row) ?? [{ key: "http.route", type: "string", value: "/buy" }],
    droppedAttributesCount: 0,
    resource: { attributes: [], droppedAttributesCount: 0, schemaUrl: "" },
    scope: { name: "", version: "", attributes: [], droppedAttributesCount: 0, schemaUrl: "" },
    events: [],
    droppedEventsCount: 0,
    links: [],
    droppedLinksCount: 0,
  };
}

function found(route: Route, made: Made, text: string): Promise<void> {
  const bitmap = Buffer.alloc(Math.ceil(made.parents.length / 8));
  const wanted = made.spanNames.map((name) => name.includes(text));
  const span = /^[0-9a-f]{16}$/.test(text) ? Number.parseInt(text, 16) - 1 : -1;
  for (let row = 0; row < made.parents.length; row++) if (row === span || (span < 0 && wanted[made.names[row]!])) bitmap[row >> 3]! |= 1 << (row & 7);
  return route.fulfill({ body: bitmap, contentType: "application/octet-stream" });
}
