// @vitest-environment happy-dom
import { afterEach, expect, it, vi } from "vitest";
import { ApiError, getJson } from "./client";

afterEach(() => vi.unstubAllGlobals());

const answering = (body: string, status = 200) => {
  const fetched = vi.fn(() => Promise.resolve(new Response(body, { status })));
  vi.stubGlobal("fetch", fetched);
  return fetched;
};

it("asks below the base address, with repeated parameters", async () => {
  const fetched = answering("[1]");
  expect(await getJson<number[]>("api/traces", { tag: ["a:1", "b:2"], service: "é" })).toEqual([1]);
  const [address] = fetched.mock.calls[0] as unknown as [URL];
  expect(address.pathname + address.search).toBe("/api/traces?tag=a%3A1&tag=b%3A2&service=%C3%A9");
});

it.each([
  ['{"data":null,"errors":[{"code":400,"msg":"bad"},{"code":400,"msg":"worse"}]}', "bad; worse"],
  ['{"error":{"status":400,"message":"bad"}}', "bad"],
  ["upstream is gone\n", "upstream is gone"],
])("fails in the words of the server: %s", async (body, message) => {
  answering(body, 400);
  await expect(getJson("api/x")).rejects.toMatchObject({ status: 400, message });
});

it("tells a server that does not answer from a question that was dropped", async () => {
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("network")));
  await expect(getJson("api/x")).rejects.toEqual(new ApiError(0, ""));
  vi.stubGlobal("fetch", () => Promise.reject(new DOMException("dropped", "AbortError")));
  await expect(getJson("api/x")).rejects.toBeInstanceOf(DOMException);
});
