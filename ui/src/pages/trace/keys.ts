// What keys do on the trace page. Rows are walked while the waterfall has the focus; the rest works anywhere.
import type { Shortcut } from "../../ui/keys";
import { levelCount, lineOfMissing, missingAt, missingParentOf } from "../../model/missing";
import { lineFrom } from "../../model/walk";
import { Flag } from "../../model/trace";
import { VIEWS } from "./state";
import type { Store } from "./store";
import { panned, within, zoomed } from "./zoom";

/** Walk from row to row; answers to arrows, Home, End, pages, Enter and Escape. */
export function moveLine(store: Store, event: KeyboardEvent): void {
  if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || (event.target as Element).closest("input, select, textarea, button, a, summary")) return;
  const lines = store.lines.peek();
  const at = lines.indexOf(store.chosen.peek() ?? NaN);
  const page = Math.max(Math.floor((event.currentTarget as Element).clientHeight / 28) - 2, 1);
  const line = at < 0 ? null : lines[at]!;
  const go = (index: number) => store.choose(lines[Math.min(Math.max(index, 0), lines.length - 1)]!, { reveal: true });
  const moves: Record<string, () => void> = {
    ArrowDown: () => go(at + 1),
    ArrowUp: () => go(at < 0 ? 0 : at - 1),
    PageDown: () => go(Math.max(at, 0) + page),
    PageUp: () => go(at - page),
    Home: () => go(0),
    End: () => go(lines.length - 1),
    ArrowLeft: () => line !== null && (store.isOpen(line) ? store.turn(line) : goUp(store, line)),
    ArrowRight: () => line !== null && (store.isOpen(line) === false ? store.turn(line) : go(at + 1)),
    Enter: () => (line === null ? go(0) : line < 0 ? store.turn(line) : fit(store)),
    Escape: () => store.choose(null),
  };
  const move = moves[event.key];
  if (!move) return;
  event.preventDefault();
  event.stopPropagation();
  move();
}

/** The keys of the page, for the sheet of keys. */
export function shortcuts(store: Store, focusFind: () => void): readonly Shortcut[] {
  const whole = store.trace.durationNano;
  const pan = (part: number) => store.change({ zoom: panned(store.zoom.peek(), part, whole) });
  const zoom = (factor: number) => store.change({ zoom: zoomed(store.zoom.peek(), factor, whole) });
  const level = (by: number) => {
    const { folding } = store.state.peek();
    const deepest = levelCount(store.trace);
    const next = Math.min(folding.level, deepest) + by;
    store.change({ folding: { level: next >= deepest ? Infinity : Math.max(next, 1), toggled: new Set() } });
  };
  const jump = (wanted: (row: number) => boolean, back = false) => {
    const row = lineFrom(store.trace, store.chosen.peek() ?? (back ? store.trace.count : -1), wanted, back);
    if (row !== null) store.show(row);
  };
  const flagged = (flag: number) => (row: number) => (store.trace.flags[row]! & flag) !== 0;
  const matching = (row: number) => store.matches.peek()?.[row] === 1;
  return [
    { keys: ["1", "2", "3", "4", "5", "6"], label: "keys.view", run: ({ key }) => store.change({ view: VIEWS[Number(key) - 1]! }) },
    { keys: ["ArrowDown", "ArrowUp"], label: "keys.rows", run: (event) => walk(store, event) },
    { keys: ["/", "Ctrl+b"], label: "trace.find", run: focusFind },
    { keys: ["n"], label: "keys.nextMatch", run: () => jump(matching) },
    { keys: ["N"], label: "keys.previousMatch", run: () => jump(matching, true) },
    { keys: ["e"], label: "keys.nextError", run: () => jump(flagged(Flag.error)) },
    { keys: ["E"], label: "keys.previousError", run: () => jump(flagged(Flag.error), true) },
    { keys: ["c"], label: "keys.nextCritical", run: () => jump(flagged(Flag.critical)) },
    { keys: ["w"], label: "keys.zoomIn", run: () => zoom(0.7) },
    { keys: ["s"], label: "keys.zoomOut", run: () => zoom(1 / 0.7) },
    { keys: ["a"], label: "keys.panLeft", run: () => pan(-0.2) },
    { keys: ["d"], label: "keys.panRight", run: () => pan(0.2) },
    { keys: ["f"], label: "keys.fit", run: () => fit(store) },
    { keys: ["z"], label: "keys.whole", run: () => store.change({ zoom: null }) },
    { keys: ["]"], label: "trace.collapseAll", run: () => level(-Infinity) },
    { keys: ["["], label: "trace.expandAll", run: () => level(Infinity) },
    { keys: ["p"], label: "trace.collapseLevel", run: () => level(-1) },
    { keys: ["o"], label: "trace.expandLevel", run: () => level(1) },
    { keys: ["x"], label: "trace.merge", run: () => store.change({ merge: !store.isMerged.peek() }) },
    { keys: ["m"], label: "keys.markStart", run: () => markChosen(store, 0) },
    { keys: ["M"], label: "keys.markEnd", run: () => markChosen(store, 1) },
    { keys: ["Escape"], label: "span.close", run: () => store.choose(null) },
  ];
}

/** Begin to walk the rows from wherever the focus is. */
function walk(store: Store, event: KeyboardEvent): void {
  const grid = document.querySelector<HTMLElement>(".rows");
  if (!grid) return;
  grid.focus({ preventScroll: true });
  const lines = store.lines.peek();
  const at = lines.indexOf(store.chosen.peek() ?? Number.NaN);
  store.choose(lines[Math.min(Math.max(event.key === "ArrowDown" ? at + 1 : at - 1, 0), lines.length - 1)] ?? null, { reveal: true });
}

/** Zoom to the chosen span. */
function fit(store: Store): void {
  const row = store.chosen.peek();
  if (row === null || row < 0) return;
  const { starts, durations, durationNano } = store.trace;
  const length = Math.max(durations[row]!, durationNano * 1e-6, 1);
  store.change({ zoom: within([starts[row]! - length * 0.05, starts[row]! + length * 1.05], durationNano) });
}

function goUp(store: Store, line: number): void {
  if (missingAt(line) >= 0) return;
  const row = line < 0 ? store.groups.peek()!.members[store.groups.peek()!.from[~line]!]! : line;
  const parent = store.trace.parents[row]!;
  const missing = missingParentOf(store.trace, row);
  if (parent >= 0) store.show(parent);
  else if (missing >= 0) store.choose(lineOfMissing(missing), { reveal: true });
}

function markChosen(store: Store, end: 0 | 1): void {
  const row = store.chosen.peek();
  if (row !== null && row >= 0) store.mark(store.trace.starts[row]! + end * Math.max(store.trace.durations[row]!, 0));
}
