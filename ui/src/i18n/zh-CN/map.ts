// Simplified Chinese: the service map.
import type { Translated } from "../keys";
import type { map as keys } from "../en/map";

export const map: Translated<typeof keys> = {
  "map.title": "拓扑",
};
