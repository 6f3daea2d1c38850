// One trace: what it was, the waterfall, the details of the chosen span.
import { useComputed, useSignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { getJson } from "../../api/client";
import type { Envelope, JaegerTrace } from "../../api/jaeger";
import { resource } from "../../api/resource";
import { formatCount, t, tn } from "../../i18n";
import { buildTrace, findRows, type Trace } from "../../model/trace";
import { formatDuration, formatInstant } from "../../time/format";
import { Failure, Notice, Progress } from "../../ui/notice";
import { go, href, place } from "../../url/router";
import type { PageProps } from "../../routes";
import { Details } from "./details";
import { Waterfall } from "./waterfall";
import "./trace.css";

export default function TracePage({ parts }: PageProps) {
  const id = parts["id"]!;
  const loaded = useMemo(() => resource<Trace>(), []);
  const ask = () =>
    loaded.ask(async (signal) => {
      const answer = await getJson<Envelope<JaegerTrace[]>>(`api/traces/${encodeURIComponent(id)}`, {}, signal);
      return buildTrace(answer.data[0]!);
    });
  useEffect(ask, []);
  const state = loaded.state.value;
  if (state.kind === "done") return <Shown trace={state.value} />;
  if (state.kind !== "failed") return <Progress label={t("trace.loading")} />;
  if (state.error.status === 404) return <Notice title={t("trace.notFound")} cure={t("trace.notFoundCure")} />;
  return <Failure error={state.error} retry={ask} />;
}

function Shown({ trace }: { trace: Trace }) {
  const text = useComputed(() => place.value.params.get("uiFind") ?? "");
  const matches = useComputed(() => findRows(trace, text.value));
  const chosen = useSignal<number>(-1);
  useEffect(() => {
    const top = trace.spans[0];
    if (top) document.title = `${trace.serviceOf(top)}: ${top.operationName} · Lymer`;
    chosen.value = matches.peek()[0] ?? -1;
  }, []);
  return (
    <div class="trace" data-details={chosen.value >= 0 ? "" : undefined}>
      <Head trace={trace} />
      <div class="tools">
        <input type="search" value={text.value} placeholder={t("trace.find")} aria-label={t("trace.find")} onInput={(event) => find(event.currentTarget.value)} />
        {text.value && (
          <output>{t("trace.matches", { n: formatCount(matches.value.length), total: formatCount(trace.spans.length) })}</output>
        )}
      </div>
      <Waterfall trace={trace} matches={matches.value} chosen={chosen} />
      {chosen.value >= 0 && <Details trace={trace} row={chosen.value} close={() => (chosen.value = -1)} />}
    </div>
  );
}

function find(text: string): void {
  const params = new URLSearchParams(place.peek().params);
  if (text) params.set("uiFind", text);
  else params.delete("uiFind");
  go(place.peek().path, params, { replace: true });
}

function Head({ trace }: { trace: Trace }) {
  const top = trace.spans[0];
  const errors = trace.error.reduce((sum, flag) => sum + flag, 0);
  const orphans = trace.orphan.reduce((sum, flag) => sum + flag, 0);
  const depth = trace.depth.reduce((most, value) => Math.max(most, value + 1), 0);
  const copied = useSignal(false);
  const copy = async () => {
    await navigator.clipboard.writeText(trace.traceId);
    copied.value = true;
  };
  return (
    <header class="trace-head">
      <h1>
        <b>{top ? trace.serviceOf(top) : ""}</b> {top?.operationName}
        <button class="plain mono id" title={t("trace.copyId")} onClick={copy}>
          {copied.value ? t("trace.copied") : trace.traceId.slice(0, 7)}
        </button>
      </h1>
      <div class="facts">
        <dl>
          <Fact name={t("trace.start")} value={formatInstant(trace.start)} />
          <Fact name={t("trace.duration")} value={formatDuration(trace.duration)} />
          <Fact name={t("trace.services")} value={formatCount(trace.services.length)} />
          <Fact name={t("trace.depth")} value={formatCount(depth)} />
          <Fact name={t("trace.spans")} value={formatCount(trace.spans.length)} />
          {errors > 0 && <Fact name={t("trace.errors")} value={formatCount(errors)} tone="bad" />}
        </dl>
        <p>
          {orphans > 0 && <span class="warn">{tn("trace.incomplete", "trace.incompleteOne", orphans)}</span>}
          <a href={href(`/api/traces/${trace.traceId}`, { prettyPrint: "true" })} target="_blank" rel="noopener">
            {t("trace.json")}
          </a>
        </p>
      </div>
    </header>
  );
}

function Fact({ name, value, tone = "" }: { name: string; value: string; tone?: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd class={tone}>{value}</dd>
    </div>
  );
}
