import { expect, it } from "vitest";
import { byName, byService, statisticsOf } from "./statistics";
import { randomTrace } from "./testing/plain";
import { Flag } from "./trace";

const SEEDS = Array.from({ length: 20 }, (_, seed) => seed);

it.each(SEEDS)("counts each pair of groups as a loop over all spans does (seed %d)", (seed) => {
  const trace = randomTrace(seed, 80);
  const lines = statisticsOf(trace, byService(trace), { within: byName(trace) });
  expect(lines.reduce((sum, line) => sum + line.count, 0)).toBe(trace.count);
  for (const line of lines) {
    const rows = Array.from({ length: trace.count }, (_, row) => row).filter((row) => trace.services[row] === line.code && trace.names[row] === line.within);
    const lengths = rows.map((row) => trace.durations[row]!).toSorted((a, b) => a - b);
    const self = rows.map((row) => trace.selfTimes[row]!);
    const total = lengths.reduce((sum, each) => sum + each, 0);
    const selfTotal = self.reduce((sum, each) => sum + each, 0);
    expect(line).toMatchObject({
      label: trace.spanNames[line.within!],
      count: rows.length,
      total,
      average: total / rows.length,
      least: lengths[0],
      most: lengths.at(-1),
      p90: lengths[Math.ceil(0.9 * rows.length) - 1],
      selfTotal,
      selfLeast: Math.min(...self),
      selfMost: Math.max(...self),
      selfShare: trace.durationNano ? (100 * selfTotal) / trace.durationNano : 0,
      errors: rows.filter((row) => trace.flags[row]! & Flag.error).length,
    });
  }
});

it("counts only the rows it is told", () => {
  const trace = randomTrace(5, 30);
  const only = new Uint8Array(30);
  only[4] = 1;
  expect(statisticsOf(trace, byService(trace), { only })).toMatchObject([{ count: 1, total: trace.durations[4] }]);
});
