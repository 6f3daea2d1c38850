import { expect, it, vi } from "vitest";
import { ApiError } from "./client";
import { lastValue, resource } from "./resource";

const settled = () => new Promise((resolve) => setTimeout(resolve));

it("goes from loading to done", async () => {
  const place = resource<number>();
  place.ask(() => Promise.resolve(1));
  expect(place.state.value.kind).toBe("loading");
  await settled();
  expect(place.state.value).toEqual({ kind: "done", value: 1 });
});

it("drops the answer to an older question and aborts it", async () => {
  const place = resource<string>();
  const aborted = vi.fn();
  place.ask(async (signal) => {
    signal.addEventListener("abort", aborted);
    await settled();
    return "old";
  });
  place.ask(() => Promise.resolve("new"));
  await settled();
  await settled();
  expect(aborted).toHaveBeenCalledOnce();
  expect(lastValue(place.state.value)).toBe("new");
});

it("shows the last answer while the next is awaited, when asked to", async () => {
  const place = resource<number>();
  place.ask(() => Promise.resolve(1));
  await settled();
  place.ask(() => Promise.resolve(2), { keep: true });
  expect(lastValue(place.state.value)).toBe(1);
  place.ask(() => Promise.resolve(3));
  expect(lastValue(place.state.value)).toBeNull();
});

it("fails with the server's words, or with what went wrong", async () => {
  const place = resource<number>();
  place.ask(() => Promise.reject(new ApiError(503, "later")));
  await settled();
  expect(place.state.value).toMatchObject({ kind: "failed", error: { status: 503, message: "later" } });
  place.ask(() => Promise.reject(new TypeError("bug")));
  await settled();
  expect(place.state.value).toMatchObject({ kind: "failed", error: { status: -1 } });
});
