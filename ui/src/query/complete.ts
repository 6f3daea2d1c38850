// What could stand at the caret of a search text, from what stands before it.
import { tokens, type Token } from "./parse";
import { SCOPES } from "./tree";

export interface Hole {
  readonly kind: "subject" | "operator" | "value" | "joiner";
  /** The part of the text that a completion replaces. */
  readonly from: number;
  readonly to: number;
  /** What is typed of it already. */
  readonly prefix: string;
  /** Whose value it is. */
  readonly subject: string;
  /** The service that the text names, for names of operations. */
  readonly service: string;
}

type Kind = Hole["kind"];

const COMPARING = new Set(["=", "!=", "<", "<=", ">", ">=", "~", "!~", "contains"]);
const STARTING = new Set(["and", "or", "not", "(", "{"]);

/** What is asked for at the caret. */
export function holeAt(text: string, caret: number): Hole {
  const before = tokens(text.slice(0, caret));
  const last = before.at(-1);
  const isTyping = last !== undefined && last.to === caret && last.kind !== "symbol";
  const rest = isTyping ? before.slice(0, -1) : before;
  const { kind, subject } = walk(rest);
  const service = namedService(tokens(text));
  if (!isTyping) return { kind, from: caret, to: caret, prefix: "", subject, service };
  const end = tokens(text).find((token) => token.from === last.from)?.to ?? caret;
  return { kind, from: last.from, to: Math.max(end, caret), prefix: last.kind === "unclosed" ? "" : last.text, subject, service };
}

function walk(before: readonly Token[]): { kind: Kind; subject: string } {
  let kind: Kind = "subject";
  let subject = "";
  let inList = false;
  for (const token of before) {
    const text = token.kind === "quoted" ? "" : token.text.toLowerCase();
    if (inList) {
      kind = token.kind === "symbol" && text === "," ? "value" : "joiner";
      if (text === ")") inList = false;
      else if (kind === "joiner" && token.kind === "symbol" && text === "(") kind = "value";
    } else if (COMPARING.has(text)) kind = "value";
    else if (text === "in" && kind === "operator") inList = true;
    else if (STARTING.has(text)) kind = "subject";
    else if (kind === "subject" || (kind === "joiner" && token.kind !== "symbol")) {
      kind = "operator";
      subject = withoutScope(token.text);
    } else kind = "joiner";
  }
  return { kind, subject };
}

function withoutScope(text: string): string {
  const [scope, ...rest] = text.split(":");
  return rest.length && SCOPES.includes(scope as (typeof SCOPES)[number]) ? rest.join(":") : text;
}

function namedService(list: readonly Token[]): string {
  const at = list.findIndex((token, index) => token.text === "service" && list[index + 1]?.text === "=" && list[index + 2]);
  return at < 0 ? "" : list[at + 2]!.text;
}
