// Attributes as people type them: `key=value key2="with blanks" key3` (a key alone means true), and back.

/** The pairs, or null when the text is not logfmt. */
export function parseLogfmt(text: string): Record<string, string> | null {
  const pairs: Record<string, string> = {};
  const pattern = /\s*([^\s="]+)(?:=(?:"((?:[^"\\]|\\.)*)"|([^\s"]*)))?(?=\s|$)/y;
  const whole = text.trim();
  while (pattern.lastIndex < whole.length) {
    const match = pattern.exec(whole);
    if (!match) return null;
    const quoted = match[2]?.replaceAll(/\\(.)/g, "$1");
    pairs[match[1]!] = quoted ?? match[3] ?? "true";
  }
  return pairs;
}

/** The text of pairs; `parseLogfmt` reads it back the same. */
export function writeLogfmt(pairs: Record<string, string>): string {
  return Object.entries(pairs)
    .map(([key, value]) => `${key}=${/^[^\s"\\]*$/.test(value) ? value : `"${value.replaceAll(/["\\]/g, String.raw`\$&`)}"`}`)
    .join(" ");
}
