import { expect, it } from "vitest";
import { readServiceFilter, readState, START, writeState, type PageState } from "./state";

const full: PageState = {
  view: "flame",
  times: "adjusted",
  zoom: [1_000, 2_000_000],
  span: "00f067aa0ba902b7",
  folding: { level: 3, toggled: new Set([-4, 1, 17]) },
  services: ["a b", "é&=中"],
  errors: true,
  critical: true,
  share: 0.025,
  operation: { service: "cart", name: 'GET "/x"' },
  find: "http.status_code=500 -db",
  others: "hide",
  merge: true,
  sort: "-duration",
  group: "span:http.route",
  within: "service",
  marks: [5, 99],
  focus: 12,
  upload: "u1",
};

it("reads back what it writes", () => {
  const written = writeState(full, new URLSearchParams("uiEmbed=v0&upload=u1"));
  expect(written.get("uiEmbed")).toBe("v0");
  expect(readState(new URLSearchParams(written.toString()))).toEqual(full);
});

it("writes nothing for what is as by default", () => {
  expect(writeState(START, new URLSearchParams()).toString()).toBe("");
  expect(readState(new URLSearchParams())).toEqual(START);
});

it.each(["zoom=9-2", "zoom=x", "level=-1", "turned=a,,b", "share=-5", "op=%7B", "view=nothing", "span=<b>", "marks=NaN"])("takes %s as nothing said", (query) => {
  expect(readState(new URLSearchParams(query))).toEqual(START);
});

it("shows the services that a link of Jaeger's page shows", () => {
  const names = ["db", "api", "cache", "auth"];
  expect(readServiceFilter("7d06.9", names)).toEqual(["api", "db"]);
  expect(readServiceFilter("7d06.f", names)).toEqual([]);
  expect(readServiceFilter("0000.9", names)).toEqual([]);
  expect(readServiceFilter("nonsense", names)).toEqual([]);
});
