// The search form as URL parameters: Jaeger's names and units, so that old links work, and `q` and `order` of ours.
import { parseLogfmt, writeLogfmt } from "../model/logfmt";
import type { Asked } from "../query/form";
import { readRange, writeRange, type TimeRange } from "./range";

export interface SearchForm extends Asked, TimeRange {
  limit: number;
  order: Order;
}

export const ORDERS = ["newest", "oldest", "longest", "shortest", "most_spans", "most_errors"] as const;
export type Order = (typeof ORDERS)[number];

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

/** The form that these parameters say. */
export function readForm(params: URLSearchParams): SearchForm {
  const text = (name: string) => params.get(name) ?? "";
  const order = text("order") as Order;
  const limit = /^\d+$/.test(text("limit")) ? Number(text("limit")) : EMPTY_FORM.limit;
  return {
    service: ANY.has(text("service")) ? "" : text("service"),
    operation: ANY.has(text("operation")) ? "" : text("operation"),
    tags: readTags(params),
    minDuration: text("minDuration"),
    maxDuration: text("maxDuration"),
    q: text("q"),
    ...readRange(params),
    limit: Math.min(Math.max(limit, 1), 1500),
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
  writeRange(params, form);
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
