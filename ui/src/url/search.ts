// The search form as URL parameters: Jaeger's names and units, so that old links work, and `q` and `order` of ours.
import { parseLogfmt, writeLogfmt } from "../model/logfmt";
import type { Asked } from "../query/form";

export interface SearchForm extends Asked {
  lookback: string;
  start: number | null;
  end: number | null;
  limit: number;
  order: Order;
}

export const ORDERS = ["newest", "oldest", "longest", "shortest", "most_spans", "most_errors"] as const;
export type Order = (typeof ORDERS)[number];

export const LOOKBACKS = ["5m", "15m", "30m", "1h", "2h", "3h", "6h", "12h", "24h", "2d", "3d", "5d", "7d", "2w", "4w"] as const;
const UNIT_US: Record<string, number> = { m: 6e7, h: 3.6e9, d: 8.64e10, w: 6.048e11 };
const ANY = new Set(["", "all", "__all_services__", "__all_operations__"]);

export const EMPTY_FORM: SearchForm = {
  service: "",
  operation: "",
  tags: "",
  minDuration: "",
  maxDuration: "",
  q: "",
  lookback: "1h",
  start: null,
  end: null,
  limit: 20,
  order: "newest",
};

/** Microseconds of a look-back like `2d`. */
export function lookbackUs(lookback: string): number {
  const match = /^(\d+)([mhdw])$/.exec(lookback);
  return match ? Number(match[1]) * UNIT_US[match[2]!]! : UNIT_US["h"]!;
}

export interface Window {
  /** Microseconds since 1970, inclusive. */
  readonly start: number;
  readonly end: number;
}

/** The time that the form asks for, when it is `now`. */
export function windowOf(form: SearchForm, now: number): Window {
  if (form.lookback !== "custom") return { start: now - lookbackUs(form.lookback), end: now };
  return { start: form.start ?? now - lookbackUs(EMPTY_FORM.lookback), end: form.end ?? now };
}

/** The form that these parameters say. */
export function readForm(params: URLSearchParams): SearchForm {
  const text = (name: string) => params.get(name) ?? "";
  const number = (name: string) => (/^\d+$/.test(text(name)) ? Number(text(name)) : null);
  const order = text("order") as Order;
  const start = number("start");
  const end = number("end");
  const lookback = text("lookback");
  return {
    service: ANY.has(text("service")) ? "" : text("service"),
    operation: ANY.has(text("operation")) ? "" : text("operation"),
    tags: readTags(params),
    minDuration: text("minDuration"),
    maxDuration: text("maxDuration"),
    q: text("q"),
    lookback: lookback === "custom" || (!lookback && start !== null) ? "custom" : lookback || EMPTY_FORM.lookback,
    start,
    end,
    limit: Math.min(Math.max(number("limit") ?? EMPTY_FORM.limit, 1), 1500),
    order: ORDERS.includes(order) ? order : "newest",
  };
}

/** The parameters that say this form; what is as by default is left out. */
export function writeForm(form: SearchForm): URLSearchParams {
  const params = new URLSearchParams();
  for (const name of ["service", "operation", "minDuration", "maxDuration", "q"] as const) {
    if (form[name]) params.set(name, form[name]);
  }
  const tags = parseLogfmt(form.tags);
  if (tags && Object.keys(tags).length) params.set("tags", JSON.stringify(tags));
  params.set("lookback", form.lookback);
  if (form.lookback === "custom") {
    if (form.start !== null) params.set("start", String(form.start));
    if (form.end !== null) params.set("end", String(form.end));
  }
  params.set("limit", String(form.limit));
  if (form.order !== "newest") params.set("order", form.order);
  return params;
}

function readTags(params: URLSearchParams): string {
  const pairs: Record<string, string> = {};
  for (const text of params.getAll("tag")) {
    const colon = text.indexOf(":");
    if (colon > 0) pairs[text.slice(0, colon)] = text.slice(colon + 1);
  }
  for (const text of params.getAll("tags")) {
    try {
      Object.assign(pairs, JSON.parse(text));
    } catch {
      return text;
    }
  }
  return writeLogfmt(pairs);
}
