// Explore: the form and the facets on the left; the search as text, all matches as a picture, and the traces on the right.
// The address says all of it.
import { useSignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { lastValue, resource } from "../../api/resource";
import { listServices, questionOf } from "../../api/search";
import { t } from "../../i18n";
import { fieldsOf, textOf } from "../../query/form";
import { Failure, Notice, Progress } from "../../ui/notice";
import { go, place } from "../../url/router";
import { readForm, writeForm, type SearchForm } from "../../url/search";
import { readView, withView, type View } from "../../url/view";
import { useAsking, type Asking } from "./asking";
import { QueryBar } from "./bar";
import { changeView, narrowed, togglePick } from "./changes";
import { HeatMap, Scatter } from "./chart";
import { Drop } from "./drop";
import { Facets } from "./facets";
import { Form } from "./form";
import { FoundHead } from "./head";
import { readLinked } from "./linked";
import { LivePage } from "./live_page";
import { OtherTraces } from "./other";
import { Picks } from "./picks";
import { Results } from "./results";
import { useRowKeys } from "./row_keys";
import { Welcome } from "./welcome";
import "./search.css";

export default function SearchPage() {
  const { params } = place.value;
  const form = readForm(params);
  const view = readView(params);
  const embedded = params.get("uiEmbed") === "v0";
  const linked = view.upload.length ? null : readLinked(params);
  const isSearch = !linked && !view.upload.length && !view.live;
  const nonce = useSignal(0);
  const isOpen = useSignal(matchMedia("(min-width: 821px)").matches);
  const services = useMemo(() => resource<string[]>(), []);
  const asking = useAsking(isSearch ? form : null, nonce.value, view.facet);
  useEffect(() => services.ask(listServices, { keep: true }), [nonce.value]);
  useEffect(() => {
    document.title = form.service ? `${form.service} · Lymer` : "Lymer";
  }, [form.service]);
  useRowKeys();
  const submit = (next: SearchForm) => {
    go("/search", withView(writeForm(next), { ...view, upload: [] }));
    nonce.value++;
  };
  const submitText = (text: string) => submit({ ...form, ...fieldsOf(text) });
  const names = lastValue(services.state.value);
  const facets = isSearch ? lastValue(asking.facets.state.value) : null;
  const text = textOf(form);
  return (
    <div class={embedded ? "search embedded" : "search"}>
      {!embedded && (
        <aside class="side">
          <details open={isOpen.value} onToggle={(event) => (isOpen.value = event.currentTarget.open)}>
            <summary>{t("search.form")}</summary>
            <Form form={form} services={names ?? []} submit={submit} />
            <Drop />
            {facets && <Facets facets={facets} text={text} change={submitText} extra={view.facet} setExtra={(facet) => changeView({ facet })} />}
          </details>
        </aside>
      )}
      <section class="found">
        {!embedded && <QueryBar text={text} submit={submitText} />}
        {isSearch && (
          <Found asking={asking} form={form} view={view} isEmpty={names?.length === 0} embedded={embedded} submit={submit} refresh={() => nonce.value++} />
        )}
        {!isSearch && view.live && <LivePage key={text} form={form} view={view} />}
        {!isSearch && !view.live && <OtherTraces key={params.toString()} uploads={view.upload} linked={linked} view={view} />}
      </section>
    </div>
  );
}

interface FoundProps {
  asking: Asking;
  form: SearchForm;
  view: View;
  /** Whether nothing has ever arrived. */
  isEmpty: boolean;
  embedded: boolean;
  submit: (form: SearchForm) => void;
  refresh: () => void;
}

function Found({ asking, form, view, isEmpty, embedded, submit, refresh }: FoundProps) {
  const state = asking.found.state.value;
  const first = lastValue(state);
  const waiting = state.kind === "loading" || asking.more.state.value.kind === "loading";
  if (!questionOf(form, { start: 0, end: 0 })) return <Notice title={t("search.mistaken")} isAll />;
  if (state.kind === "failed") return <Failure error={state.error} retry={refresh} />;
  if (!first) return <Progress label={t("search.searching")} />;
  const pages = [first, ...asking.later];
  const traces = pages.flatMap((page) => page.traces);
  const { cursor } = pages.at(-1)!;
  if (!traces.length && isEmpty) return <Welcome refresh={refresh} />;
  const histogram = lastValue(asking.histogram.state.value);
  const isDrawn = !(embedded && place.value.params.get("uiSearchHideGraph") === "1");
  const failedMore = asking.more.state.value;
  return (
    <div class="found-body" aria-busy={waiting}>
      {waiting && <Progress label={t("search.searching")} />}
      <FoundHead form={form} view={view} total={first.total} traces={traces} submit={submit} />
      {isDrawn && view.chart === "heat" && histogram && histogram.total > 0 && <HeatMap histogram={histogram} select={(box) => submit(narrowed(form, box))} />}
      {isDrawn && view.chart === "scatter" && traces.length > 0 && <Scatter traces={traces} />}
      {traces.length ? <Results traces={traces} picked={view.pick} pick={togglePick} /> : <Notice title={t("search.nothing")} cure={t("search.nothingCure")} />}
      {failedMore.kind === "failed" && <Failure error={failedMore.error} retry={() => cursor && asking.next(cursor)} />}
      {cursor && (
        <p class="more">
          <button onClick={() => asking.next(cursor)}>{t("search.more")}</button>
        </p>
      )}
      {view.pick.length > 0 && <Picks picked={view.pick} clear={() => changeView({ pick: [] })} />}
    </div>
  );
}
