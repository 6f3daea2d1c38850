// What the trace was: name, id, facts, and what can be done with it.
import { useSignal } from "@preact/signals";
import { boot } from "../../api/boot";
import { archiveTrace, downloadAddress } from "../../api/trace";
import { formatCount, t, tn } from "../../i18n";
import { traceLinks } from "../../model/links";
import { nameOf, serviceOf } from "../../model/trace";
import { formatDuration, formatInstant } from "../../time/format";
import { href, place } from "../../url/router";
import { Copy } from "./copy";
import { Menu } from "./menu";
import { patterns } from "./patterns";
import type { Store } from "./store";

export function Head({ store, isSlim }: { store: Store; isSlim: boolean }) {
  const { trace } = store;
  return (
    <header class="trace-head">
      <h1>
        <b>{serviceOf(trace, trace.rootRow)}</b> {nameOf(trace, trace.rootRow)}
        <span class="mono id" title={trace.traceId}>
          {trace.traceId.slice(0, 7)} <Copy text={trace.traceId} label={t("trace.copyId")} />
        </span>
      </h1>
      <Actions store={store} />
      {!isSlim && (
        <div class="facts">
          <dl>
            <Fact name={t("trace.start")} value={formatInstant(Number(trace.startNano / 1000n))} />
            <Fact name={t("trace.duration")} value={formatDuration(trace.durationNano / 1000)} />
            <Fact name={t("trace.services")} value={formatCount(trace.serviceNames.length)} />
            <Fact name={t("trace.depth")} value={formatCount(trace.depthMax + 1)} />
            <Fact name={t("trace.spans")} value={formatCount(trace.count)} />
            {trace.errorCount > 0 && <Fact name={t("trace.errors")} value={formatCount(trace.errorCount)} tone="bad" />}
          </dl>
          {trace.orphanCount > 0 && (
            <span class="warn" title={trace.missingParents.map(({ spanId, count }) => `${spanId}: ${count}`).slice(0, 20).join("\n")}>
              {tn("trace.incomplete", "trace.incompleteOne", trace.orphanCount)}
            </span>
          )}
          {trace.isBuffered && <span class="soft">{t("trace.growing")}</span>}
        </div>
      )}
    </header>
  );
}

function Actions({ store }: { store: Store }) {
  const { trace, source } = store;
  const isEmbedded = place.value.params.get("uiEmbed") === "v0";
  const { times } = store.state.value;
  const canArchive = boot.capabilities.archiveStorage === true && boot.config.archiveEnabled !== false && !source.upload;
  const setTimes = (next: "raw" | "adjusted") => {
    store.change({ times: next, zoom: null });
    store.settle();
  };
  return (
    <div class="actions">
      {trace.skewedCount > 0 && (
        <span class="switch" role="group" aria-label={t("trace.times")}>
          {(["raw", "adjusted"] as const).map((kind) => (
            <button key={kind} aria-pressed={times === kind} title={t("trace.skewed", { n: formatCount(trace.skewedCount) })} onClick={() => setTimes(kind)}>
              {t(`trace.times.${kind}`)}
            </button>
          ))}
        </span>
      )}
      {traceLinks(patterns, trace).map((link) => (
        <a key={link.url} href={link.url} target="_blank" rel="noopener noreferrer">
          {link.text}
        </a>
      ))}
      {isEmbedded ? (
        <a href={href(place.value.path, {})} target="_blank" rel="noopener">
          {t("trace.openAlone")}
        </a>
      ) : (
        <>
          <Copy text={() => (store.settle(), location.href)} label={t("trace.copyLink")} icon="link">
            {t("trace.link")}
          </Copy>
          <Menu label={t("trace.download")}>
            {(["otlp", "jaeger", "zipkin"] as const).map((format) => (
              <a key={format} href={downloadAddress(source, format)} download={`${trace.traceId}.${format}.json`}>
                {t(`trace.download.${format}`)}
              </a>
            ))}
          </Menu>
          <a class="button" href={href(`/trace/${trace.traceId}...`)}>
            {t("trace.compare")}
          </a>
          {canArchive && <Archive id={trace.traceId} />}
        </>
      )}
    </div>
  );
}

function Archive({ id }: { id: string }) {
  const state = useSignal<"" | "doing" | "done" | "failed">("");
  const archive = () => {
    state.value = "doing";
    archiveTrace(id).then(
      () => (state.value = "done"),
      () => (state.value = "failed"),
    );
  };
  return (
    <button disabled={state.value === "doing" || state.value === "done"} onClick={archive}>
      {t(state.value === "done" ? "trace.archived" : state.value === "failed" ? "trace.archiveFailed" : "trace.archive")}
    </button>
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
