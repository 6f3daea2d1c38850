// The language of the page: a signal, remembered, guessed from the browser the first time.
// English is always there, because it defines the keys; the other language is loaded when it is spoken.
import { signal } from "@preact/signals";
import { en } from "./en";
import type { Key } from "./keys";

export type { Key } from "./keys";
export type Language = "en" | "zh-CN";
export const LANGUAGES: Readonly<Record<Language, string>> = { en: "English", "zh-CN": "中文" };

type Catalogue = Readonly<Record<Key, string>>;
const LOADERS: Record<Language, () => Promise<Catalogue>> = {
  en: () => Promise.resolve(en),
  "zh-CN": async () => (await import("./zh-CN")).zhCN,
};
const STORED = "lymer.language";

const spoken = signal<{ language: Language; catalogue: Catalogue }>({ language: "en", catalogue: en });

/** The language that the page speaks now. */
export const language = {
  get value(): Language {
    return spoken.value.language;
  },
};

/** The text of a key in the current language, with `{name}` filled in. */
export function t(key: Key, values: Record<string, string | number> = {}): string {
  return spoken.value.catalogue[key].replaceAll(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ""));
}

/** The text for a count: the key with `One` for exactly one. */
export function tn(key: Key, one: Key, n: number): string {
  return n === 1 ? t(one) : t(key, { n: formatCount(n), total: formatCount(n) });
}

/** A count with the language's separators. */
export function formatCount(n: number): string {
  const now = spoken.value.language;
  if (counting.language !== now) counting = { language: now, format: new Intl.NumberFormat(now) };
  return counting.format.format(n);
}

/** Making one takes longer than using it a hundred times, and rows of a trace are written in every frame. */
let counting = { language: "en" as Language, format: new Intl.NumberFormat("en") };

/** Change the language and remember it. */
export async function setLanguage(next: Language): Promise<void> {
  localStorage.setItem(STORED, next);
  await speak(next);
}

/** Speak the language that was chosen before, or the browser's. To be awaited before anything is drawn. */
export async function startLanguage(): Promise<void> {
  const wanted = localStorage.getItem(STORED) ?? navigator.language;
  await speak(wanted.startsWith("zh") ? "zh-CN" : "en");
}

async function speak(next: Language): Promise<void> {
  // A language that cannot be loaded leaves the page in English rather than empty.
  const catalogue = await LOADERS[next]().catch(() => null);
  const [name, texts] = catalogue ? [next, catalogue] : (["en", en] as const);
  spoken.value = { language: name, catalogue: texts };
  document.documentElement.lang = name;
}
