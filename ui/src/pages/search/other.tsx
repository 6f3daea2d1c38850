// Traces that were not searched for: those of files that were handed over, and those that a link names.
import { useEffect, useMemo } from "preact/hooks";
import { lastValue, resource } from "../../api/resource";
import { findByIds, type Summary } from "../../api/search";
import { uploaded } from "../../api/uploads";
import { t, tn } from "../../i18n";
import { Failure, Notice, Progress } from "../../ui/notice";
import type { View } from "../../url/view";
import { Scatter } from "./chart";
import { changeView, togglePick } from "./changes";
import type { Linked } from "./linked";
import { Picks } from "./picks";
import { Results } from "./results";

interface Props {
  uploads: readonly string[];
  linked: Linked | null;
  view: View;
}

interface Found {
  readonly traces: Summary[];
  readonly params: ReadonlyMap<string, Record<string, string>>;
}

export function OtherTraces({ uploads, linked, view }: Props) {
  const found = useMemo(() => resource<Found>(), []);
  const ask = () => found.ask((signal) => (linked ? byLink(linked, signal) : byUpload(uploads, signal)));
  useEffect(ask, []);
  const state = found.state.value;
  if (state.kind === "failed" && state.error.status === 404) return <Notice title={t("search.upload.gone")} cure={t("search.upload.goneCure")} />;
  if (state.kind === "failed") return <Failure error={state.error} retry={ask} />;
  const shown = lastValue(state);
  if (!shown) return <Progress label={t("search.searching")} />;
  if (!shown.traces.length) return <Notice title={t("search.nothing")} />;
  return (
    <div class="found-body">
      <header class="found-head">
        <h1>{tn("search.found", "search.foundOne", shown.traces.length)}</h1>
        <span>{t(linked ? "search.linked" : "search.uploaded")}</span>
        <span class="grow" />
        {uploads.length > 0 && <button onClick={() => changeView({ upload: [] })}>{t("search.upload.close")}</button>}
      </header>
      {shown.traces.length > 1 && view.chart !== "none" && <Scatter traces={shown.traces} />}
      <Results traces={shown.traces} picked={view.pick} pick={togglePick} link={(id) => shown.params.get(bare(id)) ?? {}} />
      {view.pick.length > 0 && <Picks picked={view.pick} clear={() => changeView({ pick: [] })} />}
    </div>
  );
}

async function byLink(linked: Linked, signal: AbortSignal): Promise<Found> {
  const traces = await findByIds(linked.ids, signal);
  const find = [...linked.spans].map(([id, spans]) => [bare(id), { uiFind: spans }] as const);
  return { traces, params: new Map(find) };
}

async function byUpload(ids: readonly string[], signal: AbortSignal): Promise<Found> {
  const uploads = await Promise.all(ids.map((id) => uploaded(id, signal)));
  const params = uploads.flatMap(({ uploadId, traces }) => traces.map(({ traceId }) => [bare(traceId), { upload: uploadId }] as const));
  return { traces: uploads.flatMap(({ traces }) => traces), params: new Map(params) };
}

// Ids are the same with and without leading zeros.
function bare(id: string): string {
  return id.toLowerCase().replace(/^0+/, "");
}
