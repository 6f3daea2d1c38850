import { expect, it } from "vitest";
import type { Attribute, SpanDetails } from "../api/trace";
import { linksOf, traceLinks, type LinkPattern } from "./links";
import { traceOf } from "./testing/plain";

const trace = { ...traceOf([{ id: "GET /", service: "web", start: 0, duration: 3_000_000 }]), traceId: "abc", startNano: 1_700_000_000_000_000_000n };
const text = (key: string, value: string | number): Attribute => ({ key, type: typeof value === "string" ? "string" : "int", value });

function span(more: Partial<SpanDetails> = {}): SpanDetails {
  return {
    row: 0, spanId: "00ab", parentSpanId: null, traceState: "", name: "GET /", kind: "server", service: "web", status: "unset", statusMessage: "",
    startTimeUnixNano: "1700000000000000000", durationNano: 3_000_000, attributes: [text("user", "a b"), text("size", 7)],
    resource: { attributes: [text("pod", "web-1")] }, scope: { name: "", version: "", attributes: [] }, events: [], links: [], ...more,
  };
}
const links = (pattern: LinkPattern, key = "user", value = "a b", scope: "span" | "resource" | "event" = "span", of = span(), above: SpanDetails[] = []) => linksOf([pattern], { scope, key, value }, of, trace, above);

it.each([
  ["type: tags", { type: "tags", key: "user", url: "http://x/#{user}", text: "u #{user}" }, "http://x/a%20b", "u a b"],
  ["type: attributes", { type: "attributes", key: ["user", "other"], url: "/q?p=#{pod}&s=#{spanID}", text: "t" }, "/q?p=web-1&s=00ab", "t"],
  ["trace variables", { key: "user", url: "http://x/#{trace.traceID}/#{trace.duration}/#{trace.endTime}", text: "#{trace.traceName}" }, "http://x/abc/3000/1700000000003000", "web: GET /"],
  ["formatters", { key: "user", url: "http://x/#{startTime | add 1000000 | epoch_micros_to_date_iso}/#{spanID | pad_start 6 0}", text: "t" }, "http://x/2023-11-14T22%3A13%3A21.000Z/0000ab", "t"],
])("fills in %s", (_, pattern, url, shown) => {
  expect(links(pattern)).toEqual([{ url, text: shown }]);
});

it("makes no link when a variable is not known, or the pattern is about something else", () => {
  expect(links({ key: "user", url: "http://x/#{nothing}", text: "t" })).toEqual([]);
  expect(links({ type: "process", key: "user", url: "http://x/", text: "t" })).toEqual([]);
  expect(links({ key: "user", value: "c", url: "http://x/", text: "t" })).toEqual([]);
});

it("looks for variables in the spans above, but not for what the resource said", () => {
  const above = [span({ attributes: [text("tenant", "t1")] })];
  const pattern = { url: "http://x/#{tenant}", text: "t" };
  expect(links(pattern, "user", "a b", "span", span(), above)).toEqual([{ url: "http://x/t1", text: "t" }]);
  expect(links(pattern, "pod", "web-1", "resource", span(), above)).toEqual([]);
});

it("never makes a link that runs something", () => {
  const evil = span({ attributes: [text("user", "javascript:alert(1)")] });
  expect(links({ key: "user", url: "javascript:#{user}", text: "t" }, "user", "javascript:alert(1)", "span", evil)).toEqual([]);
  expect(links({ key: "user", url: "#{user}", text: "t" }, "user", "javascript:alert(1)", "span", evil)[0]?.url).toBe("javascript%3Aalert(1)");
});

it("makes links of the whole trace", () => {
  expect(traceLinks([{ type: "traces", url: "http://logs/?id=#{traceID}&from=#{startTime}", text: "Logs" }, { type: "tags", url: "http://x/", text: "no" }], trace)).toEqual([{ url: "http://logs/?id=abc&from=1700000000000000", text: "Logs" }]);
});
