// The colour of a service: a hue by its name, moved on where the trace has it already. Everybody sees the same.

const HUES = 20;

/** Hue slot (0 to 19) of each service, decided in the order of their names. */
export function serviceHues(services: readonly string[]): Map<string, number> {
  const taken = new Set<number>();
  const hues = new Map<string, number>();
  for (const service of [...services].sort()) {
    let slot = hash(service) % HUES;
    for (let tries = 0; taken.has(slot) && tries < HUES; tries++) slot = (slot + 7) % HUES;
    taken.add(slot);
    hues.set(service, slot);
  }
  return hues;
}

/** The colour of a slot; light and dark themes share the hue. */
export function hueColour(slot: number): string {
  return `oklch(var(--service-lightness) var(--service-chroma) ${slot * (360 / HUES) + 9})`;
}

function hash(text: string): number {
  let value = 2_166_136_261;
  for (const letter of text) value = Math.imul(value ^ letter.codePointAt(0)!, 16_777_619);
  return value >>> 0;
}
