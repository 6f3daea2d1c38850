// Shares as people read them.

/** A share of 0 to 1 as percent with two digits: `52 %`, `0.36 %`. */
export function formatShare(share: number): string {
  const value = share * 100;
  return `${value >= 9.95 || value === 0 ? Math.round(value) : Number(value.toPrecision(2))} %`;
}
