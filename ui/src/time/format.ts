// Times and durations as people read them. Instants are microseconds since 1970 unless a name says otherwise.
import { language, t } from "../i18n";
import { zone } from "./zone";

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

const CLOCK: Intl.DateTimeFormatOptions = { month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" };
const INSTANT: Intl.DateTimeFormatOptions = { ...CLOCK, year: "numeric", month: "short", day: "numeric", fractionalSecondDigits: 3 };
const MINUTE: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
const SECOND: Intl.DateTimeFormatOptions = { ...MINUTE, second: "2-digit" };
const DAY: Intl.DateTimeFormatOptions = { month: "short", day: "numeric", ...MINUTE };
const FORMATS = new Map<string, Intl.DateTimeFormat>();

/** Date and time of day to the millisecond, in the chosen zone. */
export function formatInstant(us: number): string {
  return formatter("instant", INSTANT).format(us / 1000);
}

/** Time of day alone, for instants of the last hours. */
export function formatClock(us: number): string {
  return formatter("clock", CLOCK).format(us / 1000);
}

/** A share as a percentage with two digits that matter; a share that is not zero never reads as zero. */
export function formatShare(share: number): string {
  if (share > 0 && share < 0.0001) return `<${formatShare(0.0001)}`;
  return new Intl.NumberFormat(language.value, { style: "percent", maximumSignificantDigits: share < 0.1 ? 2 : 3 }).format(share);
}

/** A rate per second; slow ones per minute or hour. */
export function formatRate(perS: number): string {
  if (perS === 0) return "0";
  if (perS >= 1) return t("rate.s", { n: threeDigits(perS) });
  return perS * 60 >= 1 ? t("rate.m", { n: threeDigits(perS * 60) }) : t("rate.h", { n: threeDigits(perS * 3600) });
}

/** Microseconds of `1.2s`, `100ms`, `500us`, `2m`, `1h`; null when it is something else. */
export function parseDuration(text: string): number | null {
  const match = /^\s*(\d+(?:\.\d+)?)\s*(ns|us|µs|ms|s|m|h)\s*$/.exec(text);
  if (!match) return null;
  const factor = { ns: 0.001, us: 1, µs: 1, ms: 1e3, s: 1e6, m: 6e7, h: 3.6e9 }[match[2]!]!;
  return Number(match[1]) * factor;
}

/** The mark of a time axis: the time of day, with the day when the axis is longer than one. */
export function formatMark(us: number, axisUs: number): string {
  if (axisUs > 8.64e10) return formatter("day", DAY).format(us / 1000);
  return (axisUs > 9e8 ? formatter("minute", MINUTE) : formatter("second", SECOND)).format(us / 1000);
}

// Making a formatter costs fifty times what using it does.
function formatter(name: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${name} ${language.value} ${zone.value}`;
  let format = FORMATS.get(key);
  if (!format) {
    format = new Intl.DateTimeFormat(language.value, { ...options, timeZone: zone.value });
    FORMATS.set(key, format);
  }
  return format;
}

function threeDigits(value: number): string {
  return trim(value.toPrecision(3));
}

function trim(digits: string): string {
  return Number(digits).toString();
}
