// What is open on the trace page: the trace, what the reader set, and what follows from both. One of these per page.
import { batch, computed, effect, signal, untracked, type ReadonlySignal } from "@preact/signals";
import { findInTrace, loadSpan, loadSpans, type Source, type SpanDetails } from "../../api/trace";
import { fromBitmap, isEmpty, matchesOf, withContext, type Filter } from "../../model/filter";
import { isFolded, isMissingFolded, linesOf, opened, turned, type Lines } from "../../model/fold";
import { groupSimilar, type Groups } from "../../model/similar";
import { missingAt } from "../../model/missing";
import { serviceHues } from "../../model/colours";
import { ancestors, type Trace } from "../../model/trace";
import { go, place } from "../../url/router";
import { patterns } from "./patterns";
import { readServiceFilter, readState, writeState, type PageState } from "./state";

/** From so many spans on, similar siblings are one line unless the reader says otherwise. */
const MERGED_FROM = 500;
const WRITE_AFTER_MS = 250;
const ABOVE_MAX = 100;

export interface Store {
  readonly trace: Trace;
  readonly source: Source;
  readonly state: ReadonlySignal<PageState>;
  readonly hues: ReadonlyMap<string, number>;
  /** Rows in which the text was found, or null without a text or before the answer. */
  readonly found: ReadonlySignal<Uint8Array | null>;
  /** Rows that are asked for, or null when nothing is asked. */
  readonly matches: ReadonlySignal<Uint8Array | null>;
  readonly groups: ReadonlySignal<Groups | null>;
  readonly isMerged: ReadonlySignal<boolean>;
  readonly lines: ReadonlySignal<Lines>;
  /** The chosen line: a row, `~group`, a missing parent, or null. */
  readonly chosen: ReadonlySignal<number | null>;
  readonly details: ReadonlySignal<SpanDetails | "loading" | "failed" | null>;
  /** The spans above the chosen one, nearest first, where link patterns need them. */
  readonly above: ReadonlySignal<readonly SpanDetails[]>;
  /** The part of the time line in sight. */
  readonly zoom: ReadonlySignal<readonly [number, number]>;
  /** The line that is to be scrolled to; a new object each time. */
  readonly reveal: ReadonlySignal<{ line: number } | null>;
  change(patch: Partial<PageState>): void;
  choose(line: number | null, options?: { reveal?: boolean }): void;
  /** Choose the row and open whatever hides it. */
  show(row: number): void;
  /** Fold or unfold a row or a group. */
  turn(line: number): void;
  /** Whether what is below the line is seen; null where nothing is below. */
  isOpen(line: number): boolean | null;
  /** Set the next of two marks, in nanoseconds since the trace's start. */
  mark(at: number): void;
  /** Put what is set into the address at once. */
  settle(): void;
  dispose(): void;
}

/** A store for a loaded trace; the state begins as the address says. */
export function createStore(trace: Trace, source: Source): Store {
  const state = signal(startState(trace));
  const found = signal<Uint8Array | null>(null);
  const chosen = signal<number | null>(null);
  const details = signal<SpanDetails | "loading" | "failed" | null>(null);
  const above = signal<readonly SpanDetails[]>([]);
  const reveal = signal<{ line: number } | null>(null);
  const filter = computed((): Filter => {
    const { services, errors, critical, share, operation } = state.value;
    return { services, errors, critical, share, operation, found: found.value };
  });
  const matches = computed(() => (isEmpty(filter.value) ? null : matchesOf(trace, filter.value)));
  const shown = computed(() => (state.value.others === "hide" && matches.value ? withContext(trace, matches.value) : null));
  const isMerged = computed(() => state.value.merge ?? trace.count >= MERGED_FROM);
  const groups = computed(() => (isMerged.value ? groupSimilar(trace, shown.value) : null));
  const folding = computed(() => state.value.folding);
  const lines = computed(() => linesOf(trace, folding.value, { shown: shown.value, groups: groups.value }));
  const zoom = computed(() => state.value.zoom ?? ([0, Math.max(trace.durationNano, 1)] as const));

  let timer = 0;
  let written = place.peek().params.toString();
  const settle = () => {
    clearTimeout(timer);
    timer = 0;
    const params = writeState(state.peek(), place.peek().params);
    if (params.toString() === written) return;
    written = params.toString();
    go(place.peek().path, params, { replace: true });
  };
  const change = (patch: Partial<PageState>) => {
    state.value = { ...state.peek(), ...patch };
    timer ||= setTimeout(settle, WRITE_AFTER_MS) as unknown as number;
  };

  let asking: AbortController | null = null;
  const choose = (line: number | null, options: { reveal?: boolean } = {}) => {
    batch(() => {
      if (options.reveal && line !== null) reveal.value = { line };
      if (line === chosen.peek()) return;
      asking?.abort();
      chosen.value = line;
      if (line === null || line < 0) {
        details.value = null;
        above.value = [];
        change({ span: "" });
        return;
      }
      details.value = "loading";
      above.value = [];
      const mine = (asking = new AbortController());
      loadSpan(source, line, mine.signal).then(
        (span) => {
          if (asking !== mine) return;
          details.value = span ?? "failed";
          if (span) change({ span: span.spanId });
          if (span && patterns.length) void lookAbove(line, mine.signal);
        },
        () => asking === mine && (details.value = "failed"),
      );
    });
  };
  /** Link patterns may name what only a span above said. */
  const lookAbove = async (row: number, aborted: AbortSignal) => {
    const rows = ancestors(trace, row).slice(-ABOVE_MAX);
    const spans = rows.length ? await loadSpans(source, rows, aborted).catch(() => []) : [];
    if (!aborted.aborted) above.value = spans.toSorted((a, b) => b.row - a.row);
  };
  const show = (row: number) =>
    batch(() => {
      change({ folding: opened(trace, state.peek().folding, row, groups.peek()), ...(shown.peek() && !shown.peek()![row] ? { others: "dim" as const } : {}) });
      choose(row, { reveal: true });
    });

  const turn = (line: number) => change({ folding: turned(state.peek().folding, line) });
  const isOpen = (line: number): boolean | null => {
    if (missingAt(line) >= 0) return !isMissingFolded(state.peek().folding, missingAt(line));
    if (line < 0) return state.peek().folding.toggled.has(line);
    return trace.ends[line]! > line + 1 ? !isFolded(trace, state.peek().folding, line) : null;
  };
  const mark = (at: number) => change({ marks: state.peek().marks.length === 1 ? [...state.peek().marks, at] : [at] });

  const stops = [followPlace(), followText(), () => asking?.abort(), () => clearTimeout(timer)];
  void showLinkedSpan();
  return { trace, source, state, hues: serviceHues(trace.serviceNames), found, matches, groups, isMerged, lines, chosen, details, above, zoom, reveal, change, choose, show, turn, isOpen, mark, settle, dispose: () => stops.forEach((stop) => stop()) };

  /** Going back and forth changes the state. */
  function followPlace() {
    return effect(() => {
      const params = place.value.params.toString();
      if (params === written) return;
      written = params;
      untracked(() => (state.value = startState(trace)));
    });
  }

  /** A text is looked for on the server; the first answer of a page also chooses and shows the first row found. */
  function followText() {
    const text = computed(() => state.value.find.trim());
    let running: AbortController | null = null;
    let isFirst = state.peek().span === "";
    return effect(() => {
      running?.abort();
      const wanted = text.value;
      if (!wanted) {
        isFirst = false;
        found.value = null;
        return;
      }
      const mine = (running = new AbortController());
      void findInTrace(source, wanted, mine.signal).then(
        (bitmap) => {
          if (running !== mine) return;
          const rows = fromBitmap(bitmap, trace.count);
          found.value = rows;
          const first = rows.indexOf(1);
          if (isFirst && first >= 0) show(first);
          isFirst = false;
        },
        () => running === mine && (found.value = new Uint8Array(trace.count)),
      );
    });
  }

  async function showLinkedSpan() {
    const { span } = state.peek();
    if (!span) return;
    const bitmap = await findInTrace(source, span.padStart(16, "0"), new AbortController().signal).catch(() => null);
    const row = bitmap ? fromBitmap(bitmap, trace.count).indexOf(1) : -1;
    if (row >= 0 && chosen.peek() === null) show(row);
  }
}

function startState(trace: Trace): PageState {
  const { params } = place.peek();
  const state = readState(params);
  const linked = params.get("svcFilter");
  return linked && !state.services.length ? { ...state, services: readServiceFilter(linked, trace.serviceNames) } : state;
}

