// Simplified Chinese: the comparison of two traces.
import type { Translated } from "../keys";
import type { compare as keys } from "../en/compare";

export const compare: Translated<typeof keys> = {
  "compare.title": "对比",
};
