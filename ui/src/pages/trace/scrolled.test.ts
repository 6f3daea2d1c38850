import { expect, it } from "vitest";
import { HEIGHT_MAX } from "./scroll";
import { Scrolled } from "./scrolled";

const ROOM = 600;
const LARGE = 28_000_000;

/** Scrolls by whole pixels, as an element does. */
function element(): HTMLElement {
  let top = 0;
  return { get scrollTop() { return top; }, set scrollTop(to) { top = Math.round(Math.min(Math.max(to, 0), HEIGHT_MAX - ROOM)); } } as HTMLElement;
}

it("lines that go and come below leave those in sight where they are", () => {
  const scrolled = new Scrolled(element());
  scrolled.follow(LARGE, ROOM);
  scrolled.moveTo(10_000_000);
  for (const whole of [LARGE, 11_000_000, LARGE, 20_000_000]) expect(scrolled.follow(whole, ROOM).offset).toBe(10_000_000);
  expect(scrolled.follow(5_000_000, ROOM)).toEqual({ scrollTop: 5_000_000 - ROOM, offset: 5_000_000 - ROOM });
});

it("the scroll bar comes after a rest, and nothing moves but that", () => {
  const view = element();
  const scrolled = new Scrolled(view);
  scrolled.follow(LARGE, ROOM);
  scrolled.moveTo(14_000_000);
  const before = scrolled.follow(LARGE, ROOM);
  for (let turn = 0; turn < 10; turn++) {
    view.scrollTop += 700;
    scrolled.follow(LARGE, ROOM);
  }
  expect(scrolled.rest()).toBe(true);
  const after = scrolled.follow(LARGE, ROOM);
  expect(after.offset).toBe(before.offset + 7_000);
  expect(after.scrollTop).toBeLessThan(before.scrollTop + 4_000);
  expect(scrolled.rest()).toBe(false);
});

it("what happens between a scroll and the next frame is not lost by a rest", () => {
  const view = element();
  const scrolled = new Scrolled(view);
  scrolled.follow(280_000, ROOM);
  view.scrollTop = 200_000;
  expect(scrolled.rest()).toBe(false);
  expect(scrolled.follow(280_000, ROOM).offset).toBe(200_000);
});
