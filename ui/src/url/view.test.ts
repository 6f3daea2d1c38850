import { expect, it } from "vitest";
import { readView, withView } from "./view";

it("says the view, and leaves the search as it is written", () => {
  const before = new URLSearchParams("service=a&tags=%7B%7D&chart=none");
  const after = withView(before, { pick: ["x", "y"], live: true, facet: ["http.route"] });
  expect(readView(after)).toEqual({ chart: "none", pick: ["x", "y"], facet: ["http.route"], live: true, upload: [] });
  expect([after.get("service"), after.get("tags")]).toEqual(["a", "{}"]);
  expect(withView(after, { chart: "heat", pick: [], live: false, facet: [] }).toString()).toBe("service=a&tags=%7B%7D");
});

it("takes what it does not know for the usual", () => expect(readView(new URLSearchParams("chart=pie")).chart).toBe("heat"));
