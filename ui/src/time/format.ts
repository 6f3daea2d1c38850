// Times and durations as people read them. Instants are microseconds since 1970 unless a name says otherwise.
import { language, t } from "../i18n";

const UNITS: readonly [number, string][] = [
  [3_600_000_000, "h"],
  [60_000_000, "m"],
  [1_000_000, "s"],
  [1_000, "ms"],
  [1, "µs"],
];

/** A duration in microseconds with three digits: `1.24 s`, `350 ms`, `12 µs`; minutes and hours in two parts. */
export function formatDuration(us: number): string {
  if (us <= 0) return "0 µs";
  const index = UNITS.findIndex(([size]) => us >= size);
  if (index < 0) return `${(us * 1000).toFixed(0)} ns`;
  const [size, unit] = UNITS[index]!;
  if (index < 2) {
    const [below, belowUnit] = UNITS[index + 1]!;
    const rest = Math.round((us % size) / below);
    return rest ? `${Math.floor(us / size)} ${unit} ${rest} ${belowUnit}` : `${Math.floor(us / size)} ${unit}`;
  }
  return `${trim((us / size).toPrecision(3))} ${unit}`;
}

/** A look-back such as `2d` in words. */
export function formatLookback(text: string): string {
  const unit = text.at(-1) as "m" | "h" | "d" | "w";
  return t(`unit.${unit}`, { n: text.slice(0, -1) });
}

/** Date and time of day to the millisecond, in the reader's zone. */
export function formatInstant(us: number): string {
  return new Intl.DateTimeFormat(language.value, {
    year: "numeric",
    month: "short",
    day: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    fractionalSecondDigits: 3,
    hourCycle: "h23",
  }).format(us / 1000);
}

/** Time of day alone, for instants of the last hours. */
export function formatClock(us: number): string {
  return new Intl.DateTimeFormat(language.value, {
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
  }).format(us / 1000);
}

/** Microseconds of `1.2s`, `100ms`, `500us`, `2m`, `1h`; null when it is something else. */
export function parseDuration(text: string): number | null {
  const match = /^\s*(\d+(?:\.\d+)?)\s*(ns|us|µs|ms|s|m|h)\s*$/.exec(text);
  if (!match) return null;
  const factor = { ns: 0.001, us: 1, µs: 1, ms: 1e3, s: 1e6, m: 6e7, h: 3.6e9 }[match[2]!]!;
  return Number(match[1]) * factor;
}

function trim(digits: string): string {
  return Number(digits).toString();
}
