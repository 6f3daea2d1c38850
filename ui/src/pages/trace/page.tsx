// One trace: what it was, why it was slow or failed, and the views of it.
import { useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { ApiError } from "../../api/client";
import { resource } from "../../api/resource";
import { loadTrace, type Source } from "../../api/trace";
import { t } from "../../i18n";
import { nameOf, serviceOf, type Trace } from "../../model/trace";
import type { PageProps } from "../../routes";
import { useKeys } from "../../ui/keys";
import { Failure, Notice, Progress } from "../../ui/notice";
import { go, place } from "../../url/router";
import { Details } from "./details";
import { Head } from "./head";
import { shortcuts } from "./keys";
import { Overview } from "./overview";
import { panel } from "./panel";
import { readState } from "./state";
import { createStore, type Store } from "./store";
import { Tools } from "./tools";
import { Body } from "./views";
import { WhyBox } from "./why";
import "./details.css";
import "./tools.css";
import "./trace.css";
import "./views.css";
import "./waterfall.css";

export default function TracePage({ parts }: PageProps) {
  const loaded = useMemo(() => resource<Trace>(), []);
  const { times, upload } = readState(place.value.params);
  const source = useMemo<Source>(() => ({ id: parts["id"] ?? "", upload }), [upload]);
  const ask = () => loaded.ask((signal) => loadTrace(source, times, signal), { keep: true });
  const canonical = canonicalId(source.id);
  useEffect(() => (canonical === source.id ? ask() : go(`/trace/${canonical}`, place.peek().params, { replace: true })), [times, upload]);
  const state = loaded.state.value;
  const trace = state.kind === "done" ? state.value : state.kind === "loading" ? state.before : null;
  if (trace) return <Shown key={trace.isAdjusted} trace={trace} source={source} />;
  if (state.kind !== "failed") return <Progress label={t("trace.loading")} />;
  if (state.error.status === 404) return <Notice title={t("trace.notFound")} cure={t("trace.notFoundCure")} isAll />;
  return <Failure error={state.error instanceof ApiError ? state.error : new ApiError(-1, String(state.error))} retry={ask} />;
}

/** An id without its leading zeros, or in capitals, as it is written in full; what is no number stays as it is. */
function canonicalId(id: string): string {
  return /^[0-9a-f]{1,32}$/i.test(id) ? id.toLowerCase().padStart(32, "0") : id;
}

function Shown({ trace, source }: { trace: Trace; source: Source }) {
  const store = useMemo(() => createStore(trace, source), [trace]);
  const find = useRef<HTMLInputElement>(null);
  const keys = useMemo(() => shortcuts(store, () => find.current?.focus()), [store]);
  const isEmbedded = place.value.params.get("uiEmbed") === "v0";
  useKeys("keys.trace", keys);
  useLayoutEffect(() => store.dispose, [store]); // An effect would come too late for a trace that is left before it was painted.
  useEffect(() => {
    document.title = `${serviceOf(trace, trace.rootRow)}: ${nameOf(trace, trace.rootRow)} · Lymer`;
    if (source.id !== trace.traceId) go(`/trace/${trace.traceId}`, place.peek().params, { replace: true });
  }, [trace]);
  const hidden = (name: string) => isEmbedded && place.value.params.get(name) === "1";
  return (
    <div class="trace" data-embedded={isEmbedded || undefined}>
      {!hidden("uiTimelineCollapseTitle") && <Head store={store} isSlim={hidden("uiTimelineHideSummary")} />}
      {!isEmbedded && store.state.value.view === "waterfall" && <WhyBox store={store} />}
      <Tools store={store} find={find} />
      {!hidden("uiTimelineHideMinimap") && store.state.value.view === "waterfall" && trace.count > 1 && <Overview store={store} />}
      <Split store={store} />
    </div>
  );
}

function Split({ store }: { store: Store }) {
  const isBeside = useSignal(false);
  isBeside.value = store.chosen.value !== null && store.chosen.value >= 0 && (panel.value === "side" || store.state.value.view !== "waterfall");
  return (
    <div class="split" data-beside={isBeside.value || undefined}>
      <Body store={store} />
      {isBeside.value && <Details store={store} />}
    </div>
  );
}
