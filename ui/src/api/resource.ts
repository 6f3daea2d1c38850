// An answer that a page waits for: a signal of loading, done or failed; a new question drops the old one.
import { signal, type ReadonlySignal } from "@preact/signals";
import { ApiError } from "./client";

export type State<T> =
  | { readonly kind: "idle" }
  | { readonly kind: "loading"; readonly before: T | null }
  | { readonly kind: "done"; readonly value: T }
  | { readonly kind: "failed"; readonly error: ApiError };

export interface Resource<T> {
  readonly state: ReadonlySignal<State<T>>;
  /** Ask; while the answer is awaited the previous one stays visible in `before` when `keep` is set. */
  ask(question: (signal: AbortSignal) => Promise<T>, options?: { keep?: boolean }): void;
}

/** A place for one answer. */
export function resource<T>(): Resource<T> {
  const state = signal<State<T>>({ kind: "idle" });
  let running: AbortController | null = null;
  return {
    state,
    ask(question, { keep = false } = {}) {
      running?.abort();
      const mine = (running = new AbortController());
      state.value = { kind: "loading", before: keep ? lastValue(state.peek()) : null };
      question(mine.signal).then(
        (value) => {
          if (running === mine) state.value = { kind: "done", value };
        },
        (error: unknown) => {
          if (running !== mine || mine.signal.aborted) return;
          state.value = { kind: "failed", error: error instanceof ApiError ? error : new ApiError(-1, String(error)) };
        },
      );
    },
  };
}

/** The answer that is there, or the one before while the next is awaited. */
export function lastValue<T>(state: State<T>): T | null {
  if (state.kind === "done") return state.value;
  return state.kind === "loading" ? state.before : null;
}
