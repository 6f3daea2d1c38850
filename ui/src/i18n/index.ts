// The language of the page: a signal, remembered, guessed from the browser the first time.
import { signal } from "@preact/signals";
import { en, type Key } from "./en";
import { zhCN } from "./zh-CN";

export type Language = "en" | "zh-CN";
const CATALOGUES: Record<Language, Record<Key, string>> = { en, "zh-CN": zhCN };
const STORED = "lymer.language";

export const language = signal<Language>(firstLanguage());

/** The text of a key in the current language, with `{name}` filled in. */
export function t(key: Key, values: Record<string, string | number> = {}): string {
  return CATALOGUES[language.value][key].replaceAll(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ""));
}

/** The text for a count: the key with `One` for exactly one. */
export function tn(key: Key & `${string}`, one: Key, n: number): string {
  return n === 1 ? t(one) : t(key, { n: formatCount(n), total: formatCount(n) });
}

/** A count with the language's separators. */
export function formatCount(n: number): string {
  return new Intl.NumberFormat(language.value).format(n);
}

/** Change the language and remember it. */
export function setLanguage(next: Language): void {
  language.value = next;
  document.documentElement.lang = next;
  localStorage.setItem(STORED, next);
}

function firstLanguage(): Language {
  const stored = localStorage.getItem(STORED);
  const wanted = stored ?? navigator.language;
  const first: Language = wanted.startsWith("zh") ? "zh-CN" : "en";
  document.documentElement.lang = first;
  return first;
}
