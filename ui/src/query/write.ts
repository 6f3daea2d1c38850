// Writes a condition as a search text; `parse` reads the same condition back.
import type { Comparison, Condition, Value } from "./tree";

const PLAIN = /^[^\s"=<>~!(){},\\]+$/;
const RESERVED = /^(and|or|not|in|contains|exists)$/i;

/** The text of a condition. */
export function write(condition: Condition): string {
  switch (condition.kind) {
    case "comparison":
      return comparison(condition);
    case "not":
      return `not ${inner(condition.term)}`;
    case "span":
      return `{ ${write(condition.term)} }`;
    default:
      return condition.terms.map(inner).join(` ${condition.kind} `);
  }
}

/** A value as it must be typed. */
export function writeValue({ text, quoted }: Value): string {
  return quoted || !PLAIN.test(text) || RESERVED.test(text) ? `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"` : text;
}

/** A key or a field as it must be typed. */
export function writeSubject(subject: string, scope: Comparison["scope"]): string {
  const plain = PLAIN.test(subject) && !RESERVED.test(subject);
  if (!plain) return `"${subject.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
  return scope ? `${scope}:${subject}` : subject;
}

function comparison({ subject, scope, operator, values }: Comparison): string {
  const name = writeSubject(subject, scope);
  if (operator === "exists") return `${name} exists`;
  return `${name} ${operator} ${operator === "in" ? `(${values.map(writeValue).join(", ")})` : writeValue(values[0]!)}`;
}

function inner(condition: Condition): string {
  return condition.kind === "and" || condition.kind === "or" ? `(${write(condition)})` : write(condition);
}
