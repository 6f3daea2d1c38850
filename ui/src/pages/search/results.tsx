// What a search found: one row a trace, its length drawn against the longest of the list.
import type { Page, Summary } from "../../api/search";
import { formatCount, t, tn } from "../../i18n";
import { hueColour, serviceHues } from "../../model/colours";
import { formatClock, formatDuration, formatInstant } from "../../time/format";
import { Notice } from "../../ui/notice";
import { href } from "../../url/router";

interface Props {
  pages: readonly Page[];
  /** Whether nothing has ever arrived. */
  empty: boolean;
  more: (cursor: string) => void;
}

export function Results({ pages, empty, more }: Props) {
  const traces = pages.flatMap((page) => page.traces);
  if (!traces.length) return empty ? <FirstSpan /> : <Notice title={t("search.nothing")} cure={t("search.nothingCure")} />;
  const longest = Math.max(...traces.map((trace) => trace.duration));
  const hues = serviceHues([...new Set(traces.flatMap((trace) => trace.services.map((service) => service.name)))]);
  const { total } = pages[0]!;
  const cursor = pages.at(-1)!.cursor;
  return (
    <>
      <header class="found-head">
        <h1>{total === null ? tn("search.found", "search.foundOne", traces.length) : tn("search.found", "search.foundOne", total)}</h1>
        <span>{t("search.shown", { shown: formatCount(traces.length) })}</span>
      </header>
      <ol class="traces">
        {traces.map((trace) => (
          <Row key={trace.traceId} trace={trace} longest={longest} hues={hues} />
        ))}
      </ol>
      {cursor && (
        <p class="more">
          <button onClick={() => more(cursor)}>{t("search.more")}</button>
        </p>
      )}
    </>
  );
}

function Row({ trace, longest, hues }: { trace: Summary; longest: number; hues: Map<string, number> }) {
  const colour = hueColour(hues.get(trace.rootService) ?? 0);
  return (
    <li>
      <a class="trace-row" href={href(`/trace/${trace.traceId}`)} style={{ "--colour": colour }}>
        <span class="bar" style={{ width: `${Math.max((100 * trace.duration) / Math.max(longest, 1), 0.3)}%` }} />
        <span class="title">
          <b>{trace.rootService}</b> {trace.rootName}
        </span>
        <span class="length">{formatDuration(trace.duration)}</span>
        <span class="facts">
          <time title={formatInstant(trace.start)}>{formatClock(trace.start)}</time>
          <span>{tn("search.spans", "search.spansOne", trace.spanCount)}</span>
          {trace.errorCount > 0 && <span class="bad">{tn("search.errors", "search.errorsOne", trace.errorCount)}</span>}
          {trace.orphanCount > 0 && (
            <span class="warn" title={t("search.incompleteWhy")}>
              {t("search.incomplete")}
            </span>
          )}
          {trace.services.slice(0, 8).map((service) => (
            <span key={service.name} class="service" style={{ "--colour": hueColour(hues.get(service.name)!) }}>
              <i class="swatch" />
              {service.name} <small>{service.spanCount}</small>
            </span>
          ))}
          {trace.services.length > 8 && <small>+{trace.services.length - 8}</small>}
        </span>
        <code class="id">{trace.traceId.slice(0, 7)}</code>
      </a>
    </li>
  );
}

const FIRST_SPAN = `curl -s http://127.0.0.1:4318/v1/traces -H 'Content-Type: application/json' -d '{"resourceSpans":[{
  "resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shell"}}]},
  "scopeSpans":[{"spans":[{"traceId":"'$(openssl rand -hex 16)'","spanId":"'$(openssl rand -hex 8)'","name":"hello","kind":1,
    "startTimeUnixNano":"'$(date +%s%N)'","endTimeUnixNano":"'$(date +%s%N)'"}]}]}]}'`;

function FirstSpan() {
  return (
    <Notice title={t("search.empty")} cure={t("search.emptyCure")}>
      <pre>{FIRST_SPAN}</pre>
    </Notice>
  );
}
