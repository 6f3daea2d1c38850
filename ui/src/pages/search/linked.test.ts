import { expect, it } from "vitest";
import { readLinked } from "./linked";

const read = (query: string) => readLinked(new URLSearchParams(query));

it("reads the traces and the spans in them", () => {
  const linked = read("traceID=a1&traceID=b2&span=s1%20s2%40b2&span=s3%40c3")!;
  expect(linked.ids).toEqual(["a1", "b2", "c3"]);
  expect([...linked.spans]).toEqual([["b2", "s1 s2"], ["c3", "s3"]]);
});

it("takes what is no id for nothing", () => {
  expect(read("traceID=%3Cscript%3E&span=x&span=x%40")).toBeNull();
  expect(read("service=a")).toBeNull();
});
