// The form and the text say the same: the form's fields are written as conditions, and from a text the fields take what they
// can say (a service, a name, durations, attributes); the rest stays text.
import { parseLogfmt, writeLogfmt } from "../model/logfmt";
import { parse } from "./parse";
import { TRACE_FIELDS, SPAN_FIELDS, type Comparison, type Condition } from "./tree";
import { write, writeSubject, writeValue } from "./write";

/** What a form says besides time, order and number. */
export interface Asked {
  service: string;
  operation: string;
  tags: string;
  minDuration: string;
  maxDuration: string;
  /** What the fields cannot say, as text. */
  q: string;
}

const NOTHING: Asked = { service: "", operation: "", tags: "", minDuration: "", maxDuration: "", q: "" };

/** The whole search as one text. */
export function textOf(asked: Asked): string {
  const parts: string[] = [];
  const is = (field: string, text: string) => text && parts.push(`${field} = ${writeValue({ text, quoted: false })}`);
  is("service", asked.service);
  is("name", asked.operation);
  if (asked.minDuration.trim()) parts.push(`duration >= ${asked.minDuration.trim()}`);
  if (asked.maxDuration.trim()) parts.push(`duration <= ${asked.maxDuration.trim()}`);
  for (const [key, text] of Object.entries(parseLogfmt(asked.tags) ?? {})) {
    parts.push(`${writeSubject(key, isField(key) ? "any" : null)} = ${writeValue({ text, quoted: false })}`);
  }
  if (asked.q.trim()) parts.push(parts.length ? inner(asked.q.trim()) : asked.q.trim());
  return parts.join(" and ");
}

/** The fields that say a text; a text with a mistake is kept whole. */
export function fieldsOf(text: string): Asked {
  const parsed = parse(text);
  if (!parsed.ok) return { ...NOTHING, q: text };
  const { condition } = parsed;
  const terms = condition.kind === "and" ? condition.terms : [condition];
  const asked = { ...NOTHING };
  const pairs: Record<string, string> = {};
  const rest = terms.filter((term) => !take(term, asked, pairs));
  return { ...asked, tags: writeLogfmt(pairs), q: rest.length === 1 ? write(rest[0]!) : write({ kind: "and", terms: rest }) };
}

/** The text with the conditions of another one put in, or taken out when all of them are there. */
export function toggled(text: string, extra: string): string {
  const [whole, added] = [termsOf(text), termsOf(extra)];
  if (!whole || !added) return text;
  const written = new Set(whole.map(write));
  const missing = added.filter((term) => !written.has(write(term)));
  if (missing.length) return write({ kind: "and", terms: [...whole, ...missing] });
  const unwanted = new Set(added.map(write));
  return write({ kind: "and", terms: whole.filter((term) => !unwanted.has(write(term))) });
}

/** Whether the conditions of another text are among those that must all hold. */
export function includes(text: string, extra: string): boolean {
  const [whole, sought] = [termsOf(text), termsOf(extra)];
  if (!whole || !sought) return false;
  const written = new Set(whole.map(write));
  return sought.every((term) => written.has(write(term)));
}

function termsOf(text: string): readonly Condition[] | null {
  const parsed = parse(text);
  if (!parsed.ok) return null;
  return parsed.condition.kind === "and" ? parsed.condition.terms : [parsed.condition];
}

function take(term: Condition, asked: Asked, pairs: Record<string, string>): boolean {
  if (term.kind !== "comparison") return false;
  const field = term.scope ? null : SPAN_FIELDS[term.subject];
  if (field === "service" || field === "name") return fill(asked, field === "name" ? "operation" : "service", "=", term);
  if (field === "duration") return fill(asked, "minDuration", ">=", term) || fill(asked, "maxDuration", "<=", term);
  return takeTag(term, pairs);
}

function fill(asked: Asked, name: "service" | "operation" | "minDuration" | "maxDuration", operator: string, term: Comparison): boolean {
  if (term.operator !== operator || asked[name] || !term.values[0]!.text) return false;
  asked[name] = term.values[0]!.text;
  return true;
}

function takeTag(term: Comparison, pairs: Record<string, string>): boolean {
  const { subject, scope, operator } = term;
  const isTag = scope ? scope === "any" && isField(subject) : !isField(subject);
  if (operator !== "=" || !isTag || subject in pairs || /[\s="]/.test(subject)) return false;
  pairs[subject] = term.values[0]!.text;
  return true;
}

function isField(name: string): boolean {
  return name in SPAN_FIELDS || name in TRACE_FIELDS;
}

function inner(text: string): string {
  const parsed = parse(text);
  return parsed.ok && parsed.condition.kind === "or" ? `(${text})` : text;
}
