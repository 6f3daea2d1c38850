// How the search page changes its own address.
import type { Selection } from "../../draw/heat";
import { go, place } from "../../url/router";
import type { SearchForm } from "../../url/search";
import { readView, withView, type View } from "../../url/view";

/** Show what was found in another way; no step is left behind. */
export function changeView(change: Partial<View>): void {
  go("/search", withView(place.peek().params, change), { replace: true });
}

/** Pick a trace to be compared, or leave it again. Two are compared: a third takes the place of the second. */
export function togglePick(id: string): void {
  const { pick } = readView(place.peek().params);
  changeView({ pick: pick.includes(id) ? pick.filter((other) => other !== id) : [...pick.slice(0, 1), id] });
}

const DRAWN = /\s*(?:and\s+)?trace\.duration [<>]= [\d.]+us/g;

/** The search of what a box in the heat map holds. A box that was drawn before gives way. */
export function narrowed(form: SearchForm, { start, end, minNano, maxNano }: Selection): SearchForm {
  const rest = form.q.replaceAll(DRAWN, "").replace(/^\s*and\s+/, "").trim();
  const conditions = [rest];
  if (minNano > 0) conditions.push(`trace.duration >= ${Math.floor(minNano) / 1000}us`);
  if (maxNano !== null) conditions.push(`trace.duration <= ${Math.ceil(maxNano) / 1000}us`);
  return { ...form, lookback: "custom", start, end, q: conditions.filter(Boolean).join(" and ") };
}
