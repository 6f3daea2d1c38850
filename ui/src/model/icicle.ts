// A whole trace in a few thousand pixels: a lane for each level, time from left to right. No canvas, only numbers.
import { Flag, type Trace } from "./trace";

export interface Picture {
  /** One number a pixel, row by row. */
  readonly pixels: Uint32Array;
  readonly width: number;
  readonly height: number;
  /** The colour of each service. */
  readonly colours: Uint32Array;
  readonly error: number;
  readonly critical: number;
  /** Pixels left free below each lane, where there is room. */
  readonly gap: number;
}

const LANE_MIN = 2;
const LANE_MAX = 10;
const CRITICAL_PIXELS = 3;

/** Paint every span that can be seen: what lies under pixels already painted in its lane is left out. */
export function paintIcicle(trace: Trace, picture: Picture): void {
  const { pixels, width, height, colours } = picture;
  const room = height - CRITICAL_PIXELS - 1;
  const laneHeight = Math.max(Math.min(Math.floor(room / (trace.depthMax + 1)), LANE_MAX * Math.max(picture.gap, 1)), LANE_MIN);
  const lanes = Math.floor(room / laneHeight);
  const thick = laneHeight > 3 * picture.gap ? laneHeight - picture.gap : laneHeight;
  const edge = Math.max(Math.round(thick * 0.4), 1); // Of a span with an error: its upper edge.
  const scale = width / Math.max(trace.durationNano, 1);
  const painted = new Uint8Array(lanes * width);
  const done = new Int32Array(lanes * 4); // Of each lane: a stretch painted with any colour, one painted with errors.
  const { starts, durations, depths, services, flags } = trace;
  for (let row = 0; row < trace.count; row++) {
    const lane = Math.min(depths[row]!, lanes - 1);
    const from = Math.min(Math.floor(starts[row]! * scale), width - 1);
    const to = Math.min(Math.max(Math.ceil((starts[row]! + durations[row]!) * scale), from + 1), width);
    const isError = (flags[row]! & Flag.error) !== 0;
    const mark = isError ? 2 : 1;
    const base = lane * width;
    const stretch = lane * 4 + mark * 2 - 2;
    if (from >= done[stretch]! && to <= done[stretch + 1]!) continue;
    if (from <= done[stretch + 1]! && to >= done[stretch]!) {
      done[stretch] = Math.min(done[stretch]!, from);
      done[stretch + 1] = Math.max(done[stretch + 1]!, to);
    } else if (to - from > done[stretch + 1]! - done[stretch]!) {
      done[stretch] = from;
      done[stretch + 1] = to;
    }
    for (let x = from; x < to; x++) {
      if (painted[base + x]! >= mark) continue;
      painted[base + x] = mark;
      for (let y = 0; y < thick; y++) pixels[(lane * laneHeight + y) * width + x] = isError && y < edge ? picture.error : colours[services[row]!]!;
    }
  }
  paintPath(trace, picture, scale);
}

/** The critical path along the lower edge. */
function paintPath({ criticalPath }: Trace, { pixels, width, height, critical }: Picture, scale: number): void {
  const covered = new Uint8Array(width);
  for (let at = 0; at < criticalPath.rows.length; at++) {
    const to = Math.min(Math.ceil(criticalPath.ends[at]! * scale), width);
    for (let x = Math.max(Math.floor(criticalPath.starts[at]! * scale), 0); x < to; x++) covered[x] = 1;
  }
  for (let x = 0; x < width; x++) if (covered[x]) for (let y = height - CRITICAL_PIXELS; y < height; y++) pixels[y * width + x] = critical;
}
