// Light, dark, or as the system has it; remembered.
import { signal } from "@preact/signals";

export type Theme = "auto" | "light" | "dark";
export const THEMES: readonly Theme[] = ["auto", "light", "dark"];
const STORED = "lymer.theme";

export const theme = signal<Theme>(stored());
apply(theme.peek());

/** Change the theme and remember it. */
export function setTheme(next: Theme): void {
  theme.value = next;
  localStorage.setItem(STORED, next);
  apply(next);
}

function stored(): Theme {
  const embedded = new URLSearchParams(location.search).get("uiTheme");
  const value = (embedded ?? localStorage.getItem(STORED)) as Theme;
  return THEMES.includes(value) ? value : "auto";
}

function apply(next: Theme): void {
  document.documentElement.style.colorScheme = next === "auto" ? "light dark" : next;
}
