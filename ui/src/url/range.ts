// A range of time as URL parameters: a look-back from now, or from when to when. Instants are microseconds since 1970.

export interface TimeRange {
  /** One of LOOKBACKS, or `custom`. */
  lookback: string;
  start: number | null;
  end: number | null;
}

/** What a range means at an instant; both ends are inclusive. */
export interface Window {
  readonly start: number;
  readonly end: number;
}

export const LOOKBACKS = ["5m", "15m", "30m", "1h", "2h", "3h", "6h", "12h", "24h", "2d", "3d", "5d", "7d", "2w", "4w"] as const;
export const LOOKBACK_USUAL = "1h";
const UNIT_US: Record<string, number> = { m: 6e7, h: 3.6e9, d: 8.64e10, w: 6.048e11 };

/** Microseconds of a look-back like `2d`. */
export function lookbackUs(lookback: string): number {
  const match = /^(\d+)([mhdw])$/.exec(lookback);
  return match ? Number(match[1]) * UNIT_US[match[2]!]! : UNIT_US["h"]!;
}

/**
 * The range that these parameters say. Start and end win over a look-back: Jaeger's page writes all three, so that a link
 * shows the same traces tomorrow.
 */
export function readRange(params: URLSearchParams): TimeRange {
  const number = (name: string) => (/^\d+$/.test(params.get(name) ?? "") ? Number(params.get(name)) : null);
  const [start, end, lookback] = [number("start"), number("end"), params.get("lookback") ?? ""];
  const isCustom = lookback === "custom" || (start !== null && (end !== null || !lookback));
  return { lookback: isCustom ? "custom" : lookback || LOOKBACK_USUAL, start, end };
}

/** Write a range into parameters; of a look-back, only that. */
export function writeRange(params: URLSearchParams, { lookback, start, end }: TimeRange): void {
  params.set("lookback", lookback);
  if (lookback !== "custom") return;
  if (start !== null) params.set("start", String(start));
  if (end !== null) params.set("end", String(end));
}

/** The time that a range asks for, when it is `now`. */
export function windowOf({ lookback, start, end }: TimeRange, now: number): Window {
  if (lookback !== "custom") return { start: now - lookbackUs(lookback), end: now };
  return { start: start ?? now - lookbackUs(LOOKBACK_USUAL), end: end ?? now };
}
