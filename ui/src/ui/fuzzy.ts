// How well a text answers what was typed: its letters in their order, better together and at the start of words.

/** A score above zero when all letters of `sought` are in `text` in their order; zero when not. */
export function score(text: string, sought: string): number {
  const [whole, wanted] = [text.toLowerCase(), sought.toLowerCase().replaceAll(/\s+/g, "")];
  let [total, at, run] = [1, 0, 0];
  for (const letter of wanted) {
    const found = whole.indexOf(letter, at);
    if (found < 0) return 0;
    run = found === at ? run + 1 : 1;
    total += run * 2 + (isWordStart(whole, found) ? 4 : 0);
    at = found + letter.length;
  }
  return total + (whole.startsWith(wanted) ? 20 : whole.includes(wanted) ? 10 : 0) - whole.length / 100;
}

/** The best first; those that do not answer are left out. */
export function best<T>(list: readonly T[], sought: string, textOf: (item: T) => string, most: number): T[] {
  if (!sought.trim()) return list.slice(0, most);
  const scored = list.map((item) => ({ item, points: score(textOf(item), sought) })).filter(({ points }) => points > 0);
  return scored.sort((a, b) => b.points - a.points).slice(0, most).map(({ item }) => item);
}

function isWordStart(text: string, at: number): boolean {
  return at === 0 || /[\s/._:-]/.test(text[at - 1]!);
}
