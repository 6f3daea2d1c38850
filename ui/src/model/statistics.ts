// Statistics over the spans of a trace, grouped by whatever has a code for each row: service, operation, an attribute.
import { quantile } from "./sort";
import { criticalTimes, Flag, type Trace } from "./trace";

/** How rows are grouped: a code for each row, 0 for none, and a name for each code. */
export interface Grouping {
  readonly codes: ArrayLike<number>;
  readonly labels: readonly string[];
}

export interface Statistic {
  readonly label: string;
  /** The code in the grouping, and in the second one if there is any. */
  readonly code: number;
  readonly within: number | null;
  readonly count: number;
  readonly total: number;
  readonly average: number;
  readonly least: number;
  readonly most: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly selfTotal: number;
  readonly selfAverage: number;
  readonly selfLeast: number;
  readonly selfMost: number;
  /** Self time in percent of the whole trace's duration: more than 100 where spans run side by side. */
  readonly selfShare: number;
  readonly critical: number;
  readonly errors: number;
}

/** One line for each group that has rows; with `within` one for each pair of groups. Rows outside `only` do not count. */
export function statisticsOf(trace: Trace, grouping: Grouping, { within = null, only = null }: { within?: Grouping | null; only?: Uint8Array | null } = {}): Statistic[] {
  const width = within ? within.labels.length : 1;
  const cell = (row: number) => grouping.codes[row]! * width + (within ? within.codes[row]! : 0);
  const counts = new Uint32Array(grouping.labels.length * width + 1);
  for (let row = 0; row < trace.count; row++) if (!only || only[row]) counts[cell(row) + 1]!++;
  for (let at = 1; at < counts.length; at++) counts[at]! += counts[at - 1]!;
  const next = counts.slice();
  const rows = new Uint32Array(counts.at(-1)!);
  for (let row = 0; row < trace.count; row++) if (!only || only[row]) rows[next[cell(row)]!++] = row;
  const found: Statistic[] = [];
  for (let at = 0; at + 1 < counts.length; at++) {
    const members = rows.subarray(counts[at]!, counts[at + 1]!);
    if (!members.length) continue;
    const code = Math.floor(at / width);
    const second = within ? at % width : null;
    const label = second === null ? grouping.labels[code]! : within!.labels[second]!;
    found.push({ label, code, within: second, ...measured(trace, members) });
  }
  return found;
}

/** Rows by service. */
export function byService({ services, serviceNames }: Trace): Grouping {
  return { codes: services, labels: serviceNames };
}

/** Rows by span name. */
export function byName({ names, spanNames }: Trace): Grouping {
  return { codes: names, labels: spanNames };
}

function measured(trace: Trace, rows: Uint32Array) {
  const lengths = Float64Array.from(rows, (row) => trace.durations[row]!).sort();
  const onPath = criticalTimes(trace);
  let [total, selfTotal, selfLeast, selfMost, critical, errors] = [0, 0, Infinity, 0, 0, 0];
  for (const row of rows) {
    const self = trace.selfTimes[row]!;
    total += trace.durations[row]!;
    selfTotal += self;
    selfLeast = Math.min(selfLeast, self);
    selfMost = Math.max(selfMost, self);
    critical += onPath[row]!;
    errors += trace.flags[row]! & Flag.error ? 1 : 0;
  }
  const count = rows.length;
  return {
    count,
    total,
    average: total / count,
    least: lengths[0]!,
    most: lengths[count - 1]!,
    p50: quantile(lengths, 0.5),
    p90: quantile(lengths, 0.9),
    p99: quantile(lengths, 0.99),
    selfTotal,
    selfAverage: selfTotal / count,
    selfLeast,
    selfMost,
    selfShare: trace.durationNano > 0 ? (100 * selfTotal) / trace.durationNano : 0,
    critical,
    errors,
  };
}
