// Rows in the order of a column, for a million rows: a stable radix sort over doubles.

/** The rows 0 to n - 1 by their values, ascending; rows with the same value stay in order. */
export function argsort(values: Float64Array): Uint32Array {
  const keys = ordered(values);
  let rows = Uint32Array.from(values, (_, row) => row);
  let spare = new Uint32Array(values.length);
  for (let part = 0; part < 4; part++) {
    const counts = new Uint32Array(65_537);
    for (let row = 0; row < values.length; row++) counts[keys[row * 4 + part]! + 1]!++;
    if (counts[keys[part]! + 1] === values.length) continue; // All alike here.
    for (let digit = 0; digit < 65_536; digit++) counts[digit + 1]! += counts[digit]!;
    for (const row of rows) spare[counts[keys[row * 4 + part]!]!++] = row;
    [rows, spare] = [spare, rows];
  }
  return rows;
}

/** Doubles as unsigned integers of the same order, in four digits of 16 bits, least first. */
function ordered(values: Float64Array): Uint16Array {
  const copy = Float64Array.from(values, (value) => value + 0); // -0 becomes 0.
  const words = new Uint32Array(copy.buffer);
  for (let high = 1; high < words.length; high += 2) {
    const negative = words[high]! >>> 31;
    if (negative) {
      words[high - 1] = ~words[high - 1]!;
      words[high] = ~words[high]!;
    } else words[high]! |= 0x8000_0000;
  }
  return new Uint16Array(copy.buffer);
}

/** The `share` quantile of sorted values, by nearest rank. */
export function quantile(sorted: Float64Array, share: number): number {
  return sorted[Math.max(Math.ceil(share * sorted.length) - 1, 0)] ?? 0;
}
