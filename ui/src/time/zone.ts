// The time zone that all times are written in: the browser's own, UTC, or any that Intl knows; remembered.
import { computed, signal } from "@preact/signals";

const STORED = "lymer.timezone";
export const LOCAL = "local";

/** What was chosen: `local`, or a name such as `UTC` or `Asia/Shanghai`. */
export const zoneChoice = signal<string>(stored());

/** The name of the zone that is meant. */
export const zone = computed(() => (zoneChoice.value === LOCAL ? localZone() : zoneChoice.value));

/** Change the zone and remember it; a name that Intl does not know changes nothing. */
export function setZone(choice: string): boolean {
  if (choice !== LOCAL && !isZone(choice)) return false;
  zoneChoice.value = choice;
  localStorage.setItem(STORED, choice);
  return true;
}

/** The zones there are to choose from. */
export function zones(): readonly string[] {
  return ["UTC", ...Intl.supportedValuesOf("timeZone").filter((name) => name !== "UTC")];
}

/** How far the zone is from UTC at an instant, in milliseconds. */
export function offsetMs(ms: number, name: string): number {
  const parts = Object.fromEntries(fields(name).formatToParts(ms).map(({ type, value }) => [type, Number(value)]));
  const { year, month, day, hour, minute, second } = parts as Record<string, number>;
  return Date.UTC(year!, month! - 1, day, hour, minute, second) - Math.floor(ms / 1000) * 1000;
}

/** The offset as people write it: `UTC+8`, `UTC-3:30`. */
export function offsetName(ms: number, name: string): string {
  const minutes = Math.round(offsetMs(ms, name) / 60_000);
  if (minutes === 0) return "UTC";
  const rest = Math.abs(minutes) % 60;
  return `UTC${minutes < 0 ? "−" : "+"}${Math.floor(Math.abs(minutes) / 60)}${rest ? `:${String(rest).padStart(2, "0")}` : ""}`;
}

/** `2026-11-21T14:05:09` of an instant in microseconds: the form of a date field. */
export function toFieldText(us: number, name: string): string {
  const ms = us / 1000;
  return new Date(ms + offsetMs(ms, name)).toISOString().slice(0, 19);
}

/** The instant of a date field's text in microseconds; null when it is none. In a gap of the clock, the time after it. */
export function fromFieldText(text: string, name: string): number | null {
  const wall = Date.parse(`${text}Z`);
  if (Number.isNaN(wall)) return null;
  const first = wall - offsetMs(wall, name);
  return (wall - offsetMs(first, name)) * 1000;
}

const FIELDS = new Map<string, Intl.DateTimeFormat>();

function fields(name: string): Intl.DateTimeFormat {
  let format = FIELDS.get(name);
  if (!format) {
    const two = "2-digit";
    format = new Intl.DateTimeFormat("en-US", { timeZone: name, hourCycle: "h23", year: "numeric", month: two, day: two, hour: two, minute: two, second: two });
    FIELDS.set(name, format);
  }
  return format;
}

function localZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

function isZone(name: string): boolean {
  try {
    return Boolean(new Intl.DateTimeFormat("en", { timeZone: name }));
  } catch {
    return false;
  }
}

function stored(): string {
  const choice = localStorage.getItem(STORED) ?? LOCAL;
  return choice === LOCAL || isZone(choice) ? choice : LOCAL;
}
