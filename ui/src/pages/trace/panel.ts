// Where the details of a span stand: below its row or beside the rows. Remembered; a narrow window has them below.
import { computed, signal } from "@preact/signals";

export type Panel = "inline" | "side";
const STORED = "lymer.trace.details";
const wide = matchMedia("(min-width: 1000px)");
const isWide = signal(wide.matches);
wide.addEventListener("change", () => (isWide.value = wide.matches));

const choice = signal<Panel>(localStorage.getItem(STORED) === "inline" ? "inline" : "side");

export const panel = computed<Panel>(() => (isWide.value ? choice.value : "inline"));

/** Change where they stand and remember it. */
export function setPanel(next: Panel): void {
  choice.value = next;
  localStorage.setItem(STORED, next);
}
