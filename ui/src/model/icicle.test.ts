import { expect, it } from "vitest";
import { paintIcicle } from "./icicle";
import { randomTrace } from "./testing/plain";
import { Flag } from "./trace";

it.each(Array.from({ length: 20 }, (_, seed) => seed))("paints each pixel as a span that is there wants it, errors above all (seed %d)", (seed) => {
  const trace = randomTrace(seed, 60);
  const [width, height] = [97, 300];
  const pixels = new Uint32Array(width * height);
  const colours = Uint32Array.from(trace.serviceNames, (_, at) => at + 1);
  paintIcicle(trace, { pixels, width, height, colours, error: 99, critical: 98, gap: 1 });
  const lane = Math.min(Math.floor((height - 4) / (trace.depthMax + 1)), 10);
  for (let depth = 0; depth <= trace.depthMax; depth++) {
    for (let x = 0; x < width; x++) {
      const there = Array.from({ length: trace.count }, (_, row) => row).filter((row) => {
        const from = Math.min(Math.floor((trace.starts[row]! * width) / trace.durationNano), width - 1);
        const to = Math.max(Math.ceil((trace.starts[row]! + trace.durations[row]!) * (width / trace.durationNano)), from + 1);
        return trace.depths[row] === depth && from <= x && x < to;
      });
      const wanted = there.some((row) => trace.flags[row]! & Flag.error) ? [99] : there.map((row) => trace.services[row]! + 1);
      expect(wanted.length ? wanted : [0]).toContain(pixels[depth * lane * width + x]);
    }
  }
});
