// Search: the form on the left, what was found on the right. The URL says all of it.
import { useSignal, useSignalEffect } from "@preact/signals";
import { useMemo, useRef } from "preact/hooks";
import { lastValue, resource } from "../../api/resource";
import { findTraces, listServices, type Page } from "../../api/search";
import { t } from "../../i18n";
import { Failure, Progress } from "../../ui/notice";
import { readForm, windowOf, writeForm, type SearchForm, type Window } from "../../url/search";
import { go, place } from "../../url/router";
import { Form } from "./form";
import { Results } from "./results";
import "./search.css";

export default function SearchPage() {
  const found = useMemo(() => resource<Page>(), []);
  const more = useMemo(() => resource<Page>(), []);
  const services = useMemo(() => resource<string[]>(), []);
  const earlier = useSignal<Page[]>([]);
  const asked = useRef<Window>({ start: 0, end: 0 });
  const form = readForm(place.value.params);

  useSignalEffect(() => {
    const wanted = readForm(place.value.params);
    const window = windowOf(wanted, Date.now() * 1000);
    document.title = wanted.service ? `${wanted.service} · Lymer` : "Lymer";
    earlier.value = [];
    asked.current = window;
    found.ask((signal) => findTraces(wanted, window, null, signal), { keep: true });
    services.ask(listServices, { keep: true });
  });

  const next = (cursor: string) =>
    more.ask(async (signal) => {
      const page = await findTraces(form, asked.current, cursor, signal);
      earlier.value = [...earlier.peek(), page];
      return page;
    });

  const state = found.state.value;
  const first = lastValue(state);
  const names = lastValue(services.state.value);
  const waiting = state.kind === "loading" || more.state.value.kind === "loading";
  return (
    <div class="search">
      <Form form={form} services={names ?? []} submit={submit} />
      <section class="found" aria-busy={waiting}>
        {waiting && <Progress label={t("search.searching")} />}
        {state.kind === "failed" && <Failure error={state.error} retry={() => submit(form)} />}
        {first && state.kind !== "failed" && <Results pages={[first, ...earlier.value]} empty={names?.length === 0} more={next} />}
      </section>
    </div>
  );
}

function submit(form: SearchForm): void {
  go("/search", writeForm(form));
}
