// Reads a search text. `service = cart and duration > 500ms and not http.route = "/health"`; what stands side by side is
// joined by `and`, so what people typed as `key=value key2=value2` means the same here.
import { parseDuration } from "../time/format";
import { OPERATORS, SCOPES, SPAN_FIELDS, TRACE_FIELDS, type Comparison, type Condition, type Operator, type Scope, type Value } from "./tree";

/** Why a text is no search: a key of the catalogue, what it is about, and where. */
export interface Mistake {
  readonly reason: "query.expected" | "query.unclosed" | "query.value" | "query.tooDeep" | "query.duration" | "query.number";
  readonly about: string;
  readonly from: number;
  readonly to: number;
}

export type Parsed = { readonly ok: true; readonly condition: Condition } | { readonly ok: false; readonly mistake: Mistake };

export interface Token {
  readonly kind: "word" | "quoted" | "symbol" | "unclosed";
  readonly text: string;
  readonly from: number;
  readonly to: number;
}

const PATTERN = /\s+|"((?:[^"\\]|\\.)*)"|(!=|<=|>=|!~|[=<>~(){},])|[^\s"=<>~!(){},]+|["!]/g;
const DEPTH_MAX = 40;
const WORD_OPERATORS = new Set(["in", "contains", "exists"]);

/** The words, quoted texts and signs of a text, in order. */
export function tokens(text: string): Token[] {
  const found: Token[] = [];
  for (const match of text.matchAll(PATTERN)) {
    const [whole, quoted, symbol] = match;
    const [from, to] = [match.index, match.index + whole.length];
    if (quoted !== undefined) found.push({ kind: "quoted", text: quoted.replaceAll(/\\(.)/g, "$1"), from, to });
    else if (symbol) found.push({ kind: "symbol", text: symbol, from, to });
    else if (whole === '"' || whole === "!") found.push({ kind: "unclosed", text: whole, from, to });
    else if (whole.trim()) found.push({ kind: "word", text: whole, from, to });
  }
  return found;
}

/** The condition that a text says; an empty text says everything. */
export function parse(text: string): Parsed {
  const reader = new Reader(tokens(text), text.length);
  try {
    return { ok: true, condition: reader.whole() };
  } catch (error) {
    if (error instanceof Wrong) return { ok: false, mistake: error.mistake };
    throw error;
  }
}

class Wrong extends Error {
  readonly mistake: Mistake;

  constructor(mistake: Mistake) {
    super(mistake.reason);
    this.mistake = mistake;
  }
}

class Reader {
  readonly #tokens: readonly Token[];
  readonly #end: number;
  #at = 0;
  #depth = 0;

  constructor(list: readonly Token[], end: number) {
    this.#tokens = list;
    this.#end = end;
  }

  whole(): Condition {
    if (!this.#tokens.length) return { kind: "and", terms: [] };
    const condition = this.#or();
    if (this.#peek()) this.#fail("query.expected", "and, or");
    return condition;
  }

  #or(): Condition {
    if (++this.#depth > DEPTH_MAX) this.#fail("query.tooDeep", "");
    const terms = [this.#and()];
    while (this.#word("or")) terms.push(this.#and());
    this.#depth--;
    return joined("or", terms);
  }

  #and(): Condition {
    const terms = [this.#unary()];
    for (let next = this.#peek(); next && !closes(next) && !isWord(next, "or"); next = this.#peek()) {
      this.#word("and");
      terms.push(this.#unary());
    }
    return joined("and", terms);
  }

  #unary(): Condition {
    let negations = 0;
    while (this.#negates()) negations++;
    const term = this.#primary();
    return negations % 2 ? { kind: "not", term } : term;
  }

  #primary(): Condition {
    if (this.#symbol("(")) {
      const inner = this.#or();
      if (!this.#symbol(")")) this.#fail("query.unclosed", ")");
      return inner;
    }
    if (this.#symbol("{")) {
      const inner: Condition = this.#symbol("}") ? { kind: "and", terms: [] } : this.#or();
      if (inner.kind !== "and" || inner.terms.length) if (!this.#symbol("}")) this.#fail("query.unclosed", "}");
      return { kind: "span", term: inner };
    }
    return this.#comparison();
  }

  #comparison(): Condition {
    const token = this.#peek();
    if (!token || (token.kind !== "word" && token.kind !== "quoted") || (token.kind === "word" && /^(and|or)$/i.test(token.text))) {
      return this.#fail("query.expected", "service, duration, key");
    }
    this.#at++;
    const { scope, subject } = token.kind === "quoted" ? { scope: "any" as const, subject: token.text } : named(token.text);
    const operator = this.#operator();
    if (operator === "!~") return { kind: "not", term: { kind: "comparison", scope, subject, operator: "~", values: [this.#value()] } };
    if (!operator || operator === "exists") return this.#alone({ kind: "comparison", scope, subject, operator: "exists", values: [] });
    const values = operator === "in" ? this.#list() : [this.#value()];
    if (!scope) this.#check(subject, values);
    return { kind: "comparison", scope, subject, operator, values };
  }

  // A key by itself asks whether it is there; a field always is, so there something was forgotten.
  #alone(comparison: Comparison): Comparison {
    if (!comparison.scope && comparison.subject in SPAN_FIELDS) this.#fail("query.expected", "= != < > ~ in");
    return comparison;
  }

  #check(subject: string, values: readonly Value[]): void {
    const { from, to } = this.#tokens[this.#at - 1]!;
    const isWrong = (test: (text: string) => boolean) => values.find(({ text }) => !test(text));
    const isDuration = subject === "duration" || subject === "trace.duration";
    const wrong = isDuration ? isWrong((text) => parseDuration(text) !== null) : TRACE_FIELDS[subject]?.endsWith("_count") ? isWrong((text) => /^\d+$/.test(text)) : undefined;
    if (wrong) throw new Wrong({ reason: isDuration ? "query.duration" : "query.number", about: wrong.text, from, to });
  }

  #operator(): Operator | "!~" | null {
    const token = this.#peek();
    const text = token?.text.toLowerCase() ?? "";
    const isOperator = token?.kind === "symbol" ? text === "!~" || OPERATORS.includes(text as Operator) : token?.kind === "word" && WORD_OPERATORS.has(text);
    if (!isOperator) return null;
    this.#at++;
    return text as Operator;
  }

  #list(): Value[] {
    if (!this.#symbol("(")) this.#fail("query.expected", "(");
    const values = [this.#value()];
    while (this.#symbol(",")) values.push(this.#value());
    if (!this.#symbol(")")) this.#fail("query.unclosed", ")");
    return values;
  }

  #value(): Value {
    const token = this.#peek();
    if (token?.kind !== "word" && token?.kind !== "quoted") return this.#fail("query.value", "");
    this.#at++;
    return { text: token.text, quoted: token.kind === "quoted" };
  }

  #negates(): boolean {
    const next = this.#peek();
    if (next?.kind === "unclosed" && next.text === "!") return Boolean(++this.#at);
    return this.#word("not");
  }

  #word(word: string): boolean {
    if (!isWord(this.#peek(), word)) return false;
    this.#at++;
    return true;
  }

  #symbol(symbol: string): boolean {
    const token = this.#peek();
    if (token?.kind !== "symbol" || token.text !== symbol) return false;
    this.#at++;
    return true;
  }

  #peek(): Token | undefined {
    return this.#tokens[this.#at];
  }

  #fail(reason: Mistake["reason"], about: string): never {
    const token = this.#peek();
    if (token?.kind === "unclosed") throw new Wrong({ reason: "query.unclosed", about: token.text, from: token.from, to: this.#end });
    throw new Wrong({ reason, about, from: token?.from ?? this.#end, to: token?.to ?? this.#end });
  }
}

function joined(kind: "and" | "or", terms: readonly Condition[]): Condition {
  return terms.length === 1 ? terms[0]! : { kind, terms };
}

function closes(token: Token): boolean {
  return token.kind === "symbol" && (token.text === ")" || token.text === "}" || token.text === ",");
}

function isWord(token: Token | undefined, word: string): boolean {
  return token?.kind === "word" && token.text.toLowerCase() === word;
}

function named(text: string): { scope: Scope | null; subject: string } {
  const colon = text.indexOf(":");
  const scope = text.slice(0, colon) as Scope;
  return colon > 0 && SCOPES.includes(scope) && colon + 1 < text.length ? { scope, subject: text.slice(colon + 1) } : { scope: null, subject: text };
}
