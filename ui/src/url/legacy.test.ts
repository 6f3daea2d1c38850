import { expect, it } from "vitest";
import { match } from "../routes";
import { translated } from "./legacy";

// An address of Jaeger's or Zipkin's page, and what it is here.
it.each([
  ["/", "/search"],
  ["/?service=a", "/search?service=a"],
  ["/search", null],
  ["/search/", "/search"],
  ["/search?service=a&start=1&end=2&lookback=1h&limit=20&maxDuration&minDuration", null],
  ["/search?traceID=a&traceID=b", null],
  ["/search?span=1%402", null],
  ["/trace/4bf92f3577b34da6a3ce929d0e0e4736", null],
  ["/trace/4bf92f3577b34da6a3ce929d0e0e4736?uiFind=00f067aa0ba902b7", null],
  ["/trace/a...b?cohort=a&cohort=b", null],
  ["/trace/...", null],
  ["/trace/a...", null],
  ["/dependencies?uiFind=cart", null],
  ["/deep-dependencies?service=a&operation=b&start=1&end=2&density=ppe&showOp=1&hash=x&visEncoding=y", "/dependencies?service=a&lookback=custom&start=1&end=2"],
  ["/deep-dependencies", "/dependencies"],
  ["/quality-metrics?service=a&lookback=48", "/monitor?service=a"],
  ["/monitor?service=a&spanKind=server&timeframe=3600000", null],
  ["/zipkin", "/search"],
  ["/zipkin/", "/search"],
  ["/zipkin/traces/48485a3953bb6124", "/trace/48485a3953bb6124"],
  ["/zipkin/traceViewer", "/search"],
  ["/zipkin/dependency?startTs=1000&endTs=2000", "/dependencies?lookback=custom&start=1000000&end=2000000"],
  ["/zipkin/?serviceName=cart&spanName=get&lookback=15m&endTs=1700000000000&limit=10", "/search?lookback=15m&service=cart&operation=get&limit=10"],
  ["/zipkin/?serviceName=all&lookback=millis&millis=60000&endTs=1700000000000", "/search?lookback=custom&start=1699999940000000&end=1700000000000000"],
  ["/zipkin/?lookback=range&startTs=1&endTs=2&minDuration=100&maxDuration=2s", "/search?lookback=custom&start=1000&end=2000&minDuration=100us&maxDuration=2s"],
  ["/zipkin/?annotationQuery=error%20and%20http.path%3D%2Fa&remoteServiceName=db", "/search?tags=%7B%22error%22%3A%22true%22%2C%22http.path%22%3A%22%2Fa%22%2C%22peer.service%22%3A%22db%22%7D"],
])("%s leads to %s", (old, now) => {
  const url = new URL(old, "http://x");
  const found = translated({ path: url.pathname, params: url.searchParams });
  const query = found?.params.toString();
  expect(found && found.path + (query ? `?${query}` : "")).toBe(now);
  expect(match(found?.path ?? url.pathname), "there is a page for it").not.toBeNull();
});

it.each([
  ["/trace/a...b", { a: "a", b: "b" }],
  ["/trace/...", { a: "", b: "" }],
  ["/trace/abc", { id: "abc" }],
  ["/trace/%41", { id: "A" }],
  ["/trace/%zz", { id: "%zz" }],
])("%s names its parts", (path, parts) => expect(match(path)?.parts).toEqual(parts));

it("knows no other pages", () => expect([match("/nothing"), match("/trace/a/b")]).toEqual([null, null]));
