// Series as lines of an SVG: where the points stand, with holes where there is no value.

/** The path of a series in a box of this size, zero at the bottom, `most` at the top; a lone value becomes a short dash. */
export function trendPath(values: readonly (number | null)[], width: number, height: number, most: number): string {
  const step = values.length > 1 ? width / (values.length - 1) : width;
  const y = (value: number) => round(height - (most > 0 ? Math.min(value / most, 1) : 0) * height);
  let path = "";
  let isOpen = false;
  values.forEach((value, index) => {
    if (value === null) {
      isOpen = false;
      return;
    }
    const alone = !isOpen && (values[index + 1] ?? null) === null;
    if (alone) path += `M${round(Math.max(index * step - 1, 0))},${y(value)}h2`;
    else path += `${isOpen ? "L" : "M"}${round(index * step)},${y(value)}`;
    isOpen = !alone;
  });
  return path;
}

/** The same as an area down to zero; holes count as zero. */
export function trendArea(values: readonly (number | null)[], width: number, height: number, most: number): string {
  if (!values.length) return "";
  const line = trendPath(values.map((value) => value ?? 0), width, height, most);
  return `${line}V${height}H0Z`;
}

/** The greatest value of several series; zero when there is none. */
export function greatest(...series: readonly (readonly (number | null)[])[]): number {
  let most = 0;
  for (const values of series) for (const value of values) if (value !== null && value > most) most = value;
  return most;
}

/** A round number not below the value, of which a half reads well too: 1, 2, 4, 5 or 10 times a power of ten. */
export function ceiling(value: number): number {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return power * [1, 2, 4, 5, 10].find((step) => value <= step * power * (1 + 1e-9))!;
}

/** How a figure changed: as a share of what it was; null when it was nothing. */
export function changeOf(now: number | null, before: number | null | undefined): number | null {
  if (now === null || before === null || before === undefined || before === 0) return null;
  return now / before - 1;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
