// What the search page asks for a form: the traces, all matches by time and duration, and the facets.
import { useSignal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { resource, type Resource } from "../../api/resource";
import { countByTime, countFacets, findTraces, questionOf, type Facet, type Histogram, type Page, type Question } from "../../api/search";
import { windowOf } from "../../url/range";
import type { SearchForm } from "../../url/search";

export const USUAL_FACETS = ["service", "operation", "status"];

export interface Asking {
  readonly found: Resource<Page>;
  readonly more: Resource<Page>;
  readonly histogram: Resource<Histogram>;
  readonly facets: Resource<Facet[]>;
  /** The pages after the first one that were asked for. */
  readonly later: readonly Page[];
  /** Ask for the page behind the cursor, in the same window as the first. */
  readonly next: (cursor: string) => void;
}

/** Ask when the form changes, or `nonce` does; with a null form nothing is asked. */
export function useAsking(form: SearchForm | null, nonce: number, extraFacets: readonly string[]): Asking {
  const found = useMemo(() => resource<Page>(), []);
  const more = useMemo(() => resource<Page>(), []);
  const histogram = useMemo(() => resource<Histogram>(), []);
  const facets = useMemo(() => resource<Facet[]>(), []);
  const later = useSignal<readonly Page[]>([]);
  const asked = useRef<Question | null>(null);
  const question = JSON.stringify([form, nonce]);
  useEffect(() => {
    later.value = [];
    const mine = form && questionOf(form, windowOf(form, Date.now() * 1000));
    asked.current = mine;
    if (!mine) return;
    found.ask((signal) => findTraces(mine, form, null, signal), { keep: true });
    histogram.ask((signal) => countByTime(mine, signal), { keep: true });
  }, [question]);
  useEffect(() => {
    const mine = asked.current;
    if (mine) facets.ask((signal) => countFacets(mine, [...USUAL_FACETS, ...extraFacets], signal), { keep: true });
  }, [question, extraFacets.join("\n")]);
  const next = (cursor: string) =>
    more.ask(async (signal) => {
      const page = await findTraces(asked.current!, form!, cursor, signal);
      later.value = [...later.peek(), page];
      return page;
    });
  return { found, more, histogram, facets, later: later.value, next };
}
