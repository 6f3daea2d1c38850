// Asks the worker for a layout; only the answer to the last question counts.
import { useSignal, type ReadonlySignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Placed, Wanted } from "./layout";

export interface Laid {
  readonly wanted: Wanted;
  readonly placed: Placed;
}

/** The layout of what is wanted, or of what was wanted before as long as the new one is awaited. */
export function useLayout(wanted: Wanted): ReadonlySignal<Laid | null> {
  const laid = useSignal<Laid | null>(null);
  const worker = useRef<Worker | null>(null);
  const asked = useRef({ turn: 0, wanted });
  useEffect(() => {
    const mine = (worker.current = new Worker(new URL("layout.worker.ts", import.meta.url), { type: "module" }));
    mine.addEventListener("message", ({ data }: MessageEvent<{ turn: number; placed: Placed }>) => {
      if (data.turn === asked.current.turn) laid.value = { wanted: asked.current.wanted, placed: data.placed };
    });
    return () => mine.terminate();
  }, []);
  useEffect(() => {
    asked.current = { turn: asked.current.turn + 1, wanted };
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- A worker has no origin to name.
    worker.current!.postMessage(asked.current);
  }, [wanted]);
  return laid;
}
