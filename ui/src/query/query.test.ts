// @vitest-environment happy-dom
import { expect, it } from "vitest";
import { fieldsOf, includes, textOf, toggled } from "./form";
import { parse, tokens } from "./parse";
import { toPredicate } from "./predicate";
import type { Comparison, Condition } from "./tree";
import { write } from "./write";

const read = (text: string): Condition => {
  const parsed = parse(text);
  if (!parsed.ok) throw new Error(`${text}: ${JSON.stringify(parsed.mistake)}`);
  return parsed.condition;
};
const predicate = (text: string) => toPredicate(read(text));
const field = (name: string, cmp: string, value: unknown) => ({ op: "compare", field: name, cmp, value });
const key = (attribute: string, cmp: string, value: unknown, scope = "any") => ({ op: "compare", attribute, scope, cmp, value });
const span = (where: unknown) => ({ op: "any_span", where });

it.each<[string, unknown]>([
  ["", { op: "and", terms: [] }],
  ["service = cart", span(field("service", "=", "cart"))],
  ['service = cart and duration > 1.5ms and not http.route = "/health"', span({ op: "and", terms: [field("service", "=", "cart"), field("duration", ">", 1_500_000), { op: "not", term: key("http.route", "=", "/health") }] })],
  ["a=1 b=2", span({ op: "and", terms: [key("a", "=", "1"), key("b", "=", "2")] })],
  ["a = 1 or b = 2 and c = 3", span({ op: "or", terms: [key("a", "=", "1"), { op: "and", terms: [key("b", "=", "2"), key("c", "=", "3")] }] })],
  ["rows > 100", span(key("rows", ">", 100))],
  ['rows > "100"', span(key("rows", ">", "100"))],
  ["resource:host.name in (a, b, \"c d\")", span(key("host.name", "in", ["a", "b", "c d"], "resource"))],
  ["any:name ~ ^x.*", span(key("name", "regex", "^x.*"))],
  ["message !~ timeout", span({ op: "not", term: key("message", "regex", "timeout") })],
  ["db.statement contains \"select 1\"", span(key("db.statement", "contains", "select 1"))],
  ["http.route exists", span(key("http.route", "exists", null))],
  ["http.route", span(key("http.route", "exists", null))],
  ["kind = SERVER", span(field("kind", "=", "server"))],
  ["trace.spans > 10 and service = a and name = b", { op: "and", terms: [span({ op: "and", terms: [field("service", "=", "a"), field("name", "=", "b")] }), { op: "compare_trace", field: "span_count", cmp: ">", value: 10 }] }],
  ["{ service = a } and { service = b }", { op: "and", terms: [span(field("service", "=", "a")), span(field("service", "=", "b"))] }],
  ["not { status = error }", { op: "not", term: span(field("status", "=", "error")) }],
  ["trace.duration >= 1s or { a = 1 }", { op: "or", terms: [{ op: "compare_trace", field: "duration", cmp: ">=", value: 1_000_000_000 }, span(key("a", "=", "1"))] }],
  ["error=true", span({ op: "or", terms: [field("status", "=", "error"), key("error", "=", "true")] })],
  ["span.kind=CLIENT", span({ op: "or", terms: [field("kind", "=", "client"), key("span.kind", "=", "CLIENT")] })],
  ["resource.host=x", span({ op: "or", terms: [key("host", "=", "x", "resource"), key("resource.host", "=", "x")] })],
  ["not not a = 1", span(key("a", "=", "1"))],
  ["((a = 1))", span(key("a", "=", "1"))],
])("%s", (text, meant) => expect(predicate(text)).toEqual(meant));

it.each([
  ["service", "query.expected"],
  ["service =", "query.value"],
  ["a = 1 and", "query.expected"],
  ["(a = 1", "query.unclosed"],
  ["{ a = 1", "query.unclosed"],
  ['a = "b', "query.unclosed"],
  ["a in (b", "query.unclosed"],
  ["a in b", "query.expected"],
  ["duration > soon", "query.duration"],
  ["trace.spans > many", "query.number"],
  ["a = 1 )", "query.expected"],
  ["= 1", "query.expected"],
  ["(".repeat(100), "query.tooDeep"],
])("%s is a mistake that is named", (text, reason) => {
  const parsed = parse(text);
  expect(parsed.ok ? "fine" : parsed.mistake.reason).toBe(reason);
  if (!parsed.ok) expect(parsed.mistake.from).toBeLessThanOrEqual(text.length);
});

it("reads back what it writes, whatever is in it", () => {
  let seed = 7;
  const random = (n: number) => (seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648) % n;
  const names = ["a", "http.route", "with blank", 'quo"te', "and", "名字", "back\\slash", "(x)", "exists", "a:b"];
  const pick = () => names[random(names.length)]!;
  const comparison = (): Comparison => {
    const operator = (["=", "!=", "<", ">=", "in", "~", "contains", "exists"] as const)[random(8)]!;
    const values = Array.from({ length: operator === "in" ? 1 + random(3) : operator === "exists" ? 0 : 1 }, () => ({ text: pick(), quoted: true }));
    return { kind: "comparison", subject: pick(), scope: "any", operator, values };
  };
  const tree = (depth: number): Condition => {
    const kind = depth ? random(5) : 0;
    if (kind === 1 || kind === 2) return { kind: kind === 1 ? "and" : "or", terms: Array.from({ length: 2 + random(2) }, () => tree(depth - 1)) };
    if (kind === 3) return { kind: "span", term: tree(depth - 1) };
    if (kind === 4) return { kind: "not", term: comparison() };
    return comparison();
  };
  for (let round = 0; round < 500; round++) {
    const meant = tree(4);
    expect(toPredicate(read(write(meant))), write(meant)).toEqual(toPredicate(meant));
  }
});

it("never fails in another way than by naming the mistake", () => {
  const signs = ['"', "(", ")", "{", "}", "=", "!", "~", "and", "or", "not", "in", "a", ",", " ", "<", "service", "1s", "\\", ":"];
  let seed = 3;
  for (let round = 0; round < 3000; round++) {
    let text = "";
    for (let length = 0; length < 8; length++) {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      text += `${signs[seed % signs.length]} `;
    }
    const parsed = parse(text);
    if (parsed.ok) toPredicate(parsed.condition);
    expect(tokens(text).every(({ from, to }) => from < to)).toBe(true);
  }
});

it.each([
  [{ service: "cart", operation: "GET /cart", tags: 'a=1 b="x y"', minDuration: "1ms", maxDuration: "2s", q: "not c = 1" }],
  [{ service: "", operation: "", tags: "name=x", minDuration: "", maxDuration: "", q: "a = 1 or b = 2" }],
  [{ service: "and", operation: '"quoted"', tags: "", minDuration: "", maxDuration: "", q: "trace.spans > 10" }],
  [{ service: "", operation: "", tags: "error=true", minDuration: "", maxDuration: "", q: "" }],
])("the fields say the text and the text says the fields: %j", (asked) => {
  const text = textOf(asked);
  expect(toPredicate(read(textOf(fieldsOf(text))))).toEqual(predicate(text));
  expect({ ...fieldsOf(text), q: "" }).toEqual({ ...asked, q: "" });
});

it("a text with a mistake stays as it was typed", () => expect(fieldsOf("a = ").q).toBe("a = "));

it("a facet puts its condition in and takes it out", () => {
  const once = toggled("service = a", "status = error");
  expect(once).toBe("service = a and status = error");
  expect(includes(once, "status = error")).toBe(true);
  expect(toggled(once, "status = error")).toBe("service = a");
  expect(toggled("", "a = 1")).toBe("a = 1");
  expect(toggled("a = 1", "a = 1")).toBe("");
  expect(toggled("a = 1 or b = 2", "c = 3")).toBe("(a = 1 or b = 2) and c = 3");
});
