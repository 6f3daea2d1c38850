// Everything a reader can set on the trace page, to and from the address. Pure: no DOM, no signals.
import { NO_FILTER } from "../../model/filter";
import { ALL_OPEN, type Folding } from "../../model/fold";

export const VIEWS = ["waterfall", "flame", "graph", "statistics", "spans", "events"] as const;
export type View = (typeof VIEWS)[number];

export interface PageState {
  readonly view: View;
  readonly times: "raw" | "adjusted";
  /** Nanoseconds since the trace's start; null shows all. */
  readonly zoom: readonly [number, number] | null;
  /** The id of the chosen span, or none. */
  readonly span: string;
  readonly folding: Folding;
  readonly services: readonly string[];
  readonly errors: boolean;
  readonly critical: boolean;
  /** 0 to 1. */
  readonly share: number;
  readonly operation: { readonly service: string; readonly name: string } | null;
  readonly find: string;
  /** Rows that are not asked for: left out, or dimmed. */
  readonly others: "hide" | "dim";
  /** Whether similar siblings are one line; null lets the size decide. */
  readonly merge: boolean | null;
  /** A column, with `-` before it for descending. */
  readonly sort: string;
  readonly group: string;
  readonly within: string;
  /** Nanoseconds since the trace's start. */
  readonly marks: readonly number[];
  /** The row whose path is the top of the flame; -1 for the whole trace. */
  readonly focus: number;
  readonly upload: string | null;
}

export const START: PageState = {
  view: "waterfall",
  times: "raw",
  zoom: null,
  span: "",
  folding: ALL_OPEN,
  services: NO_FILTER.services,
  errors: false,
  critical: false,
  share: 0,
  operation: null,
  find: "",
  others: "dim",
  merge: null,
  sort: "",
  group: "",
  within: "",
  marks: [],
  focus: -1,
  upload: null,
};

/** Turned rows that the address holds at most; more would not survive every mail program. */
const TURNED_MAX = 300;
const OURS = ["view", "times", "zoom", "span", "level", "turned", "only", "errors", "critical", "share", "op", "uiFind", "others", "merge", "sort", "group", "within", "marks", "focus"];

/** The state that the parameters say. What makes no sense is as by default. */
export function readState(params: URLSearchParams): PageState {
  const text = (name: string) => params.get(name) ?? "";
  const zoom = numbers(text("zoom"), "-");
  const merge = text("merge");
  return {
    view: VIEWS.find((view) => view === text("view")) ?? START.view,
    times: text("times") === "adjusted" ? "adjusted" : "raw",
    zoom: zoom.length === 2 && zoom[0]! < zoom[1]! ? [zoom[0]!, zoom[1]!] : null,
    span: /^[0-9a-f]{1,16}$/i.test(text("span")) ? text("span").toLowerCase() : "",
    folding: { level: Math.max(numbers(text("level"), " ")[0] ?? Infinity, 1), toggled: new Set(signed(text("turned"))) },
    services: params.getAll("only").filter(Boolean),
    errors: text("errors") === "1",
    critical: text("critical") === "1",
    share: Math.min((numbers(text("share"), " ")[0] ?? 0) / 100, 1),
    operation: readOperation(text("op")),
    find: text("uiFind"),
    others: text("others") === "hide" ? "hide" : "dim",
    merge: merge === "1" ? true : merge === "0" ? false : null,
    sort: text("sort"),
    group: text("group"),
    within: text("within"),
    marks: numbers(text("marks"), ",").slice(0, 2),
    focus: numbers(text("focus"), " ")[0] ?? -1,
    upload: params.get("upload"),
  };
}

/** The parameters that say this state; those of others (embedding, Jaeger's) stay. What is as by default is left out. */
export function writeState(state: PageState, before: URLSearchParams): URLSearchParams {
  const params = new URLSearchParams(before);
  for (const name of OURS) params.delete(name);
  if (state.services.length) params.delete("svcFilter");
  const { level, toggled } = state.folding;
  const texts: Record<string, string | false> = {
    view: state.view !== START.view && state.view,
    times: state.times !== START.times && state.times,
    zoom: state.zoom !== null && state.zoom.map(Math.round).join("-"),
    span: state.span,
    level: level !== Infinity && String(level),
    turned: toggled.size > 0 && toggled.size <= TURNED_MAX && [...toggled].sort((a, b) => a - b).join(","),
    errors: state.errors && "1",
    critical: state.critical && "1",
    share: state.share > 0 && String(Number((state.share * 100).toFixed(3))),
    op: state.operation !== null && JSON.stringify([state.operation.service, state.operation.name]),
    uiFind: state.find,
    others: state.others !== START.others && state.others,
    merge: state.merge !== null && (state.merge ? "1" : "0"),
    sort: state.sort,
    group: state.group,
    within: state.within,
    marks: state.marks.length > 0 && state.marks.map(Math.round).join(","),
    focus: state.focus >= 0 && String(state.focus),
  };
  for (const [name, value] of Object.entries(texts)) if (value) params.set(name, value);
  for (const service of state.services) params.append("only", service);
  return params;
}

/** The services that a `svcFilter` of Jaeger's page shows; none when it was written for other services. */
export function readServiceFilter(text: string, services: readonly string[]): string[] {
  const [, checksum, mask] = /^([0-9a-f]{4})\.([0-9a-f]+)$/i.exec(text) ?? [];
  const sorted = [...services].sort();
  if (!checksum || !mask || mask.length > sorted.length / 4 + 2 || checksum.toLowerCase() !== checksumOf(sorted)) return [];
  const bits = BigInt(`0x${mask}`);
  const shown = sorted.filter((_, place) => (bits >> BigInt(place)) & 1n);
  return shown.length === sorted.length ? [] : shown;
}

/** Jaeger's 16 bits over the names: FNV's way with another prime. */
function checksumOf(sorted: readonly string[]): string {
  let hash = 0x811c;
  const text = sorted.join("\0");
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x0101) & 0xffff;
  return hash.toString(16).padStart(4, "0");
}

function readOperation(text: string): PageState["operation"] {
  try {
    const [service, name] = JSON.parse(text) as unknown[];
    return typeof service === "string" && typeof name === "string" ? { service, name } : null;
  } catch {
    return null;
  }
}

function numbers(text: string, separator: string): number[] {
  return text.split(separator).filter((part) => /^\d+(\.\d+)?$/.test(part)).map(Number);
}

function signed(text: string): number[] {
  return text.split(",").filter((part) => /^-?\d+$/.test(part)).slice(0, TURNED_MAX).map(Number);
}
