// What a span does, as one code: service and name together. Merging, statistics and flames compare codes only.
import type { Trace } from "./trace";

export interface Operations {
  /** The code of each row. */
  readonly codes: Uint32Array;
  /** A row that has the code, for its names. */
  readonly samples: Uint32Array;
}

const KNOWN = new WeakMap<Trace, Operations>();

/** The operations of a trace; worked out once. */
export function operationsOf(trace: Trace): Operations {
  const known = KNOWN.get(trace) ?? numbered(trace);
  KNOWN.set(trace, known);
  return known;
}

function numbered({ count, services, names, spanNames }: Trace): Operations {
  const codes = new Uint32Array(count);
  const codeOf = new Map<number, number>();
  const samples: number[] = [];
  let lastKey = -1;
  let lastCode = -1;
  for (let row = 0; row < count; row++) {
    const key = services[row]! * spanNames.length + names[row]!;
    if (key !== lastKey) {
      lastKey = key;
      lastCode = codeOf.get(key) ?? -1;
      if (lastCode < 0) {
        lastCode = samples.push(row) - 1;
        codeOf.set(key, lastCode);
      }
    }
    codes[row] = lastCode;
  }
  return { codes, samples: Uint32Array.from(samples) };
}
