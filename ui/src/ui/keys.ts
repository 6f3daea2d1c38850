// The keys of the page: every page says which it has, one listener acts, the sheet of keys is made from the same table.
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Key as Text } from "../i18n";

export interface Shortcut {
  /** As `KeyboardEvent.key` says it, with `Ctrl+` before it where that is held (Command counts); a list has the same meaning. */
  readonly keys: readonly string[];
  readonly label: Text;
  readonly run: (event: KeyboardEvent) => void;
  /** Whether it also works while a text is being typed. */
  readonly whileTyping?: boolean;
}

interface Group {
  readonly title: Text;
  readonly shortcuts: readonly Shortcut[];
}

/** What can be pressed now; the groups that came last are asked first. */
export const groups = signal<readonly Group[]>([]);

/** Have these keys for as long as the component stands. Give the same array each time: another one is another group. */
export function useKeys(title: Text, shortcuts: readonly Shortcut[]): void {
  useEffect(() => {
    const group = { title, shortcuts };
    groups.value = [...groups.peek(), group];
    return () => void (groups.value = groups.peek().filter((other) => other !== group));
  }, [shortcuts]);
}

/** Act on a key; the listener of the whole page. */
export function onKey(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing || event.altKey) return;
  const pressed = (event.ctrlKey || event.metaKey ? "Ctrl+" : "") + (event.key.length === 1 && event.ctrlKey ? event.key.toLowerCase() : event.key);
  const typing = isTyping(event.target);
  for (const group of groups.peek().toReversed()) {
    const shortcut = group.shortcuts.find(({ keys, whileTyping }) => keys.includes(pressed) && (!typing || whileTyping));
    if (!shortcut) continue;
    event.preventDefault();
    shortcut.run(event);
    return;
  }
}

/** Whether keys pressed at this element are text. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  const input = target instanceof HTMLInputElement && !["checkbox", "radio", "button", "submit", "range"].includes(target.type);
  return input || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement || target.isContentEditable;
}
