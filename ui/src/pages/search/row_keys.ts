// The keys of a list of traces.
import { moveAmong, focusedRow } from "../../ui/rows";
import { useKeys, type Shortcut } from "../../ui/keys";
import { togglePick } from "./changes";

const ROW = ".trace-row";

const KEYS: readonly Shortcut[] = [
  { keys: ["ArrowDown", "j"], label: "search.key.down", run: () => moveAmong(ROW, 1) },
  { keys: ["ArrowUp", "k"], label: "search.key.up", run: () => moveAmong(ROW, -1) },
  { keys: ["x"], label: "search.key.pick", run: pickFocused },
  { keys: ["c"], label: "search.key.compare", run: () => document.querySelector<HTMLElement>(".picks a")?.click() },
  { keys: ["o"], label: "search.order", run: () => document.querySelector<HTMLSelectElement>(".found-head select[name=order]")?.focus() },
  { keys: ["/"], label: "search.key.text", run: () => document.querySelector<HTMLInputElement>(".query input")?.focus() },
];

export function useRowKeys(): void {
  useKeys("search.keys", KEYS);
}

function pickFocused(): void {
  const id = focusedRow("[data-trace]")?.dataset["trace"];
  if (id) togglePick(id);
}
