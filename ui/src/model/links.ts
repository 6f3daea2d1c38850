// Links to other tools, made from patterns as Jaeger's `linkPatterns` write them: `#{variable}`, `#{variable | formatter argument}`.
import type { Attribute, SpanDetails } from "../api/trace";
import { nameOf, serviceOf, type Trace } from "./trace";

export type LinkScope = "span" | "resource" | "event" | "scope" | "trace";

export interface LinkPattern {
  readonly type?: string;
  readonly key?: string | readonly string[];
  readonly value?: unknown;
  readonly url: string;
  readonly text: string;
}

export interface OutLink {
  readonly url: string;
  readonly text: string;
}

type Value = string | number | boolean;
type Lookup = (name: string) => Value | undefined;

const TYPES: Record<LinkScope, readonly string[]> = { span: ["tags", "attributes"], resource: ["process", "resource"], event: ["logs", "events"], scope: [], trace: ["traces"] };
const VARIABLE = /#\{([^{}]*)\}/g;

/** The links of one attribute; a pattern whose variables are not all known makes none. */
export function linksOf(patterns: readonly LinkPattern[], item: { scope: LinkScope; key: string; value: string }, span: SpanDetails, trace: Trace, above: readonly SpanDetails[] = []): OutLink[] {
  if (!patterns.length) return [];
  const siblings = item.scope === "resource" ? span.resource.attributes : item.scope === "span" ? span.attributes : siblingsIn(span, item.key, item.value);
  const lookup: Lookup = (name) => {
    if (name.startsWith("trace.")) return traceValue(trace, name.slice(6));
    return valueIn(siblings, name) ?? (item.scope === "resource" ? undefined : spanValue(name, [span, ...above]));
  };
  return patterns.filter((pattern) => isMeant(pattern, item)).flatMap((pattern) => filled(pattern, lookup));
}

/** The links of the whole trace. */
export function traceLinks(patterns: readonly LinkPattern[], trace: Trace): OutLink[] {
  return patterns.filter((pattern) => pattern.type === "traces").flatMap((pattern) => filled(pattern, (name) => traceValue(trace, name.replace(/^trace\./, ""))));
}

function isMeant({ type, key, value }: LinkPattern, item: { scope: LinkScope; key: string; value: string }): boolean {
  const isType = type === undefined ? item.scope !== "trace" : TYPES[item.scope].includes(type);
  const isKey = key === undefined || (typeof key === "string" ? key === item.key : key.includes(item.key));
  const isValue = value === undefined || value === null || (Array.isArray(value) ? value.map(String).includes(item.value) : String(value) === item.value);
  return isType && isKey && isValue;
}

function filled({ url, text }: LinkPattern, lookup: Lookup): OutLink[] {
  const variables = [...url.matchAll(VARIABLE), ...text.matchAll(VARIABLE)].map((match) => match[1]!);
  if (variables.some((variable) => lookup(variable.split("|")[0]!.trim()) === undefined)) return [];
  const fill = (template: string, encode: (value: string) => string) => template.replaceAll(VARIABLE, (_, variable: string) => encode(String(formatted(variable, lookup))));
  const address = fill(url, encodeURIComponent);
  return isSafe(address) ? [{ url: address, text: fill(text, (value) => value) }] : [];
}

/** Whether following the address does nothing but open a page. */
function isSafe(address: string): boolean {
  try {
    return ["http:", "https:", "mailto:"].includes(new URL(address, "http://page.invalid").protocol);
  } catch {
    return false;
  }
}

function formatted(variable: string, lookup: Lookup): Value {
  const [name, ...formatters] = variable.split("|").map((part) => part.trim());
  return formatters.reduce(apply, lookup(name!)!);
}

function apply(value: Value, formatter: string): Value {
  const [name, ...args] = formatter.split(/ +/);
  if (name === "epoch_micros_to_date_iso" && typeof value === "number") return new Date(value / 1000).toISOString();
  if (name === "pad_start" && typeof value === "string") return value.padStart(Number(args[0]) || 0, args[1] ?? " ");
  if (name === "add" && typeof value === "number") return value + (Number.parseInt(args[0] ?? "", 10) || 0);
  return value;
}

function traceValue(trace: Trace, name: string): Value | undefined {
  const start = Number(trace.startNano / 1000n);
  const duration = Math.round(trace.durationNano / 1000);
  if (name === "traceID") return trace.traceId;
  if (name === "traceName") return `${serviceOf(trace, trace.rootRow)}: ${nameOf(trace, trace.rootRow)}`;
  return { duration, startTime: start, endTime: start + duration }[name];
}

function spanValue(name: string, spans: readonly SpanDetails[]): Value | undefined {
  for (const span of spans) {
    const own: Record<string, Value> = { spanID: span.spanId, operationName: span.name, duration: Math.round(span.durationNano / 1000), startTime: Number(BigInt(span.startTimeUnixNano) / 1000n) };
    const found = own[name] ?? valueIn(span.attributes, name) ?? valueIn(span.resource.attributes, name);
    if (found !== undefined) return found;
  }
  return undefined;
}

function valueIn(attributes: readonly Attribute[], name: string): Value | undefined {
  const value = attributes.find(({ key }) => key === name)?.value;
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? value : undefined;
}

function siblingsIn(span: SpanDetails, key: string, value: string): readonly Attribute[] {
  return span.events.find((event) => event.attributes.some((each) => each.key === key && String(each.value) === value))?.attributes ?? [];
}
