// A condition as the server's predicate. Conditions on spans that stand together are about one span; conditions on the whole
// trace stand beside them. Some keys mean a field in OpenTelemetry (`error=true`): they are asked for in both places.
import { parseDuration } from "../time/format";
import { SPAN_FIELDS, TRACE_FIELDS, type Comparison, type Condition, type Predicate, type Scope, type Value } from "./tree";

const TAG_FIELDS: Readonly<Record<string, string>> = {
  "otel.status_description": "status_message",
  "otel.library.name": "scope_name",
  "otel.library.version": "scope_version",
  "otel.scope.name": "scope_name",
  "otel.scope.version": "scope_version",
  "w3c.tracestate": "trace_state",
  event: "event_name",
};
const TAG_NAMES: Readonly<Record<string, string>> = { "span.kind": "kind", "otel.status_code": "status", "span.status": "status" };

/** The predicate over traces. */
export function toPredicate(condition: Condition): Predicate {
  if (isAboutSpans(condition)) return isEverything(condition) ? { op: "and", terms: [] } : { op: "any_span", where: ofSpan(condition) };
  switch (condition.kind) {
    case "comparison":
      return ofTrace(condition);
    case "not":
      return { op: "not", term: toPredicate(condition.term) };
    case "span":
      return { op: "any_span", where: ofSpan(condition.term) };
    default:
      return { op: condition.kind, terms: together(condition).map(toPredicate) };
  }
}

// The terms of an `and` that are about spans are about the same one.
function together(condition: { kind: "and" | "or"; terms: readonly Condition[] }): readonly Condition[] {
  if (condition.kind === "or") return condition.terms;
  const spans = condition.terms.filter(isAboutSpans);
  if (spans.length < 2) return condition.terms;
  return [{ kind: "and", terms: spans }, ...condition.terms.filter((term) => !isAboutSpans(term))];
}

function isAboutSpans(condition: Condition): boolean {
  switch (condition.kind) {
    case "comparison":
      return Boolean(condition.scope) || !(condition.subject in TRACE_FIELDS);
    case "not":
      return isAboutSpans(condition.term);
    case "span":
      return false;
    default:
      return condition.terms.every(isAboutSpans);
  }
}

function isEverything(condition: Condition): boolean {
  return condition.kind === "and" && condition.terms.every(isEverything);
}

function ofSpan(condition: Condition): Predicate {
  switch (condition.kind) {
    case "comparison":
      return compared(condition);
    case "not":
      return { op: "not", term: ofSpan(condition.term) };
    case "span":
      return ofSpan(condition.term);
    default:
      return { op: condition.kind, terms: condition.terms.map(ofSpan) };
  }
}

function compared(comparison: Comparison): Predicate {
  const { subject, scope } = comparison;
  const field = scope ? undefined : SPAN_FIELDS[subject];
  if (field) return { op: "compare", field, ...test(comparison, field) };
  const sent = attribute(subject, scope ?? "any", comparison);
  return scope || comparison.operator !== "=" ? sent : tag(subject, comparison.values[0]!, sent);
}

function tag(key: string, value: Value, sent: Predicate): Predicate {
  if (key === "error") return failure(value.text, sent);
  const field = TAG_NAMES[key] ?? TAG_FIELDS[key];
  const text = key in TAG_NAMES ? value.text.toLowerCase() : value.text;
  if (field) return { op: "or", terms: [{ op: "compare", field, cmp: "=", value: text }, sent] };
  if (!key.startsWith("resource.")) return sent;
  return { op: "or", terms: [{ op: "compare", attribute: key.slice("resource.".length), scope: "resource", cmp: "=", value: value.text }, sent] };
}

function failure(text: string, sent: Predicate): Predicate {
  const failed: Predicate = { op: "compare", field: "status", cmp: "=", value: "error" };
  if (text === "true") return { op: "or", terms: [failed, sent] };
  if (text !== "false") return sent;
  return { op: "not", term: { op: "or", terms: [failed, { op: "compare", attribute: "error", scope: "any", cmp: "=", value: "true" }] } };
}

function attribute(key: string, scope: Scope, comparison: Comparison): Predicate {
  return { op: "compare", attribute: key, scope, ...test(comparison, null) };
}

function ofTrace(comparison: Comparison): Predicate {
  const field = TRACE_FIELDS[comparison.subject]!;
  return { op: "compare_trace", field, ...test(comparison, field) };
}

function test({ operator, values }: Comparison, field: string | null): { cmp: string; value: unknown } {
  if (operator === "exists") return { cmp: operator, value: null };
  const cmp = operator === "~" ? "regex" : operator;
  const ordered = ["<", "<=", ">", ">="].includes(operator);
  const value = (one: Value) => operand(one, field, ordered);
  return { cmp, value: operator === "in" ? values.map(value) : value(values[0]!) };
}

// Text equals numbers that read the same, so only an order needs a number, and the fields that are numbers.
function operand({ text, quoted }: Value, field: string | null, ordered: boolean): string | number {
  if (field === "duration") return Math.round(parseDuration(text)! * 1000);
  if (field?.endsWith("_count")) return Number(text);
  if (field === "kind" || field === "status") return text.toLowerCase();
  const isNumber = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text);
  return ordered && !quoted && field === null && isNumber ? Number(text) : text;
}
