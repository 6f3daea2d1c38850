// Lays graphs out beside the page, so that it never stands still.
import { layout, type Wanted } from "./layout";

addEventListener("message", ({ data }: MessageEvent<{ turn: number; wanted: Wanted }>) => {
  postMessage({ turn: data.turn, placed: layout(data.wanted) });
});
