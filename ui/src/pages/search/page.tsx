// Search: the form on the left, what was found on the right. The URL says all of it.
import { useSignal, useSignalEffect } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { resource } from "../../api/resource";
import { findTraces, type Page } from "../../api/search";
import { t } from "../../i18n";
import { Failure, Progress } from "../../ui/notice";
import { readForm, writeForm, type SearchForm } from "../../url/search";
import { go, place } from "../../url/router";
import { Form } from "./form";
import { Results } from "./results";
import "./search.css";

export function SearchPage() {
  const found = useMemo(() => resource<Page>(), []);
  const more = useMemo(() => resource<Page>(), []);
  const earlier = useSignal<Page[]>([]);
  const form = readForm(place.value.params);

  useSignalEffect(() => {
    const asked = readForm(place.value.params);
    document.title = asked.service ? `${asked.service} · Lymer` : "Lymer";
    earlier.value = [];
    found.ask((signal) => findTraces(asked, null, signal), { keep: true });
  });

  const next = (cursor: string) =>
    more.ask(async (signal) => {
      const page = await findTraces(form, cursor, signal);
      earlier.value = [...earlier.peek(), page];
      return page;
    });

  const state = found.state.value;
  const first = state.kind === "done" ? state.value : state.kind === "loading" ? state.before : null;
  const waiting = state.kind === "loading" || more.state.value.kind === "loading";
  return (
    <div class="search">
      <Form form={form} submit={submit} />
      <section class="found" aria-busy={waiting}>
        {waiting && <Progress label={t("search.searching")} />}
        {state.kind === "failed" && <Failure error={state.error} retry={() => submit(form)} />}
        {first && state.kind !== "failed" && <Results pages={[first, ...earlier.value]} form={form} more={next} />}
      </section>
    </div>
  );
}

function submit(form: SearchForm): void {
  go("/search", writeForm(form));
}
