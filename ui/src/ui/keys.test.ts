// @vitest-environment happy-dom
import { afterEach, expect, it, vi } from "vitest";
import { groups, onKey } from "./keys";

afterEach(() => {
  groups.value = [];
  document.body.replaceChildren();
});

const press = (key: string, options: KeyboardEventInit = {}, target: EventTarget = document.body) => {
  const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...options });
  target.addEventListener("keydown", (seen) => onKey(seen as KeyboardEvent), { once: true });
  target.dispatchEvent(event);
  return event.defaultPrevented;
};

it("asks the group that came last first, and leaves other keys alone", () => {
  const [page, frame] = [vi.fn(), vi.fn()];
  groups.value = [
    { title: "nav.search", shortcuts: [{ keys: ["x", "?"], label: "nav.search", run: frame }] },
    { title: "nav.search", shortcuts: [{ keys: ["x"], label: "nav.search", run: page }] },
  ];
  expect(press("x")).toBe(true);
  expect(press("?")).toBe(true);
  expect(press("y")).toBe(false);
  expect([page.mock.calls.length, frame.mock.calls.length]).toEqual([1, 1]);
});

it("does not take letters from somebody who types", () => {
  const run = vi.fn();
  groups.value = [{ title: "nav.search", shortcuts: [{ keys: ["x"], label: "nav.search", run }, { keys: ["Ctrl+k"], label: "nav.search", run, whileTyping: true }] }];
  const input = document.body.appendChild(document.createElement("input"));
  expect(press("x", {}, input)).toBe(false);
  expect(press("k", { ctrlKey: true }, input)).toBe(true);
  expect(press("k", { metaKey: true }, input)).toBe(true);
  expect(run).toHaveBeenCalledTimes(2);
});
