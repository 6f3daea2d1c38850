import { expect, it } from "vitest";
import { AT_TOP, HEIGHT_MAX, jumpedTo, movedTo, scrollTopOf } from "./scroll";

const ROOM = 600;
const SMALL = 1_000 * 28;
const LARGE = 1_000_000 * 28;

it("stands where the element is scrolled to as long as it is as tall as its lines", () => {
  expect(movedTo(17_000, AT_TOP, SMALL, ROOM)).toEqual({ scrollTop: 17_000, offset: 17_000 });
  expect(scrollTopOf(17_000, SMALL, ROOM)).toBe(17_000);
});

it("moves a million lines as far as a wheel turns, wherever they stand", () => {
  for (const start of [0, 150_000, 7_000_000, HEIGHT_MAX - ROOM - 5_000]) {
    const before = jumpedTo(start, LARGE, ROOM);
    expect(movedTo(start + 700, before, LARGE, ROOM).offset - before.offset).toBeCloseTo(700);
  }
});

it("reaches both ends of a million lines, by a jump and step by step", () => {
  expect(jumpedTo(HEIGHT_MAX - ROOM, LARGE, ROOM).offset).toBe(LARGE - ROOM);
  expect(jumpedTo(0, LARGE, ROOM).offset).toBe(0);
  const steps = (from: number, step: number) => {
    let stand = jumpedTo(from, LARGE, ROOM);
    for (let turn = 0; turn < 100; turn++) stand = movedTo(Math.min(Math.max(stand.scrollTop + step, 0), HEIGHT_MAX - ROOM), stand, LARGE, ROOM);
    return stand.offset;
  };
  expect(steps(60_000, -700)).toBe(0);
  expect(steps(HEIGHT_MAX - ROOM - 60_000, 700)).toBe(LARGE - ROOM);
});

it("goes by a far jump to the same share of the way", () => {
  const { offset } = movedTo(HEIGHT_MAX / 2, AT_TOP, LARGE, ROOM);
  expect(offset / LARGE).toBeCloseTo(0.5, 3);
});

it("finds the scroll position of where it stands", () => {
  for (let offset = 0; offset <= LARGE - ROOM; offset += 123_457) expect(jumpedTo(scrollTopOf(offset, LARGE, ROOM), LARGE, ROOM).offset).toBeCloseTo(offset, 3);
});
