import { expect, it } from "vitest";
import { en } from "./en";
import { zhCN } from "./zh-CN";

const holes = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(String).toSorted();

it("fills the same holes in both languages", () => {
  for (const [key, text] of Object.entries(en)) {
    if (key.endsWith("One")) continue;
    expect(holes(zhCN[key as keyof typeof en]), key).toEqual(holes(text));
  }
});
